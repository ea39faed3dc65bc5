import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execute } from '../../../../lib/demo/servers/postgres.ts';
import { task } from '../../../../lambdas/tasks/postgres/reindex.ts';
import { openSession, startTestServer, type TestServer, toEnd, valueOf } from './_database.ts';
import { bloatedTable } from './_reindex-fixtures.ts';
import { until } from './_run.ts';

let tests: TestServer;
beforeAll(async () => {
  tests = await startTestServer();
});
afterAll(() => tests.end());

test.each([
  ['plain', ''],
  ['of an expression', `CREATE INDEX closed_lower ON closed (lower(note))`],
  ['of a part of it', `CREATE INDEX closed_part ON closed (note) WHERE id > 10`],
  [
    'bloated, of an expression',
    `REINDEX INDEX closed_key; CREATE INDEX closed_e ON closed (upper(note)); UPDATE closed SET note = note`,
  ],
])('a table that nobody may even read hides no other one, its indexes being %s', async (_title, more) => {
  const url = await tests.database();
  for (const table of ['closed', 'open']) await bloatedTable(url, table, 20_000);
  for (const statement of more.split('; ')) if (statement) await execute(url, statement);
  const locker = await openSession(url, 'BEGIN', 'LOCK TABLE closed IN ACCESS EXCLUSIVE MODE');
  const input = { minSize: '64kB', lockTimeout: '1s' };

  const { result, actions } = await toEnd({ task, targets: { main: { url } }, input: input as never });
  await locker.end();

  expect(result.findings.map(({ kind }) => kind)).not.toContain('not-readable');
  expect(actions).toContainEqual(expect.objectContaining({ subject: 'public.open_key', status: 'done' }));
  const ofClosed = result.findings.filter(({ subject }) => subject?.includes('closed'));
  expect(new Set(ofClosed.map(({ kind }) => kind))).toEqual(new Set(['not-measurable']));
});

test('a table that someone only waits to lock hides no other one either, and none of its indexes is accused', async () => {
  const url = await tests.database();
  for (const table of ['closed', 'open']) await bloatedTable(url, table, 20_000);
  await execute(url, `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'closed_key'::regclass`);
  const reader = await openSession(url, 'BEGIN', 'SELECT FROM closed LIMIT 1');
  const waiter = await openSession(url, 'BEGIN');
  const waiting = waiter.query('LOCK TABLE closed IN ACCESS EXCLUSIVE MODE');
  const waits = `SELECT count(*)::int FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'`;
  await until(async () => (await valueOf(url, waits)) === 1);

  const input = { minSize: '64kB', lockTimeout: '1s', transactionTimeout: '1s' };
  const { result, actions } = await toEnd({ task, targets: { main: { url } }, input: input as never });
  await reader.end();
  await waiting;
  await waiter.end();

  // Whether it gives way to their transactions is another matter: it was measured and begun.
  expect(actions).toContainEqual(expect.objectContaining({ verb: 'reindex', subject: 'public.open_key' }));
  expect(result.findings.map(({ kind }) => kind)).not.toContain('not-readable');
  expect(result.findings.filter(({ subject }) => subject?.includes('closed'))).toEqual([]);
});
