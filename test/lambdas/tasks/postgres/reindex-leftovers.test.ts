import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import type { Action, Intent, Performed, Settling } from '../../../../core/action.ts';
import { execute } from '../../../../lib/demo/servers/postgres.ts';
import { task } from '../../../../lambdas/tasks/postgres/reindex.ts';
import { openSession, startTestServer, type TestServer, toEnd, valueOf } from './_database.ts';
import { bloatedTable, invalidIndexes } from './_reindex-fixtures.ts';
import { until } from './_run.ts';

let tests: TestServer;
beforeAll(async () => {
  tests = await startTestServer();
});
afterAll(() => tests.end());

async function reindex(url: string, more: Record<string, string> = {}) {
  return toEnd({ task, targets: { main: { url } }, input: { minSize: '256kB', ...more } });
}

/** Runs SQL of a person whose rebuild fails, as rebuilds of persons do. */
async function failing(url: string, ...statements: readonly string[]): Promise<string> {
  try {
    await execute(url, ...statements);
  } catch (thrown) {
    if (thrown instanceof pg.DatabaseError) return thrown.message;
    throw thrown;
  }
  throw new Error('it did not fail');
}

async function cancelledByTheirOwner(url: string, index: string, table: string): Promise<void> {
  const writer = await openSession(url, 'BEGIN', `UPDATE ${table} SET id = id WHERE id = 5`);
  expect(await failing(url, `SET lock_timeout = '100ms'`, `REINDEX INDEX CONCURRENTLY ${index}`)).toContain(
    'lock timeout',
  );
  await writer.query('ROLLBACK');
  await writer.end();
}

/** A leftover of ours: a rebuild that gave up waiting for a transaction while someone else keeps its drop from happening. */
async function keptLeftover(url: string) {
  let writer: pg.Client | undefined;
  const act = async (action: Action, perform: () => Promise<Performed>) => {
    if (action.verb === 'reindex') writer = await openSession(url, 'BEGIN', 'UPDATE orders SET id = id WHERE id = 5');
    const performed = await perform();
    return { status: performed.state, ...('detail' in performed && { detail: performed.detail }) };
  };
  const input = { minSize: '256kB', transactionTimeout: '2s', lockTimeout: '1s' };
  const { result } = await toEnd({ task, targets: { main: { url } }, input, act: act as never });
  return { result, release: async () => writer?.end() };
}

test('a leftover of ours that cannot be dropped yet is said with its statement, and the next run drops it', async () => {
  const url = await tests.database();
  await bloatedTable(url, 'orders');

  const { result, release } = await keptLeftover(url);
  expect(result.findings).toMatchObject([
    { kind: 'old-transaction' },
    {
      kind: 'leftover-kept',
      subject: 'public.orders_key_ccnew',
      command: 'DROP INDEX CONCURRENTLY public.orders_key_ccnew;',
    },
  ]);
  await release();
  const next = await reindex(url);

  expect(next.result.findings).toMatchObject([{ kind: 'leftover-removed' }, { kind: 'rebuilt' }]);
  expect(await invalidIndexes(url)).toEqual([]);
});

test('a note that came with a dump of another database is taken out, and nothing follows from it', async () => {
  const url = await tests.database();
  await bloatedTable(url, 'orders');
  const { release } = await keptLeftover(url);
  await release();
  await execute(
    url,
    `DO $$ DECLARE note text; loid oid; BEGIN
       SELECT objoid, description INTO loid, note FROM pg_description WHERE description LIKE 'fettle rebuild: %';
       EXECUTE format('COMMENT ON LARGE OBJECT %s IS %L', loid, regexp_replace(note, '"database":[0-9]+', '"database":1'));
     END $$`,
  );

  const { result, actions } = await reindex(url);

  expect(actions.map(({ verb, status }) => `${verb} ${status}`)).toEqual(['sweep done', 'reindex done']);
  expect(result.findings).toMatchObject([
    { kind: 'foreign-invalid-index', subject: 'public.orders_key_ccnew' },
    { kind: 'rebuilt' },
  ]);
  expect(await invalidIndexes(url)).toEqual(['orders_key_ccnew']);
});

test('a rebuild that was begun twice and never seen to end is given up', async () => {
  const url = await tests.database();
  await bloatedTable(url, 'orders');
  const act = async (action: Action & Settling, perform: () => Promise<Performed>) => {
    expect(await action.look?.({ attempt: 2 } as Intent)).toEqual({ state: 'not-done' });
    const performed = await perform();
    return { status: performed.state, ...('detail' in performed && { detail: performed.detail }) };
  };

  const { result } = await toEnd({ task, targets: { main: { url } }, input: { minSize: '256kB' }, act: act as never });

  expect(result.findings).toMatchObject([{ kind: 'given-up', subject: 'public.orders_key' }]);
});

describe('an invalid index that is not ours is named and never dropped', () => {
  test('a unique index whose build failed for its owner', async () => {
    const url = await tests.database();
    await execute(url, 'CREATE TABLE users (id int)', 'INSERT INTO users VALUES (1), (1)');
    await failing(url, 'CREATE UNIQUE INDEX CONCURRENTLY users_id ON users (id)');

    const { result, actions } = await reindex(url);

    expect(actions).toEqual([]);
    expect(result.findings).toMatchObject([{ kind: 'foreign-invalid-index', subject: 'public.users_id' }]);
    expect(task.findings['foreign-invalid-index']?.severity).toBe('warn');
    expect(await invalidIndexes(url)).toEqual(['users_id']);
  });

  test('the leftover of their own rebuild, even of an index that we rebuild beside it', async () => {
    const url = await tests.database();
    await bloatedTable(url, 'orders');
    await cancelledByTheirOwner(url, 'orders_key', 'orders');
    expect(await invalidIndexes(url)).toEqual(['orders_key_ccnew']);

    const { result, actions } = await reindex(url);

    expect(actions).toMatchObject([{ verb: 'reindex', subject: 'public.orders_key', status: 'done' }]);
    expect(result.findings).toMatchObject([
      { kind: 'foreign-invalid-index', subject: 'public.orders_key_ccnew' },
      { kind: 'rebuilt', subject: 'public.orders_key' },
    ]);
    expect(await invalidIndexes(url)).toEqual(['orders_key_ccnew']);
  });

  test('a valid index that only ends like a leftover is nothing to speak of', async () => {
    const url = await tests.database();
    await execute(url, 'CREATE TABLE users (id int)', 'CREATE INDEX users_id_ccnew ON users (id)');

    const { result, actions } = await reindex(url);

    expect(actions).toEqual([]);
    expect(result.findings).toEqual([]);
    expect(await valueOf(url, `SELECT to_regclass('users_id_ccnew')::text`)).toBe('users_id_ccnew');
  });

  test('one that is being built is not accused', async () => {
    const url = await tests.database();
    await execute(url, 'CREATE TABLE users (id int)');
    const writer = await openSession(url, 'BEGIN', 'INSERT INTO users VALUES (1)');
    const building = execute(url, 'CREATE INDEX CONCURRENTLY users_id ON users (id)');
    await until(async () => (await invalidIndexes(url)).length === 1);

    const { result } = await reindex(url);
    await writer.query('COMMIT');
    await writer.end();
    await building;

    expect(result.findings).toEqual([]);
  });
});
