import * as z from 'zod';
import { allowedBy } from '../../../core/action.ts';
import { DurationSeconds, Percent } from '../../../core/duration.ts';
import type { Finding, FindingKind } from '../../../core/finding.ts';
import { defineTask } from '../../../core/task.ts';
import { secretPermissions } from '../../runtime/secret-permissions.ts';
import { beyondCap, type Choice, nothingCounted, noTables, UPKEEP_FINDINGS, UPKEEP_INPUT } from './_choice.ts';
import { sessionNeeds } from './_needs.ts';
import { upkeepNeeds } from './_needs-tables.ts';
import { excess, inWords, type Reason } from './_reason.ts';
import { requirePrimary, type Session, sessionOptions, withSession } from './_session.ts';
import type { Item } from './_statement.ts';
import { labelOf, readSettings, readTables, type TableStats } from './_tables.ts';
import { keepUp } from './_upkeep.ts';

const Input = z.strictObject({
  changedRowsAbove: Percent.prefault('10%').describe(
    'Analyze a table of which a larger share was changed since its last analyze',
  ),
  minRows: z.int().nonnegative().default(1_000).describe('Changed rows below which no table is analyzed again'),
  partitionedOlderThan: DurationSeconds.prefault('7d').describe(
    'Analyze a partitioned table whose last analyze is older: nothing counts its changes, and autovacuum passes it over',
  ),
  maxTables: z.int().positive().default(200).describe('The most tables that one run may analyze'),
  ...UPKEEP_INPUT,
});
type Limits = Pick<z.output<typeof Input>, 'changedRowsAbove' | 'minRows' | 'partitionedOlderThan'>;

export interface StaleTable {
  readonly table: TableStats;
  readonly reason: Reason;
}

/** The tables whose statistics mislead the planner: never analysed before changed, the most changed first. `now` is the server's. */
export function tablesToAnalyze(tables: readonly TableStats[], limits: Limits, now: number): StaleTable[] {
  return tables
    .flatMap((table) => {
      const reason = reasonToAnalyze(table, limits, now);
      return reason ? [{ table, reason }] : [];
    })
    .sort(byUrgency);
}

function byUrgency(a: StaleTable, b: StaleTable): number {
  const isNever = ({ reason }: StaleTable) => Number(reason.kind === 'never-analysed');
  return isNever(b) - isNever(a) || excess(b.reason) - excess(a.reason) || a.table.oid - b.table.oid;
}

/** Why a table is due; its own storage parameters go before the limits. */
export function reasonToAnalyze(table: TableStats, limits: Limits, now: number): Reason | undefined {
  const { n_live_tup, n_mod_since_analyze, reltuples, relkind } = table;
  const last = Math.max(table.last_analyze ?? 0, table.last_autoanalyze ?? 0);
  const rows = Math.max(n_live_tup, reltuples, 0);
  if (last === 0) {
    // Of a partitioned table the rows are counted nowhere before its first analyze.
    const isEmpty = relkind !== 'p' && rows === 0 && (table.size_pages ?? table.relpages) === 0;
    return isEmpty ? undefined : { kind: 'never-analysed', value: rows, limit: 0 };
  }
  if (relkind === 'p') return over({ kind: 'old-analysis', value: now - last, limit: limits.partitionedOlderThan });
  const own = ownLimit(table, rows);
  const limit = own ?? Math.max(limits.minRows, (rows * limits.changedRowsAbove) / 100);
  return over({ kind: 'changed-rows', value: n_mod_since_analyze, limit });
}

function over(reason: Reason): Reason | undefined {
  return reason.value > reason.limit ? reason : undefined;
}

function ownLimit({ reloptions }: TableStats, rows: number): number | undefined {
  const { autovacuum_analyze_threshold: threshold, autovacuum_analyze_scale_factor: factor } = reloptions;
  if (threshold === undefined && factor === undefined) return undefined;
  return Number(threshold ?? 50) + Number(factor ?? 0.1) * rows;
}

