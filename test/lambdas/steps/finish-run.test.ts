import { expect, test } from '@jest/globals';
import { sha256 } from '../../../core/json.ts';
import { RunReport } from '../../../core/report.ts';
import type { Begun } from '../../../lambdas/steps/begin-run.ts';
import { beginRun } from '../../../lambdas/steps/begin-run.ts';
import { finishRun } from '../../../lambdas/steps/finish-run.ts';
import { reapRun } from '../../../lambdas/steps/reap-run.ts';
import { Manifest } from '../../../lambdas/runtime/evidence.ts';
import { leaseProblem } from '../../../lambdas/runtime/leases.ts';
import { createRecord, requireRecord } from '../../../lambdas/runtime/records.ts';
import { LATEST_KEY, LatestIndex, MonthIndex, monthKey } from '../../../lambdas/runtime/run-index.ts';
import type { Store } from '../../../lambdas/runtime/store.ts';
import {
  keysOf,
  NOW,
  platformOf,
  procedureOf,
  reportedFinding,
  runtimeOf,
  secondsLater,
  stepRecordOf,
  temporaryStore,
  textOf,
} from '../../harness/run-records.ts';

const platform = platformOf(procedureOf({ window: '02:00-04:00' }));
const DAY_SECONDS = 86_400;

function begin(store: Store, { input = { trigger: 'schedule' } as unknown, execution = 'first', now = NOW } = {}) {
  const event = { procedure: 'daily', execution, executionStartedAt: now.toISOString(), input };
  return beginRun(
    event,
    platform,
    runtimeOf(store, () => now),
  );
}

async function recordStep(store: Store, { run }: Begun, over = {}): Promise<void> {
  await createRecord(store, `${run.key}/steps/01-postgres-vacuum.json`, stepRecordOf({ mode: run.mode, ...over }));
}

function finish(store: Store, { run }: Begun, { now = secondsLater(60), caught = {} } = {}) {
  return finishRun(
    { run, caught },
    runtimeOf(store, () => now),
  );
}

const reportOf = (store: Store, { run }: Begun) => requireRecord(store, `${run.key}/report.json`, RunReport);

async function contents(store: Store): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const key of await keysOf(store)) texts[key] = await textOf(store, key);
  return texts;
}

test('a finished run has its report, its page, its daily copy, its seal and no lease any more', async () => {
  const store = await temporaryStore();
  const begun = await begin(store);
  await recordStep(store, begun);
  expect(await finish(store, begun)).toMatchObject({ runKey: begun.run.key, verdict: 'pass', counts: { pass: 1 } });

  expect(await reportOf(store, begun)).toMatchObject({ ended: 'finished', tasks_completed: ['postgres-vacuum'] });
  expect(await textOf(store, `${begun.run.key}/report.html`)).toContain('<!doctype html>');
  expect(await textOf(store, 'maintenance/daily/20261121.json')).toBe(
    await textOf(store, `${begun.run.key}/report.json`),
  );
  expect(await keysOf(store, 'chain/')).toEqual(['chain/00000001.json']);
  expect(await keysOf(store, 'state/open/')).toEqual([]);
  const held = { kind: 'postgres', target: 'main', runId: begun.run.id, epoch: 1, now: secondsLater(61) };
  expect(await leaseProblem(store, held)).toContain('nobody holds');
});

test('the manifest names every record of the run with its hash', async () => {
  const store = await temporaryStore();
  const begun = await begin(store);
  await recordStep(store, begun);
  await finish(store, begun);
  const { records } = await requireRecord(store, `${begun.run.key}/manifest.json`, Manifest);
  const keys = (await keysOf(store, `${begun.run.key}/`)).filter((key) => !key.endsWith('manifest.json'));
  expect(records.map(({ key }) => key)).toEqual(keys);
  for (const { key, sha256: recorded } of records) expect(recorded).toBe(sha256(await textOf(store, key)));
});

test('a second Finish and a late Reap change nothing', async () => {
  const store = await temporaryStore();
  const begun = await begin(store);
  await recordStep(store, begun);
  const first = await finish(store, begun);
  const before = await contents(store);
  expect(await finish(store, begun, { now: secondsLater(300) })).toEqual(first);
  await reapRun({ detail: { executionArn: 'first', status: 'ABORTED' } }, runtimeOf(store));
  expect(await contents(store)).toEqual(before);
});

