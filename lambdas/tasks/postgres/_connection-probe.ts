import { setTimeout as sleep } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import pg from 'pg';
import * as z from 'zod';
import { messageOf, Unavailable } from '../../../core/errors.ts';
import type { Target } from '../../../core/target-kinds.ts';
import { guardedSocket } from '../../runtime/guarded-socket.ts';
import { connectionOf } from './_connection.ts';
import { mayPass, type Refusal, refusalOf } from './_connection-refusal.ts';
import { applicationName, sqlStateOf } from './_session.ts';

/** A login that worked. */
export interface Login {
  readonly client: pg.Client;
  readonly connectMilliseconds: number;
  /** `TLSv1.3`; null in clear text. */
  readonly protocol: string | null;
  readonly isLoopback: boolean;
  /** How long earlier attempts were refused; undefined where the first one worked. */
  readonly refusedBefore: { readonly seconds: number; readonly last: Refusal } | undefined;
}

export interface LoginOptions {
  readonly sessionName: string;
  readonly allowAddresses: readonly string[];
  readonly connectSeconds: number;
  /** For how long to try again what may pass by itself. */
  readonly retrySeconds: number;
  readonly clock: () => Date;
  readonly signal: AbortSignal;
}

const RETRY_EVERY_SECONDS = 1;

/** Logs in, uses the session and ends it; gives the refusal where there is none. Throws `Unavailable` where nobody has foreseen why. */
export async function withLogin<Result>(
  target: Target<'postgres'>,
  options: LoginOptions,
  use: (login: Login) => Promise<Result>,
): Promise<Result | { readonly refusal: Refusal; readonly where: string }> {
  const { clock, retrySeconds, signal } = options;
  const begin = clock().getTime();
  const secondsSince = () => (clock().getTime() - begin) / 1_000;
  let last: Refusal | undefined;
  for (;;) {
    const attempt = await logIn(target, options);
    if ('client' in attempt) {
      try {
        return await use({ ...attempt, refusedBefore: last && { seconds: secondsSince(), last } });
      } finally {
        await attempt.end();
      }
    }
    if (!mayPass(attempt.refusal) || secondsSince() + RETRY_EVERY_SECONDS > retrySeconds) return attempt;
    last = attempt.refusal;
    await sleep(RETRY_EVERY_SECONDS * 1_000, undefined, { signal });
  }
}

type Attempt =
  | (Omit<Login, 'refusedBefore'> & { readonly end: () => Promise<void> })
  | { readonly refusal: Refusal; readonly where: string };

async function logIn(target: Target<'postgres'>, options: LoginOptions): Promise<Attempt> {
  const { sessionName, allowAddresses, connectSeconds, clock } = options;
  const { address, ...config } = connectionOf(target);
  const socket = guardedSocket(allowAddresses);
  let isConnected = false;
  let firstBytes = '';
  socket.once('connect', () => (isConnected = true));
  socket.once('data', (chunk: Buffer) => (firstBytes = chunk.subarray(0, 200).toString('latin1')));
  const client = new pg.Client({
    ...config,
    stream: () => socket,
    application_name: applicationName(sessionName),
    connectionTimeoutMillis: connectSeconds * 1_000,
  });
  // The next query reports a lost connection; an event without listener would end the process.
  client.on('error', () => undefined);
  const end = async () => {
    await Promise.race([Promise.allSettled([client.end()]), sleep(1_000, undefined, { ref: false })]);
    socket.destroy();
  };
  const begin = clock().getTime();
  try {
    await client.connect();
  } catch (thrown) {
    await end();
    const isTlsBegun = config.ssl !== false && firstBytes.startsWith('S') && firstBytes.length === 1;
    const refusal = refusalOf(thrown, { isConnected, firstBytes, isTlsBegun });
    if (refusal) return { refusal, where: address };
    throw new Unavailable(`postgres ${target.name} at ${address} cannot be reached: ${messageOf(thrown)}`);
  }
  const { stream } = (client as unknown as { readonly connection: { readonly stream: unknown } }).connection;
  return {
    client,
    end,
    connectMilliseconds: clock().getTime() - begin,
    protocol: stream instanceof TLSSocket ? stream.getProtocol() : null,
    isLoopback: /^(?:::ffff:)?127\.|^::1$/.test(socket.remoteAddress ?? ''),
  };
}

/** What a server says of itself. */
const Server = z.object({
  version: z.string(),
  role: z.string(),
  database: z.string(),
  pid: z.number(),
  isInRecovery: z.boolean(),
  /** Where it is set that nobody may write; null where nowhere. */
  readOnlyBy: z.enum(['server', 'database']).nullable(),
  maxConnections: z.number(),
  reservedConnections: z.number(),
});

/** A role or a database with sessions up to its own limit. */
const OwnLimit = z.object({
  kind: z.enum(['role', 'database']),
  name: z.string(),
  sessions: z.number(),
  limit: z.number(),
});

const Sessions = z.object({
  /** Without our own. */
  connections: z.number(),
  /** Of which we see only that they are there. */
  hidden: z.number(),
  largestRole: z.string().nullable(),
  largestRoleConnections: z.number(),
  idleInTransaction: z.number(),
  longestTransactionSeconds: z.number().nullable(),
  longestIdleInTransactionSeconds: z.number().nullable(),
  ownLimits: z.array(OwnLimit),
});

export interface ServerState {
  readonly server: z.infer<typeof Server>;
  /** What the server said where it does not let this role look. */
  readonly sessions: z.infer<typeof Sessions> | { readonly denied: string };
  readonly roundTripMilliseconds: number;
  readonly isPooled: boolean;
}

