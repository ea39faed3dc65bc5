import * as z from 'zod';
import { Holder } from './_horizon.ts';
import type { Session } from './_session.ts';

/** A session of the server that does a statement of ours, named so that no other can be taken for it. */
export interface Backend {
  readonly pid: number;
  readonly backendStart: string;
}

const Waiter = z.object({
  pid: z.number(),
  name: z.string(),
  /** Since when it waits; null before PostgreSQL 14. */
  seconds: z.number().nullable(),
  /** True where we wait for it in turn: the server would end one of the two, and perhaps not ours. */
  mutual: z.boolean(),
});
type Waiter = z.infer<typeof Waiter>;

// An autovacuum worker only waits for us to prevent a wraparound; it has days.
const waitersSql = (version: number) => `
SELECT w.pid, coalesce(nullif(a.application_name, ''), 'a session') AS name,
       ${version >= 140_000 ? 'extract(epoch FROM clock_timestamp() - w.waitstart)::float8' : 'NULL::float8'} AS seconds,
       w.pid = ANY (pg_blocking_pids($1)) AS mutual
FROM pg_locks w LEFT JOIN pg_stat_activity a ON a.pid = w.pid
WHERE NOT w.granted AND w.pid <> $1 AND $1 = ANY (pg_blocking_pids(w.pid)) AND a.backend_type IS DISTINCT FROM 'autovacuum worker'`;

const AT_WORK = `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1 AND coalesce(backend_start::text, $2) = $2
  AND state IS DISTINCT FROM 'idle') AS works`;

const CANCEL = `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND coalesce(backend_start::text, $2) = $2`;

const POLL_SECONDS = 0.2;

/** Who we are on the server, to be guarded by another session. */
export async function backendOf(session: Session): Promise<Backend> {
  const sql = 'SELECT pid, backend_start::text AS "backendStart" FROM pg_stat_activity WHERE pid = pg_backend_pid()';
  const [backend] = await session.rows(z.object({ pid: z.number(), backendStart: z.string() }), sql);
  if (!backend) throw new TypeError('a session that is not among the sessions');
  return backend;
}

/** True while the backend does something. */
export async function isAtWork(session: Session, { pid, backendStart }: Backend): Promise<boolean> {
  const [answer] = await session.rows(z.object({ works: z.boolean() }), AT_WORK, [pid, backendStart]);
  return answer?.works ?? false;
}

/**
 * Watches over others while a statement of ours runs: who waits for a lock of ours for longer than `lockTimeoutSeconds`
 * has it cancelled. Says whom it gave way to; undefined where `isOver` came true first. `ended` has it look at that at once.
 *
 * No time-out of the server does that: lock_timeout limits how long we wait, and says nothing of who waits for us.
 */
export async function giveWay(
  session: Session,
  backend: Backend,
  lockTimeoutSeconds: number,
  isOver: () => Promise<boolean>,
  ended?: AbortSignal,
): Promise<string | undefined> {
  const seenWaiting = new Map<number, number>();
  const sql = waitersSql(session.version);
  for (let elapsed = 0; !(await isOver()); elapsed += POLL_SECONDS) {
    const waiters = await session.rows(Waiter, sql, [backend.pid]);
    for (const { pid } of waiters) if (!seenWaiting.has(pid)) seenWaiting.set(pid, elapsed);
    for (const pid of seenWaiting.keys()) if (!waiters.some((one) => one.pid === pid)) seenWaiting.delete(pid);
    const waited = ({ pid, seconds }: Waiter) => seconds ?? elapsed - (seenWaiting.get(pid) ?? elapsed);
    const worst = waiters.find((one) => one.mutual || waited(one) >= lockTimeoutSeconds);
    if (worst) {
      await session.rows(z.unknown(), CANCEL, [backend.pid, backend.backendStart]);
      const why = worst.mutual ? 'each waited for the other' : `it had waited for ${waited(worst).toFixed(1)} s`;
      return `made way for pid ${worst.pid} (${worst.name}): ${why}`;
    }
    await sleepUntil(ended, POLL_SECONDS);
  }
  return undefined;
}

/** Sleeps for so long, or until the signal; returns in either case. */
async function sleepUntil(ended: AbortSignal | undefined, seconds: number): Promise<void> {
  if (ended?.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = () => resolve();
  const timer = setTimeout(wake, seconds * 1_000);
  ended?.addEventListener('abort', wake);
  await promise;
  clearTimeout(timer);
  ended?.removeEventListener('abort', wake);
}

// A rebuild waits for every transaction that has a lock on the table or a snapshot older than its own.
const OLD_TRANSACTIONS = `
SELECT 'session' AS kind, a.pid::text AS id, greatest(age(a.backend_xmin), age(a.backend_xid), 0)::float8 AS age,
       extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS seconds, a.application_name, a.state
FROM pg_stat_activity a
WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.backend_type <> 'autovacuum worker'
  AND a.xact_start < clock_timestamp() - make_interval(secs => $2)
  AND (a.backend_xmin IS NOT NULL OR EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.relation = $1::int8::oid))
UNION ALL
SELECT 'prepared transaction', p.gid, age(p.transaction)::float8, extract(epoch FROM clock_timestamp() - p.prepared)::float8, NULL, NULL
FROM pg_prepared_xacts p
WHERE p.database = current_database() AND EXISTS (
  SELECT FROM pg_locks l JOIN pg_locks x ON x.virtualtransaction = l.virtualtransaction
  WHERE l.pid IS NULL AND x.pid IS NULL AND l.relation = $1::int8::oid AND x.transactionid = p.transaction)
ORDER BY 4 DESC NULLS LAST LIMIT 10`;

/** The transactions that a rebuild of an index of this table would wait for and that have been open for so long already. */
export async function readOldTransactions(session: Session, tableOid: number, seconds: number): Promise<Holder[]> {
  return session.rows(Holder, OLD_TRANSACTIONS, [tableOid, seconds]);
}