const FINDINGS = {
  ...UPKEEP_FINDINGS,
  'partitioned-not-shown': {
    severity: 'info',
    means: 'Before version 14 PostgreSQL does not note when it analyzed a partitioned table, so none was touched.',
    remedy: 'ANALYZE the partitioned tables by hand after large changes, or upgrade the server.',
  },
} as const satisfies Record<string, FindingKind>;
type Kind = keyof typeof FINDINGS;

const TIMEOUT_SECONDS = 300;
const NOTES_PARTITIONED = 140_000;

/** The tables of which a server of this version (`server_version_num`) shows when they were analyzed, and a word about the others. */
export function shownTables(
  tables: readonly TableStats[],
  version: number,
): { readonly shown: readonly TableStats[]; readonly partitioned: number } {
  const shown = tables.filter(({ relkind }) => relkind !== 'p' || version >= NOTES_PARTITIONED);
  return { shown, partitioned: tables.length - shown.length };
}

/** Says that partitioned tables were left as they are; nothing where there is none. */
export function partitionedNotShown(target: string, partitioned: number): Finding<Kind>[] {
  if (partitioned === 0) return [];
  const summary = `${partitioned} partitioned tables, of which this version does not show the last analyze`;
  return [{ kind: 'partitioned-not-shown', target, summary }];
}

function itemOf({ table, reason }: StaleTable): Item {
  const { oid, relation } = table;
  return {
    oid,
    relation,
    label: labelOf(relation),
    statement: `ANALYZE ${relation}`,
    why: inWords(reason),
    before: table,
  };
}

async function choose(session: Session, target: string, input: z.output<typeof Input>): Promise<Choice<Kind>> {
  requirePrimary(session, target);
  const settings = await readSettings(session);
  if (!settings.track_counts) return nothingCounted(target);
  const stale: StaleTable[] = [];
  const seen = { tables: 0, changedRows: 0, partitioned: 0 };
  for await (const page of readTables(session)) {
    const { shown, partitioned } = shownTables(page, session.version);
    stale.push(...tablesToAnalyze(shown, input, settings.now));
    seen.tables += page.length;
    seen.partitioned += partitioned;
    for (const { n_mod_since_analyze } of page) seen.changedRows += n_mod_since_analyze;
  }
  stale.sort(byUrgency);
  const { tables, changedRows, partitioned } = seen;
  const chosen = stale.slice(0, allowedBy({ absolute: input.maxTables, percent: input.maxPercent }, tables));
  const left = stale.slice(chosen.length).map(({ table }) => labelOf(table.relation));
  return {
    queue: chosen.map(itemOf),
    population: tables,
    findings: [
      ...(tables === 0 ? [noTables(target, session.database)] : []),
      ...partitionedNotShown(target, partitioned),
      ...beyondCap(target, chosen.length, left),
    ],
    measurements: [
      { name: 'tables', value: tables, unit: 'count', target },
      { name: 'changed-rows', value: changedRows, unit: 'rows', target },
    ],
  };
}

export const task = defineTask({
  name: 'postgres-analyze',
  summary: 'Analyzes the tables whose planner statistics are missing or stale',
  effect: 'mutating',
  target: 'postgres',
  input: Input,
  examples: [{}, { changedRowsAbove: '5%', maxTables: 50 }],
  findings: FINDINGS,
  permissions: (platform) => secretPermissions(platform, 'postgres'),
  needs: (context) => sessionNeeds(context, upkeepNeeds),
  timeoutSeconds: TIMEOUT_SECONDS,
  pauses: true,
  cap: ({ maxTables, maxPercent }) => ({ absolute: maxTables, percent: maxPercent }),
  run: (context) => {
    const { input } = context;
    const options = sessionOptions(context);
    return keepUp<Kind>(context, {
      verb: 'analyze',
      timeoutSeconds: TIMEOUT_SECONDS,
      measurement: 'tables-analyzed',
      choose: (target) => withSession(target, options, (session) => choose(session, target.name, input)),
      // The server noted the analyze; there is no horizon that could have kept it from counting.
      judge: () => [],
    });
  },
});
