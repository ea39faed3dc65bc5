import * as z from 'zod';
import { literal } from './_command.ts';
import type { Session } from './_session.ts';

/** One of the things that forbid a vacuum to remove rows: an old snapshot, wherever it is kept. */
export const Holder = z.object({
  kind: z.enum(['session', 'prepared transaction', 'replication slot', 'standby']),
  /** The process id, the global transaction id, the name of the slot or of the standby. */
  id: z.string(),
  /** Transactions since its snapshot. */
  age: z.number(),
  seconds: z.number().nullable(),
  application_name: z.string().nullable(),
  state: z.string().nullable(),
});
export type Holder = z.infer<typeof Holder>;

// A session in READ COMMITTED that has written shows no backend_xmin between its statements; its own backend_xid holds
// as well. Vacuums do not hold up one another, and sessions of other databases hold only what all databases share. A
// slot's catalog_xmin keeps rows of the system catalogue alone.
const HOLDERS = `
SELECT 'session' AS kind, pid::text AS id, greatest(age(backend_xmin), age(backend_xid))::float8 AS age,
       extract(epoch FROM clock_timestamp() - xact_start)::float8 AS seconds, application_name, state
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
  AND coalesce(backend_xmin, backend_xid) IS NOT NULL AND pid NOT IN (SELECT pid FROM pg_stat_progress_vacuum)
UNION ALL
SELECT 'prepared transaction', gid, age(transaction)::float8,
       extract(epoch FROM clock_timestamp() - prepared)::float8, NULL, NULL
FROM pg_prepared_xacts WHERE database = current_database()
UNION ALL
SELECT 'replication slot', slot_name::text, age(xmin)::float8, NULL, NULL, CASE WHEN active THEN 'active' ELSE 'inactive' END
FROM pg_replication_slots WHERE xmin IS NOT NULL
UNION ALL
SELECT 'standby', host(client_addr), age(backend_xmin)::float8, NULL, application_name, state
FROM pg_stat_replication WHERE backend_xmin IS NOT NULL
ORDER BY 3 DESC, 1, 2 LIMIT 10`;

/** Everything that holds the horizon of this database, oldest first. */
export async function readHolders(session: Session): Promise<Holder[]> {
  return session.rows(Holder, HOLDERS);
}

/** A holder in words, with what ends it. */
export function describeHolder({ kind, id, age, seconds, application_name, state }: Holder): string {
  const name = kind === 'session' ? `session with pid ${id}` : `${kind} ${id}`;
  const traits = [
    ...(application_name ? [application_name] : []),
    ...(state ? [state] : []),
    ...(seconds === null ? [] : [`open for ${Math.round(seconds)} s`]),
    `${age.toLocaleString('en')} transactions old`,
  ];
  return `${name} (${traits.join(', ')}; end it with ${endingOf(kind, id)})`;
}

function endingOf(kind: Holder['kind'], id: string): string {
  switch (kind) {
    case 'session':
      return `SELECT pg_terminate_backend(${id})`;
    case 'prepared transaction':
      return `ROLLBACK PREPARED ${literal(id)}`;
    case 'replication slot':
      return `SELECT pg_drop_replication_slot(${literal(id)})`;
    case 'standby':
      return 'hot_standby_feedback = off on the standby';
  }
}

/** Shows a holder; ending one is for a person to decide, who has seen it. */
export function holderStatement({ kind, id }: Pick<Holder, 'kind' | 'id'>): string {
  switch (kind) {
    case 'session':
      return (
        'SELECT pid, usename, application_name, client_addr, state, xact_start, left(query, 200) AS query ' +
        `FROM pg_stat_activity WHERE pid::text = ${literal(id)};`
      );
    case 'prepared transaction':
      return `SELECT gid, owner, database, prepared FROM pg_prepared_xacts WHERE gid = ${literal(id)};`;
    case 'replication slot':
      return `SELECT * FROM pg_replication_slots WHERE slot_name = ${literal(id)};`;
    case 'standby':
      return `SELECT * FROM pg_stat_replication WHERE host(client_addr) = ${literal(id)};`;
  }
}
