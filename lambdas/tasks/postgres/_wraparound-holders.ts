import pg from 'pg';
import * as z from 'zod';
import { describeHolder, Holder } from './_horizon.ts';
import type { Session } from './_session.ts';
import { labelOf } from './_tables.ts';

/** What forbids to freeze anywhere on the server. */
const FreezeHolder = Holder.extend({
  /** Where it was begun; null where it holds all databases. */
  database: z.string().nullable(),
});
export type FreezeHolder = z.infer<typeof FreezeHolder>;

// Unlike dead rows, ages count for the whole server: other databases hold as well, and so does the catalog_xmin of a
// logical slot, without which no system table can be frozen.
const HOLDERS = `
SELECT 'session' AS kind, pid::text AS id, greatest(age(backend_xmin), age(backend_xid))::float8 AS age,
       extract(epoch FROM clock_timestamp() - xact_start)::float8 AS seconds, application_name, state, datname AS database
FROM pg_stat_activity
WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' AND coalesce(backend_xmin, backend_xid) IS NOT NULL
  AND pid NOT IN (SELECT pid FROM pg_stat_progress_vacuum)
UNION ALL
SELECT 'prepared transaction', gid, age(transaction)::float8,
       extract(epoch FROM clock_timestamp() - prepared)::float8, NULL, NULL, database FROM pg_prepared_xacts
UNION ALL
SELECT 'replication slot', slot_name::text, greatest(age(xmin), age(catalog_xmin))::float8, NULL, NULL,
       CASE WHEN active THEN 'active' ELSE 'inactive' END, NULL
FROM pg_replication_slots WHERE coalesce(xmin, catalog_xmin) IS NOT NULL
UNION ALL
SELECT 'standby', host(client_addr), age(backend_xmin)::float8, NULL, application_name, state, NULL
FROM pg_stat_replication WHERE backend_xmin IS NOT NULL
ORDER BY 3 DESC, 1, 2 LIMIT 10`;

const HIDDEN = `
SELECT count(*)::float8 AS sessions FROM pg_stat_activity
WHERE datid IS NOT NULL AND usesysid IS NOT NULL AND backend_type IS NULL`;

/** The ten oldest of all that hold the horizon, and how many sessions this role cannot see. */
export async function readFreezeHolders(
  session: Session,
): Promise<{ readonly holders: FreezeHolder[]; readonly hidden: number }> {
  const holders = await session.rows(FreezeHolder, HOLDERS);
  const [row] = await session.rows(z.object({ sessions: z.number() }), HIDDEN);
  return { holders, hidden: row?.sessions ?? 0 };
}

/** A holder in words: what it is, where, how old, and what ends it. */
export function wordsOf(holder: FreezeHolder): string {
  const where = holder.database === null ? '' : ` in database ${holder.database}`;
  return labelOf(`${describeHolder(holder)}${where}`);
}

/** The statement that ends a holder; undefined for a standby, whose own setting it is. */
export function endingOf({ kind, id }: Pick<FreezeHolder, 'kind' | 'id'>): string | undefined {
  switch (kind) {
    case 'session':
      return `SELECT pg_terminate_backend(${id})`;
    case 'prepared transaction':
      return `ROLLBACK PREPARED ${pg.escapeLiteral(id)}`;
    case 'replication slot':
      return `SELECT pg_drop_replication_slot(${pg.escapeLiteral(id)})`;
    case 'standby':
      return undefined;
  }
}
