import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import * as z from 'zod';
import { messageOf, Unavailable } from '../../../core/errors.ts';
import type { Target } from '../../../core/target-kinds.ts';
import { guardedSocket } from '../../runtime/guarded-socket.ts';
import { connectionOf } from './_connection.ts';

/** What the server says beside its answer; of upkeep statements a WARNING is often the whole truth. */
export interface Notice {
  readonly severity: string;
  readonly message: string;
}

export type Ran = { readonly state: 'done'; readonly notices: readonly Notice[] } | { readonly state: 'running' };

/** Who we are on which server. */
export interface ServerIdentity {
  readonly database: string;
  readonly role: string;
  readonly pid: number;
  /** `server_version_num`: 150018 is 15.18. */
  readonly version: number;
  readonly isInRecovery: boolean;
  readonly isReadOnly: boolean;
  /** False where the sessions of other roles are shown without their state. */
  readonly readsAllStatistics: boolean;
}

/** One connection outside of any transaction. */
export interface Session extends ServerIdentity {
  /** Reads rows; each must fit the schema. */
  rows<Schema extends z.ZodType>(
    schema: Schema,
    sql: string,
    values?: readonly unknown[],
    timeoutSeconds?: number,
  ): Promise<z.output<Schema>[]>;
  /**
   * Runs a statement that the server cancels after `limitSeconds`.
   *
   * After `followSeconds` this side leaves without a word and the server goes on; the session is then of no more use.
   */
  run(statement: string, times: { readonly limitSeconds: number; readonly followSeconds: number }): Promise<Ran>;
}

export interface SessionOptions {
  readonly sessionName: string;
  readonly allowAddresses: readonly string[];
  readonly lockTimeoutSeconds: number;
  /** True where a statement must go on when this side is gone; false has the server cancel it then (PostgreSQL 14 and later). */
  readonly outlivesClient: boolean;
}

/** Of the sessions of a task that waits for locks as its input says, and whose statements end with it. */
export function sessionOptions(
  context: Omit<SessionOptions, 'lockTimeoutSeconds' | 'outlivesClient'> & { readonly input: { lockTimeout: number } },
): SessionOptions {
  const { sessionName, allowAddresses, input } = context;
  return { sessionName, allowAddresses, lockTimeoutSeconds: input.lockTimeout, outlivesClient: false };
}

const CONNECT_SECONDS = 8;
const READ_SECONDS = 10;
// Where the line is dead without a word, most of the time is left for a new one.
const REINTRODUCE_SECONDS = 1;
const OLDEST_VERSION = 120_000;
// PostgreSQL cuts an application_name silently at 63 bytes.
const MAX_NAME_BYTES = 63;

/** The name under which our sessions are found again; the same for the same run and task, however long those are called. */
export function applicationName(sessionName: string): string {
  const printable = sessionName.replace(/[^\x20-\x7e]/g, '?');
  if (printable.length <= MAX_NAME_BYTES) return printable;
  const keptAtEnd = 24;
  return `${printable.slice(0, MAX_NAME_BYTES - keptAtEnd - 1)}~${printable.slice(-keptAtEnd)}`;
}

/** A session that stays open until it is closed. */
export interface OpenSession extends Session {
  /** False from the first failure or the first statement that was left running: such a session is good for closing only. */
  readonly isSound: () => boolean;
  /** Asks the server anew who we are on it; throws `Unavailable` where it does not answer or is not the same any more. */
  readonly reintroduce: () => Promise<ServerIdentity>;
  readonly close: () => Promise<void>;
}

/** Opens a session, uses it and closes it. Throws `Unavailable` where the server cannot be reached or is not one to change. */
export async function withSession<Result>(
  target: Target<'postgres'>,
  options: SessionOptions,
  use: (session: Session) => Promise<Result>,
): Promise<Result> {
  const session = await openSession(target, options);
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}

