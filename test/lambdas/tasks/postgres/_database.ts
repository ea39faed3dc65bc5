import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execute, startPostgres, type PostgresServer } from '../../../../lib/demo/servers/postgres.ts';

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
  const server = await startPostgres({ folder: join(parent, 'data'), durable: false, settings });
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
