import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { Json } from '../../../core/json.ts';
import type { Task } from '../../../core/task.ts';
import { execute, startPostgres, type PostgresServer } from '../../../lib/demo/servers/postgres.ts';
import { performTask } from '../../harness/perform-task.ts';
import { sized } from '../size.ts';

export interface Table {
  readonly name: string;
  readonly rows: number;
}

/** A shop that has grown: two large tables and many small ones. */
export const SHOP: readonly Table[] = Array.from({ length: 24 }, (_, place) => ({
  name: `t${String(place).padStart(2, '0')}`,
  rows: sized([1_500_000, 800_000][place] ?? 60_000, 2_000),
}));
export const SHOP_IN_WORDS = `24 tables of ${inWords(SHOP)} rows, 4 indexes each`;

function inWords([first, second, third]: readonly Table[]): string {
  const rows = [first, second, third].map((table) => (table?.rows ?? 0).toLocaleString('en-GB'));
  return `${rows[0]}, ${rows[1]} and 22 × ${rows[2]}`;
}

export interface BenchServer extends AsyncDisposable {
  readonly server: PostgresServer;
}

/** A PostgreSQL for one goal, which autovacuum does not touch. */
export async function startServer(): Promise<BenchServer> {
  const parent = await mkdtemp(join(tmpdir(), 'fettle-bench-'));
  // As root the server runs as another user, who must be able to reach its folder.
  await chmod(parent, 0o755);
  const settings = ['autovacuum=off', 'max_wal_size=4GB'];
  const server = await startPostgres({ folder: join(parent, 'data'), durable: false, settings });
  return {
    server,
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      await rm(parent, { recursive: true, force: true });
    },
  };
}

/** Makes the tables, each with four indexes, vacuumed and analyzed. */
export async function createTables(url: string, tables: readonly Table[]): Promise<void> {
  await onTwo(url, tables, ({ name, rows }) => [
    `CREATE TABLE ${name} (id bigint, customer int, email text, created_at timestamptz, note text)`,
    `INSERT INTO ${name} SELECT n, n % 5000, md5(n::text), timestamptz '2026-01-01' + n * interval '1 minute', 'note ' || n
     FROM generate_series(1, ${rows}) n`,
    `ALTER TABLE ${name} ADD PRIMARY KEY (id)`,
    ...['customer', 'email', 'created_at'].map((column) => `CREATE INDEX ON ${name} (${column})`),
    `VACUUM (ANALYZE) ${name}`,
  ]);
}

/** Leaves a dead row for every third one; an indexed column changes, so the indexes have them too. */
export async function killThird(url: string, tables: readonly Table[]): Promise<void> {
  await onTwo(url, tables, ({ name }) => [`UPDATE ${name} SET customer = customer + 1 WHERE id % 3 = 0`]);
}

/** What is done to each table, by two sessions at once: the machine has two processors. Their counts reach the statistics at their end. */
async function onTwo(
  url: string,
  tables: readonly Table[],
  statementsOf: (table: Table) => readonly string[],
): Promise<void> {
  const left = [...tables];
  const work = async () => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      for (let table = left.shift(); table; table = left.shift()) {
        for (const statement of statementsOf(table)) await client.query(statement);
      }
    } finally {
      await client.end();
    }
  };
  await Promise.all([work(), work()]);
}

/** The rows of a query, one object each. */
export async function rowsOf<Row>(url: string, sql: string): Promise<readonly Row[]> {
  const [result] = await execute(url, sql);
  return (result?.rows ?? []) as Row[];
}

export interface ToEnd {
  /** What the state machine would have waited. */
  readonly waitSeconds: number;
  /** `<verb> <subject> <status>`. */
  readonly actions: readonly string[];
}

/** Performs a task on the database through its pauses, without waiting, as long as it has more to do. */
export async function toEnd(task: Task, url: string, input: Readonly<Record<string, Json>> = {}): Promise<ToEnd> {
  const actions: string[] = [];
  let waitSeconds = 0;
  let resume: Json | undefined;
  for (let calls = 0; calls < 100; calls += 1) {
    const targets = { main: { url } };
    const performed = await performTask({ task, targets, input, ...(resume !== undefined && { resume }) });
    actions.push(...performed.actions.map(({ verb, subject, status }) => `${verb} ${subject} ${status}`));
    if (!('paused' in performed.result)) return { waitSeconds, actions };
    waitSeconds += performed.result.seconds;
    resume = performed.result.cursor;
  }
  throw new Error(`${task.name} has not ended after 100 calls`);
}
