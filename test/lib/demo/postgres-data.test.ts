import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { task as analyze } from '../../../lambdas/tasks/postgres/analyze.ts';
import { task as vacuum } from '../../../lambdas/tasks/postgres/vacuum.ts';
import { plant, PLANTED } from '../../../lib/demo/postgres-data.ts';
import { execute } from '../../../lib/demo/servers/postgres.ts';
import { performTask } from '../../harness/perform-task.ts';
import { startTestServer, type TestServer, toEnd } from '../../lambdas/tasks/postgres/_database.ts';

let tests: TestServer;
let url = '';
beforeAll(async () => {
  tests = await startTestServer();
  url = await tests.server.createDatabase('eventchain');
});
afterAll(() => tests.end());

async function planned(task: typeof vacuum): Promise<string[]> {
  const { actions } = await performTask({ task, targets: { main: { url } }, mode: 'plan' });
  return actions.map(({ subject }) => subject);
}

test('the tasks find with their defaults exactly what is planted, and the next plan finds it mended', async () => {
  expect(await plant(url)).toBe(true);

  expect(await planned(vacuum)).toEqual(PLANTED.vacuum);
  expect((await planned(analyze)).sort()).toEqual([...PLANTED.analyze].sort());
  const { result } = await toEnd({ task: vacuum, targets: { main: { url } } });
  await toEnd({ task: analyze, targets: { main: { url } } });

  expect(result.findings.map(({ kind, subject }) => [kind, subject])).toEqual(
    PLANTED.autovacuumOff.map((table) => ['autovacuum-off', table]),
  );
  expect(await plant(url)).toBe(false);
  expect(await planned(vacuum)).toEqual([]);
  expect(await planned(analyze)).toEqual([]);
});

test('fresh plants again, and so does a start after one that stopped half-way', async () => {
  expect(await plant(url, { fresh: true })).toBe(true);
  expect(await planned(vacuum)).toEqual(PLANTED.vacuum);

  await execute(url, 'DROP TABLE payments');

  expect(await plant(url)).toBe(true);
  expect(await planned(vacuum)).toEqual(PLANTED.vacuum);
});
