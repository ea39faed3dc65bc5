import { expect, test } from '@jest/globals';
import { RunReport } from '../../../core/report.ts';
import { leaseProblem } from '../../../lambdas/runtime/leases.ts';
import { createRecord, requireRecord } from '../../../lambdas/runtime/records.ts';
import type { Store } from '../../../lambdas/runtime/store.ts';
import { beginRun } from '../../../lambdas/steps/begin-run.ts';
import { finishRun } from '../../../lambdas/steps/finish-run.ts';
import { reapRun } from '../../../lambdas/steps/reap-run.ts';
import {
  keysOf,
  NOW,
  platformOf,
  procedureOf,
  runtimeOf,
  secondsLater,
  temporaryStore,
  textOf,
} from '../../harness/run-records.ts';

const ARN = 'arn:aws:states:eu-west-1:111122223333:execution:shop-daily:';
const platform = platformOf(procedureOf());

function begin(store: Store, name: string) {
  const input = { trigger: 'schedule', scheduledTime: NOW.toISOString() };
  const event = { procedure: 'daily', execution: `${ARN}${name}`, executionStartedAt: NOW.toISOString(), input };
  return beginRun(event, platform, runtimeOf(store));
}

function reap(store: Store, name: string, detail = {}) {
  const event = { detail: { executionArn: `${ARN}${name}`, status: 'ABORTED' as const, ...detail } };
  return reapRun(
    event,
    runtimeOf(store, () => secondsLater(300)),
  );
}

test('the run of an execution that died is ended as aborted, with why, and its leases come back', async () => {
  const store = await temporaryStore();
  const { run } = await begin(store, 'first');
  expect(await reap(store, 'first', { error: 'OperatorStop', cause: 'wrong day' })).toEqual({ reaped: true });
  expect(await requireRecord(store, `${run.key}/report.json`, RunReport)).toMatchObject({
    ended: 'aborted',
    endedBecause: 'ABORTED: OperatorStop: wrong day',
    verdict: 'unknown',
    findings: [{ kind: 'no-record', summary: 'no record of this step: it was not reached' }],
  });
  const held = { kind: 'postgres', target: 'main', runId: run.id, epoch: 1, now: secondsLater(301) };
  expect(await leaseProblem(store, held)).toContain('nobody holds');
  expect(await keysOf(store, 'state/open/')).toEqual([]);
  expect(await keysOf(store, 'chain/')).toHaveLength(1);
});

test('the execution of a duplicate that died leaves the run of the other one alone', async () => {
  const store = await temporaryStore();
  await begin(store, 'first');
  await begin(store, 'second');
  const before = await keysOf(store);
  expect(await reap(store, 'second')).toEqual({ reaped: false });
  expect(await keysOf(store)).toEqual(before);
});

test('a Finish after Reap keeps the first end', async () => {
  const store = await temporaryStore();
  const { run } = await begin(store, 'first');
  await reap(store, 'first');
  await finishRun(
    { run, caught: {} },
    runtimeOf(store, () => secondsLater(400)),
  );
  expect((await requireRecord(store, `${run.key}/report.json`, RunReport)).ended).toBe('aborted');
  expect(await keysOf(store, 'chain/')).toHaveLength(1);
});

test('an execution that died before its run began has nothing to end and is logged', async () => {
  const store = await temporaryStore();
  const lines: string[] = [];
  const event = { detail: { executionArn: `${ARN}never`, status: 'FAILED' as const } };
  expect(
    await reapRun(
      event,
      runtimeOf(store, () => NOW, lines),
    ),
  ).toEqual({ reaped: false });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('an execution died before its run began');
  expect(await keysOf(store)).toEqual([]);
});

test('an execution that died between opening and claiming its run leaves nothing that leads to a run', async () => {
  const store = await temporaryStore();
  const runKey = 'runs/daily/daily-20261121T020000Z';
  await createRecord(store, 'state/executions/first.json', { execution: `${ARN}first`, runKey });
  await createRecord(store, 'state/open/daily-20261121T020000Z.json', { runKey, execution: `${ARN}first` });
  expect(await reap(store, 'first')).toEqual({ reaped: false });
  expect(await keysOf(store)).toEqual([]);
});

test('a Begin that its execution repeats after Reap opens nothing again and takes no lease', async () => {
  const store = await temporaryStore();
  const { run } = await begin(store, 'first');
  await reap(store, 'first');
  const before = await keysOf(store);
  expect(await begin(store, 'first')).toMatchObject({ next: 'end', run: { key: run.key } });
  expect(await keysOf(store)).toEqual(before);
  const held = { kind: 'postgres', target: 'main', runId: run.id, epoch: 1, now: secondsLater(301) };
  expect(await leaseProblem(store, held)).toContain('nobody holds');
});

test('a Begin that Reap overtakes gives back what it took', async () => {
  const store = await temporaryStore();
  await begin(store, 'first');
  // Reap comes between the look at the run and its opening: whoever reads `ended` first sees nothing.
  const create = store.createIfAbsent.bind(store);
  store.createIfAbsent = async (key, body) => {
    if (key.startsWith('state/open/')) await reap(store, 'first');
    return create(key, body);
  };
  expect(await begin(store, 'first')).toMatchObject({ next: 'end' });
  expect(await keysOf(store, 'state/open/')).toEqual([]);
  const lease = await textOf(store, 'state/leases/postgres/main.json');
  expect(JSON.parse(lease)).not.toHaveProperty('heldBy');
});
