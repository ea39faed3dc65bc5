import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execute } from '../../../../lib/demo/servers/postgres.ts';
import { task } from '../../../../lambdas/tasks/postgres/vacuum.ts';
import { performTask } from '../../../harness/perform-task.ts';
import { startTestServer, tableWithDeadRows, type TestServer, toEnd, valueOf } from './_database.ts';

let tests: TestServer;
beforeAll(async () => {
  tests = await startTestServer();
});
afterAll(() => tests.end());

const input = { minRows: 1_000 };

async function vacuum(url: string, more: Record<string, string | number> = {}) {
  return toEnd({ task, targets: { main: { url } }, input: { ...input, ...more } });
}

describe('the choice', () => {
  test('takes the table whose dead rows exceed the limit, and leaves its healthy twin alone', async () => {
    const url = await tests.database();
    await tableWithDeadRows(url, 'orders', 10_000, 4_000);
    await tableWithDeadRows(url, 'customers', 10_000, 100);

    const { result, actions } = await vacuum(url);

    expect(actions).toMatchObject([{ verb: 'vacuum', target: 'main', subject: 'public.orders', status: 'done' }]);
    expect(result.findings).toEqual([]);
    expect(result.measurements).toContainEqual({ name: 'dead-rows', value: 4_100, unit: 'rows', target: 'main' });
    expect(result.measurements).toContainEqual({ name: 'tables-vacuumed', value: 1, unit: 'count', target: 'main' });
    expect(await valueOf(url, `SELECT n_dead_tup::int FROM pg_stat_user_tables WHERE relname = 'orders'`)).toBe(0);
    expect(await valueOf(url, `SELECT vacuum_count::int FROM pg_stat_user_tables WHERE relname = 'customers'`)).toBe(1);
  });

  test('finds nothing to do and passes where all tables are healthy', async () => {
    const url = await tests.database();
    await tableWithDeadRows(url, 'orders', 10_000, 100);

    const { result, actions } = await vacuum(url);

    expect(actions).toEqual([]);
    expect(result.findings).toEqual([]);
    expect(result.measurements).toContainEqual({ name: 'tables', value: 1, unit: 'count', target: 'main' });
  });

  test('reaches every schema, materialised views and partitions, and no temporary table of others', async () => {
    const url = await tests.database();
    await execute(url, 'CREATE SCHEMA archive', 'CREATE TABLE parted (id int) PARTITION BY RANGE (id)');
    await execute(url, 'CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100000)');
    await tableWithDeadRows(url, 'archive.orders', 5_000, 2_000);
    await execute(
      url,
      'INSERT INTO parted SELECT generate_series(1, 5000)',
      'CREATE MATERIALIZED VIEW seen AS SELECT * FROM parted',
    );
    await execute(url, 'VACUUM (ANALYZE) parted_1');
    await execute(
      url,
      'CREATE TEMP TABLE mine AS SELECT generate_series(1, 5000) AS id',
      'DELETE FROM mine',
      'DELETE FROM parted WHERE id < 3000',
    );

    const { actions } = await vacuum(url);

    expect(actions.map(({ subject }) => subject)).toEqual(['public.seen', 'public.parted_1', 'archive.orders']);
  });

  test('freezes a table whose age exceeds the limit', async () => {
    const url = await tests.database();
    await execute(url, 'CREATE TABLE old (id int)');
    await execute(url, ...Array.from({ length: 5 }, (_, n) => `INSERT INTO old VALUES (${n})`));

    const { result, actions } = await vacuum(url, { freezeAgeAbove: '0%' });

    expect(actions).toMatchObject([{ subject: 'public.old', status: 'done' }]);
    expect(result.findings).toEqual([]);
    expect(await valueOf(url, `SELECT age(relfrozenxid) FROM pg_class WHERE relname = 'old'`)).toBe(0);
  });

  test('counts the dead rows of TOAST', async () => {
    const url = await tests.database();
    await execute(
      url,
      'CREATE TABLE documents (id int, body text)',
      'ALTER TABLE documents ALTER body SET STORAGE EXTERNAL',
    );
    await execute(url, `INSERT INTO documents SELECT n, repeat('x', 20000) FROM generate_series(1, 200) n`);
    await execute(url, 'VACUUM (ANALYZE) documents');
    await execute(url, 'DELETE FROM documents WHERE id <= 150');

    const { result, actions } = await vacuum(url);

    expect(actions).toMatchObject([{ subject: 'public.documents', status: 'done' }]);
    expect(result.findings).toEqual([]);
  });

  test('takes the worst where the cap does not allow all, and names the rest', async () => {
    const url = await tests.database();
    for (const [name, dead] of [
      ['a', 3_000],
      ['b', 9_000],
      ['c', 6_000],
    ] as const)
      await tableWithDeadRows(url, name, 10_000, dead);

    const { result, actions } = await vacuum(url, { maxTables: 2 });

    expect(actions.map(({ subject }) => subject)).toEqual(['public.b', 'public.c']);
    expect(result.findings).toMatchObject([
      {
        kind: 'tables-left',
        value: 1,
        limit: 2,
        summary: 'the cap of one run allows 2 of 3 tables that are due; left: public.a',
      },
    ]);
  });
});