/** Opens a session that the caller closes. Throws `Unavailable` as `withSession` does. */
export async function openSession(target: Target<'postgres'>, options: SessionOptions): Promise<OpenSession> {
  const { address, ...config } = connectionOf(target);
  const where = `postgres ${target.name} at ${address}`;
  const socket = guardedSocket(options.allowAddresses);
  const client = new pg.Client({
    ...config,
    stream: () => socket,
    application_name: applicationName(options.sessionName),
    connectionTimeoutMillis: CONNECT_SECONDS * 1_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  });
  // The next query reports a lost connection; an event without listener would end the process.
  client.on('error', () => undefined);
  try {
    await connect(client, where);
    return {
      ...(await introduce(client, where, options)),
      ...statementsOf(client, socket, where),
      reintroduce: () => identify(client, where, REINTRODUCE_SECONDS),
      close: () => close(client, socket),
    };
  } catch (thrown) {
    await close(client, socket);
    throw thrown;
  }
}

async function connect(client: pg.Client, where: string): Promise<void> {
  try {
    await client.connect();
  } catch (cause) {
    throw new Unavailable(`${where} cannot be reached: ${messageOf(cause)}`);
  }
}

const Identity = z.object({
  database: z.string(),
  role: z.string(),
  pid: z.int(),
  version: z.int(),
  isInRecovery: z.boolean(),
  isReadOnly: z.boolean(),
  readsAllStatistics: z.boolean(),
});

// Asked before the search path is ours: its names must mean the server's own things wherever the owner of the database
// has others looked for first, whose code would run with the rights of our role.
const IDENTITY = `
SELECT pg_catalog.current_database() AS database, current_user AS role, pg_catalog.pg_backend_pid() AS pid,
       pg_catalog.current_setting('server_version_num')::integer AS version, pg_catalog.pg_is_in_recovery() AS "isInRecovery",
       pg_catalog.current_setting('transaction_read_only')::boolean AS "isReadOnly",
       pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS "readsAllStatistics"`;

const SETTINGS = `
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', false),
       pg_catalog.set_config('standard_conforming_strings', 'on', false),
       pg_catalog.set_config('lock_timeout', $1, false), pg_catalog.set_config('statement_timeout', $2, false),
       pg_catalog.set_config('idle_in_transaction_session_timeout', $2, false)`;

async function identify(client: pg.Client, where: string, timeoutSeconds = READ_SECONDS): Promise<ServerIdentity> {
  const identity = Identity.parse((await ask(client, where, IDENTITY, [], timeoutSeconds)).rows[0]);
  const behind = (client as unknown as { readonly processID: number | null }).processID;
  if (behind !== identity.pid) {
    throw new Unavailable(
      `${where} is a connection pooler, where settings and statement may meet different servers; give the address of the server itself`,
    );
  }
  if (identity.version < OLDEST_VERSION) {
    throw new Unavailable(`${where} is PostgreSQL ${Math.floor(identity.version / 10_000)}; 12 or later is supported`);
  }
  return identity;
}

async function introduce(client: pg.Client, where: string, options: SessionOptions): Promise<ServerIdentity> {
  const identity = await identify(client, where);
  const milliseconds = (seconds: number) => String(Math.round(seconds * 1_000));
  await ask(client, where, SETTINGS, [milliseconds(options.lockTimeoutSeconds), milliseconds(READ_SECONDS)]);
  if (identity.version >= 140_000) await ask(client, where, clientCheck(options.outlivesClient));
  return identity;
}

/** Only Linux is sure to notice a client that vanished; elsewhere the setting may allow nothing but 0. */
function clientCheck(outlivesClient: boolean): string {
  const setting = 'client_connection_check_interval';
  if (outlivesClient) return `SELECT set_config('${setting}', '0', false)`;
  return `SELECT set_config('${setting}', '10s', false) WHERE version() ~ '-linux-'`;
}

