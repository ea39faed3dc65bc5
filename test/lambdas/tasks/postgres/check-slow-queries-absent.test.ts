import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execute } from '../../../../lib/demo/servers/postgres.ts';
import { task } from '../../../../lambdas/tasks/postgres/check-slow-queries.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import { startTestServer, type TestServer } from './_database.ts';

let tests: TestServer;
beforeAll(async () => {
  tests = await startTestServer(['shared_preload_libraries=']);
});
afterAll(() => tests.end());

test('a server without the library is unknown, although the extension exists and looks as ever', async () => {
  const url = await tests.database();
  await execute(url, 'CREATE EXTENSION pg_stat_statements');

  const { findings, measurements } = await resultOf({ task, targets: { main: { url } } });

  expect(findings).toMatchObject([
    { kind: 'library-not-loaded', summary: 'shared_preload_libraries is without pg_stat_statements' },
  ]);
  expect(task.findings['library-not-loaded']?.severity).toBe('unknown');
  expect(measurements).toEqual([{ name: 'long-running', value: 0, unit: 'count', target: 'main' }]);
});
