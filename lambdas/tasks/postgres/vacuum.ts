import * as z from 'zod';
import { allowedBy } from '../../../core/action.ts';
import { Percent } from '../../../core/duration.ts';
import type { Measurement } from '../../../core/finding.ts';
import { defineTask } from '../../../core/task.ts';
import { secretPermissions } from '../../runtime/secret-permissions.ts';
import { autovacuumOff, isAutovacuumDisabled, statisticsReset, SURVEY_FINDINGS } from './_autovacuum.ts';
import { EFFECT_FINDINGS, judgeEffect } from './_effect.ts';
import { sessionNeeds } from './_needs.ts';
import { countsRows, upkeepNeeds } from './_needs-tables.ts';
import { excess, inWords, type Reason } from './_reason.ts';
import { requirePrimary, type Session, sessionOptions, withSession } from './_session.ts';
import type { Item } from './_statement.ts';
import { countRows, hasLostStatistics } from './_statistics.ts';
import { type DatabaseSettings, labelOf, readSettings, readTables, type TableStats } from './_tables.ts';
import { beyondCap, type Choice, nothingCounted, noTables, UPKEEP_FINDINGS, UPKEEP_INPUT } from './_choice.ts';
import { keepUp } from './_upkeep.ts';

const Input = z.strictObject({
  deadRowsAbove: Percent.prefault('20%').describe('Vacuum a table with a larger share of dead rows'),
  insertedRowsAbove: Percent.prefault('20%').describe(
    'Vacuum a table with a larger share of rows inserted since its last vacuum',
  ),
  minRows: z.int().nonnegative().default(10_000).describe('Dead or inserted rows below which no table is vacuumed'),
  freezeAgeAbove: Percent.prefault('75%').describe(
    'Freeze a table whose oldest transaction or multixact has used a larger share of autovacuum_freeze_max_age',
  ),
  maxTables: z.int().positive().default(50).describe('The most tables that one run may vacuum'),
  ...UPKEEP_INPUT,
});
type Limits = Pick<z.output<typeof Input>, 'deadRowsAbove' | 'insertedRowsAbove' | 'minRows' | 'freezeAgeAbove'>;

export interface DueTable {
  readonly table: TableStats;
  /** Not empty; the worst first. */
  readonly reasons: readonly Reason[];
}

type FreezeSettings = Pick<DatabaseSettings, 'autovacuum_freeze_max_age' | 'autovacuum_multixact_freeze_max_age'>;

/** The tables that a vacuum would help: first those near a forced freeze, then by how far they exceed their limit. */
export function tablesToVacuum(tables: readonly TableStats[], settings: FreezeSettings, limits: Limits): DueTable[] {
  return tables
    .map((table) => ({ table, reasons: reasonsToVacuum(table, settings, limits) }))
    .filter(({ reasons }) => reasons.length > 0)
    .sort(byUrgency);
}

/** Why a table is due, the worst reason first; its own storage parameters go before the limits. */
export function reasonsToVacuum(table: TableStats, settings: FreezeSettings, limits: Limits): Reason[] {
  const { n_live_tup, n_dead_tup, n_ins_since_vacuum, toast } = table;
  const freezeLimit = (global: number, own: string) =>
    (Math.min(global, numberOf(table, own) ?? global) * limits.freezeAgeAbove) / 100;
  const share = (rows: number, percent: number) => Math.max(limits.minRows, (rows * percent) / 100);
  const reasons: Reason[] = [
    {
      kind: 'freeze-age',
      value: Math.max(table.xid_age ?? 0, toast?.xid_age ?? 0),
      limit: freezeLimit(settings.autovacuum_freeze_max_age, 'autovacuum_freeze_max_age'),
    },
    {
      kind: 'multixact-age',
      value: Math.max(table.mxid_age ?? 0, toast?.mxid_age ?? 0),
      limit: freezeLimit(settings.autovacuum_multixact_freeze_max_age, 'autovacuum_multixact_freeze_max_age'),
    },
    {
      kind: 'dead-rows',
      value: n_dead_tup,
      limit: ownLimit(table, 'autovacuum_vacuum', 50) ?? share(n_live_tup + n_dead_tup, limits.deadRowsAbove),
    },
    {
      kind: 'dead-toast-rows',
      value: toast?.n_dead_tup ?? 0,
      limit: share((toast?.n_live_tup ?? 0) + (toast?.n_dead_tup ?? 0), limits.deadRowsAbove),
    },
    {
      kind: 'inserted-rows',
      value: n_ins_since_vacuum ?? (isNeverVacuumed(table) ? n_live_tup : 0),
      limit: ownLimit(table, 'autovacuum_vacuum_insert', 1_000) ?? share(n_live_tup, limits.insertedRowsAbove),
    },
  ];
  return reasons.filter(({ value, limit }) => value > limit).sort((a, b) => excess(b) - excess(a));
}

