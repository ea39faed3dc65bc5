import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type pg from 'pg';
import type { Action, Performed } from '../../../../core/action.ts';
import { execute } from '../../../../lib/demo/servers/postgres.ts';
import { task } from '../../../../lambdas/tasks/postgres/reindex.ts';
import { openSession, startTestServer, type TestServer, toEnd, valueOf } from './_database.ts';
import { bloatedTable, invalidIndexes, notes, sizeOf } from './_reindex-fixtures.ts';
import { until } from './_run.ts';

let tests: TestServer;
beforeAll(async () => {
  tests = await startTestServer();
  await execute(tests.server.url(), `CREATE ROLE keeper LOGIN PASSWORD 'correct horse'`);
});
afterAll(() => tests.end());

async function reindex(url: string, more: Record<string, unknown> = {}) {
  const input = { minSize: '256kB', lockTimeout: '1s', ...more };
  return toEnd({ task, targets: { main: { url } }, input: input as never });
}

/** The same database for a role that is not a superuser. */
function asKeeper(url: string): string {
  const role = { name: 'keeper', password: 'correct horse' };
  return tests.server.url(decodeURIComponent(new URL(url).pathname.slice(1)), role);
}

async function database(...tables: readonly string[]): Promise<string> {
  const url = await tests.database();
  for (const table of tables) await bloatedTable(url, table, 20_000);
  return url;
}

async function endWhenDropWaits(url: string, writer: pg.Client | undefined): Promise<void> {
  const waiting = `SELECT count(*)::int FROM pg_stat_activity WHERE query LIKE 'DROP INDEX%' AND wait_event_type = 'Lock'`;
  await until(async () => (await valueOf(url, waiting)) === 1);
  await writer?.end();
}

describe('an index is passed over, and the next one gets its rebuild', () => {
  test('where someone has the table locked, who is named', async () => {
    const url = await database('busy', 'idle');
    const locker = await openSession(url, 'BEGIN', 'LOCK TABLE busy IN SHARE UPDATE EXCLUSIVE MODE');

    const { result, actions } = await reindex(url);
    await locker.end();

    expect(actions.map(({ subject, status }) => `${subject} ${status}`)).toEqual([
      'public.busy_key skipped',
      'public.idle_key done',
    ]);
    expect(result.findings).toMatchObject([
      { kind: 'locked', subject: 'public.busy_key', summary: expect.stringContaining('test-session') },
      { kind: 'rebuilt' },
    ]);
    expect(result.findings[0]?.command).toContain(`'public.busy'::regclass`);
  });

  test('where another run of Fettle is at the table', async () => {
    const url = await database('orders');
    const other = await openSession(
      url,
      `SET application_name = 'fettle:other-run:postgres-vacuum'`,
      'BEGIN',
      'LOCK TABLE orders IN SHARE UPDATE EXCLUSIVE MODE',
    );

    const { result } = await reindex(url);
    await other.end();

    expect(result.findings).toMatchObject([{ kind: 'busy', subject: 'public.orders_key' }]);
  });

  test.each([
    ['that has the table', 'SELECT FROM orders LIMIT 1'],
    ['that has an old snapshot', `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT FROM pg_class LIMIT 1`],
    ['that is prepared', `UPDATE orders SET id = id WHERE id = 5; PREPARE TRANSACTION 'forgotten'`],
  ])('where a rebuild would wait for an old transaction %s', async (_title, held) => {
    const url = await database('orders');
    const session = await openSession(url, 'BEGIN', ...held.split('; '));
    await execute(url, 'SELECT pg_sleep(1.1)');

    const { result, actions } = await reindex(url, { transactionTimeout: '1s' });
    await session.end();
    if (held.includes('PREPARE')) await execute(url, `ROLLBACK PREPARED 'forgotten'`);

    expect(actions).toMatchObject([{ status: 'skipped' }]);
    expect(result.findings).toMatchObject([
      { kind: 'old-transaction', summary: expect.stringContaining('end it with') },
    ]);
    expect([await invalidIndexes(url), await notes(url)]).toEqual([[], 0]);
  });

  test('where a transaction outlasts the rebuild, whose leftover is swept', async () => {
    const url = await database('orders');
    const size = await sizeOf(url, 'orders_key');
    const verbs: string[] = [];
    let writer: pg.Client | undefined;
    const act = async (action: Action, perform: () => Promise<Performed>) => {
      if (action.verb === 'reindex') writer = await openSession(url, 'BEGIN', 'UPDATE orders SET id = id WHERE id = 5');
      const [performed] = await Promise.all([perform(), action.verb === 'sweep' && endWhenDropWaits(url, writer)]);
      verbs.push(`${action.verb} ${performed.state}`);
      return { status: performed.state, ...('detail' in performed && { detail: performed.detail }) };
    };

    const input = { minSize: '256kB', transactionTimeout: '2s' };
    const { result } = await toEnd({ task, targets: { main: { url } }, input, act: act as never });

    expect(verbs).toEqual(['reindex skipped', 'sweep done']);
    expect(result.findings).toMatchObject([{ kind: 'old-transaction' }, { kind: 'leftover-removed' }]);
    expect(await sizeOf(url, 'orders_key')).toBe(size);
    expect([await invalidIndexes(url), await notes(url)]).toEqual([[], 0]);
  });

  test('where it was dropped between choice and turn', async () => {
    const url = await database('orders');
    const act = async (_action: unknown, perform: () => Promise<{ state: string; detail?: string }>) => {
      await execute(url, 'DROP INDEX orders_key');
      const performed = await perform();
      return { status: performed.state, detail: performed.detail };
    };

    const input = { minSize: '256kB' };
    const { result } = await toEnd({ task, targets: { main: { url } }, input, act: act as never });

    expect(result.findings).toMatchObject([{ kind: 'gone', subject: 'public.orders_key' }]);
  });
});