test('a Finish that comes again after another run was sealed takes no second link', async () => {
  const store = await temporaryStore();
  const first = await begin(store);
  await finish(store, first);
  const second = await begin(store, { execution: 'second', now: secondsLater(DAY_SECONDS) });
  await finish(store, second, { now: secondsLater(DAY_SECONDS + 60) });
  await finish(store, first);
  expect(await keysOf(store, 'chain/')).toEqual(['chain/00000001.json', 'chain/00000002.json']);
});

test('a step without a record is unknown with what its state caught, in groups too', async () => {
  const store = await temporaryStore();
  const begun = await begin(store);
  const cause = JSON.stringify({ errorMessage: 'the container was killed', trace: [] });
  const caught = { g01: { s01: { Error: 'States.TaskFailed', Cause: cause }, s02: null } };
  expect((await finish(store, begun, { caught })).verdict).toBe('unknown');
  expect((await reportOf(store, begun)).findings).toMatchObject([
    {
      kind: 'no-record',
      target: 'main',
      summary: 'no record of this step: States.TaskFailed: the container was killed',
    },
  ]);
});

test('a refused run is reported, sealed and indexed, and has no daily copy', async () => {
  const store = await temporaryStore();
  const begun = await begin(store, { now: secondsLater(3 * 3_600) });
  expect((await finish(store, begun, { now: secondsLater(3 * 3_600 + 1) })).verdict).toBe('unknown');
  expect(await reportOf(store, begun)).toMatchObject({
    ended: 'refused',
    endedBecause: expect.stringContaining('the window is 02:00-04:00'),
    tasks: [],
    findings: [],
  });
  expect(await keysOf(store, 'maintenance/')).toEqual([]);
  expect(await keysOf(store, 'chain/')).toHaveLength(1);
  expect((await requireRecord(store, monthKey('2026-11'), MonthIndex)).runs).toMatchObject([{ ended: 'refused' }]);
});

test('a plan writes its actions with their hash and has no daily copy', async () => {
  const store = await temporaryStore();
  const begun = await begin(store, { input: {} });
  const action = { id: 'a1', task: 'postgres-vacuum', verb: 'vacuum', target: 'main', subject: 'orders' };
  await recordStep(store, begun, { actions: [{ ...action, summary: 'vacuum orders', status: 'planned' }] });
  await finish(store, begun);
  const { planSha256 = '' } = await reportOf(store, begun);
  expect(planSha256).toMatch(/^[0-9a-f]{64}$/);
  expect(JSON.parse(await textOf(store, `${begun.run.key}/plan.json`))).toMatchObject({ sha256: planSha256 });
  expect(await keysOf(store, 'maintenance/')).toEqual([]);
});

test('a second executed run of a day takes a key with its time', async () => {
  const store = await temporaryStore();
  const first = await begin(store);
  await finish(store, first);
  const second = await begin(store, { input: { mode: 'execute' }, execution: 'second', now: secondsLater(1_800) });
  await finish(store, second, { now: secondsLater(1_900) });
  expect(await keysOf(store, 'maintenance/')).toEqual([
    'maintenance/daily/20261121-023000.json',
    'maintenance/daily/20261121.json',
  ]);
});

test('a run is compared with the last one that looked, over a refused one', async () => {
  const store = await temporaryStore();
  const first = await begin(store);
  const findings = [reportedFinding({ kind: 'bloat', severity: 'warn' })];
  await recordStep(store, first, { findings, targets: [{ target: 'main', verdict: 'warn' }], verdict: 'warn' });
  await finish(store, first);
  const late = secondsLater(DAY_SECONDS + 3 * 3_600);
  await finish(store, await begin(store, { execution: 'late', now: late }), { now: late });
  const next = await begin(store, { execution: 'next', now: secondsLater(2 * DAY_SECONDS) });
  await recordStep(store, next);
  await finish(store, next, { now: secondsLater(2 * DAY_SECONDS + 60) });
  expect(await reportOf(store, next)).toMatchObject({ previousRunId: first.run.id, fixed: [{ kind: 'bloat' }] });
  const latest = await requireRecord(store, LATEST_KEY, LatestIndex);
  expect(latest.procedures['daily']?.latest.runId).toBe(next.run.id);
});
