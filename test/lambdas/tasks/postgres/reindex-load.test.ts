import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execute } from '../../../../lib/demo/servers/postgres.ts';
import { task } from '../../../../lambdas/tasks/postgres/reindex.ts';
import { openSession, startTestServer, type TestServer, toEnd, valueOf } from './_database.ts';
import { bloatedTable, invalidIndexes, notes, sizeOf } from './_reindex-fixtures.ts';
import { until } from './_run.ts';

let tests: TestServer;
beforeAll(async () => {
  tests = await startTestServer();
});
afterAll(() => tests.end());

const LOCK_TIMEOUT_SECONDS = 1;
const input = { minSize: '256kB', lockTimeout: `${LOCK_TIMEOUT_SECONDS}s` };

async function reindex(url: string) {
  return toEnd({ task, targets: { main: { url } }, input });
}

/** Asks the server, again and again, how long anyone has been waiting for a lock of Fettle; answers with the longest. */
function observeWaits(url: string): { end(): Promise<{ longestSeconds: number; looks: number }> } {
  let isOver = false;
  const sql = `SELECT coalesce(max(extract(epoch FROM clock_timestamp() - w.waitstart)), 0)::float8 AS seconds FROM pg_locks w
    WHERE NOT w.granted AND EXISTS (SELECT FROM pg_stat_activity f WHERE f.application_name LIKE 'fettle:%' AND f.pid = ANY (pg_blocking_pids(w.pid)))`;
  const observing = (async () => {
    const session = await openSession(url);
    let longestSeconds = 0;
    let looks = 0;
    for (; !isOver; looks += 1) {
      const { rows } = await session.query<{ seconds: number }>(sql);
      longestSeconds = Math.max(longestSeconds, rows[0]?.seconds ?? 0);
      await sleep(20);
    }
    await session.end();
    return { longestSeconds, looks };
  })();
  return {
    end: () => {
      isOver = true;
      return observing;
    },
  };
}

/** An application: short transactions that read and write the table, until it is told to end. */
function startApplication(
  url: string,
  sessions: number,
): { end(): Promise<{ transactions: number; longestSeconds: number }> } {
  let isOver = false;
  const works = Array.from({ length: sessions }, async (_, place) => {
    const session = await openSession(url);
    let transactions = 0;
    let longest = 0;
    for (; !isOver; transactions += 1) {
      const began = performance.now();
      const id = 5 * (1 + ((transactions * 37 + place * 11) % 4_000));
      await session.query('BEGIN');
      await session.query('SELECT note FROM orders WHERE id = $1', [id]);
      await session.query(`UPDATE orders SET note = md5(note) WHERE id = $1`, [id]);
      await session.query('INSERT INTO orders VALUES ($1, $2)', [-transactions - 1, `${place} ${transactions}`]);
      await session.query('COMMIT');
      longest = Math.max(longest, performance.now() - began);
    }
    await session.end();
    return { transactions, longest };
  });
  return {
    end: async () => {
      isOver = true;
      const done = await Promise.all(works);
      return {
        transactions: done.reduce((sum, { transactions }) => sum + transactions, 0),
        longestSeconds: Math.max(...done.map(({ longest }) => longest)) / 1_000,
      };
    },
  };
}

test('under load no session waits for a lock of ours longer than lockTimeout and half a second', async () => {
  const url = await tests.database();
  await bloatedTable(url, 'orders', 150_000);
  await execute(url, 'CREATE UNIQUE INDEX orders_id ON orders (id, note)', 'ANALYZE orders');
  const size = await sizeOf(url, 'orders_key');
  const observed = observeWaits(url);
  const application = startApplication(url, 4);

  const { result, actions } = await reindex(url);

  const { longestSeconds, transactions } = await application.end();
  const waits = await observed.end();
  expect(actions).toMatchObject([{ subject: 'public.orders_key', status: 'done' }]);
  expect(result.findings).toMatchObject([{ kind: 'rebuilt' }]);
  expect(transactions).toBeGreaterThan(100);
  expect(waits.looks).toBeGreaterThan(10);
  expect(waits.longestSeconds).toBeLessThanOrEqual(LOCK_TIMEOUT_SECONDS + 0.5);
  expect(longestSeconds).toBeLessThanOrEqual(LOCK_TIMEOUT_SECONDS + 0.5);
  expect(await sizeOf(url, 'orders_key')).toBeLessThan(size / 2);
});

test('a rebuild that an application’s own change of the table waits for gives way, and leaves nothing', async () => {
  const url = await tests.database();
  await bloatedTable(url, 'orders');
  // Keeps the rebuild waiting without being in the way of anyone else.
  const snapshot = await openSession(url, 'BEGIN ISOLATION LEVEL REPEATABLE READ', 'SELECT FROM pg_class LIMIT 1');
  const observed = observeWaits(url);
  const running = reindex(url);
  await until(async () => (await invalidIndexes(url)).length > 0);

  await execute(url, 'ALTER TABLE orders ADD COLUMN status text');

  await until(
    async () =>
      (await valueOf(
        url,
        `SELECT count(*)::int FROM pg_stat_activity WHERE query LIKE 'REINDEX%' AND state = 'active'`,
      )) === 0,
  );
  await snapshot.end();
  const { result, actions } = await running;
  const waits = await observed.end();
  expect(actions.map(({ verb, status }) => `${verb} ${status}`)).toEqual(['reindex skipped', 'sweep done']);
  expect(result.findings).toMatchObject([
    { kind: 'gave-way', subject: 'public.orders_key', summary: expect.stringContaining('made way for pid') },
    { kind: 'leftover-removed' },
  ]);
  expect(waits.longestSeconds).toBeGreaterThan(0);
  expect(waits.longestSeconds).toBeLessThanOrEqual(LOCK_TIMEOUT_SECONDS + 0.5);
  expect([await invalidIndexes(url), await notes(url)]).toEqual([[], 0]);
});

test('where two would wait for each other it is the rebuild that ends, not the application', async () => {
  const url = await tests.database();
  await bloatedTable(url, 'orders');
  const application = await openSession(url, 'BEGIN', 'UPDATE orders SET id = id WHERE id = 5');
  const running = reindex(url);
  await until(async () => (await invalidIndexes(url)).length > 0);

  // The rebuild waits for this transaction, which now waits for the rebuild.
  await application.query('ALTER TABLE orders ADD COLUMN status text');
  await application.query('COMMIT');
  await application.end();

  const { result } = await running;
  expect(result.findings).toMatchObject([
    { kind: 'gave-way', summary: expect.stringContaining('each waited for the other') },
    { kind: 'leftover-removed' },
  ]);
  expect([await invalidIndexes(url), await notes(url)]).toEqual([[], 0]);
});
