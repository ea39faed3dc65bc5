import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { execute } from '../../../../lib/demo/servers/postgres.ts';
import { task } from '../../../../lambdas/tasks/postgres/reindex.ts';
import { openSession, startTestServer, type TestServer, valueOf } from './_database.ts';
import { invalidIndexes, notes, sizeOf } from './_reindex-fixtures.ts';
import { beginRun, callStep, ended, finishStep, forgetRuns, spawnStep, until } from './_run.ts';

// Only what met a statement under way is counted. A hundred take about six minutes: FETTLE_TRIALS=100 npx jest test/lambdas/tasks/postgres/reindex-trials.test.ts
const TRIALS = Number(process.env['FETTLE_TRIALS'] ?? 5);
const SEED = Number(process.env['FETTLE_SEED'] ?? Math.floor(Math.random() * 1_000_000));

let tests: TestServer;
beforeAll(async () => {
  tests = await startTestServer();
});
afterAll(async () => {
  await tests.end();
  await forgetRuns();
});

/** Numbers from 0 to below 1 that a seed brings back. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** What a person has left in the database, by name and OID. */
const FOREIGN = `SELECT string_agg(oid || ' ' || relname, ',' ORDER BY oid) FROM pg_class
  WHERE relname IN ('orders_key_ccnew', 'orders_unique', 'orders_id_ccnew', 'orders_id_ccold')`;

async function failing(url: string, ...statements: readonly string[]): Promise<void> {
  await expect(execute(url, ...statements)).rejects.toThrow(pg.DatabaseError);
}

/** A table with an index to rebuild, beside all that must never be dropped. */
async function plantedDatabase(): Promise<string> {
  const url = await tests.database();
  await execute(
    url,
    'CREATE EXTENSION amcheck',
    'CREATE TABLE orders (id int, note text) WITH (autovacuum_enabled = off)',
    'INSERT INTO orders SELECT n % 1000, md5(n::text) FROM generate_series(1, 40000) n',
    'CREATE INDEX orders_key ON orders (note)',
    'CREATE INDEX orders_id_ccnew ON orders (id) WHERE id < 3',
    'CREATE INDEX orders_id_ccold ON orders (id) WHERE id < 3',
  );
  await failing(url, 'CREATE UNIQUE INDEX CONCURRENTLY orders_unique ON orders (id)');
  const writer = await openSession(url, 'BEGIN', 'INSERT INTO orders VALUES (0)');
  await failing(url, `SET lock_timeout = '50ms'`, 'REINDEX INDEX CONCURRENTLY orders_key');
  await writer.end();
  return url;
}

/** Bloats the index again where a rebuild has mended it. */
async function bloat(url: string): Promise<void> {
  if ((await sizeOf(url, 'orders_key')) > 4_000_000) return;
  const insert = 'INSERT INTO orders SELECT 2000, md5((random() * n)::text) FROM generate_series(1, 70000) n';
  await execute(url, insert, 'DELETE FROM orders WHERE id = 2000', 'VACUUM (ANALYZE) orders');
}

/** Short transactions on the table, for which every rebuild has to wait. */
function startApplication(url: string): { end(): Promise<void> } {
  let isOver = false;
  const working = (async () => {
    const session = await openSession(url);
    while (!isOver) {
      await session.query('BEGIN');
      await session.query('UPDATE orders SET note = md5(note) WHERE id = 7');
      await sleep(30);
      await session.query('COMMIT');
    }
    await session.end();
  })();
  return {
    end: () => {
      isOver = true;
      return working;
    },
  };
}

const WAYS = ['cancel', 'terminate', 'kill', 'kill both'] as const;
const WORKERS = `FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'fettle:%'`;
const STATEMENTS = `${WORKERS} AND state = 'active' AND query ~ '^(REINDEX|DROP) INDEX'`;

async function disturb(url: string, spy: pg.Client, way: (typeof WAYS)[number], random: () => number): Promise<string> {
  const input = { minSize: '256kB', lockTimeout: '2s' };
  const run = await beginRun({ url, task, input });
  let chosen = await callStep(run, task, {});
  // Where a leftover is to be swept first, one call notes it and the next one drops it.
  if (chosen.status === 'paused' && (await notes(url)) > 0) chosen = await callStep(run, task, chosen);
  // What an earlier trial left to the server may have mended the index in this moment.
  if (chosen.status === 'done') return `${way}: 0`;
  const isProcess = way === 'kill' || way === 'kill both';
  const child = isProcess ? spawnStep(run, task, chosen) : undefined;
  const calling = child ? undefined : callStep(run, task, chosen);
  let isOver = false;
  void (child ? ended(child) : calling)?.then(() => (isOver = true));
  // Most are hit inside of a statement, wherever in it; the others at any moment.
  const moment = random() < 0.8 ? STATEMENTS : WORKERS;
  while (!isOver && (await spy.query(`SELECT pid ${moment}`)).rowCount === 0) await sleep(3);
  await sleep(random() * 120);
  child?.kill('SIGKILL');
  const [hit] = await execute(
    url,
    way === 'cancel'
      ? `SELECT left(query, 7) AS query, pg_cancel_backend(pid) ${STATEMENTS}`
      : `SELECT left(query, 7) AS query, ${way === 'kill' ? 'true' : 'pg_terminate_backend(pid)'} ${way === 'terminate' ? WORKERS : STATEMENTS}`,
  );
  if (child) await ended(child);
  const outcome = await calling;
  // Half of the runs are taken up again, as the state machine does; the others are lost with all that they knew.
  if (random() < 0.5) await finishStep(run, task, outcome ?? chosen);
  return `${way}: ${hit?.rowCount ?? 0}`;
}

test(`after ${TRIALS} random cancels and kills nothing of ours is left and nothing of others is gone (seed ${SEED})`, async () => {
  const random = randomFrom(SEED);
  const url = await plantedDatabase();
  const foreign = await valueOf(url, FOREIGN);
  const invalid = await invalidIndexes(url);
  expect(invalid).toEqual(['orders_key_ccnew', 'orders_unique']);
  const hits: string[] = [];
  const spy = await openSession(url);
  const application = startApplication(url);
  let leftovers = 0;
  const isHit = (hit: string) => !hit.endsWith(': 0');
  for (let trials = 0; hits.filter(isHit).length < TRIALS && trials < 5 * TRIALS + 20; trials += 1) {
    await bloat(url);
    hits.push(await disturb(url, spy, WAYS[Math.floor(random() * WAYS.length)] ?? 'cancel', random));
    leftovers += (await invalidIndexes(url)).length - invalid.length;
    expect(await valueOf(url, FOREIGN)).toBe(foreign);
  }

  await until(async () => (await valueOf(url, `SELECT count(*)::int ${WORKERS}`)) === 0);
  await application.end();
  await spy.end();
  await bloat(url);
  const record = await finishStep(await beginRun({ url, task, input: { minSize: '256kB' } }), task);

  expect(record.actions.filter(({ verb }) => verb === 'reindex')).toMatchObject([{ status: 'done' }]);
  expect(await invalidIndexes(url)).toEqual(invalid);
  expect(await valueOf(url, FOREIGN)).toBe(foreign);
  expect(await notes(url)).toBe(0);
  await execute(url, `SELECT bt_index_check('orders_key', true)`);
  expect(hits.filter(isHit)).toHaveLength(TRIALS);
  // They must have left something that a later call or run had to sweep.
  if (TRIALS >= 100) expect(leftovers).toBeGreaterThan(10);
}, 1_200_000);