/** Refuses a server on which nothing may be changed. */
export function requirePrimary({ isInRecovery, isReadOnly }: ServerIdentity, target: string): void {
  if (isInRecovery) throw new Unavailable(`postgres ${target} is a standby; give the address of its primary`);
  if (isReadOnly) {
    throw new Unavailable(
      `postgres ${target} is read-only (default_transaction_read_only is on); a person has to know why before anything is changed`,
    );
  }
}

type Statements = Pick<OpenSession, 'rows' | 'run' | 'isSound'>;

function statementsOf(client: pg.Client, socket: Socket, where: string): Statements {
  let isSound = true;
  const statements: Pick<Session, 'rows' | 'run'> = {
    rows: async (schema, sql, values = [], timeoutSeconds = READ_SECONDS) => {
      if (timeoutSeconds !== READ_SECONDS) await limit(client, where, timeoutSeconds);
      const { rows } = await ask(client, where, sql, values, timeoutSeconds);
      if (timeoutSeconds !== READ_SECONDS) await limit(client, where, READ_SECONDS);
      const parsed = z.array(schema).safeParse(rows);
      if (!parsed.success)
        throw new Unavailable(`${where} answered with what cannot be: ${z.prettifyError(parsed.error)}`);
      return parsed.data;
    },
    run: async (statement, { limitSeconds, followSeconds }) => {
      await limit(client, where, limitSeconds);
      const notices: Notice[] = [];
      const note = ({
        severity = 'NOTICE',
        message = '',
      }: {
        severity?: string | undefined;
        message?: string | undefined;
      }) => notices.push({ severity, message });
      client.on('notice', note);
      const left = Promise.withResolvers<{ readonly state: 'running' }>();
      const timer = setTimeout(() => left.resolve({ state: 'running' }), followSeconds * 1_000);
      const ended = client.query(statement).then(() => ({ state: 'done', notices }) as const);
      try {
        const ran = await Promise.race([ended, left.promise]);
        if (ran.state === 'running') {
          isSound = false;
          leave(socket, ended);
        } else await limit(client, where, READ_SECONDS);
        return ran;
      } finally {
        clearTimeout(timer);
        client.off('notice', note);
      }
    },
  };
  async function noting<Result>(work: Promise<Result>): Promise<Result> {
    try {
      return await work;
    } catch (thrown) {
      isSound = false;
      throw thrown;
    }
  }
  return {
    rows: (...asked) => noting(statements.rows(...asked)),
    run: (...asked) => noting(statements.run(...asked)),
    isSound: () => isSound,
  };
}

/** Goes without a word: a cancel request, or a polite end of the session, would end the statement too. */
function leave(socket: Socket, unanswered: Promise<unknown>): void {
  void Promise.allSettled([unanswered]);
  socket.destroy();
}

async function limit(client: pg.Client, where: string, seconds: number): Promise<void> {
  const milliseconds = String(Math.max(1, Math.round(seconds * 1_000)));
  await ask(client, where, `SELECT set_config('statement_timeout', $1, false)`, [milliseconds]);
}

async function ask(
  client: pg.Client,
  where: string,
  text: string,
  values: readonly unknown[] = [],
  timeoutSeconds = READ_SECONDS,
): Promise<pg.QueryResult> {
  // The server cancels first; this side's own limit is for a server that no longer answers at all.
  const query: pg.QueryConfig & { query_timeout: number } = {
    text,
    values: [...values],
    query_timeout: (timeoutSeconds + 1) * 1_000,
  };
  try {
    return await client.query(query);
  } catch (cause) {
    throw new Unavailable(`${where} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

async function close(client: pg.Client, socket: Socket): Promise<void> {
  await Promise.race([Promise.allSettled([client.end()]), sleep(1_000, undefined, { ref: false })]);
  socket.destroy();
}

/** The SQLSTATE of what was thrown, through its causes. */
export function sqlStateOf(thrown: unknown): string | undefined {
  if (thrown instanceof pg.DatabaseError) return thrown.code;
  return thrown instanceof Error && thrown.cause !== undefined ? sqlStateOf(thrown.cause) : undefined;
}
