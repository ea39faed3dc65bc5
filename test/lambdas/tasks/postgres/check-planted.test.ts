import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Task } from '../../../../core/task.ts';
import { plant } from '../../../../lib/demo/postgres-data.ts';
import {
  blockMigration,
  type Held,
  holdConnections,
  migrationFindings,
  QUERY_FINDINGS,
  QUERY_INPUTS,
  runQueries,
} from '../../../../lib/demo/postgres-queries.ts';
import { task as connection } from '../../../../lambdas/tasks/postgres/check-connection.ts';
import { task as slowQueries } from '../../../../lambdas/tasks/postgres/check-slow-queries.ts';
import { task as wraparound } from '../../../../lambdas/tasks/postgres/check-wraparound.ts';
import { startTestServer, type TestServer, toEnd } from './_database.ts';

let tests: TestServer;
let url = '';
beforeAll(async () => {
  tests = await startTestServer();
  url = await tests.server.createDatabase('eventchain');
  await plant(url);
});
afterAll(() => tests.end());

test('the three checks find exactly what the demo plants, and a second start finds it again', async () => {
  let baseline: unknown;
  for (let start = 0; start < 2; start += 1) {
    const held: Held[] = [await holdConnections(tests.server, 'eventchain'), await blockMigration(url)];
    await runQueries(url);
    await sleep(1_000);

    const found: string[] = [];
    for (const task of [connection, slowQueries, wraparound] as Task[]) {
      const input = QUERY_INPUTS[task.name as keyof typeof QUERY_INPUTS];
      const kept = task === slowQueries ? { baseline } : {};
      const { result } = await toEnd({ task, targets: { main: { url } }, input, ...kept });
      if (task === slowQueries) baseline = result.baseline;
      for (const { kind, subject, target } of result.findings) {
        if (task.findings[kind]?.severity === 'info') continue;
        found.push([task.name, kind, target, ...(subject ? [subject.replace(/\d+/, '')] : [])].join(' ').trim());
      }
    }
    await Promise.all(held.map((one) => one.release()));

    expect(found.sort()).toEqual([...QUERY_FINDINGS, ...migrationFindings('main')].sort());
  }
});
