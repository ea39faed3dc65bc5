import * as z from 'zod';
import type { Session } from './_session.ts';

/** A statement that has not ended: as long as it runs, no counter shows it. */
const Running = z.object({
  pid: z.number(),
  role: z.string(),
  application_name: z.string(),
  /** As the server writes it, with its microseconds. */
  query_start: z.string(),
  /** What it waits for; null where it works. */
  wait_event_type: z.string().nullable(),
  seconds: z.number(),
  query: z.string(),
});
export type Running = z.infer<typeof Running>;

// A dump or an upkeep of Fettle takes as long as it takes; both are followed by their own tasks.
const RUNNING = `
SELECT a.pid, coalesce(a.usename, '') AS role, a.application_name, a.query_start::text AS query_start,
       a.wait_event_type, extract(epoch FROM clock_timestamp() - a.query_start)::float8 AS seconds,
       left(a.query, 4000) AS query
FROM pg_stat_activity a
WHERE a.datname = current_database() AND a.backend_type = 'client backend' AND a.state = 'active'
  AND a.pid <> pg_backend_pid() AND a.application_name NOT LIKE 'fettle:%' AND NOT a.application_name = ANY ($2)
  AND clock_timestamp() - a.query_start > make_interval(secs => $1)
ORDER BY a.query_start LIMIT 20`;

// Of a session that this role may not see, nothing but its place is shown.
const HIDDEN = `
SELECT count(*)::float8 AS sessions FROM pg_stat_activity
WHERE datname = current_database() AND usesysid IS NOT NULL AND backend_type IS NULL`;

/** The statements that have been running for longer than the limit, the oldest first and no more than twenty. */
export async function readRunning(
  session: Session,
  limits: { readonly runningAbove: number; readonly ignoredApplications: readonly string[] },
): Promise<Running[]> {
  return session.rows(Running, RUNNING, [limits.runningAbove, [...limits.ignoredApplications]]);
}

/** How many sessions of this database are hidden from this role. */
export async function countHiddenSessions(session: Session): Promise<number> {
  const [row] = await session.rows(z.object({ sessions: z.number() }), HIDDEN);
  return row?.sessions ?? 0;
}

/** Cancels that statement and none that the session, or another one with its process id, has begun since. */
export function cancelCommand({ pid, query_start }: Pick<Running, 'pid' | 'query_start'>): string {
  return `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid = ${pid} AND query_start = '${query_start}'`;
}
