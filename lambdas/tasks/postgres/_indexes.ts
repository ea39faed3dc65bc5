import * as z from 'zod';
import type { Session } from './_session.ts';

/** An index as the catalogue shows it, in its own names where it has them. */
export const IndexStats = z.object({
  oid: z.number(),
  /** Quoted by the server and qualified by schema; the one form that stands in statements. */
  relation: z.string(),
  schema: z.string(),
  name: z.string(),
  /** The name alone, quoted by the server. */
  quoted_name: z.string(),
  table_oid: z.number(),
  /** Quoted and qualified like `relation`. */
  table: z.string(),
  table_owner: z.string(),
  method: z.string(),
  /** Empty where its table is locked, so that reading it would wait. */
  definition: z.string(),
  size_bytes: z.number(),
  /** Entries at the last vacuum or analyze; -1 where nothing was ever counted (0 before PostgreSQL 14). */
  reltuples: z.number(),
  /** The same of its table, with the pages that it had then and those that it has now. */
  table_reltuples: z.number(),
  table_relpages: z.number(),
  table_pages: z.number(),
  indisvalid: z.boolean(),
  indisunique: z.boolean(),
  indisexclusion: z.boolean(),
  /** In percent; what the access method takes where none is set. */
  fillfactor: z.number(),
  deduplicate_items: z.boolean(),
  /** The columns of the table that the index reads. */
  columns: z.array(z.string()),
  /** True where building it runs functions that neither the server nor an extension brought. */
  runs_foreign_code: z.boolean(),
  /** True where this role may rebuild it. */
  is_ours_to_rebuild: z.boolean(),
  /** True while a session has a lock on the table that a build of an index needs; it may be building this one. */
  is_being_changed: z.boolean(),
});
export type IndexStats = z.infer<typeof IndexStats>;

const OF_SERVER = 16_384;
/** The schemas whose indexes are the system's own. */
const NOT_OURS = `'pg_catalog', 'information_schema', 'pg_toast'`;
const isForeign = (refclassid: string, refobjid: string) => `
  ${refobjid} >= ${OF_SERVER} AND NOT EXISTS (
    SELECT FROM pg_depend e WHERE e.classid = ${refclassid} AND e.objid = ${refobjid} AND e.deptype = 'e')`;

// pg_relation_size would wait for the lock of what someone rebuilds in the old way, so it is asked for none of these.
const indexesSql = (version: number, condition: string, definition = 'pg_get_indexdef(c.oid)') => `
WITH locked AS MATERIALIZED (SELECT relation FROM pg_locks WHERE locktype = 'relation' AND mode = 'AccessExclusiveLock'
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())),
     changing AS MATERIALIZED (SELECT relation FROM pg_locks WHERE locktype = 'relation' AND granted
       AND mode IN ('ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND pid IS DISTINCT FROM pg_backend_pid())
SELECT c.oid::int8::float8 AS oid, format('%I.%I', n.nspname, c.relname) AS relation, n.nspname AS schema, c.relname AS name,
       format('%I', c.relname) AS quoted_name,
       t.oid::int8::float8 AS table_oid, format('%I.%I', tn.nspname, t.relname) AS table, pg_get_userbyid(t.relowner) AS table_owner,
       m.amname AS method, ${definition} AS definition,
       (CASE WHEN c.oid IN (SELECT relation FROM locked) THEN c.relpages::int8 * current_setting('block_size')::int8
             ELSE coalesce(pg_relation_size(c.oid), 0) END)::float8 AS size_bytes,
       c.reltuples::float8 AS reltuples, t.reltuples::float8 AS table_reltuples, t.relpages::float8 AS table_relpages,
       (CASE WHEN t.oid IN (SELECT relation FROM locked) THEN t.relpages::int8
             ELSE coalesce(pg_relation_size(t.oid), 0) / current_setting('block_size')::int8 END)::float8 AS table_pages,
       i.indisvalid, i.indisunique, i.indisexclusion,
       coalesce((SELECT option_value::float8 FROM pg_options_to_table(c.reloptions) WHERE option_name = 'fillfactor'), 90) AS fillfactor,
       ${version >= 130_000 ? `coalesce((SELECT option_value::bool FROM pg_options_to_table(c.reloptions) WHERE option_name = 'deduplicate_items'), true)` : 'false'} AS deduplicate_items,
       ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum > 0
         AND (a.attnum = ANY (i.indkey::int2[]) OR EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
           AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid = t.oid AND d.refobjsubid = a.attnum))
         ORDER BY a.attnum) AS columns,
       EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
         AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_opclass'::regclass)
         AND ${isForeign('d.refclassid', 'd.refobjid')})
       OR EXISTS (SELECT FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid WHERE a.attrelid = c.oid
         AND y.typtype <> 'e' AND ${isForeign(`'pg_type'::regclass`, 'y.oid')}) AS runs_foreign_code,
       pg_has_role(t.relowner, 'USAGE')${version >= 170_000 ? ` OR has_table_privilege(t.oid, 'MAINTAIN')` : ''} AS is_ours_to_rebuild,
       t.oid IN (SELECT relation FROM changing) AS is_being_changed
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace tn ON tn.oid = t.relnamespace JOIN pg_am m ON m.oid = c.relam
WHERE c.relkind = 'i' AND t.relkind IN ('r', 'm') AND t.relpersistence <> 't'
  AND tn.nspname NOT IN (${NOT_OURS}) AND ${condition}
ORDER BY c.oid`;

