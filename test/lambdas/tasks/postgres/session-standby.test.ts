import { mkdtemp, chmod, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startPostgres, type PostgresServer } from '../../../../lib/demo/servers/postgres.ts';
import { task as analyze } from '../../../../lambdas/tasks/postgres/analyze.ts';
import { task as vacuum } from '../../../../lambdas/tasks/postgres/vacuum.ts';
import { resultOf } from '../../../harness/perform-task.ts';

let parent = '';
let standby: PostgresServer;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'fettle-standby-'));
  await chmod(parent, 0o755);
  const folder = join(parent, 'data');
  const primary = await startPostgres({ folder, durable: false });
  await primary.stop();
  // A standby whose primary is out of reach: in recovery for ever, and readable.
  await writeFile(join(folder, 'standby.signal'), '');
  standby = await startPostgres({ folder, durable: false });
});
afterAll(async () => {
  await standby.stop();
  await rm(parent, { recursive: true, force: true });
});

test.each([vacuum, analyze])('$name refuses a standby', async (task) => {
  const { findings, measurements } = await resultOf({ task, targets: { main: { url: standby.url() } } });

  expect(measurements).toEqual([]);
  expect(findings).toMatchObject([
    { kind: 'not-readable', summary: 'postgres main is a standby; give the address of its primary' },
  ]);
});
