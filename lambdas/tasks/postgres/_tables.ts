import * as z from 'zod';
import type { Session } from './_session.ts';

const EpochSeconds = z.number().nullable();

const Toast = z.object({
  n_live_tup: z.number(),
  n_dead_tup: z.number(),
  xid_age: z.number().nullable(),
  mxid_age: z.number().nullable(),
});

/** A table as the catalogue and the statistics show it, in their own names; times are the server's, in seconds of the epoch. */
export const TableStats = z.object({
  oid: z.number(),
  /** Quoted by the server and qualified by schema; the one form that stands in statements. */
  relation: z.string(),
  /** r ordinary, p partitioned, m materialised view */
  relkind: z.enum(['r', 'p', 'm']),
  /** -1 where nothing was ever counted (0 before PostgreSQL 14). */
  reltuples: z.number(),
  relpages: z.number(),
  n_live_tup: z.number(),
  n_dead_tup: z.number(),
  n_mod_since_analyze: z.number(),
  /** Null before PostgreSQL 13. */
  n_ins_since_vacuum: z.number().nullable(),
  last_vacuum: EpochSeconds,
  last_autovacuum: EpochSeconds,
  last_analyze: EpochSeconds,
  last_autoanalyze: EpochSeconds,
  vacuum_count: z.number(),
  analyze_count: z.number(),
  xid_age: z.number().nullable(),
  mxid_age: z.number().nullable(),
  /** Storage parameters: `autovacuum_enabled`, `autovacuum_vacuum_threshold`, … */
  reloptions: z.record(z.string(), z.string()),
  toast: Toast.nullable(),
  /** Read only where the counters say nothing at all; null where not read, or where a lock forbids it. */
  size_pages: z.number().nullable(),
});
export type TableStats = z.infer<typeof TableStats>;

/** What holds for the whole database. */
export const DatabaseSettings = z.object({
  autovacuum: z.boolean(),
  track_counts: z.boolean(),
  autovacuum_freeze_max_age: z.number(),
  autovacuum_multixact_freeze_max_age: z.number(),
  stats_reset: EpochSeconds,
  now: z.number(),
});
export type DatabaseSettings = z.infer<typeof DatabaseSettings>;

const SETTINGS = `
SELECT current_setting('autovacuum')::bool AS autovacuum, current_setting('track_counts')::bool AS track_counts,
       current_setting('autovacuum_freeze_max_age')::float8 AS autovacuum_freeze_max_age,
       current_setting('autovacuum_multixact_freeze_max_age')::float8 AS autovacuum_multixact_freeze_max_age,
       extract(epoch FROM (SELECT stats_reset FROM pg_stat_database WHERE datname = current_database()))::float8 AS stats_reset,
       extract(epoch FROM now())::float8 AS now`;

// The functions below the statistics views, because the view would be computed as a whole for each page of tables.
// pg_relation_size would wait for the lock of a table that someone rebuilds, so it is asked for few, and for none locked.
const tablesSql = (version: number, condition: string) => `
SELECT c.oid::int8::float8 AS oid, format('%I.%I', n.nspname, c.relname) AS relation, c.relkind::text AS relkind,
       c.reltuples::float8 AS reltuples, c.relpages::float8 AS relpages,
       greatest(pg_stat_get_live_tuples(c.oid), 0)::float8 AS n_live_tup,
       greatest(pg_stat_get_dead_tuples(c.oid), 0)::float8 AS n_dead_tup,
       greatest(pg_stat_get_mod_since_analyze(c.oid), 0)::float8 AS n_mod_since_analyze,
       ${version >= 130_000 ? 'pg_stat_get_ins_since_vacuum(c.oid)::float8' : 'NULL::float8'} AS n_ins_since_vacuum,
       extract(epoch FROM pg_stat_get_last_vacuum_time(c.oid))::float8 AS last_vacuum,
       extract(epoch FROM pg_stat_get_last_autovacuum_time(c.oid))::float8 AS last_autovacuum,
       extract(epoch FROM pg_stat_get_last_analyze_time(c.oid))::float8 AS last_analyze,
       extract(epoch FROM pg_stat_get_last_autoanalyze_time(c.oid))::float8 AS last_autoanalyze,
       pg_stat_get_vacuum_count(c.oid)::float8 AS vacuum_count, pg_stat_get_analyze_count(c.oid)::float8 AS analyze_count,
       ${ageSql('c')},
       coalesce((SELECT jsonb_object_agg(option_name, option_value) FROM pg_options_to_table(c.reloptions)), '{}') AS reloptions,
       CASE WHEN t.oid IS NOT NULL THEN (SELECT to_jsonb(x) FROM (
         SELECT greatest(pg_stat_get_live_tuples(t.oid), 0) AS n_live_tup,
                greatest(pg_stat_get_dead_tuples(t.oid), 0) AS n_dead_tup, ${ageSql('t')}) x) END AS toast,
       CASE WHEN c.relkind <> 'p' AND c.reltuples <= 0
             AND pg_stat_get_live_tuples(c.oid) + pg_stat_get_dead_tuples(c.oid) = 0
             AND NOT EXISTS (SELECT FROM pg_locks l WHERE l.relation = c.oid AND l.mode = 'AccessExclusiveLock')
            THEN (pg_relation_size(c.oid) / current_setting('block_size')::int)::float8 END AS size_pages
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND ${condition}
ORDER BY c.oid`;

function ageSql(alias: string): string {
  return `CASE WHEN ${alias}.relfrozenxid <> '0' THEN age(${alias}.relfrozenxid)::float8 END AS xid_age,
       CASE WHEN ${alias}.relminmxid <> '0' THEN mxid_age(${alias}.relminmxid)::float8 END AS mxid_age`;
}

const PAGE = 5_000;
// A page of five thousand tables takes well below a second; a catalogue under heavy change may be slow.
const PAGE_SECONDS = 30;

export async function readSettings(session: Session): Promise<DatabaseSettings> {
  const [settings] = await session.rows(DatabaseSettings, SETTINGS);
  if (!settings) throw new TypeError('a SELECT without FROM gave no row');
  return settings;
}

/** Every table that is not the system's own or temporary, page by page. */
export async function* readTables(session: Session): AsyncGenerator<TableStats[]> {
  for (let last = 0; ;) {
    const sql = `${tablesSql(session.version, 'c.oid > $1::int8::oid')} LIMIT ${PAGE}`;
    const page = await session.rows(TableStats, sql, [last], PAGE_SECONDS);
    yield page;
    if (page.length < PAGE) return;
    last = page.at(-1)?.oid ?? last;
  }
}

/** One table by its OID, the only name that cannot come to mean another one; undefined where it is gone. */
export async function readTable(session: Session, oid: number): Promise<TableStats | undefined> {
  const [table] = await session.rows(TableStats, tablesSql(session.version, 'c.oid = $1::int8::oid'), [oid]);
  return table;
}

/** A relation for a line of text: a legal name may hold a line break or a terminal's control characters. */
export function labelOf(relation: string): string {
  return relation.replace(/\p{C}/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
