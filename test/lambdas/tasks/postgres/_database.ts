import { chmod, mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TaskResult } from '../../../../core/task.ts';
import { execute, startPostgres, type PostgresServer } from '../../../../lib/demo/servers/postgres.ts';
import { copyCluster } from '../../../harness/postgres-template.ts';
import { performTask, type Performance, type Performed } from '../../../harness/perform-task.ts';

export interface TestServer {
  readonly server: PostgresServer;
  /** A new, empty database. */
  database(): Promise<string>;
  end(): Promise<void>;
}

/** A server for one test file, and a database for each of its tests. */
export async function startTestServer(settings: readonly string[] = []): Promise<TestServer> {
  const parent = await mkdtemp(join(tmpdir(), 'fettle-postgres-'));
  // As root the server runs as another user, who must be able to reach its folder.
  await chmod(parent, 0o755);
  const folder = join(parent, 'data');
  await copyCluster(folder);
  const server = await startPostgres({ folder, durable: false, settings });
  let count = 0;
  return {
    server,
    database: () => server.createDatabase(`test ${(count += 1)}`),
    end: async () => {
      await server.stop();
      await rm(parent, { recursive: true, force: true });
    },
  };
}

/** The first value of the first row. */
export async function valueOf(url: string, sql: string): Promise<unknown> {
  const [result] = await execute(url, sql);
  return Object.values((result?.rows[0] ?? {}) as Record<string, unknown>)[0];
}

/** A table of so many rows of which so many are dead, counted and vacuumed before they died. */
export async function tableWithDeadRows(url: string, relation: string, rows: number, dead: number): Promise<void> {
  const rowsSql = `INSERT INTO ${relation} SELECT n, 'new' FROM generate_series(1, ${rows}) n`;
  // A session's counts reach the statistics when it ends, so each step has one of its own.
  await execute(url, `CREATE TABLE ${relation} (id int PRIMARY KEY, status text)`, rowsSql);
  await execute(url, `VACUUM (ANALYZE) ${relation}`);
  await execute(url, `DELETE FROM ${relation} WHERE id <= ${dead}`);
}

/** Performs a task through its pauses, each of them without waiting. */
export async function toEnd(
  performance: Performance,
): Promise<{ result: TaskResult<string>; actions: Performed['actions'] }> {
  const actions: Performed['actions'][number][] = [];
  let resume = performance.resume;
  for (let calls = 0; calls < 50; calls += 1) {
    const performed = await performTask({ ...performance, ...(resume !== undefined && { resume }) });
    actions.push(...performed.actions);
    if (!('paused' in performed.result)) return { result: performed.result, actions };
    resume = performed.result.cursor;
  }
  throw new Error(`${performance.task.name} has not ended after 50 pauses`);
}

/** A session that stays open with what was done in it. */
export async function openSession(url: string, ...statements: readonly string[]): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'test-session' });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  return client;
}

export interface Line {
  readonly port: number;
  /** Resets every connection that is open now. */
  cut(): void;
  close(): Promise<unknown>;
}

/** A line to a server on this machine that can be cut, and that may change what the server says. */
export async function startLine(port: number, change: (chunk: Buffer) => void = () => undefined): Promise<Line> {
  const clients = new Set<net.Socket>();
  const listener = net.createServer((client) => {
    clients.add(client);
    const upstream = net.connect(port, '127.0.0.1');
    upstream.on('data', (chunk) => {
      change(chunk);
      client.write(chunk);
    });
    client.on('data', (chunk) => upstream.write(chunk));
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return {
    port: (listener.address() as net.AddressInfo).port,
    cut: () => clients.forEach((client) => client.resetAndDestroy()),
    close: () => new Promise((resolve) => listener.close(resolve)),
  };
}
