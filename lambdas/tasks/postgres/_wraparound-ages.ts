import * as z from 'zod';
import type { Session } from './_session.ts';

/** The counters of the whole server and the settings that say when it acts. */
const Cluster = z.object({
  /** The server's time, in seconds of the epoch. */
  now: z.number(),
  /** The next transaction id, with its epoch: it never goes back. */
  nextXid: z.number(),
  /** The next multixact id, which begins again after 2^32. */
  nextMxid: z.number(),
  autovacuum_freeze_max_age: z.number(),
  autovacuum_multixact_freeze_max_age: z.number(),
  /** Null before PostgreSQL 14. */
  vacuum_failsafe_age: z.number().nullable(),
});
export type Cluster = z.infer<typeof Cluster>;

const Ages = { xid_age: z.number(), mxid_age: z.number() };

const Database = z.object({ datname: z.string(), datallowconn: z.boolean(), ...Ages });
export type DatabaseAge = z.infer<typeof Database>;

const Relation = z.object({
  /** Quoted and qualified by the server. */
  relation: z.string(),
  /** The table that a TOAST table belongs to, for that is what is vacuumed; itself else. */
  owner: z.string(),
  /** True for a temporary table, which only its own session can vacuum. */
  isTemporary: z.boolean(),
  /** The process that vacuums it now. */
  vacuumPid: z.number().nullable(),
  ...Ages,
});
export type RelationAge = z.infer<typeof Relation>;

// age() is asked for what was never frozen too; a database whose DROP was interrupted (-2) no longer counts.
const DATABASES = `
SELECT datname, datallowconn, age(datfrozenxid)::float8 AS xid_age, mxid_age(datminmxid)::float8 AS mxid_age
FROM pg_database WHERE datconnlimit <> -2
ORDER BY greatest(age(datfrozenxid) / current_setting('autovacuum_freeze_max_age')::float8,
                  mxid_age(datminmxid) / current_setting('autovacuum_multixact_freeze_max_age')::float8) DESC, datname
LIMIT 1000`;

const RELATIONS = `
SELECT format('%I.%I', n.nspname, c.relname) AS relation, format('%I.%I', own.nspname, o.relname) AS owner,
       o.relpersistence = 't' AS "isTemporary",
       (SELECT min(p.pid) FROM pg_stat_progress_vacuum p WHERE p.relid IN (c.oid, o.oid)) AS "vacuumPid",
       age(c.relfrozenxid)::float8 AS xid_age, mxid_age(c.relminmxid)::float8 AS mxid_age,
       (count(*) OVER ())::float8 AS overdue
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_class t ON c.relkind = 't' AND t.reltoastrelid = c.oid
  JOIN pg_class o ON o.oid = coalesce(t.oid, c.oid) JOIN pg_namespace own ON own.oid = o.relnamespace
WHERE c.relkind IN ('r', 'm', 't') AND c.relfrozenxid <> '0'
  AND (age(c.relfrozenxid) > $1::float8 OR mxid_age(c.relminmxid) > $2::float8)
ORDER BY greatest(age(c.relfrozenxid) / $1::float8, mxid_age(c.relminmxid) / $2::float8) DESC, 1
LIMIT 20`;

const READ_SECONDS = 30;

/** Reads the counters of the server; on a standby they are those of its primary. */
export async function readCluster(session: Session): Promise<Cluster> {
  const next =
    session.version >= 130_000
      ? 'pg_snapshot_xmax(pg_current_snapshot())'
      : 'txid_snapshot_xmax(txid_current_snapshot())';
  const [cluster] = await session.rows(
    Cluster,
    `SELECT extract(epoch FROM clock_timestamp())::float8 AS now, ${next}::text::float8 AS "nextXid",
            ((datminmxid::text::int8 + mxid_age(datminmxid)) % 4294967296)::float8 AS "nextMxid",
            current_setting('autovacuum_freeze_max_age')::float8 AS autovacuum_freeze_max_age,
            current_setting('autovacuum_multixact_freeze_max_age')::float8 AS autovacuum_multixact_freeze_max_age,
            current_setting('vacuum_failsafe_age', true)::float8 AS vacuum_failsafe_age
     FROM pg_database WHERE datname = current_database()`,
  );
  if (!cluster) throw new TypeError('the current database is not in pg_database');
  return cluster;
}

/** Every database of the server, those that allow no connections included, the oldest first. */
export async function readDatabases(session: Session): Promise<DatabaseAge[]> {
  return session.rows(Database, DATABASES, [], READ_SECONDS);
}

/** The twenty oldest tables of this database that are older than either limit, and how many there are. */
export async function readRelations(
  session: Session,
  limits: { readonly xid: number; readonly mxid: number },
): Promise<{ readonly relations: RelationAge[]; readonly overdue: number }> {
  const Row = Relation.extend({ overdue: z.number() });
  const rows = await session.rows(Row, RELATIONS, [limits.xid, limits.mxid], READ_SECONDS);
  return { relations: rows, overdue: rows[0]?.overdue ?? 0 };
}