describe('a bloated index that is not rebuilt is a finding', () => {
  test('beyond the cap: the largest gain comes first and the rest is named', async () => {
    const url = await tests.database();
    await bloatedTable(url, 'small', 20_000);
    await bloatedTable(url, 'large', 40_000);

    const { result, actions } = await reindex(url, { maxIndexes: 1 });

    expect(actions.map(({ subject }) => subject)).toEqual(['public.large_key']);
    expect(result.findings).toMatchObject([
      { kind: 'indexes-left', value: 1, limit: 1, summary: expect.stringContaining('left: public.small_key') },
      { kind: 'rebuilt' },
    ]);
  });

  test('where its rebuild may need more disk than is free', async () => {
    const url = await database('orders');

    const { result, actions } = await reindex(url, { freeSpace: '1MB' });

    expect(actions).toEqual([]);
    expect(result.findings).toMatchObject([{ kind: 'no-room', subject: 'public.orders_key', limit: 1_024 ** 2 }]);
  });

  test('where it belongs to an exclusion constraint', async () => {
    const url = await tests.database();
    await execute(
      url,
      'CREATE TABLE stays (id int, EXCLUDE USING btree (id WITH =))',
      'INSERT INTO stays SELECT generate_series(1, 40000)',
      'DELETE FROM stays WHERE id % 5 > 0',
      'VACUUM (ANALYZE) stays',
    );

    const { result, actions } = await reindex(url);

    expect(actions).toEqual([]);
    expect(result.findings).toMatchObject([
      { kind: 'not-rebuildable', command: 'REINDEX INDEX public.stays_id_excl;' },
    ]);
  });

  test('where the role may not rebuild it; what it owns it rebuilds without being a superuser', async () => {
    const url = await database('theirs', 'ours');
    await execute(url, 'ALTER TABLE ours OWNER TO keeper', 'GRANT SELECT ON theirs TO keeper');

    const { result, actions } = await reindex(asKeeper(url));

    expect(actions).toMatchObject([{ subject: 'public.ours_key', status: 'done' }]);
    expect(result.findings).toMatchObject([
      {
        kind: 'not-permitted',
        subject: 'public.theirs_key',
        summary: expect.stringContaining('postgres and not to keeper'),
      },
      { kind: 'rebuilt', subject: 'public.ours_key' },
    ]);
    expect(task.findings['not-permitted']?.severity).toBe('fail');
  });

  test('is unknown where the role may not even read the table', async () => {
    const url = await database('theirs');

    const { result } = await reindex(asKeeper(url));

    expect(result.findings).toMatchObject([
      { kind: 'not-measurable', summary: expect.stringContaining('permission denied for table theirs') },
    ]);
  });

  test('is unknown where a policy hides rows from the role', async () => {
    const url = await database('orders');
    await execute(
      url,
      'ALTER TABLE orders OWNER TO keeper',
      'ALTER TABLE orders ENABLE ROW LEVEL SECURITY',
      'ALTER TABLE orders FORCE ROW LEVEL SECURITY',
    );

    const { result, actions } = await reindex(asKeeper(url));

    expect(actions).toEqual([]);
    expect(result.findings).toMatchObject([
      { kind: 'not-measurable', summary: expect.stringContaining('row-level security') },
    ]);
  });
});

describe('the tables that are named', () => {
  test('are the only ones looked at; a partitioned one stands for its partitions', async () => {
    const url = await database('other');
    await execute(
      url,
      'CREATE TABLE "Log" (id int, note text) PARTITION BY RANGE (id)',
      'CREATE TABLE log_1 PARTITION OF "Log" FOR VALUES FROM (0) TO (1000000)',
      `INSERT INTO "Log" SELECT n, md5(n::text) FROM generate_series(1, 20000) n`,
      'CREATE INDEX log_key ON "Log" (note)',
      'DELETE FROM "Log" WHERE id % 5 > 0',
      'VACUUM (ANALYZE) log_1',
    );

    const { actions } = await reindex(url, { tables: ['Log'] });

    expect(actions).toMatchObject([{ subject: 'public.log_1_note_idx', status: 'done' }]);
  });

  test('are unknown where they are not there', async () => {
    const url = await database('orders');

    const { result } = await reindex(url, { tables: ['public.orders', 'Orders'] });

    expect(result.findings).toMatchObject([{ kind: 'no-such-table', subject: 'Orders' }, { kind: 'rebuilt' }]);
    expect(task.findings['no-such-table']?.severity).toBe('unknown');
  });
});

test('names of every kind are quoted, and a name that looks like a definition is only a name', async () => {
  const url = await tests.database();
  const name = 'x ON public.t USING btree (pg_sleep(9)) --';
  await execute(
    url,
    'CREATE TABLE "Tä""ble" ("a b" int, note text)',
    `INSERT INTO "Tä""ble" SELECT n, md5(n::text) FROM generate_series(1, 20000) n`,
    `CREATE INDEX "${name}" ON "Tä""ble" (note) WHERE "a b" > 0`,
    'DELETE FROM "Tä""ble" WHERE "a b" % 5 > 0',
    'VACUUM (ANALYZE) "Tä""ble"',
  );

  const { actions } = await reindex(url);

  expect(actions).toMatchObject([{ subject: `public."${name}"`, status: 'done' }]);
  expect(await valueOf(url, 'SELECT count(*)::int FROM pg_index i WHERE NOT indisvalid')).toBe(0);
});
