import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execute } from '../../../../lib/demo/servers/postgres.ts';
import { task } from '../../../../lambdas/tasks/postgres/reindex.ts';
import { performTask } from '../../../harness/perform-task.ts';
import { startTestServer, type TestServer, toEnd, valueOf } from './_database.ts';
import { bloatedTable, sizeOf } from './_reindex-fixtures.ts';

let tests: TestServer;
beforeAll(async () => {
  tests = await startTestServer();
});
afterAll(() => tests.end());

const input = { minSize: '256kB' };

async function reindex(url: string, more: Record<string, unknown> = {}, baseline?: unknown) {
  return toEnd({ task, targets: { main: { url } }, input: { ...input, ...more } as never, baseline });
}

function kinds(findings: readonly { kind: string; subject?: string }[]): string[] {
  return findings.map(({ kind, subject }) => `${kind} ${subject ?? ''}`.trim());
}

describe('a bloated index is rebuilt, and its healthy twin left alone', () => {
  test('a btree whose rows were deleted, with what it gave back against what was predicted', async () => {
    const url = await tests.database();
    await bloatedTable(url, 'orders');
    await execute(
      url,
      'CREATE TABLE customers (id int, note text)',
      'INSERT INTO customers SELECT n, md5(n::text) FROM generate_series(1, 60000) n',
      'CREATE INDEX customers_key ON customers (note)',
      'VACUUM (ANALYZE) customers',
    );
    const before = await sizeOf(url, 'orders_key');

    const { result, actions } = await reindex(url);

    expect(actions).toMatchObject([{ verb: 'reindex', target: 'main', subject: 'public.orders_key', status: 'done' }]);
    const after = await sizeOf(url, 'orders_key');
    expect(after).toBeLessThan(before / 3);
    expect(result.findings).toMatchObject([{ kind: 'rebuilt', value: before - after, unit: 'bytes' }]);
    const measured = (name: string) => result.measurements.find((one) => one.name === name)?.value ?? 0;
    expect(measured('reclaimed')).toBe(before - after);
    expect(Math.abs(measured('reclaim-predicted') / measured('reclaimed') - 1)).toBeLessThan(0.1);
    expect(measured('indexes-rebuilt')).toBe(1);
    expect(await valueOf(url, 'SELECT count(*)::int FROM pg_largeobject_metadata')).toBe(0);
  });

  test('one that shares entries among equal keys, which a formula without them takes for healthy', async () => {
    const url = await tests.database();
    const make = (table: string) => [
      `CREATE TABLE ${table} (id int, k int)`,
      `INSERT INTO ${table} SELECT n, n % 1000 FROM generate_series(1, 100000) n`,
      `CREATE INDEX ${table}_k ON ${table} (k)`,
    ];
    await execute(url, ...make('halved'), 'DELETE FROM halved WHERE id % 2 = 0', 'VACUUM (ANALYZE) halved');
    await execute(url, ...make('whole'), 'VACUUM (ANALYZE) whole');

    const { result, actions } = await reindex(url);

    expect(actions).toMatchObject([{ subject: 'public.halved_k', status: 'done' }]);
    expect(kinds(result.findings)).toEqual(['rebuilt public.halved_k']);
  });

  test('GIN that updates have bloated, beside one that was built over the same rows', async () => {
    const url = await tests.database();
    await execute(
      url,
      'CREATE TABLE tagged (id int, tags int[]) WITH (autovacuum_enabled = off)',
      'INSERT INTO tagged SELECT n, ARRAY[n % 500, n % 77, n % 9] FROM generate_series(1, 20000) n',
      'CREATE INDEX tagged_gin ON tagged USING gin (tags)',
      ...Array.from(
        { length: 4 },
        (_, turn) => `UPDATE tagged SET tags = ARRAY[(id + ${turn}) % 500 + 1000 * ${turn}, id % 77, id % 9]`,
      ),
      'VACUUM (ANALYZE) tagged',
      'CREATE INDEX tagged_fresh ON tagged USING gin (tags)',
    );

    const { result, actions } = await reindex(url);

    expect(actions).toMatchObject([{ subject: 'public.tagged_gin', status: 'done' }]);
    expect(kinds(result.findings)).toEqual(['rebuilt public.tagged_gin']);
    expect(await sizeOf(url, 'tagged_gin')).toBe(await sizeOf(url, 'tagged_fresh'));
  });
});