function byUrgency(a: DueTable, b: DueTable): number {
  const byFreeze = Number(needsFreeze(b.reasons)) - Number(needsFreeze(a.reasons));
  return byFreeze || excess(b.reasons[0]) - excess(a.reasons[0]) || a.table.oid - b.table.oid;
}

function needsFreeze(reasons: readonly Reason[]): boolean {
  return reasons.some(({ kind }) => kind === 'freeze-age' || kind === 'multixact-age');
}

function isNeverVacuumed({ last_vacuum, last_autovacuum }: TableStats): boolean {
  return last_vacuum === null && last_autovacuum === null;
}

/** The rows at which autovacuum would come by the table's own storage parameters; undefined where it has none. */
function ownLimit(table: TableStats, parameter: string, defaultThreshold: number): number | undefined {
  const threshold = numberOf(table, `${parameter}_threshold`);
  const factor = numberOf(table, `${parameter}_scale_factor`);
  if (threshold === undefined && factor === undefined) return undefined;
  if (threshold !== undefined && threshold < 0) return Number.POSITIVE_INFINITY;
  return (threshold ?? defaultThreshold) + (factor ?? 0.2) * Math.max(table.reltuples, table.n_live_tup, 0);
}

function numberOf({ reloptions }: TableStats, parameter: string): number | undefined {
  const value = Number(reloptions[parameter] ?? Number.NaN);
  return Number.isFinite(value) ? value : undefined;
}

/** The exact statement for a table: aggressive and to the end where its age is the reason, and never in parallel. */
export function vacuumStatement(relation: string, reasons: readonly Reason[], version: number): string {
  const options = [...(needsFreeze(reasons) ? ['FREEZE'] : []), ...(version >= 130_000 ? ['PARALLEL 0'] : [])];
  return `VACUUM ${options.length > 0 ? `(${options.join(', ')}) ` : ''}${relation}`;
}

interface Surveyed {
  readonly due: readonly DueTable[];
  readonly lost: readonly TableStats[];
  readonly unattended: readonly TableStats[];
  readonly tables: number;
  readonly deadRows: number;
  readonly xidAge: number;
  readonly mxidAge: number;
}

/** Looks at every table once; what must be judged by counting is counted. */
async function survey(session: Session, settings: DatabaseSettings, limits: Limits): Promise<Surveyed> {
  const due: DueTable[] = [];
  const suspects: TableStats[] = [];
  const unattended: TableStats[] = [];
  const seen = { tables: 0, deadRows: 0, xidAge: 0, mxidAge: 0 };
  for await (const page of readTables(session)) {
    const tables = page.filter(({ relkind }) => relkind !== 'p');
    const duePage = tablesToVacuum(tables, settings, limits);
    due.push(...duePage);
    const isDue = new Set(duePage.map(({ table }) => table.oid));
    suspects.push(...tables.filter((table) => !isDue.has(table.oid) && hasLostStatistics(table, limits.minRows)));
    unattended.push(...tables.filter(isAutovacuumDisabled));
    for (const { n_dead_tup, xid_age, mxid_age, toast } of tables) {
      seen.tables += 1;
      seen.deadRows += n_dead_tup + (toast?.n_dead_tup ?? 0);
      seen.xidAge = Math.max(seen.xidAge, xid_age ?? 0, toast?.xid_age ?? 0);
      seen.mxidAge = Math.max(seen.mxidAge, mxid_age ?? 0, toast?.mxid_age ?? 0);
    }
  }
  const counted = await countRows(session, suspects.slice(0, MOST_COUNTED));
  const known = new Set(counted.map(({ oid }) => oid));
  return {
    ...seen,
    due: [...due, ...tablesToVacuum(counted, settings, limits)].sort(byUrgency),
    lost: suspects.filter(({ oid }) => !known.has(oid)),
    unattended,
  };
}

