import { CapPercent, DurationSeconds } from '../../../core/duration.ts';
import type { Finding, FindingKind, Measurement } from '../../../core/finding.ts';
import { lockStatement, ownerStatement, pasteable, settingStatement } from './_command.ts';
import type { Item } from './_statement.ts';

/** What a task has chosen to do to a target. */
export interface Choice<Kind extends string> {
  readonly queue: readonly Item[];
  readonly population: number;
  readonly findings: readonly Finding<Kind>[];
  readonly measurements: readonly Measurement[];
}

/** The inputs that every upkeep has. */
export const UPKEEP_INPUT = {
  lockTimeout: DurationSeconds.refine((seconds) => seconds <= 60, 'must not be longer than 60s')
    .prefault('3s')
    .describe('How long to wait for the lock of a table before passing it over'),
  followAfter: DurationSeconds.prefault('60s').describe(
    'How long to wait for a statement before leaving it to the server and looking in from time to time',
  ),
  statementTimeout: DurationSeconds.prefault('2h').describe('The server cancels a statement that takes longer'),
  maxPercent: CapPercent.prefault('100%').describe('The largest share of the tables that one run may touch'),
};

/** The findings that every upkeep can have. */
export const UPKEEP_FINDINGS = {
  locked: {
    severity: 'warn',
    means: 'Another session had a lock on the table for as long as this task waits, so the table was passed over.',
    matters: 'The table was not kept up, and queries that need a lock on it wait as well.',
    remedy:
      'Look at the sessions with the statement of the finding; end one with pg_terminate_backend if nobody needs it.',
    prevention: 'Set idle_in_transaction_session_timeout, and run migrations outside of the maintenance window.',
  },
  busy: {
    severity: 'info',
    means: 'Autovacuum or another run of Fettle was at the table already, so it was left to them.',
    remedy: 'Nothing; the next run looks at the table again.',
  },
  gone: {
    severity: 'info',
    means: 'The table was dropped or renamed between its choice and its turn.',
    remedy: 'Nothing; under its new name it is looked at by the next run.',
  },
  'not-permitted': {
    severity: 'fail',
    means: 'The server passed over the table with a warning, as it does for a role that may not maintain it.',
    matters: 'The table is never kept up by Fettle, however often it runs.',
    remedy:
      'Make the role a member of the owner, whom the statement of the finding names, or from PostgreSQL 17 on GRANT pg_maintain TO it.',
    prevention: 'Let migrations create tables as one owner role of which the role of Fettle is a member.',
  },
  'tables-left': {
    severity: 'warn',
    means: 'There was more to do than the time or the cap of one run allows; the worst tables came first.',
    matters: 'If every run leaves some, the tables at the end of the list are never kept up.',
    remedy: 'Nothing if the next run catches up; if it repeats, give the procedure more time or raise maxTables.',
    prevention: 'Lower autovacuum_vacuum_scale_factor of the large tables, so that less is left to the window.',
  },
  'statistics-off': {
    severity: 'unknown',
    means: 'The server counts no changes (track_counts is off), so nobody can know which tables need upkeep.',
    matters: 'Autovacuum does nothing either, until the age of the transactions forces it.',
    remedy: 'Set track_counts = on where the statement of the finding shows its source, and reload.',
    prevention: 'Keep the settings of the server in a reviewed file or parameter group.',
  },
  'no-tables': {
    severity: 'warn',
    means: 'The database has no table of its own, which is rarely what the target is meant to be.',
    matters: 'The database that you mean is probably not looked at by anything in this report.',
    remedy: 'See whether the url of the target names the right database.',
    prevention: 'Name the database in the url, for without it the name of the user is taken.',
  },
} as const satisfies Record<string, FindingKind>;
export type UpkeepKind = keyof typeof UPKEEP_FINDINGS;

/** The choice where the server counts no changes. */
export function nothingCounted(target: string): Choice<UpkeepKind> {
  const summary = 'track_counts is off, so which tables need upkeep is not known';
  const finding = { kind: 'statistics-off', target, summary, ...pasteable(settingStatement('track_counts')) } as const;
  return { queue: [], population: 0, findings: [finding], measurements: [] };
}

export function noTables(target: string, database: string): Finding<UpkeepKind> {
  return { kind: 'no-tables', target, summary: `the database ${database} has no tables, and one at least is expected` };
}

/** Says what is due and not allowed. */
export function beyondCap(target: string, chosen: number, left: readonly string[]): Finding<UpkeepKind>[] {
  if (left.length === 0) return [];
  return [
    tablesLeft(
      target,
      left,
      `the cap of one run allows ${chosen} of ${chosen + left.length} tables that are due`,
      chosen,
    ),
  ];
}

/** Names what the run leaves undone. */
export function tablesLeft(target: string, left: readonly string[], why: string, limit: number): Finding<UpkeepKind> {
  const more = left.length > MOST_NAMED ? ` and ${left.length - MOST_NAMED} more` : '';
  const summary = `${why}; left: ${left.slice(0, MOST_NAMED).join(', ')}${more}`;
  return { kind: 'tables-left', target, summary, value: left.length, limit, unit: 'count' };
}

/** What to look at where a table was passed over. */
export function skippedCommand(kind: string, relation: string): { readonly command?: string } {
  if (kind === 'locked') return pasteable(lockStatement(relation));
  return kind === 'not-permitted' ? pasteable(ownerStatement(relation)) : {};
}

const MOST_NAMED = 20;