// A partitioned table stands for its partitions.
const NAMED = `
t.oid IN (WITH named AS (SELECT r.oid FROM pg_class r JOIN pg_namespace s ON s.oid = r.relnamespace
            WHERE r.relkind IN ('r', 'm', 'p') AND (r.relname = ANY ($2) OR s.nspname || '.' || r.relname = ANY ($2)))
          SELECT oid FROM named UNION SELECT p.relid FROM named, pg_partition_tree(named.oid) p)`;

const UNKNOWN_NAMES = `
SELECT name FROM unnest($1::text[]) name WHERE NOT EXISTS (
  SELECT FROM pg_class r JOIN pg_namespace s ON s.oid = r.relnamespace
  WHERE r.relkind IN ('r', 'm', 'p') AND r.relpersistence <> 't' AND s.nspname NOT IN (${NOT_OURS})
    AND (r.relname = name OR s.nspname || '.' || r.relname = name))`;

const PAGE = 1_000;
const PAGE_SECONDS = 30;

// It opens the table, and one table that is locked must not hide all the others.
const READABLE_DEFINITION = `CASE WHEN t.oid IN (SELECT relation FROM locked) THEN '' ELSE pg_get_indexdef(c.oid) END`;

/** Every index of the named tables, of all where none is named: no system's own, no temporary, none of TOAST. Page by page. */
export async function* readIndexes(session: Session, tables: readonly string[] = []): AsyncGenerator<IndexStats[]> {
  for (let last = 0; ;) {
    const condition = `c.oid > $1::int8::oid${tables.length > 0 ? ` AND ${NAMED}` : ''}`;
    const values = tables.length > 0 ? [last, tables] : [last];
    const sql = `${indexesSql(session.version, condition, READABLE_DEFINITION)} LIMIT ${PAGE}`;
    const page = await session.rows(IndexStats, sql, values, PAGE_SECONDS);
    yield page;
    if (page.length < PAGE) return;
    last = page.at(-1)?.oid ?? last;
  }
}

/** The indexes of one table. */
export async function readIndexesOf(session: Session, tableOid: number): Promise<IndexStats[]> {
  return session.rows(IndexStats, indexesSql(session.version, 't.oid = $1::int8::oid'), [tableOid], PAGE_SECONDS);
}

/** The names that mean no table whose indexes `readIndexes` reads. */
export async function unknownTables(session: Session, tables: readonly string[]): Promise<string[]> {
  const rows = await session.rows(z.object({ name: z.string() }), UNKNOWN_NAMES, [tables]);
  return rows.map(({ name }) => name);
}

/** A column of an index with the statistics of its values; null where there are none or this role may not read them. */
export const KeyColumn = z.object({
  attlen: z.number(),
  attalign: z.enum(['c', 's', 'i', 'd']),
  /** True where equal keys are equal byte by byte, so that they may share one entry. */
  equalimage: z.boolean(),
  avg_width: z.number().nullable(),
  n_distinct: z.number().nullable(),
  null_frac: z.number().nullable(),
});
export type KeyColumn = z.infer<typeof KeyColumn>;

const KEY_COLUMNS = `
SELECT a.attlen, a.attalign::text AS attalign,
       i.indnatts = i.indnkeyatts AND coalesce(k.collisdeterministic, true)
         AND EXISTS (SELECT FROM pg_opclass o JOIN pg_amproc p ON p.amprocfamily = o.opcfamily AND p.amproclefttype = o.opcintype
           WHERE o.oid = i.indclass[a.attnum - 1] AND p.amprocnum = 4) AS equalimage,
       s.avg_width, s.n_distinct::float8 AS n_distinct, s.null_frac::float8 AS null_frac
FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indexrelid
JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
LEFT JOIN pg_attribute b ON b.attrelid = t.oid AND b.attnum = i.indkey[a.attnum - 1] AND b.attnum > 0
LEFT JOIN pg_collation k ON k.oid = a.attcollation
LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND NOT s.inherited
  AND s.tablename = CASE WHEN b.attname IS NULL THEN c.relname ELSE t.relname END AND s.attname = coalesce(b.attname, a.attname)
WHERE i.indexrelid = $1::int8::oid ORDER BY a.attnum`;

/** The columns of a btree index in their order. */
export async function readKeyColumns(session: Session, oid: number): Promise<KeyColumn[]> {
  return session.rows(KeyColumn, KEY_COLUMNS, [oid]);
}
