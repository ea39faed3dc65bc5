import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type PostgresServer, startPostgres } from '../../../lib/demo/servers/postgres.ts';
import { copyCluster } from '../../harness/postgres-template.ts';

/** One database of the server that all scenes share, with a connection for looking at it. */
export interface SceneDatabase {
  readonly url: string;
  rows(sql: string): Promise<Record<string, unknown>[]>;
  /** Runs statements in a session of their own, whose counts have reached the statistics when it ends. */
  execute(...statements: readonly string[]): Promise<void>;
  /** Waits until no session of a handler is left; true where one was at work. */
  settle(): Promise<boolean>;
  /** Ends the last one that is open, and the server with it. */
  close(): Promise<void>;
}

let shared: Promise<{ server: PostgresServer; parent: string }> | undefined;
let open = 0;
let named = 0;

async function startServer(): Promise<{ server: PostgresServer; parent: string }> {
  const parent = await mkdtemp(join(tmpdir(), 'fettle-crashes-postgres-'));
  // As root the server runs as another user, who must be able to reach its folder.
  await chmod(parent, 0o755);
  const folder = join(parent, 'data');
  await copyCluster(folder);
  return { server: await startPostgres({ folder, durable: false }), parent };
}

export async function openDatabase(): Promise<SceneDatabase> {
  open += 1;
  shared ??= startServer();
  const { server, parent } = await shared;
  const url = await server.createDatabase(`crashes ${(named += 1)}`);
  const client = await connected(url);
  const rows = async (sql: string) => (await client.query<Record<string, unknown>>(sql)).rows;
  return {
    url,
    rows,
    execute: async (...statements) => {
      const session = await connected(url);
      for (const statement of statements) await session.query(statement);
      await session.end();
    },
    settle: async () => {
      const count = async () => Number((await rows(SESSIONS))[0]?.['count'] ?? 0);
      const wasBusy = Number((await rows(AT_WORK))[0]?.['count'] ?? 0) > 0;
      for (let waited = 0; (await count()) > 0; waited += 20) {
        if (waited > 20_000) throw new Error('a session of a handler that is gone does not end');
        await sleep(20);
      }
      return wasBusy;
    },
    close: async () => {
      await client.end();
      open -= 1;
      if (open > 0) return;
      shared = undefined;
      await server.stop();
      await rm(parent, { recursive: true, force: true });
    },
  };
}

const SESSIONS = `SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'fettle:%'`;
const AT_WORK = `${SESSIONS} AND state <> 'idle'`;

async function connected(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, application_name: 'crashes' });
  await client.connect();
  return client;
}
