import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { task as analyze } from '../../../lambdas/tasks/postgres/analyze.ts';
import { task as reindex } from '../../../lambdas/tasks/postgres/reindex.ts';
import { task as vacuum } from '../../../lambdas/tasks/postgres/vacuum.ts';
import { INDEX_ACTIONS, INDEX_FINDINGS, INDEX_INPUTS, plantIndexes } from '../../../lib/demo/postgres-indexes.ts';
import { startPostgres, type PostgresServer } from '../../../lib/demo/servers/postgres.ts';
import { performTask } from '../../harness/perform-task.ts';
import { toEnd } from '../../lambdas/tasks/postgres/_database.ts';

let parent = '';
let server: PostgresServer;
let url = '';
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'fettle-demo-indexes-'));
  await chmod(parent, 0o755);
  server = await startPostgres({ folder: join(parent, 'data'), durable: false });
  url = await server.createDatabase('eventchain');
});
afterAll(async () => {
  await server.stop();
  await rm(parent, { recursive: true, force: true });
});

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
