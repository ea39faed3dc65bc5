import * as z from 'zod';
import type { Finding } from '../../../core/finding.ts';
import {
  bloatInWords,
  type Bloat,
  isSuspect,
  neededBytes,
  presumedFreeBytes,
  provenBloat,
  type Rebuilt,
} from './_bloat.ts';
import { inBytes } from './_bytes.ts';
import { ownerStatement, pasteable } from './_command.ts';
import { findPgstatindex, measureIndex } from './_index-measure.ts';
import { estimatedBytes } from './_index-size.ts';
import { type IndexStats, readIndexes, readKeyColumns, unknownTables } from './_indexes.ts';
import type { Course } from './_reindex-course.ts';
import { foreignInvalid, indexesLeft, type ReindexKind } from './_reindex-findings.ts';
import { leftoversOf, readNotes } from './_reindex-note.ts';
import type { Item } from './_reindex-step.ts';
import { requirePrimary, type Session } from './_session.ts';
import { labelOf } from './_tables.ts';

interface Limits {
  readonly tables?: readonly string[] | undefined;
  readonly bloatAbove: number;
  readonly minSize: number;
  readonly freeSpace?: number | undefined;
  readonly maxIndexes: number;
}

/** More measurements than these would be a task of their own; the largest indexes come first. */
const MOST_MEASURED = 50;
const MOST_NAMED = 20;

interface BloatedIndex {
  readonly index: IndexStats;
  readonly bloat: Bloat;
}

/** Looks at every index, measures those that may be bloated, and says which are to be rebuilt. */
export async function chooseIndexes(
  session: Session,
  target: string,
  limits: Limits,
  history: Readonly<Record<string, Rebuilt>>,
  hasTime: () => boolean,
): Promise<Course> {
  requirePrimary(session, target);
  const indexes: IndexStats[] = [];
  for await (const page of readIndexes(session, limits.tables)) indexes.push(...page);
  const bytes = indexes.reduce((sum, { size_bytes }) => sum + size_bytes, 0);
  const measured = await measureSuspects(session, target, indexes, limits, history, hasTime);
  const judged = await judge(session, target, measured.bloated, limits);
  const unsafe = unsafeVersion(target, session.version);
  return {
    queue: unsafe.length > 0 ? [] : judged.chosen.map((one) => itemOf(one, indexes, limits)),
    planned: judged.chosen.length,
    // Each may be rebuilt, and may have to be cleaned up after.
    population: 2 * indexes.length,
    findings: [
      ...unsafe,
      ...(await namesWithoutTable(session, target, limits)),
      ...(await foreignInvalids(session, target, indexes)),
      ...measured.findings,
      ...judged.findings,
    ],
    measurements: [
      { name: 'indexes', value: indexes.length, unit: 'count', target },
      { name: 'indexes-size', value: bytes, unit: 'bytes', target },
      { name: 'indexes-bloated', value: measured.bloated.length, unit: 'count', target },
    ],
    rebuilt: {},
    reclaimedBytes: 0,
    remains: [],
    swept: [],
  };
}

async function measureSuspects(
  session: Session,
  target: string,
  indexes: readonly IndexStats[],
  limits: Limits,
  history: Readonly<Record<string, Rebuilt>>,
  hasTime: () => boolean,
): Promise<{ bloated: BloatedIndex[]; findings: Finding<ReindexKind>[] }> {
  const suspects: IndexStats[] = [];
  for (const index of indexes) {
    // A range index keeps next to nothing, so there is nothing to gain.
    if (!index.indisvalid || index.method === 'brin' || index.size_bytes < limits.minSize) continue;
    const columns = index.method === 'btree' ? await readKeyColumns(session, index.oid) : undefined;
    if (isSuspect(index, columns && estimatedBytes(index, columns), limits)) suspects.push(index);
  }
  suspects.sort((a, b) => b.size_bytes - a.size_bytes || a.oid - b.oid);
  const pgstatindex = await findPgstatindex(session);
  const bloated: BloatedIndex[] = [];
  const unmeasured: { index: IndexStats; why: string }[] = [];
  for (const [place, index] of suspects.entries()) {
    if (place >= MOST_MEASURED || !hasTime()) {
      unmeasured.push({ index, why: 'one run has no time to measure more, and the largest come first' });
      continue;
    }
    const { evidence, unknown } = await measureIndex(session, index, pgstatindex, history[index.relation]);
    if (unknown !== undefined) unmeasured.push({ index, why: unknown });
    const bloat = provenBloat(index, evidence, limits);
    if (bloat) bloated.push({ index, bloat });
  }
  return { bloated: bloated.sort(byGain), findings: notMeasurable(target, unmeasured) };
}

function byGain(a: BloatedIndex, b: BloatedIndex): number {
  const gain = ({ bloat }: BloatedIndex) => bloat.sizeBytes - bloat.predictedBytes;
  return gain(b) - gain(a) || a.index.oid - b.index.oid;
}

