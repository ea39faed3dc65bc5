import * as z from 'zod';
import { Unavailable } from '../../../core/errors.ts';
import type { Snapshot } from './_slow-interval.ts';
import type { Session } from './_session.ts';

/** How the server counts statements, as far as this database and this role can tell. */
export const Tracking = z.object({
  /** The quoted schema of the extension; null where this database has none. */
  schema: z.string().nullable(),
  /** The columns of its view, which differ by the version of the extension and not of the server. */
  columns: z.array(z.string()),
  /** Null where the library is not loaded. */
  track: z.string().nullable(),
  /** True where the setting was made for this role alone and says nothing of the others. */
  isTrackOwn: z.boolean(),
  /** Null before PostgreSQL 14. */
  computeQueryId: z.string().nullable(),
  /** Roles whose statements are not counted although others' are; an empty name stands for all in this database. */
  untrackedRoles: z.array(z.string()),
});
export type Tracking = z.infer<typeof Tracking>;

const TRACKING = `
SELECT (SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
        WHERE e.extname = 'pg_stat_statements') AS schema,
       coalesce((SELECT jsonb_agg(a.attname) FROM pg_extension e
          JOIN pg_class c ON c.relnamespace = e.extnamespace AND c.relname = 'pg_stat_statements'
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE e.extname = 'pg_stat_statements'), '[]') AS columns,
       (SELECT setting FROM pg_settings WHERE name = 'pg_stat_statements.track') AS track,
       coalesce((SELECT source IN ('user', 'database user') FROM pg_settings
                 WHERE name = 'pg_stat_statements.track'), false) AS "isTrackOwn",
       current_setting('compute_query_id', true) AS "computeQueryId",
       coalesce((SELECT jsonb_agg(DISTINCT coalesce(r.rolname, '')) FROM pg_db_role_setting s
          LEFT JOIN pg_roles r ON r.oid = s.setrole
        WHERE 'pg_stat_statements.track=none' = ANY (s.setconfig) AND r.rolname IS DISTINCT FROM current_user
          AND (s.setdatabase = 0 OR s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()))),
        '[]') AS "untrackedRoles"`;

/** Reads how statements are counted. */
export async function readTracking(session: Session): Promise<Tracking> {
  const [tracking] = await session.rows(Tracking, TRACKING);
  if (!tracking) throw new TypeError('a SELECT without FROM gave no row');
  return tracking;
}

export interface Counters {
  readonly snapshot: Snapshot;
  /** Statements of other roles, which this role may not tell apart. */
  readonly hidden: number;
}

const Row = z.object({
  userid: z.number(),
  queryid: z.string().nullable(),
  calls: z.number(),
  milliseconds: z.number(),
  readMilliseconds: z.number(),
});

const Moment = z.object({
  takenAt: z.number(),
  databaseOid: z.number(),
  statsReset: z.number().nullable(),
  dealloc: z.number().nullable(),
});

// Ten times the default of pg_stat_statements.max; what holds more is read by a tool that is made for it.
const MOST_STATEMENTS = 50_000;
const READ_SECONDS = 60;

/** The statement that reads the counters; its texts are left where they are, for they are a file of any size. */
export function countersSql({ schema, columns }: Pick<Tracking, 'schema' | 'columns'>): string {
  const has = (column: string) => columns.includes(column);
  const total = has('total_exec_time') ? 'total_exec_time' : 'total_time';
  const read = ['shared_blk_read_time', 'blk_read_time'].find(has) ?? '0';
  // What a function runs is in the time of its caller already.
  const topLevel = has('toplevel') ? ' AND s.toplevel' : '';
  return `
SELECT s.userid, s.queryid::text AS queryid, s.calls::float8 AS calls, s.${total} AS milliseconds,
       ${read === '0' ? '0::float8' : `s.${read}`} AS "readMilliseconds"
FROM ${schema}.pg_stat_statements(false) s
WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())${topLevel}
LIMIT ${MOST_STATEMENTS + 1}`;
}

/** Reads all counters of the database. Throws `Unavailable` where they are too many. */
export async function readCounters(session: Session, tracking: Tracking): Promise<Counters> {
  // Version 1.9 brought the view that says when the counters began, and the column toplevel with it.
  const info = tracking.columns.includes('toplevel') ? `${tracking.schema}.pg_stat_statements_info` : undefined;
  const [moment] = await session.rows(
    Moment,
    `SELECT extract(epoch FROM clock_timestamp())::float8 AS "takenAt", d.oid AS "databaseOid",
            ${info ? 'extract(epoch FROM i.stats_reset)::float8' : 'NULL::float8'} AS "statsReset",
            ${info ? 'i.dealloc::float8' : 'NULL::float8'} AS dealloc
     FROM pg_database d ${info ? `CROSS JOIN ${info} i` : ''} WHERE d.datname = current_database()`,
  );
  if (!moment) throw new TypeError('the current database is not in pg_database');
  const rows = await session.rows(Row, countersSql(tracking), [], READ_SECONDS);
  if (rows.length > MOST_STATEMENTS) {
    throw new Unavailable(`pg_stat_statements holds more than ${MOST_STATEMENTS} statements of ${session.database}`);
  }
  const statements = rows.flatMap(({ userid, queryid, calls, milliseconds, readMilliseconds }) =>
    queryid === null
      ? []
      : [[`${userid}/${queryid}`, calls, milliseconds, readMilliseconds] as Snapshot['statements'][0]],
  );
  return { snapshot: { ...moment, statements }, hidden: rows.length - statements.length };
}

const Text = z.object({ queryid: z.string(), query: z.string(), isOwnUpkeep: z.boolean() });
type StatementText = z.infer<typeof Text>;

/** The texts of some statements; what this role alone ran to keep the database up is marked. */
export async function readTexts(
  session: Session,
  { schema }: Pick<Tracking, 'schema'>,
  queryIds: readonly string[],
): Promise<Map<string, StatementText>> {
  if (queryIds.length === 0) return new Map();
  const texts = await session.rows(
    Text,
    `SELECT s.queryid::text AS queryid, left(coalesce(min(s.query), ''), 4000) AS query,
            coalesce(bool_and(r.rolname = current_user AND s.query ~* '^\\s*(VACUUM|ANALYZE|REINDEX|CLUSTER)\\M'), false)
              AS "isOwnUpkeep"
     FROM ${schema}.pg_stat_statements s LEFT JOIN pg_roles r ON r.oid = s.userid
     WHERE s.queryid::text = ANY ($1) AND s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
     GROUP BY s.queryid`,
    [[...queryIds]],
    READ_SECONDS,
  );
  return new Map(texts.map((text) => [text.queryid, text]));
}
