import * as z from 'zod';
import { messageOf, Unavailable } from '../../../core/errors.ts';
import { type Evidence, evidenceOfHistory, evidenceOfSample, type Rebuilt, rowsNow } from './_bloat.ts';
import { packedBytes } from './_index-size.ts';
import type { IndexStats } from './_indexes.ts';
import { type Session, sqlStateOf } from './_session.ts';

/** What can be known of the size that an index would have after its rebuild; why nothing can, where there is none. */
export interface Measured {
  readonly evidence: readonly Evidence[];
  readonly unknown?: string;
}

const SECONDS = 30;
/** 40 MB of the table: enough for a sample that is a few percent off, and gone in a second. */
const SAMPLED_PAGES = 5_000;
/**
 * Measures what an index would be after its rebuild.
 *
 * `pgstatindex` counts a btree exactly where it is installed and allowed. Else, and for every other kind of index, the
 * same index is built over a sample of the table's pages, in a temporary table that is rolled back.
 */
export async function measureIndex(
  session: Session,
  index: IndexStats,
  quotedPgstatindex: string | undefined,
  rebuilt: Rebuilt | undefined,
): Promise<Measured> {
  if (index.definition === '') return { evidence: [], unknown: 'someone has its table locked, or waits to lock it' };
  const history = evidenceOfHistory(index, rebuilt);
  const counted = index.method === 'btree' ? await countedBytes(session, index, quotedPgstatindex) : undefined;
  if (typeof counted === 'number') return { evidence: [{ method: 'pgstatindex', bytes: counted }, ...history] };
  const share = Math.min(1, SAMPLED_PAGES / Math.max(1, index.table_pages));
  if (share < 1 && history.length > 0) return { evidence: history };
  if (index.runs_foreign_code) {
    // The server would run the code of whoever made the index with the rights of this role.
    const hint = index.method === 'btree' ? ' and pgstatindex is not there' : '';
    return unless(history, `building it runs functions of its own${hint}`);
  }
  const sampled = await sampledBytes(session, index, share);
  if (typeof sampled === 'string') return unless(history, sampled);
  const evidence = evidenceOfSample({ ...sampled, share }, rowsNow(index));
  if (evidence.length === 0) return unless(history, 'too little of it is in a sample of its table');
  return { evidence: [...evidence, ...history] };
}

function unless(history: readonly Evidence[], unknown: string): Measured {
  return history.length > 0 ? { evidence: history } : { evidence: [], unknown };
}

const EXTENSION = `
SELECT format('%I.%I', n.nspname, p.proname) AS function
FROM pg_extension e
JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.classid = 'pg_proc'::regclass
JOIN pg_proc p ON p.oid = d.objid JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE e.extname = 'pgstattuple' AND p.proname = 'pgstatindex' AND p.proargtypes[0] = 'regclass'::regtype
  AND has_function_privilege(p.oid, 'EXECUTE')`;

/** The quoted name of `pgstatindex` where it is installed and this role may call it. */
export async function findPgstatindex(session: Session): Promise<string | undefined> {
  const [extension] = await session.rows(z.object({ function: z.string() }), EXTENSION);
  return extension?.function;
}

const Leaves = z.object({ leaf_pages: z.number(), internal_pages: z.number(), avg_leaf_density: z.number() });

async function countedBytes(session: Session, index: IndexStats, quotedFunction: string | undefined) {
  if (quotedFunction === undefined) return undefined;
  const sql = `SELECT leaf_pages::float8, internal_pages::float8,
    CASE WHEN leaf_pages > 0 THEN avg_leaf_density ELSE 0 END AS avg_leaf_density FROM ${quotedFunction}($1::int8::oid::regclass)`;
  return orReason(async () => {
    const [leaves] = await session.rows(Leaves, sql, [index.oid], SECONDS);
    return leaves ? packedBytes(leaves, index) : undefined;
  });
}

const Built = z.object({ size_bytes: z.number(), rows: z.number() });
const SAMPLE = 'fettle_sample';

/** The size of the same index over so much of the table, or why it could not be built. */
async function sampledBytes(
  session: Session,
  index: IndexStats,
  share: number,
): Promise<z.infer<typeof Built> | string> {
  const definition = sampleDefinition(index);
  if (definition === undefined || index.columns.length === 0) return 'its definition is of an unknown form';
  const columns = index.columns.map((name) => `"${name.replaceAll('"', '""')}"`).join(', ');
  const rows = `SELECT ${columns} FROM ONLY ${index.table} TABLESAMPLE SYSTEM (${(share * 100).toFixed(6)})`;
  await session.rows(z.unknown(), 'BEGIN');
  try {
    const measured = await orReason(async () => {
      // A policy would hide rows, and the sample would be too small; off, it is an error.
      await session.rows(z.unknown(), `SET LOCAL row_security = off`);
      await session.rows(z.unknown(), 'SET LOCAL max_parallel_maintenance_workers = 0');
      await session.rows(z.unknown(), `CREATE TEMPORARY TABLE ${SAMPLE} ON COMMIT DROP AS ${rows}`, [], SECONDS);
      await session.rows(z.unknown(), definition, [], SECONDS);
      const [built] = await session.rows(Built, BUILT);
      return built;
    });
    return measured ?? 'the sample has no index';
  } finally {
    await session.rows(z.unknown(), 'ROLLBACK');
  }
}

const BUILT = `
SELECT pg_relation_size(indexrelid)::float8 AS size_bytes, (SELECT count(*) FROM pg_temp.${SAMPLE})::float8 AS rows
FROM pg_index WHERE indrelid = 'pg_temp.${SAMPLE}'::regclass`;

/**
 * The definition of an index, of the sample instead of its table; undefined where it does not begin as the server writes one.
 *
 * Compared from its beginning: a name may hold what looks like the end of one.
 */
export function sampleDefinition({
  definition,
  quoted_name,
  table,
  indisunique,
}: Pick<IndexStats, 'definition' | 'quoted_name' | 'table' | 'indisunique'>): string | undefined {
  const create = indisunique ? 'CREATE UNIQUE INDEX' : 'CREATE INDEX';
  const beginning = `${create} ${quoted_name} ON ${table} USING `;
  if (!definition.startsWith(beginning)) return undefined;
  return `${create} ON pg_temp.${SAMPLE} USING ${definition.slice(beginning.length)}`;
}

// The server is going away, or so many connections are there that nothing can be read.
const OF_THE_SERVER = /^(08|53[^1]|57P)/;

/** What could be read, or in words why it could not where that says nothing of the next index. */
async function orReason<Result>(read: () => Promise<Result>): Promise<Result | string> {
  try {
    return await read();
  } catch (thrown) {
    const state = sqlStateOf(thrown);
    if (!(thrown instanceof Unavailable) || state === undefined || OF_THE_SERVER.test(state)) throw thrown;
    return messageOf(thrown.cause);
  }
}
