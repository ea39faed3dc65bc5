import type { Finding, FindingKind } from '../../../core/finding.ts';
import { pasteable, settingStatement } from './_command.ts';
import { type DatabaseSettings, labelOf, type TableStats } from './_tables.ts';

export const SURVEY_FINDINGS = {
  'autovacuum-off': {
    severity: 'warn',
    means: 'Autovacuum is switched off for a table or for the whole server.',
    matters: 'Dead rows pile up, queries slow down, and in the end the server vacuums by force at its busiest hour.',
    remedy:
      'Reset the parameter with the statement of the finding, or for the whole server see with it where it was set, unless a load that is going on now switched it off.',
    prevention:
      'Let loads that switch it off switch it on in the same script, and tune a table by its scale factor instead.',
  },
  'statistics-reset': {
    severity: 'unknown',
    means: 'The counters began again at zero, by pg_stat_reset or a crash, so dead rows of before are not counted.',
    matters: 'Autovacuum reads the same counters and leaves these tables alone until they change again.',
    remedy: 'Run postgres-analyze, which counts them again, or CREATE EXTENSION pgstattuple for the role of Fettle.',
    prevention: 'Use pg_stat_statements_reset for query statistics, and pg_stat_reset never on a server in use.',
  },
} as const satisfies Record<string, FindingKind>;
export type SurveyKind = keyof typeof SURVEY_FINDINGS;

/** True where the storage parameter says no; PostgreSQL keeps it as it was written and takes any beginning of the word. */
export function isAutovacuumDisabled({ reloptions }: Pick<TableStats, 'reloptions'>): boolean {
  return /^(0|n|no|of|off|f|fa|fal|fals|false)$/i.test(reloptions['autovacuum_enabled'] ?? '');
}

const MOST_NAMED = 20;

/** Where autovacuum does not come: one finding for the server, one for each table up to a legible number. */
export function autovacuumOff(
  target: string,
  { autovacuum }: Pick<DatabaseSettings, 'autovacuum'>,
  unattended: readonly Pick<TableStats, 'relation'>[],
): Finding<SurveyKind>[] {
  const kind = 'autovacuum-off';
  const named = unattended.slice(0, MOST_NAMED).map(({ relation }): Finding<SurveyKind> => {
    const label = labelOf(relation);
    const summary = `${label} has autovacuum_enabled = false`;
    return {
      kind,
      target,
      subject: label,
      summary,
      ...pasteable(`ALTER TABLE ${relation} RESET (autovacuum_enabled);`),
    };
  });
  const rest = unattended.length - named.length;
  return [
    ...(autovacuum ? [] : [serverOff(target)]),
    ...named,
    ...(rest > 0 ? [{ kind, target, summary: `${rest} more tables have autovacuum_enabled = false` } as const] : []),
  ];
}

// Where it is to be switched on depends on who switched it off: a file, ALTER SYSTEM, a parameter group.
function serverOff(target: string): Finding<SurveyKind> {
  const summary = 'autovacuum is off for the whole server';
  return { kind: 'autovacuum-off', target, summary, ...pasteable(settingStatement('autovacuum')) };
}

/** The tables of whose dead rows nothing is known. */
export function statisticsReset(
  target: string,
  { stats_reset, now }: Pick<DatabaseSettings, 'stats_reset' | 'now'>,
  lost: readonly Pick<TableStats, 'relation'>[],
): Finding<SurveyKind>[] {
  if (lost.length === 0) return [];
  const names = lost.slice(0, MOST_NAMED).map(({ relation }) => labelOf(relation));
  const more = lost.length > names.length ? ` and ${lost.length - names.length} more` : '';
  const when = stats_reset === null ? '' : `, reset ${Math.round(now - stats_reset)} s ago`;
  const summary = `${lost.length} tables have counters that do not account for their rows${when}: ${names.join(', ')}${more}`;
  const command = pasteable(
    `ANALYZE ${lost
      .slice(0, MOST_NAMED)
      .map(({ relation }) => relation)
      .join(', ')};`,
  );
  return [{ kind: 'statistics-reset', target, summary, value: lost.length, limit: 0, unit: 'count', ...command }];
}
