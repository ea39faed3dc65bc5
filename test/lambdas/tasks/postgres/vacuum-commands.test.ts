import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { holdHorizon } from '../../../../lib/demo/postgres-data.ts';
import { execute } from '../../../../lib/demo/servers/postgres.ts';
import { holderStatement } from '../../../../lambdas/tasks/postgres/_horizon.ts';
import { task } from '../../../../lambdas/tasks/postgres/vacuum.ts';
import { openSession, startTestServer, tableWithDeadRows, type TestServer, toEnd, valueOf } from './_database.ts';

let tests: TestServer;
beforeAll(async () => {
  tests = await startTestServer();
});
afterAll(() => tests.end());

async function findingsOf(url: string) {
  const { result } = await toEnd({ task, targets: { main: { url } }, input: { minRows: 1_000, lockTimeout: '1s' } });
  return result.findings;
}

async function commandOf(url: string, kind: string): Promise<string> {
  const found = (await findingsOf(url)).find((finding) => finding.kind === kind);
  if (found?.command === undefined) throw new Error(`${kind} has no command: ${JSON.stringify(found)}`);
  return found.command;
}

test('the statement for a table without autovacuum, whatever its name, mends exactly it', async () => {
  const url = await tests.database();
  await execute(
    url,
    `CREATE TABLE "it's ""odd"" $1; --" (id int) WITH (autovacuum_enabled = off)`,
    'CREATE TABLE other (id int)',
  );

  await execute(url, await commandOf(url, 'autovacuum-off'));

  expect(await findingsOf(url)).toEqual([]);
});

test('a name with a line break gets no statement, for what is pasted must be what was read', async () => {
  const url = await tests.database();
  await execute(url, `CREATE TABLE "two\nlines" (id int) WITH (autovacuum_enabled = off)`);

  const [finding] = await findingsOf(url);

  expect(finding).toMatchObject({ kind: 'autovacuum-off', subject: 'public."two\\u{a}lines"' });
  expect(finding?.command).toBeUndefined();
});

test('the statement for a horizon that is held shows the session that holds it, and ends nothing', async () => {
  const url = await tests.database();
  await execute(url, 'CREATE TABLE orders (id int PRIMARY KEY)');
  await execute(url, 'INSERT INTO orders SELECT generate_series(1, 10000)');
  await execute(url, 'VACUUM (ANALYZE) orders');
  const { pid, release } = await holdHorizon(url);
  await execute(url, 'DELETE FROM orders WHERE id <= 4000');

  const statement = await commandOf(url, 'horizon-held');
  const [shown] = await execute(url, statement);
  const stillThere = await valueOf(url, `SELECT count(*)::int FROM pg_stat_activity WHERE pid = ${pid}`);
  await release();

  expect(shown?.rows).toMatchObject([{ pid, application_name: 'forgotten-console', state: 'idle in transaction' }]);
  expect(stillThere).toBe(1);
});

test('the statement for a locked table shows who has the lock', async () => {
  const url = await tests.database();
  await tableWithDeadRows(url, '"the orders"', 10_000, 5_000);
  const holder = await openSession(url, 'BEGIN', 'LOCK TABLE "the orders"');

  const statement = await commandOf(url, 'locked');
  const [shown] = await execute(url, statement);
  await holder.end();

  expect(shown?.rows).toMatchObject([{ application_name: 'test-session', mode: 'AccessExclusiveLock', granted: true }]);
});

test.each(['session', 'prepared transaction', 'replication slot', 'standby'] as const)(
  'what shows a %s is a statement that the server takes, whatever its name',
  async (kind) => {
    const [shown] = await execute(tests.server.url(), holderStatement({ kind, id: `it's "odd" \\ $1; --` }));
    expect(shown?.rows).toEqual([]);
  },
);
