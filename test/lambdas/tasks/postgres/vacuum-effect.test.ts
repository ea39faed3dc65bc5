import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type pg from 'pg';
import { holdHorizon } from '../../../../lib/demo/postgres-data.ts';
import { execute } from '../../../../lib/demo/servers/postgres.ts';
import { task } from '../../../../lambdas/tasks/postgres/vacuum.ts';
import { openSession, startTestServer, tableWithDeadRows, type TestServer, toEnd, valueOf } from './_database.ts';

let tests: TestServer;
beforeAll(async () => {
  tests = await startTestServer();
  await execute(tests.server.url(), `CREATE ROLE keeper LOGIN PASSWORD 'correct horse'`);
});
afterAll(() => tests.end());

async function vacuum(url: string, more: Record<string, string | number> = {}) {
  return toEnd({ task, targets: { main: { url } }, input: { minRows: 1_000, lockTimeout: '1s', ...more } });
}

/** The same database for a role that is not a superuser. */
function asKeeper(url: string): string {
  return tests.server.url(decodeURIComponent(new URL(url).pathname.slice(1)), {
    name: 'keeper',
    password: 'correct horse',
  });
}

async function ordersHeldBy(hold: (url: string) => Promise<unknown>): Promise<string> {
  const url = await tests.database();
  await execute(url, 'CREATE TABLE orders (id int PRIMARY KEY, status text)', 'CREATE TABLE other (id int)');
  await execute(url, `INSERT INTO orders SELECT n, 'new' FROM generate_series(1, 10000) n`);
  await execute(url, 'VACUUM (ANALYZE) orders');
  await hold(url);
  await execute(url, 'DELETE FROM orders WHERE id <= 4000');
  return url;
}

describe('dead rows that stay are a finding that names who holds them', () => {
  test('an idle transaction with a snapshot', async () => {
    let pid = 0;
    let release = async () => {};
    const url = await ordersHeldBy(async (held) => ({ pid, release } = await holdHorizon(held)));

    const { result, actions } = await vacuum(url);

    expect(actions).toMatchObject([{ subject: 'public.orders', status: 'done' }]);
    expect(result.findings).toMatchObject([
      { kind: 'horizon-held', subject: 'public.orders', value: 4_000, limit: 2_000 },
    ]);
    expect(result.findings[0]?.summary).toContain(
      `0 dead rows removed; held by the session with pid ${pid} (forgotten-console, idle in transaction`,
    );
    expect(task.findings['horizon-held']?.severity).toBe('warn');
    expect(await valueOf(url, `SELECT count(*)::int FROM pg_stat_activity WHERE pid = ${pid}`)).toBe(1);

    await release();
    const next = await vacuum(url);

    expect(next.result.findings).toEqual([]);
    expect(next.actions).toMatchObject([{ status: 'done' }]);
  });

  test('a transaction that wrote and shows no snapshot between its statements', async () => {
    let writer: pg.Client | undefined;
    const url = await ordersHeldBy(async (held) => {
      writer = await openSession(held, 'BEGIN', 'INSERT INTO other VALUES (1)');
    });

    const { result } = await vacuum(url);
    await writer?.end();

    expect(result.findings).toMatchObject([
      { kind: 'horizon-held', summary: expect.stringContaining('idle in transaction') },
    ]);
  });

  test('a prepared transaction', async () => {
    const url = await ordersHeldBy((held) =>
      execute(held, 'BEGIN', 'INSERT INTO other VALUES (1)', `PREPARE TRANSACTION 'it''s lost'`),
    );

    const { result } = await vacuum(url);
    await execute(url, `ROLLBACK PREPARED 'it''s lost'`);

    expect(result.findings).toMatchObject([
      { kind: 'horizon-held', summary: expect.stringContaining(`end it with ROLLBACK PREPARED 'it''s lost'`) },
    ]);
  });

  test('an open transaction of another database holds nothing and is not blamed', async () => {
    const elsewhere = await tests.database();
    const { release } = await holdHorizon(elsewhere);
    const url = await ordersHeldBy(async () => undefined);

    const { result } = await vacuum(url);
    await release();

    expect(result.findings).toEqual([]);
  });

  test('is unknown where the role may not see the sessions of others', async () => {
    let release = async () => {};
    const url = await ordersHeldBy(async (held) => {
      await execute(held, 'ALTER TABLE orders OWNER TO keeper');
      ({ release } = await holdHorizon(held));
    });

    const { result } = await vacuum(asKeeper(url));
    await execute(url, 'GRANT pg_read_all_stats TO keeper');
    const seeing = await vacuum(asKeeper(url));
    await execute(url, 'REVOKE pg_read_all_stats FROM keeper');
    await release();

    expect(result.findings).toMatchObject([{ kind: 'holder-not-visible', subject: 'public.orders' }]);
    expect(task.findings['holder-not-visible']).toMatchObject({
      severity: 'unknown',
      remedy: expect.stringContaining('GRANT pg_read_all_stats'),
    });
    expect(seeing.result.findings).toMatchObject([{ kind: 'horizon-held' }]);
  });
});

