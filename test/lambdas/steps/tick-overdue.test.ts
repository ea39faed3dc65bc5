import { expect, test } from '@jest/globals';
import { RunReport } from '../../../core/report.ts';
import { leaseProblem } from '../../../lambdas/runtime/leases.ts';
import { createRecord, requireRecord } from '../../../lambdas/runtime/records.ts';
import type { Store } from '../../../lambdas/runtime/store.ts';
import { beginRun } from '../../../lambdas/steps/begin-run.ts';
import { finishRun } from '../../../lambdas/steps/finish-run.ts';
import { tick } from '../../../lambdas/steps/tick.ts';
import { procedureDefinition } from '../../../state-machines/procedure.ts';
import { verified } from '../../evidence/_ended-runs.ts';
import {
  keysOf,
  NOW,
  platformOf,
  procedureOf,
  runtimeOf,
  secondsLater,
  temporaryStore,
} from '../../harness/run-records.ts';

const BUDGET_SECONDS = 1_800;
const procedure = procedureOf({ budgetSeconds: BUDGET_SECONDS });
const platform = platformOf(procedure);
const AN_HOUR_LATE = BUDGET_SECONDS + 3_600;
const HOLDER = { host: 'night', pid: 7, processStartedAt: '1' };

function begin(store: Store, execution = 'first', holder?: typeof HOLDER) {
  const input = { trigger: 'person', mode: 'execute' };
  const event = { procedure: 'daily', execution, executionStartedAt: NOW.toISOString(), input };
  return beginRun(event, platform, { ...runtimeOf(store), holder });
}

async function tickAfter(store: Store, seconds: number): Promise<string[]> {
  const lines: string[] = [];
  const runtime = runtimeOf(store, () => secondsLater(seconds), lines);
  await tick(platform, runtime);
  return lines;
}

test('a run that nobody ended is ended an hour after its deadline, and its leases come back', async () => {
  const store = await temporaryStore();
  const { run } = await begin(store);

  const lines = await tickAfter(store, AN_HOUR_LATE + 1);

  expect(await requireRecord(store, `${run.key}/report.json`, RunReport)).toMatchObject({
    ended: 'aborted',
    endedBecause: 'nobody had ended it an hour after its deadline 2026-11-21T02:30:00.000Z',
    verdict: 'unknown',
  });
  const held = { kind: 'postgres', target: 'main', runId: run.id, epoch: 1, now: secondsLater(1) };
  expect(await leaseProblem(store, held)).toContain('nobody holds');
  expect(await keysOf(store, 'state/open/')).toEqual([]);
  expect(await verified(store)).toMatchObject({ isProven: true });
  expect(lines.join('')).toContain('a run was left open');
});

test('a run that may still be at work is left alone: its machine ends itself long before that', async () => {
  const store = await temporaryStore();
  const { run } = await begin(store);
  const before = await keysOf(store, 'runs/');

  await tickAfter(store, AN_HOUR_LATE);

  expect(await keysOf(store, 'runs/')).toEqual(before);
  const { TimeoutSeconds } = procedureDefinition(platform, procedure);
  expect(TimeoutSeconds + 1_200).toBeLessThan(AN_HOUR_LATE);
  expect(await finishRun({ run, caught: {} }, runtimeOf(store))).toMatchObject({ runKey: run.key });
});

test('a run of one machine is left to that machine', async () => {
  const store = await temporaryStore();
  await begin(store, 'local', HOLDER);
  const before = await keysOf(store, 'runs/');

  await tickAfter(store, 10 * AN_HOUR_LATE);

  expect(await keysOf(store, 'runs/')).toEqual(before);
});

test('an open run that cannot be read is told and keeps neither the others from their end nor Tick from its heartbeat', async () => {
  const store = await temporaryStore();
  await createRecord(store, 'state/open/broken.json', { runKey: 'runs/daily/broken' });
  await store.createIfAbsent('runs/daily/broken/started.json', 'half a rec');
  const { run } = await begin(store);

  const lines = await tickAfter(store, AN_HOUR_LATE + 1);

  expect(lines.join('')).toMatch(/an open run could not be ended.*broken/);
  expect(await requireRecord(store, `${run.key}/report.json`, RunReport)).toMatchObject({ ended: 'aborted' });
});