describe('what looks bloated and is not stays as it is', () => {
  test('wide keys, kept out of line in the table, and a fill factor of a half', async () => {
    const url = await tests.database();
    await execute(
      url,
      'CREATE TABLE pages (id int, body text, path text)',
      'ALTER TABLE pages ALTER body SET STORAGE EXTERNAL',
      `INSERT INTO pages SELECT n, (SELECT string_agg(md5((n * 1000 + j)::text), '') FROM generate_series(1, 70) j), md5(n::text) FROM generate_series(1, 1000) n`,
      'CREATE INDEX pages_body ON pages (body)',
      'CREATE INDEX pages_path ON pages (path, id) WITH (fillfactor = 50)',
      'CREATE TABLE loose (id int)',
      'INSERT INTO loose SELECT generate_series(1, 40000)',
      'CREATE INDEX loose_id ON loose (id) WITH (fillfactor = 50)',
      'VACUUM (ANALYZE) pages, loose',
    );

    const { result, actions } = await reindex(url, { minSize: '64kB' });

    expect(actions).toEqual([]);
    expect(result.findings).toEqual([]);
  });

  test('a table that was filled since anyone counted its rows', async () => {
    const url = await tests.database();
    await execute(
      url,
      'CREATE TABLE filled (id int, note text) WITH (autovacuum_enabled = off)',
      'CREATE INDEX filled_note ON filled (note)',
      `INSERT INTO filled SELECT n, md5(n::text) FROM generate_series(1, 1000) n`,
      'ANALYZE filled',
      `INSERT INTO filled SELECT n, n::text FROM generate_series(1, 100000) n`,
    );

    const { result, actions } = await reindex(url, { bloatAbove: '50%' });

    expect(actions).toEqual([]);
    expect(result.findings).toEqual([]);
  });

  test('an index below the minimal size', async () => {
    const url = await tests.database();
    await bloatedTable(url, 'orders', 5_000);

    const { result, actions } = await reindex(url, { minSize: '10MB' });

    expect(actions).toEqual([]);
    expect(result.findings).toEqual([]);
    expect(result.measurements).toContainEqual({ name: 'indexes', value: 1, unit: 'count', target: 'main' });
  });
});

describe('a table that was never analysed', () => {
  test('is measured all the same', async () => {
    const url = await tests.database();
    await execute(
      url,
      'CREATE TABLE orders (id int, note text) WITH (autovacuum_enabled = off)',
      'INSERT INTO orders SELECT n, md5(n::text) FROM generate_series(1, 60000) n',
      'CREATE INDEX orders_key ON orders (note)',
      'DELETE FROM orders WHERE id % 5 > 0',
    );

    const { actions } = await reindex(url);

    expect(actions).toMatchObject([{ subject: 'public.orders_key', status: 'done' }]);
  });

  test('is unknown where building the index would run code of its owner', async () => {
    const url = await tests.database();
    await execute(
      url,
      `CREATE FUNCTION shout(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT upper($1) $$`,
      'CREATE TABLE orders (id int, note text) WITH (autovacuum_enabled = off)',
      'INSERT INTO orders SELECT n, md5(n::text) FROM generate_series(1, 20000) n',
      'CREATE INDEX orders_key ON orders (shout(note))',
    );

    const { result, actions } = await reindex(url);

    expect(actions).toEqual([]);
    expect(result.findings).toMatchObject([{ kind: 'not-measurable', subject: 'public.orders_key' }]);
    expect(task.findings['not-measurable']?.severity).toBe('unknown');
  });

  test('is counted by pgstattuple where that is installed, whatever code the index runs', async () => {
    const url = await tests.database();
    await execute(
      url,
      'CREATE SCHEMA "Ext ""s"',
      'CREATE EXTENSION pgstattuple SCHEMA "Ext ""s"',
      `CREATE FUNCTION shout(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT upper($1) $$`,
      'CREATE TABLE orders (id int, note text)',
      'INSERT INTO orders SELECT n, md5(n::text) FROM generate_series(1, 40000) n',
      'CREATE INDEX orders_key ON orders (shout(note))',
      'CREATE INDEX orders_id ON orders (id)',
      'DELETE FROM orders WHERE id % 5 > 0 AND id < 20000',
      'VACUUM orders',
    );

    const { result, actions } = await reindex(url);

    expect(actions.map(({ subject }) => subject)).toEqual(['public.orders_key', 'public.orders_id']);
    expect(kinds(result.findings)).toEqual(['rebuilt public.orders_key', 'rebuilt public.orders_id']);
  });
});

test('a plan names each rebuild with what it is for, and changes nothing', async () => {
  const url = await tests.database();
  await bloatedTable(url, 'orders');
  const before = await sizeOf(url, 'orders_key');

  const { actions } = await performTask({ task, targets: { main: { url } }, input, mode: 'plan' });

  expect(actions).toMatchObject([{ verb: 'reindex', subject: 'public.orders_key', status: 'planned' }]);
  expect(await sizeOf(url, 'orders_key')).toBe(before);
  expect(await valueOf(url, 'SELECT count(*)::int FROM pg_largeobject_metadata')).toBe(0);
});