test('a table that the server passes over for a role that may not is a failure, not a success', async () => {
  const url = await tests.database();
  await tableWithDeadRows(url, 'theirs', 10_000, 8_000);
  await tableWithDeadRows(url, 'ours', 10_000, 4_000);
  await execute(url, 'ALTER TABLE ours OWNER TO keeper');

  const { result, actions } = await vacuum(asKeeper(url));

  expect(actions).toMatchObject([
    { subject: 'public.theirs', status: 'skipped' },
    { subject: 'public.ours', status: 'done' },
  ]);
  expect(result.findings).toMatchObject([{ kind: 'not-permitted', subject: 'public.theirs' }]);
  expect(result.findings[0]?.summary).toMatch(/^public\.theirs was skipped by the server for keeper: .*theirs/);
  expect(task.findings['not-permitted']?.severity).toBe('fail');
});

describe('a table that someone has locked', () => {
  test('is passed over, its holder is named, and the next table gets its vacuum', async () => {
    const url = await tests.database();
    await tableWithDeadRows(url, 'busy', 10_000, 8_000);
    await tableWithDeadRows(url, 'idle', 10_000, 4_000);
    const locker = await openSession(url, 'BEGIN', 'LOCK TABLE busy IN SHARE MODE');
    const { rows } = await locker.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');

    const { result, actions } = await vacuum(url);
    await locker.end();

    expect(actions).toMatchObject([
      { subject: 'public.busy', status: 'skipped' },
      { subject: 'public.idle', status: 'done' },
    ]);
    expect(result.findings).toMatchObject([{ kind: 'locked', subject: 'public.busy' }]);
    expect(result.findings[0]?.summary).toContain(
      `public.busy locked by pid ${rows[0]?.pid} (test-session, idle in transaction`,
    );
    expect(await valueOf(url, `SELECT vacuum_count::int FROM pg_stat_user_tables WHERE relname = 'busy'`)).toBe(1);
  });

  test('exclusively is still read, and does not stop the look at the others', async () => {
    const url = await tests.database();
    await tableWithDeadRows(url, 'rebuilt', 10_000, 8_000);
    await tableWithDeadRows(url, 'idle', 10_000, 4_000);
    const locker = await openSession(url, 'BEGIN', 'LOCK TABLE rebuilt IN ACCESS EXCLUSIVE MODE');

    const { result, actions } = await vacuum(url);
    await locker.end();

    expect(actions.map(({ status }) => status)).toEqual(['skipped', 'done']);
    expect(result.findings).toMatchObject([{ kind: 'locked', subject: 'public.rebuilt' }]);
  });

  test('by a prepared transaction is said to be so', async () => {
    const url = await tests.database();
    await tableWithDeadRows(url, 'busy', 10_000, 8_000);
    await execute(url, 'BEGIN', 'LOCK TABLE busy IN SHARE MODE', `PREPARE TRANSACTION 'lock'`);

    const { result } = await vacuum(url);
    await execute(url, `ROLLBACK PREPARED 'lock'`);

    expect(result.findings).toMatchObject([
      { kind: 'locked', summary: expect.stringContaining('a prepared transaction') },
    ]);
  });
});

test('a table that another run of Fettle is vacuuming is left to it', async () => {
  const url = await tests.database();
  await tableWithDeadRows(url, 'orders', 10_000, 8_000);
  const other = await openSession(
    url,
    `SET application_name = 'fettle:other-run:postgres-vacuum'`,
    'BEGIN',
    'LOCK TABLE orders IN SHARE UPDATE EXCLUSIVE MODE',
  );

  const { result, actions } = await vacuum(url);
  await other.end();

  expect(actions).toMatchObject([{ status: 'skipped' }]);
  expect(result.findings).toMatchObject([
    { kind: 'busy', summary: expect.stringContaining('fettle:other-run:postgres-vacuum') },
  ]);
});

test.each([
  ['is dropped', 'DROP TABLE orders', 'public.orders does not exist any more'],
  ['is renamed', 'ALTER TABLE orders RENAME TO old_orders', 'public.orders is now called public.old_orders'],
  [
    'is replaced by another of its name',
    'ALTER TABLE orders RENAME TO old_orders; CREATE TABLE orders (id int)',
    'public.orders is now called public.old_orders',
  ],
])('a table that %s between choice and turn is not touched under its old name', async (_title, change, summary) => {
  const url = await tests.database();
  await tableWithDeadRows(url, 'orders', 10_000, 8_000);
  const act = async (_action: unknown, perform: () => Promise<{ state: string; detail?: string }>) => {
    await execute(url, change);
    const performed = await perform();
    return { status: performed.state, detail: performed.detail };
  };

  const { result } = await toEnd({ task, targets: { main: { url } }, input: { minRows: 1_000 }, act: act as never });

  expect(result.findings).toMatchObject([{ kind: 'gone', summary }]);
});