const NAMES = [
  'plain',
  'Mixed Case',
  'a"; drop table witness;--',
  "it's $1 %s {}",
  'käse✓表',
  'line\nbreak',
  'select',
  'a.b',
  'x'.repeat(63),
  'é'.repeat(31),
];

test('vacuums tables of any legal name in a schema of any legal name, and nothing else', async () => {
  const url = await tests.database();
  const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
  await execute(url, 'CREATE TABLE witness (id int)', `CREATE SCHEMA ${quoted('odd "schema"')}`);
  for (const name of NAMES) await tableWithDeadRows(url, `${quoted('odd "schema"')}.${quoted(name)}`, 5_000, 2_000);

  const { result, actions } = await vacuum(url);

  expect(result.findings).toEqual([]);
  expect(actions).toHaveLength(NAMES.length);
  expect(actions.every(({ status }) => status === 'done')).toBe(true);
  expect(await valueOf(url, 'SELECT sum(n_dead_tup)::int FROM pg_stat_user_tables')).toBe(0);
  expect(await valueOf(url, `SELECT to_regclass('public.witness') IS NOT NULL`)).toBe(true);
});

test('a plan names the statement’s table and changes nothing', async () => {
  const url = await tests.database();
  await tableWithDeadRows(url, 'orders', 10_000, 4_000);

  const { result, actions } = await performTask({ task, targets: { main: { url } }, input, mode: 'plan' });

  expect(result).not.toHaveProperty('paused');
  expect(actions).toMatchObject([{ subject: 'public.orders', status: 'planned' }]);
  expect(await valueOf(url, `SELECT n_dead_tup::int FROM pg_stat_user_tables WHERE relname = 'orders'`)).toBe(4_000);
});

describe('what makes the counters worthless', () => {
  async function resetDatabase(): Promise<string> {
    const url = await tests.database();
    await tableWithDeadRows(url, 'orders', 20_000, 15_000);
    await execute(url, 'SELECT pg_stat_reset()');
    return url;
  }

  test('a reset makes the verdict unknown although the table looks clean', async () => {
    const url = await resetDatabase();

    const { result, actions } = await vacuum(url);

    expect(await valueOf(url, `SELECT n_dead_tup::int FROM pg_stat_user_tables`)).toBe(0);
    expect(actions).toEqual([]);
    expect(result.findings).toMatchObject([{ kind: 'statistics-reset', value: 1 }]);
    expect(result.findings[0]?.summary).toMatch(/^1 tables have counters .*, reset \d+ s ago: public\.orders$/);
    expect(task.findings['statistics-reset']?.severity).toBe('unknown');
  });

  test('pgstattuple finds the dead rows all the same', async () => {
    const url = await resetDatabase();
    await execute(url, 'CREATE SCHEMA "Ext ""s"', 'CREATE EXTENSION pgstattuple SCHEMA "Ext ""s"');

    const { result, actions } = await vacuum(url);

    expect(actions).toMatchObject([{ subject: 'public.orders', status: 'done' }]);
    expect(result.findings).toEqual([]);
  });

  test('after an analyze they count again', async () => {
    const url = await resetDatabase();
    await execute(url, 'ANALYZE orders');

    const { actions } = await vacuum(url);

    expect(actions).toMatchObject([{ subject: 'public.orders', status: 'done' }]);
  });

  test('track_counts off makes the verdict unknown', async () => {
    const url = await tests.database();
    await tableWithDeadRows(url, 'orders', 10_000, 4_000);
    await execute(url, `ALTER DATABASE "${decodeURIComponent(new URL(url).pathname.slice(1))}" SET track_counts = off`);

    const { result } = await vacuum(url);

    expect(result).toEqual({
      findings: [expect.objectContaining({ kind: 'statistics-off' })],
      measurements: [expect.objectContaining({ value: 0 })],
    });
    expect(task.findings['statistics-off']?.severity).toBe('unknown');
  });
});

test('a table with autovacuum off is a finding of its own', async () => {
  const url = await tests.database();
  await tableWithDeadRows(url, 'orders', 1_000, 10);
  await execute(url, 'ALTER TABLE orders SET (autovacuum_enabled = off)');

  const { result } = await vacuum(url);

  expect(result.findings).toMatchObject([{ kind: 'autovacuum-off', subject: 'public.orders' }]);
});

test('a database without tables is not what a target is meant to be', async () => {
  const { result } = await vacuum(await tests.database());

  expect(result.findings).toMatchObject([{ kind: 'no-tables', summary: expect.stringContaining('has no tables') }]);
});