function notMeasurable(
  target: string,
  unmeasured: readonly { readonly index: IndexStats; readonly why: string }[],
): Finding<ReindexKind>[] {
  const named = unmeasured.slice(0, MOST_NAMED).map(({ index, why }): Finding<ReindexKind> => {
    const label = labelOf(index.relation);
    const summary = `${label} (${index.method}, ${inBytes(index.size_bytes)}) could not be measured: ${labelOf(why)}`;
    return { kind: 'not-measurable', target, subject: label, summary, value: index.size_bytes, unit: 'bytes' };
  });
  const rest = unmeasured.length - named.length;
  if (rest === 0) return named;
  return [...named, { kind: 'not-measurable', target, summary: `${rest} more indexes could not be measured` }];
}

/** Which of the bloated indexes this run may rebuild, and what is to be said of the others. */
async function judge(session: Session, target: string, bloated: readonly BloatedIndex[], limits: Limits) {
  const [database] = await session.rows(DatabaseSize, DATABASE_SIZE);
  const free = limits.freeSpace ?? presumedFreeBytes(database?.bytes ?? 0);
  const possible: BloatedIndex[] = [];
  const findings: Finding<ReindexKind>[] = [];
  for (const one of bloated) {
    const hindrance = hindranceOf(target, one, free, session.role, limits);
    if (hindrance) findings.push(hindrance);
    else possible.push(one);
  }
  const chosen = possible.slice(0, limits.maxIndexes);
  const left = possible.slice(chosen.length).map(({ index }) => labelOf(index.relation));
  const why = `the cap of one run allows ${chosen.length} of ${possible.length} indexes that are bloated`;
  if (left.length > 0) findings.push(indexesLeft(target, left, why, chosen.length));
  return { chosen, findings };
}

const DatabaseSize = z.object({ bytes: z.number() });
const DATABASE_SIZE = 'SELECT pg_database_size(current_database())::float8 AS bytes';

function hindranceOf(
  target: string,
  { index, bloat }: BloatedIndex,
  freeBytes: number,
  role: string,
  limits: Limits,
): Finding<ReindexKind> | undefined {
  const label = labelOf(index.relation);
  const what = `${label}: ${bloatInWords(bloat, limits)}`;
  const found = { target, subject: label } as const;
  if (index.indisexclusion) {
    const command = pasteable(`REINDEX INDEX ${index.relation};`);
    return { kind: 'not-rebuildable', summary: `${what}; it belongs to an exclusion constraint`, ...found, ...command };
  }
  if (!index.is_ours_to_rebuild) {
    const summary = `${what}; its table belongs to ${labelOf(index.table_owner)} and not to ${labelOf(role)}`;
    return { kind: 'not-permitted', summary, ...found, ...pasteable(ownerStatement(index.table)) };
  }
  const needed = neededBytes(bloat);
  if (needed <= freeBytes) return undefined;
  const summary = `${what}; its rebuild may need ${inBytes(needed)} of disk, known to be free ${inBytes(freeBytes)}`;
  return { kind: 'no-room', summary, ...found, value: needed, limit: freeBytes, unit: 'bytes' };
}

function itemOf({ index, bloat }: BloatedIndex, indexes: readonly IndexStats[], limits: Limits): Item {
  return {
    label: labelOf(index.relation),
    statement: `REINDEX INDEX CONCURRENTLY ${index.relation}`,
    why: `${bloatInWords(bloat, limits)}, predicted ${inBytes(bloat.predictedBytes)}`,
    index,
    bloat,
    known: indexes.filter(({ table_oid }) => table_oid === index.table_oid).map(({ oid }) => oid),
  };
}

const FIRST_SAFE_14 = 140_004;

/** PostgreSQL 14.0 to 14.3 lose rows from what they rebuild concurrently. */
export function unsafeVersion(target: string, version: number): Finding<ReindexKind>[] {
  if (version < 140_000 || version >= FIRST_SAFE_14) return [];
  const summary = `PostgreSQL 14.${version % 10_000} can corrupt what it rebuilds concurrently, 14.4 at least is expected`;
  return [{ kind: 'unsafe-version', target, summary }];
}

async function namesWithoutTable(
  session: Session,
  target: string,
  { tables }: Limits,
): Promise<Finding<ReindexKind>[]> {
  if (tables === undefined) return [];
  const names = await unknownTables(session, tables);
  return names.map((name) => {
    const label = labelOf(name);
    return {
      kind: 'no-such-table',
      target,
      subject: label,
      summary: `there is no table ${label} in ${session.database}`,
    };
  });
}

/** Invalid indexes that are neither left by us nor being built. */
async function foreignInvalids(
  session: Session,
  target: string,
  indexes: readonly IndexStats[],
): Promise<Finding<ReindexKind>[]> {
  // Without its definition nothing tells what we left from what others did.
  const invalid = indexes.filter(
    ({ indisvalid, is_being_changed, definition }) => !indisvalid && !is_being_changed && definition !== '',
  );
  if (invalid.length === 0) return [];
  const notes = await readNotes(session);
  const ours = new Set(notes.flatMap(({ note }) => (note ? leftoversOf(note, indexes) : [])).map(({ oid }) => oid));
  const foreign = invalid.filter(({ oid }) => !ours.has(oid));
  const named = foreign.slice(0, MOST_NAMED).map((index) => foreignInvalid(target, index));
  const rest = foreign.length - named.length;
  if (rest === 0) return named;
  return [...named, { kind: 'foreign-invalid-index', target, summary: `${rest} more indexes are invalid` }];
}
