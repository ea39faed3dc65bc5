import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execute, startPostgres, type PostgresServer } from '../../../../lib/demo/servers/postgres.ts';
import { task } from '../../../../lambdas/tasks/postgres/check-connection.ts';
import { task as slowQueries } from '../../../../lambdas/tasks/postgres/check-slow-queries.ts';
import { task as wraparound } from '../../../../lambdas/tasks/postgres/check-wraparound.ts';
import { performTask, resultOf } from '../../../harness/perform-task.ts';

let parent = '';
let standby: PostgresServer;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'fettle-standby-'));
  await chmod(parent, 0o755);
  const folder = join(parent, 'data');
  const primary = await startPostgres({ folder, durable: false });
  await execute(primary.url(), 'CREATE EXTENSION pg_stat_statements');
  await primary.stop();
  // A standby whose primary is out of reach: in recovery for ever, and readable.
  await writeFile(join(folder, 'standby.signal'), '');
  standby = await startPostgres({ folder, durable: false });
});
afterAll(async () => {
  await standby.stop();
  await rm(parent, { recursive: true, force: true });
});

test('a standby that answers every read is a failure where the primary is expected', async () => {
  const { findings } = await resultOf({ task, targets: { main: { url: standby.url() } } });

  expect(findings).toMatchObject([
    { kind: 'logged-in', summary: expect.stringContaining(', standby, ') },
    { kind: 'not-primary', summary: 'a standby answers (pg_is_in_recovery), a primary is expected' },
  ]);
  expect(task.findings['not-primary']?.severity).toBe('fail');
});

test.each(['standby', 'any'])('a standby is a pass where the profile expects %s', async (serverRole) => {
  const { findings } = await resultOf({ task, targets: { main: { url: standby.url() } }, input: { serverRole } });

  expect(findings.map(({ kind }) => kind)).toEqual(['logged-in']);
});

test('the ages of a standby are those of its primary, and are read', async () => {
  const { findings, measurements } = await resultOf({ task: wraparound, targets: { main: { url: standby.url() } } });

  expect(findings).toEqual([]);
  expect(measurements.map(({ name }) => name)).toContain('oldest-transaction-age');
});

test('a standby counts statements of its own, and is judged by them', async () => {
  const performance = { task: slowQueries, targets: { main: { url: standby.url() } }, input: { minInterval: '1s' } };
  const { result } = await performTask(performance);
  await execute(standby.url(), ...new Array<string>(11).fill('SELECT pg_sleep(0.1)'));

  const { result: later } =
    'paused' in result ? await performTask({ ...performance, resume: result.cursor }) : { result };

  expect(later).toMatchObject({
    findings: [],
    measurements: expect.arrayContaining([expect.objectContaining({ name: 'calls' })]),
  });
});