// A setting of our role alone says nothing of the others: roles that only read are often made so.
const SERVER = `
SELECT current_setting('server_version') AS version, current_user AS role, current_database() AS database,
       pg_backend_pid() AS pid, pg_is_in_recovery() AS "isInRecovery",
       CASE WHEN EXISTS (SELECT FROM pg_db_role_setting s, unnest(s.setconfig) AS one
              WHERE s.setrole = 0 AND one ~* '^default_transaction_read_only=(on|true|yes|1)$'
                AND s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())) THEN 'database'
            WHEN (SELECT setting = 'on' AND source NOT IN ('user', 'database user') FROM pg_settings
                  WHERE name = 'default_transaction_read_only') THEN 'server' END AS "readOnlyBy",
       current_setting('max_connections')::int AS "maxConnections",
       current_setting('superuser_reserved_connections')::int
         + coalesce(current_setting('reserved_connections', true)::int, 0) AS "reservedConnections"`;

// A real read: whoever locks the catalogue, or has lost its disk, answers SELECT 1 all the same.
const CATALOGUE = `SELECT count(*)::float8 AS relations FROM pg_class`;

// Walsenders, workers and autovacuum have slots of their own. Of a hidden session the type is hidden too.
const SESSIONS = `
WITH client AS (SELECT * FROM pg_stat_activity WHERE pid <> pg_backend_pid()
                AND (backend_type = 'client backend' OR backend_type IS NULL AND datid IS NOT NULL AND usesysid IS NOT NULL)),
     largest AS (SELECT usename, count(*) AS n FROM client GROUP BY usename ORDER BY n DESC, usename LIMIT 1),
     own AS (SELECT 'role' AS kind, r.rolname AS name, count(*) AS sessions, r.rolconnlimit AS "limit"
             FROM client c JOIN pg_roles r ON r.oid = c.usesysid
             WHERE r.rolconnlimit > 1 AND NOT r.rolsuper GROUP BY r.rolname, r.rolconnlimit
             UNION ALL
             SELECT 'database', d.datname, count(*), d.datconnlimit
             FROM client c JOIN pg_database d ON d.oid = c.datid
             WHERE d.datconnlimit > 1 GROUP BY d.datname, d.datconnlimit)
SELECT count(*)::float8 AS connections, (count(*) FILTER (WHERE backend_type IS NULL))::float8 AS hidden,
       (SELECT usename FROM largest) AS "largestRole",
       coalesce((SELECT n FROM largest), 0)::float8 AS "largestRoleConnections",
       (count(*) FILTER (WHERE state LIKE 'idle in transaction%'))::float8 AS "idleInTransaction",
       extract(epoch FROM max(clock_timestamp() - xact_start))::float8 AS "longestTransactionSeconds",
       extract(epoch FROM max(clock_timestamp() - state_change) FILTER (WHERE state LIKE 'idle in transaction%'))::float8
         AS "longestIdleInTransactionSeconds",
       coalesce((SELECT jsonb_agg(to_jsonb(own)) FROM own WHERE own.sessions >= own."limit"), '[]') AS "ownLimits"
FROM client`;

const READ_SECONDS = 10;
// Its names are the server's own: what the owner of the database has looked for first would run with our rights.
const LIMITS = `
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true),
       pg_catalog.set_config('standard_conforming_strings', 'on', true),
       pg_catalog.set_config('statement_timeout', '${READ_SECONDS}s', true), pg_catalog.set_config('lock_timeout', '3s', true)`;
const ROUND_TRIPS = 5;

/**
 * Reads within one transaction that is rolled back, under limits of time and with no names but the server's own.
 *
 * All of it meets one server, even behind a pooler, and no setting outlives it. Throws what `pg` throws; the session is
 * then good for closing only.
 */
export async function withinLimits<Result>(
  { client }: Pick<Login, 'client'>,
  read: () => Promise<Result>,
): Promise<Result> {
  await ask(client, 'BEGIN READ ONLY');
  await ask(client, LIMITS);
  const result = await read();
  await ask(client, 'ROLLBACK');
  return result;
}

/** Reads what the server is and who is connected. Throws what `pg` throws. */
export async function readState(login: Pick<Login, 'client'>, clock: () => Date): Promise<ServerState> {
  const { client } = login;
  const { server, sessions, median } = await withinLimits(login, async () => {
    const times: number[] = [];
    for (let round = 0; round < ROUND_TRIPS; round += 1) {
      const begin = clock().getTime();
      await ask(client, 'SELECT 1');
      times.push(clock().getTime() - begin);
    }
    const server = Server.parse((await ask(client, SERVER)).rows[0]);
    await ask(client, CATALOGUE);
    const median = times.sort((a, b) => a - b)[Math.floor(ROUND_TRIPS / 2)] ?? 0;
    // The last read, for after a refusal the transaction takes no other.
    return { server, sessions: await readSessions(client), median };
  });
  const { processID } = client as unknown as { readonly processID: number | null };
  return { server, sessions, roundTripMilliseconds: median, isPooled: processID !== server.pid };
}

async function readSessions(client: pg.Client): Promise<ServerState['sessions']> {
  try {
    return Sessions.parse((await ask(client, SESSIONS)).rows[0]);
  } catch (thrown) {
    const INSUFFICIENT_PRIVILEGE = '42501';
    if (sqlStateOf(thrown) !== INSUFFICIENT_PRIVILEGE) throw thrown;
    return { denied: messageOf(thrown) };
  }
}

async function ask(client: pg.Client, text: string): Promise<pg.QueryResult> {
  // The server cancels first; this side's own limit is for a server that no longer answers at all.
  const query: pg.QueryConfig & { query_timeout: number } = { text, query_timeout: (READ_SECONDS + 1) * 1_000 };
  return client.query(query);
}
