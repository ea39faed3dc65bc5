import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { task as analyze } from '../../../lambdas/tasks/postgres/analyze.ts';
import { task as reindex } from '../../../lambdas/tasks/postgres/reindex.ts';
import { task as vacuum } from '../../../lambdas/tasks/postgres/vacuum.ts';
import { INDEX_ACTIONS, INDEX_FINDINGS, INDEX_INPUTS, plantIndexes } from '../../../lib/demo/postgres-indexes.ts';
import { performTask } from '../../harness/perform-task.ts';
import { startTestServer, type TestServer, toEnd } from '../../lambdas/tasks/postgres/_database.ts';

let tests: TestServer;
let url = '';
beforeAll(async () => {
  tests = await startTestServer();
  url = await tests.server.createDatabase('eventchain');
});
afterAll(() => tests.end());

async function found() {
  const input = { ...INDEX_INPUTS['postgres-reindex'], tables: ['checkins'] };
  const { result, actions } = await toEnd({ task: reindex, targets: { main: { url } }, input });
  return {
    findings: result.findings
      .filter(({ kind }) => reindex.findings[kind]?.severity !== 'info')
      .map(({ kind, target, subject }) => `postgres-reindex ${kind} ${target} ${subject}`),
    actions: actions.map(({ verb, target, subject, status }) => {
      expect(status).toBe('done');
      return `${verb} ${target} ${subject}`;
    }),
  };
}

test('the task finds exactly what is planted, mends it, and finds it mended; the other tasks have nothing to do', async () => {
  expect(await plantIndexes(url)).toBe(true);
  for (const task of [vacuum, analyze])
    expect((await performTask({ task, targets: { main: { url } }, mode: 'plan' })).actions).toEqual([]);

  expect(await found()).toEqual({ findings: INDEX_FINDINGS, actions: INDEX_ACTIONS });
  expect(await plantIndexes(url)).toBe(false);
  expect(await found()).toEqual({ findings: INDEX_FINDINGS, actions: [] });

  expect(await plantIndexes(url, { fresh: true })).toBe(true);
  const input = { ...INDEX_INPUTS['postgres-reindex'], tables: ['checkins'] };
  const { actions } = await performTask({ task: reindex, targets: { main: { url } }, input, mode: 'plan' });
  expect(actions.map(({ verb, subject }) => `${verb} main ${subject}`)).toEqual(INDEX_ACTIONS);
});
