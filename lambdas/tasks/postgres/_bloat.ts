import * as z from 'zod';
import type { IndexStats } from './_indexes.ts';
import { inBytes } from './_bytes.ts';

/** How the size after a rebuild was come by. */
export type Method = 'pgstatindex' | 'sample' | 'history';

/** What an index would be after its rebuild. */
export interface Evidence {
  readonly method: Method;
  readonly bytes: number;
}

/** What an index was like when we had just rebuilt it. */
export const Rebuilt = z.object({
  definition: z.string(),
  size_bytes: z.number(),
  /** Of the table: a GIN index counts its own entries now in keys, now in rows. */
  table_rows: z.number(),
});
export type Rebuilt = z.infer<typeof Rebuilt>;

export const Bloat = z.object({
  /** What the index has at its choice, and what it should have after its rebuild. */
  sizeBytes: z.number(),
  predictedBytes: z.number(),
  methods: z.array(z.enum(['pgstatindex', 'sample', 'history'])),
});
export type Bloat = z.infer<typeof Bloat>;

interface Limits {
  readonly bloatAbove: number;
  readonly minSize: number;
}

/** True where the statistics give reason to measure: they have none, or see half of what would be too much. */
export function isSuspect(
  { size_bytes }: Pick<IndexStats, 'size_bytes'>,
  estimated: number | undefined,
  { bloatAbove, minSize }: Limits,
): boolean {
  if (size_bytes < minSize) return false;
  return estimated === undefined || percentOf(size_bytes - estimated, size_bytes) > bloatAbove / 2;
}

/** The bloat that all evidence agrees on; undefined where it does not exceed the limit, or where there is none. */
export function provenBloat(
  { size_bytes }: Pick<IndexStats, 'size_bytes'>,
  evidence: readonly Evidence[],
  { bloatAbove, minSize }: Limits,
): Bloat | undefined {
  if (evidence.length === 0 || size_bytes < minSize) return undefined;
  const predictedBytes = Math.round(Math.max(...evidence.map(({ bytes }) => bytes)));
  if (percentOf(size_bytes - predictedBytes, size_bytes) <= bloatAbove) return undefined;
  return { sizeBytes: size_bytes, predictedBytes, methods: evidence.map(({ method }) => method) };
}

type Rows = Pick<IndexStats, 'table_reltuples' | 'table_relpages' | 'table_pages'>;

/** How many rows the table may have now: it has grown as its pages have, until someone counts. Undefined where nobody ever did. */
export function rowsNow({ table_reltuples, table_relpages, table_pages }: Rows): number | undefined {
  if (table_reltuples < 0 || table_relpages === 0) return undefined;
  return table_reltuples * Math.max(1, table_pages / table_relpages);
}

/**
 * What our last rebuild of the index says of it now: as many bytes for each row as then.
 *
 * Of an index that was defined anew since, or whose rows nobody has counted, it says nothing.
 */
export function evidenceOfHistory(
  index: Pick<IndexStats, 'definition'> & Rows,
  rebuilt: Rebuilt | undefined,
): Evidence[] {
  const rows = rowsNow(index);
  if (rebuilt?.definition !== index.definition || rebuilt.table_rows <= 0 || rows === undefined) return [];
  return [{ method: 'history', bytes: (rebuilt.size_bytes * rows) / rebuilt.table_rows }];
}

export interface Sample {
  /** The index that was built over the sample. */
  readonly size_bytes: number;
  readonly rows: number;
  /** The share of the table's pages that were to be read, from above 0 to 1. */
  readonly share: number;
}

const PAGE_BYTES = 8_192;
const FEWEST_PAGES = 10;

/**
 * The most that the whole index can need, by one that was built over some of the table's pages.
 *
 * An index over all rows is never larger than those over its parts together, of whatever kind it is. Where rows lie
 * unevenly the sample may have too few of them, so the rows count too. Too small a sample says nothing.
 */
export function evidenceOfSample({ size_bytes, rows, share }: Sample, tableRows: number | undefined): Evidence[] {
  if (share >= 1) return [{ method: 'sample', bytes: size_bytes }];
  if (size_bytes < FEWEST_PAGES * PAGE_BYTES || rows === 0) return [];
  const times = Math.max(1 / share, (tableRows ?? 0) / rows);
  return [{ method: 'sample', bytes: PAGE_BYTES + (size_bytes - PAGE_BYTES) * times }];
}

/** The number first, then its limit. */
export function bloatInWords({ sizeBytes, predictedBytes, methods }: Bloat, { bloatAbove }: Limits): string {
  const percent = Math.round(percentOf(sizeBytes - predictedBytes, sizeBytes));
  return `${percent}% of ${inBytes(sizeBytes)} is bloat, limit ${bloatAbove}%, by ${methods.join(' and ')}`;
}

/** True where a rebuild gave back less than half of what was predicted. */
export function isPredictionOff(predictedReclaim: number, actualReclaim: number): boolean {
  return actualReclaim < predictedReclaim / 2;
}

/** What the disk of the server is trusted to have free where nobody says: PostgreSQL itself does not know. */
export function presumedFreeBytes(databaseBytes: number): number {
  return Math.max(1_024 ** 3, databaseBytes / 4);
}

/** The disk that a rebuild may need while it runs: the new index, and as much again to sort its entries. */
export function neededBytes({ sizeBytes }: Pick<Bloat, 'sizeBytes'>): number {
  return 2 * sizeBytes;
}

function percentOf(part: number, whole: number): number {
  return whole > 0 ? (100 * part) / whole : 0;
}
