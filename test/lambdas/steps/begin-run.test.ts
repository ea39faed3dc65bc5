import { expect, test } from '@jest/globals';
import * as z from 'zod';
import { GrantedLease, Started } from '../../../core/run.ts';
import { leaseProblem } from '../../../lambdas/runtime/leases.ts';
import { readRecord, requireRecord } from '../../../lambdas/runtime/records.ts';
import type { Store } from '../../../lambdas/runtime/store.ts';
import { beginRun, type Begun } from '../../../lambdas/steps/begin-run.ts';
import { finishRun } from '../../../lambdas/steps/finish-run.ts';
import {
  entryOf,
  keysOf,
  NOW,
  platformOf,
  procedureOf,
  runtimeOf,
  secondsLater,
  temporaryStore,
  textOf,
} from '../../harness/run-records.ts';

const changing = entryOf({ index: 1, targets: ['main', 'copy'] });
const again = entryOf({ index: 2, task: 'postgres-reindex', targets: ['main'] });
const reading = entryOf({
  index: 3,
  task: 'redis-check-memory',
  kind: 'redis',
  effect: 'read-only',
  targets: ['cache'],
});
const procedure = procedureOf({ window: '02:00-04:00', steps: [changing, again, reading] });
const platform = platformOf(procedure);
const scheduled = { trigger: 'schedule', scheduledTime: NOW.toISOString() };
const KEY = 'runs/daily/daily-20261121T020000Z';

function begin(store: Store, execution: string, { input = scheduled as unknown, now = NOW } = {}): Promise<Begun> {
  const event = { procedure: 'daily', execution, executionStartedAt: NOW.toISOString(), input };
  return beginRun(
    event,
    platform,
    runtimeOf(store, () => now),
  );
}

const leasesOf = (store: Store, key = KEY) => requireRecord(store, `${key}/leases.json`, z.array(GrantedLease));

test('a run leaves its claim, its profile and its leases, and takes each changed target once', async () => {
  const store = await temporaryStore();
  const begun = await begin(store, 'first');
  expect(begun).toMatchObject({ next: 'tasks', run: { key: KEY, mode: 'execute' } });
  expect(await keysOf(store)).toEqual(
    [
      `${KEY}/leases.json`,
      `${KEY}/profile.json`,
      `${KEY}/started.json`,
      'state/executions/first.json',
      'state/leases/postgres/copy.json',
      'state/leases/postgres/main.json',
      'state/open/daily-20261121T020000Z.json',
    ].sort(),
  );
  expect(await leasesOf(store)).toEqual([
    { kind: 'postgres', target: 'main', epoch: 1 },
    { kind: 'postgres', target: 'copy', epoch: 1 },
  ]);
});

test('a lease outlives the deadline of its run by ten minutes', async () => {
  const store = await temporaryStore();
  await begin(store, 'first');
  const held = { kind: 'postgres', target: 'main', runId: 'daily-20261121T020000Z', epoch: 1 };
  expect(await leaseProblem(store, { ...held, now: secondsLater(1_800 + 599) })).toBeUndefined();
  expect(await leaseProblem(store, { ...held, now: secondsLater(1_800 + 600) })).toContain('ended at');
});

test('a target that another run holds is in the list without an epoch, with the name of that run', async () => {
  const store = await temporaryStore();
  await begin(store, 'first');
  const input = { mode: 'execute' };
  const begun = await begin(store, 'second', { input });
  expect(begun.next).toBe('tasks');
  expect(await leasesOf(store, begun.run.key)).toEqual([
    { kind: 'postgres', target: 'main', heldBy: 'daily-20261121T020000Z' },
    { kind: 'postgres', target: 'copy', heldBy: 'daily-20261121T020000Z' },
  ]);
});

test('a plan takes no lease', async () => {
  const store = await temporaryStore();
  const begun = await begin(store, 'first', { input: {} });
  expect(begun).toMatchObject({ next: 'tasks', run: { mode: 'plan' } });
  expect(await leasesOf(store, begun.run.key)).toEqual([]);
  expect(await keysOf(store, 'state/leases/')).toEqual([]);
});

test('a duplicate ends at once and leaves nothing but its own execution', async () => {
  const store = await temporaryStore();
  await begin(store, 'first');
  const before = await keysOf(store);
  expect(await begin(store, 'second', { now: secondsLater(20) })).toMatchObject({ next: 'end' });
  expect(await keysOf(store)).toEqual([...before, 'state/executions/second.json'].sort());
  expect((await requireRecord(store, `${KEY}/started.json`, Started)).execution).toBe('first');
});

test('a duplicate of a run that has ended does not open it again', async () => {
  const store = await temporaryStore();
  const { run } = await begin(store, 'first');
  await finishRun({ run, caught: {} }, runtimeOf(store));
  const before = await keysOf(store);
  expect(await begin(store, 'second', { now: secondsLater(20) })).toMatchObject({ next: 'end' });
  expect(await keysOf(store)).toEqual([...before, 'state/executions/second.json'].sort());
});

test('of many executions of one occurrence exactly one goes on', async () => {
  const store = await temporaryStore();
  const begun = await Promise.all(['a', 'b', 'c', 'd'].map((execution) => begin(store, execution)));
  expect(begun.map(({ next }) => next).sort()).toEqual(['end', 'end', 'end', 'tasks']);
});

test('the same execution goes on where it stood', async () => {
  const store = await temporaryStore();
  const first = await begin(store, 'first');
  const before = await Promise.all((await keysOf(store)).map((key) => textOf(store, key)));
  expect(await begin(store, 'first', { now: secondsLater(40) })).toEqual(first);
  const after = await Promise.all((await keysOf(store)).map((key) => textOf(store, key)));
  expect(after).toEqual(before);
});

test('a schedule that comes too late is refused and takes no lease', async () => {
  const store = await temporaryStore();
  const begun = await begin(store, 'late', { now: secondsLater(2 * 3_600) });
  expect(begun).toMatchObject({ next: 'finish', run: { key: KEY, mode: 'plan' } });
  expect(await keysOf(store, 'state/leases/')).toEqual([]);
  expect(await requireRecord(store, `${KEY}/started.json`, Started)).toMatchObject({
    requestedMode: 'execute',
    refusal: { reason: 'window' },
  });
});

test('an input with an unknown field is refused and recorded', async () => {
  const store = await temporaryStore();
  const begun = await begin(store, 'first', { input: { ...scheduled, dryRun: true } });
  expect(begun.next).toBe('finish');
  const started = await readRecord(store, `${begun.run.key}/started.json`, Started);
  expect(started?.value.refusal).toMatchObject({
    reason: 'input',
    detail: expect.stringMatching(/dryRun.* \[RUN_INPUT\]$/),
  });
});

test('a procedure that the profile does not have is an error', async () => {
  const store = await temporaryStore();
  const event = { procedure: 'hourly', execution: 'x', executionStartedAt: NOW.toISOString(), input: {} };
  await expect(beginRun(event, platform, runtimeOf(store))).rejects.toThrow('shop has no procedure hourly');
  expect(await keysOf(store)).toEqual([]);
});
