import * as z from 'zod';
import { allowedBy } from '../../../core/action.ts';
import { Percent } from '../../../core/duration.ts';
import type { Finding, Measurement } from '../../../core/finding.ts';
import { defineTask } from '../../../core/task.ts';
import { secretPermissions } from '../../runtime/secret-permissions.ts';
import { describeHolder } from './_horizon.ts';
import { requirePrimary, type Session, withSession } from './_session.ts';
import type { After, Item } from './_statement.ts';
import { countRows, hasLostStatistics } from './_statistics.ts';
import { type DatabaseSettings, labelOf, readSettings, readTables, type TableStats } from './_tables.ts';
import { type Choice, keepUp, UPKEEP_FINDINGS, UPKEEP_INPUT } from './_upkeep.ts';

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

export type ReasonKind = 'freeze-age' | 'multixact-age' | 'dead-rows' | 'dead-toast-rows' | 'inserted-rows';

export interface Reason {
  readonly kind: ReasonKind;
  readonly value: number;
  readonly limit: number;
}

export interface DueTable {
  readonly table: TableStats;
  /** Not empty; the worst first. */
  readonly reasons: readonly Reason[];
}

type FreezeSettings = Pick<DatabaseSettings, 'autovacuum_freeze_max_age' | 'autovacuum_multixact_freeze_max_age'>;

/** The tables that a vacuum would help: those near a forced freeze before all others, then by how far they exceed their limit. */
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

function excess(reason: Reason | undefined): number {
  return reason ? reason.value / Math.max(1, reason.limit) : 0;
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

type EffectKind = 'horizon-held' | 'holder-not-visible' | 'rows-kept';

/**
 * What a vacuum has not achieved: the reasons that still hold after it, and who is to blame.
 *
 * Inserted rows do not count here, for they need no horizon to be looked at.
 */
export function judgeVacuum(target: string, item: Pick<Item, 'label' | 'before'>, after: After, due: readonly Reason[]): Finding<EffectKind>[] {
  const [worst] = due.filter(({ kind }) => kind !== 'inserted-rows');
  if (!worst) return [];
  const { label, before } = item;
  const [oldest, ...others] = after.holders;
  const left = `${label} has ${inWords(worst)} left after its vacuum (${rows(before.n_dead_tup)} dead rows before, ${rows(after.table.n_dead_tup)} now)`;
  const finding = (kind: EffectKind, why: string): Finding<EffectKind> => ({
    kind,
    target,
    subject: label,
    summary: `${left}: ${why}`,
    value: worst.value,
    limit: Math.floor(worst.limit),
    unit: worst.kind.endsWith('-age') ? 'transactions' : 'rows',
  });
  if (!oldest && after.seesAllHolders) return [finding('rows-kept', 'nothing was seen that holds them')];
  if (!oldest) return [finding('holder-not-visible', 'this role cannot see the sessions that may hold them')];
  const more = others.length > 0 ? `, and ${others.length} younger` : '';
  return [finding('horizon-held', `held by the ${describeHolder(oldest)}${more}`)];
}

const WORDS: Record<ReasonKind, string> = {
  'freeze-age': 'transactions since its last freeze',
  'multixact-age': 'multixacts since its last freeze',
  'dead-rows': 'dead rows',
  'dead-toast-rows': 'dead rows of TOAST',
  'inserted-rows': 'rows inserted since its last vacuum',
};

function inWords({ kind, value, limit }: Reason): string {
  return `${rows(value)} ${WORDS[kind]}, limit ${rows(limit)},`.replace(/,$/, '');
}

function rows(count: number): string {
  return Math.floor(count).toLocaleString('en');
}
