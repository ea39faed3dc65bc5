import type { IndexStats, KeyColumn } from './_indexes.ts';

/** What `pgstatindex` counts in a btree. */
export interface LeafStats {
  readonly leaf_pages: number;
  readonly internal_pages: number;
  /** The share of the room on leaf pages that entries take, in percent. */
  readonly avg_leaf_density: number;
}

const PAGE_BYTES = 8_192;
const PAGE_HEADER_BYTES = 24;
const BTREE_SPECIAL_BYTES = 16;
const USABLE_BYTES = PAGE_BYTES - PAGE_HEADER_BYTES - BTREE_SPECIAL_BYTES;
const LINE_POINTER_BYTES = 4;
const TUPLE_HEADER_BYTES = 8;
const ROW_POINTER_BYTES = 6;
// A build ends a posting list at a tenth of a page.
const ROWS_PER_POSTING_LIST = 130;
const INNER_FILL = 0.7;

/**
 * The size that a btree would have after its rebuild, by the statistics alone; undefined where they are missing.
 *
 * It leans low: of several columns only the most selective one counts as distinct. So it may suspect an index that
 * is well, which is then measured; it proves nothing.
 */
export function estimatedBytes(
  index: Pick<IndexStats, 'reltuples' | 'fillfactor' | 'indisunique' | 'deduplicate_items'>,
  columns: readonly KeyColumn[],
): number | undefined {
  const { reltuples: rows } = index;
  const entryBytes = entrySize(columns);
  if (rows < 0 || entryBytes === undefined) return undefined;
  const mayShare = index.deduplicate_items && !index.indisunique && columns.every(({ equalimage }) => equalimage);
  const distinct = mayShare ? distinctKeys(columns, rows) : rows;
  if (distinct === undefined) return undefined;
  const shared = rows * ROW_POINTER_BYTES + entryBytes * (distinct + rows / ROWS_PER_POSTING_LIST);
  const leaves =
    mayShare && shared < rows * entryBytes
      ? shared / ((USABLE_BYTES * index.fillfactor) / 100)
      : rows / entriesPerLeaf(entryBytes, index.fillfactor);
  return pagesWithInner(Math.ceil(leaves), entryBytes) * PAGE_BYTES;
}

/** How many entries of one size a build puts on a leaf: until the room to be kept free is reached, and one makes way for the high key. */
export function entriesPerLeaf(entryBytes: number, fillfactor: number): number {
  const keptFree = (PAGE_BYTES * (100 - fillfactor)) / 100;
  const untilFull = Math.floor((USABLE_BYTES - keptFree) / entryBytes) + 1;
  const fitting = Math.floor((USABLE_BYTES - TUPLE_HEADER_BYTES) / entryBytes);
  return Math.max(1, Math.min(untilFull, fitting) - 1);
}

/** The size after a rebuild by what `pgstatindex` has counted: the same entries, packed to the fill factor. */
export function packedBytes(
  { leaf_pages, internal_pages, avg_leaf_density }: LeafStats,
  { fillfactor }: Pick<IndexStats, 'fillfactor'>,
): number {
  const packed = Math.min(1, avg_leaf_density / fillfactor);
  return (1 + Math.ceil(leaf_pages * packed) + Math.ceil(internal_pages * packed)) * PAGE_BYTES;
}

function pagesWithInner(leaves: number, entryBytes: number): number {
  const perPage = Math.max(2, Math.floor((USABLE_BYTES * INNER_FILL) / entryBytes));
  let pages = 1 + leaves;
  for (let level = leaves; level > 1;) {
    level = Math.ceil(level / perPage);
    pages += level;
  }
  return pages;
}

function entrySize(columns: readonly KeyColumn[]): number | undefined {
  let bytes = 0;
  let nulls = 0;
  for (const { attlen, attalign, avg_width, null_frac } of columns) {
    if (avg_width === null || null_frac === null) return undefined;
    const isShort = attlen < 0 && avg_width < 127;
    if (!isShort) bytes = aligned(bytes, { c: 1, s: 2, i: 4, d: 8 }[attalign]);
    bytes += avg_width * (1 - null_frac);
    nulls = Math.max(nulls, null_frac);
  }
  // An entry with a null has a bitmap too.
  return aligned(TUPLE_HEADER_BYTES + bytes, 8) + nulls * 8 + LINE_POINTER_BYTES;
}

function distinctKeys(columns: readonly KeyColumn[], rows: number): number | undefined {
  let most = 0;
  for (const { n_distinct } of columns) {
    if (n_distinct === null) return undefined;
    most = Math.max(most, n_distinct < 0 ? -n_distinct * rows : n_distinct);
  }
  return Math.min(rows, most);
}

function aligned(bytes: number, to: number): number {
  return Math.ceil(bytes / to) * to;
}