/** Counting reads pages; more than these would be a task of its own. */
const MOST_COUNTED = 20;

function itemOf({ table, reasons }: DueTable, version: number): Item {
  const { oid, relation } = table;
  const statement = vacuumStatement(relation, reasons, version);
  const why = reasons.map(inWords).join('; ');
  return { oid, relation, label: labelOf(relation), statement, why, before: table };
}

const SUMMARY = 'Vacuums the tables whose dead rows, inserted rows or freeze age exceed the limit';
const TIMEOUT_SECONDS = 300;
type Kind = keyof typeof FINDINGS;
const FINDINGS = { ...UPKEEP_FINDINGS, ...SURVEY_FINDINGS, ...EFFECT_FINDINGS } as const;

async function choose(session: Session, target: string, input: z.output<typeof Input>): Promise<Choice<Kind>> {
  requirePrimary(session, target);
  const settings = await readSettings(session);
  if (!settings.track_counts) return nothingCounted(target);
  const { due, lost, unattended, tables, deadRows, xidAge, mxidAge } = await survey(session, settings, input);
  const chosen = due.slice(0, allowedBy({ absolute: input.maxTables, percent: input.maxPercent }, tables));
  const measure = (name: string, value: number, unit: Measurement['unit']): Measurement => ({
    name,
    value,
    unit,
    target,
  });
  return {
    queue: chosen.map((one) => itemOf(one, session.version)),
    population: tables,
    findings: [
      ...(tables === 0 ? [noTables(target, session.database)] : []),
      ...autovacuumOff(target, settings, unattended),
      ...statisticsReset(target, settings, lost),
      ...beyondCap(
        target,
        chosen.length,
        due.slice(chosen.length).map(({ table }) => labelOf(table.relation)),
      ),
    ],
    measurements: [
      measure('tables', tables, 'count'),
      measure('dead-rows', deadRows, 'rows'),
      measure('oldest-freeze-age', xidAge, 'transactions'),
      measure('oldest-multixact-age', mxidAge, 'transactions'),
    ],
  };
}

export const task = defineTask({
  name: 'postgres-vacuum',
  summary: SUMMARY,
  effect: 'mutating',
  target: 'postgres',
  input: Input,
  examples: [{}, { deadRowsAbove: '10%', minRows: 1_000, maxTables: 20 }],
  findings: FINDINGS,
  permissions: (platform) => secretPermissions(platform, 'postgres'),
  needs: (context) =>
    sessionNeeds(context, async (session, standing) => [
      ...(await upkeepNeeds(session, standing)),
      await countsRows(session, standing, context.input.minRows),
    ]),
  timeoutSeconds: TIMEOUT_SECONDS,
  pauses: true,
  cap: ({ maxTables, maxPercent }) => ({ absolute: maxTables, percent: maxPercent }),
  run: (context) => {
    const { input } = context;
    const options = sessionOptions(context);
    return keepUp<Kind>(context, {
      verb: 'vacuum',
      timeoutSeconds: TIMEOUT_SECONDS,
      measurement: 'tables-vacuumed',
      choose: (target) => withSession(target, options, (session) => choose(session, target.name, input)),
      judge: (target, item, after) =>
        judgeEffect(target, item, after, reasonsToVacuum(after.table, after.settings, input)),
    });
  },
});
