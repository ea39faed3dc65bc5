import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { Session } from './_session.ts';

/** Our sessions on any server bear names that begin so. */
const OURS = 'fettle:';

const Obstacle = z.object({
  /** Null where a prepared transaction has the lock. */
  pid: z.number().nullable(),
  application_name: z.string(),
  backend_type: z.string(),
  state: z.string(),
  seconds: z.number().nullable(),
  granted: z.boolean(),
});
type Obstacle = z.infer<typeof Obstacle>;

// All modes that conflict with the SHARE UPDATE EXCLUSIVE of VACUUM and ANALYZE. Whoever waits for one stands before us.
const OBSTACLES = `
SELECT l.pid, coalesce(a.application_name, '') AS application_name, coalesce(a.backend_type, '') AS backend_type,
       coalesce(a.state, '') AS state, extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS seconds, l.granted
FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'relation' AND l.relation = $1::int8::oid AND l.pid IS DISTINCT FROM pg_backend_pid()
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.mode IN ('ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
ORDER BY l.granted DESC, l.pid`;

// The query is cut at track_activity_query_size, and hidden where track_activities is off; the lock never is.
const RUNNING = `
SELECT a.pid FROM pg_stat_activity a
WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.application_name LIKE '${OURS}%'
  AND ((a.state = 'active' AND a.query <> '' AND left($2, length(a.query)) = a.query)
    OR EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.relation = $1::int8::oid AND l.mode = 'ShareUpdateExclusiveLock'))`;

export interface Blocked {
  /** `busy`: it is being done already; `locked`: someone else has the table. */
  readonly kind: 'busy' | 'locked';
  readonly detail: string;
}

/** True while a session of ours, of whatever run, does this statement or has this table. */
export async function isRunning(session: Session, oid: number, statement: string): Promise<boolean> {
  return (await session.rows(z.object({ pid: z.number() }), RUNNING, [oid, statement])).length > 0;
}

/**
 * Waits until nobody has a lock against us, standing in no queue; says who still has one after `waitSeconds`.
 *
 * An autovacuum worker is not waited for: it would cancel itself to let us pass.
 */
export async function obstacleOn(session: Session, oid: number, waitSeconds: number): Promise<Blocked | undefined> {
  const pollSeconds = 0.2;
  for (let waited = 0; ; waited += pollSeconds) {
    const obstacles = await session.rows(Obstacle, OBSTACLES, [oid]);
    if (obstacles.length === 0) return undefined;
    const busy = obstacles.find(
      (one) => one.backend_type === 'autovacuum worker' || one.application_name.startsWith(OURS),
    );
    if (busy) return { kind: 'busy', detail: `${described(busy)} is at it already` };
    if (waited >= waitSeconds) return { kind: 'locked', detail: `locked by ${obstacles.map(described).join(' and ')}` };
    await sleep(pollSeconds * 1_000);
  }
}

function described({ pid, application_name, backend_type, state, seconds, granted }: Obstacle): string {
  if (pid === null) return 'a prepared transaction (pg_prepared_xacts names it)';
  const traits = [application_name || backend_type, state, seconds === null ? '' : `for ${Math.round(seconds)} s`];
  const known = traits.filter((trait) => trait !== '').join(', ');
  return `pid ${pid}${known === '' ? '' : ` (${known})`}${granted ? '' : ', which waits for the table itself'}`;
}
