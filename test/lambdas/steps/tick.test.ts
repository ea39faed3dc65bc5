import { expect, test } from '@jest/globals';
import type { Procedure } from '../../../core/platform.ts';
import { RunReport } from '../../../core/report.ts';
import { Started } from '../../../core/run.ts';
import { createRecord, readRecord, requireRecord } from '../../../lambdas/runtime/records.ts';
import { LATEST_KEY, LatestIndex } from '../../../lambdas/runtime/run-index.ts';
import { linkOf } from '../../../lambdas/runtime/evidence.ts';
import type { Store } from '../../../lambdas/runtime/store.ts';
import { TICK_KEY, TickState } from '../../../lambdas/runtime/tick-state.ts';
import { beginRun } from '../../../lambdas/steps/begin-run.ts';
import { finishRun } from '../../../lambdas/steps/finish-run.ts';
import { tick, type Ticked } from '../../../lambdas/steps/tick.ts';
import { verified } from '../../evidence/_ended-runs.ts';
import { keysOf, platformOf, procedureOf, runtimeOf, stepRecordOf, temporaryStore } from '../../harness/run-records.ts';

const daily = procedureOf({ schedule: 'cron(0 2 * * ? *)', window: '02:00-04:00' });
const at = (time: string, day = 21) => new Date(`2026-11-${String(day).padStart(2, '0')}T${time}:00.000Z`);
const MISSED = 'runs/daily/daily-20261121T020000Z';

function ticks(store: Store, now: Date, procedure: Procedure = daily, lines: string[] = []): Promise<Ticked> {
  return tick(
    platformOf(procedure),
    runtimeOf(store, () => now, lines),
  );
}

function begin(
  store: Store,
  { now = at('02:00'), scheduledTime = at('02:00'), execution = 'scheduler', trigger = 'schedule' } = {},
) {
  const input = trigger === 'schedule' ? { trigger, scheduledTime: scheduledTime.toISOString() } : { trigger };
  return beginRun(
    { procedure: 'daily', execution, executionStartedAt: now.toISOString(), input },
    platformOf(daily),
    runtimeOf(store, () => now),
  );
}

const reportAt = (store: Store, runKey: string) => requireRecord(store, `${runKey}/report.json`, RunReport);

test('a run that was due and did not begin becomes a run of verdict unknown, sealed and chained as any other', async () => {
  const store = await temporaryStore();
  const lines: string[] = [];
  await ticks(store, at('01:50'));
  expect(await ticks(store, at('02:05'))).toMatchObject({ missed: { daily: 0 } });

  expect(await ticks(store, at('02:20'), daily, lines)).toMatchObject({ missed: { daily: 1 } });

  expect(await reportAt(store, MISSED)).toMatchObject({
    ended: 'missed',
    verdict: 'unknown',
    date: '2026-11-21',
    start_time: '2026-11-21T02:00:00.000Z',
    endedBecause: 'it was due at 2026-11-21T02:00:00.000Z, and no run began within 20 minutes',
    tasks: [],
    findings: [],
  });
  expect(await linkOf(store, MISSED)).toMatchObject({ n: 1 });
  expect(await keysOf(store, 'state/open/')).toEqual([]);
  expect(await keysOf(store, 'maintenance/')).toEqual([]);
  expect(lines.filter((line) => line.includes('a run was missed'))).toHaveLength(1);
  expect(await verified(store)).toMatchObject({ isProven: true });
});

test('each missed run is told once', async () => {
  const store = await temporaryStore();
  await ticks(store, at('01:50'));
  await ticks(store, at('02:20'));
  const before = await keysOf(store);

  expect(await ticks(store, at('02:35'))).toMatchObject({ missed: { daily: 0 } });
  expect(await keysOf(store)).toEqual(before);
});

test('nothing is missed of the time before the first Tick, nor of a schedule that is new', async () => {
  const store = await temporaryStore();
  expect(await ticks(store, at('02:30'))).toMatchObject({ missed: { daily: 0 } });
  const earlier = procedureOf({ schedule: 'cron(0 1 * * ? *)' });
  expect(await ticks(store, at('02:45'), earlier)).toMatchObject({ missed: { daily: 0 } });
  expect(await keysOf(store, 'runs/')).toEqual([]);
  expect(await ticks(store, at('01:20', 22), earlier)).toMatchObject({ missed: { daily: 1 } });
});

test.each([
  { how: 'began', now: at('02:00'), looked: at('03:20') },
  { how: 'began late', now: at('02:14'), looked: at('03:20') },
  { how: 'was refused because its window was closed', now: at('04:00'), looked: at('04:30') },
])('a run that $how is not missed', async ({ now, looked }) => {
  const store = await temporaryStore();
  await ticks(store, at('01:50'));
  await begin(store, { now });

  expect(await ticks(store, looked)).toMatchObject({ missed: { daily: 0 } });
  expect(await requireRecord(store, `${MISSED}/started.json`, Started)).toMatchObject({ execution: 'scheduler' });
  expect(await readRecord(store, `${MISSED}/report.json`, RunReport)).toBeUndefined();
});

test('the run of a person does not stand for the one that was due', async () => {
  const store = await temporaryStore();
  await ticks(store, at('01:50'));
  await begin(store, { trigger: 'person', now: at('02:10') });
  expect(await ticks(store, at('02:20'))).toMatchObject({ missed: { daily: 1 } });
});

test('a start that comes after its record is a duplicate: it takes nothing and changes nothing', async () => {
  const store = await temporaryStore();
  await ticks(store, at('01:50'));
  await ticks(store, at('02:20'));
  const before = await keysOf(store);

  expect(await begin(store, { now: at('02:25') })).toMatchObject({ next: 'end' });
  expect(await keysOf(store)).toEqual([...before, 'state/executions/scheduler.json'].sort());
  expect(await verified(store)).toMatchObject({ isProven: true });
});

test('a later run is compared with the last one that looked, and not with the one that was missed', async () => {
  const store = await temporaryStore();
  await ticks(store, at('01:50', 20));
  const night = await begin(store, { now: at('02:00', 20), scheduledTime: at('02:00', 20), execution: 'first' });
  await createRecord(store, `${night.run.key}/steps/01-postgres-vacuum.json`, stepRecordOf());
  await finishRun(
    { run: night.run, caught: {} },
    runtimeOf(store, () => at('02:01', 20)),
  );
  await ticks(store, at('02:20'));
  const latest = (await requireRecord(store, LATEST_KEY, LatestIndex)).procedures['daily'];
  expect(latest).toMatchObject({ latest: { runKey: MISSED }, compared: { runKey: night.run.key } });
});

test('up to ten missed runs have a record each, and more of them one that says how many they are', async () => {
  const store = await temporaryStore();
  await ticks(store, at('01:50', 10));
  expect(await ticks(store, at('01:50', 14))).toMatchObject({ missed: { daily: 4 } });
  expect((await keysOf(store, 'runs/')).filter((key) => key.endsWith('report.json'))).toHaveLength(4);

  const often = procedureOf({ name: 'often', schedule: 'rate(1 minute)' });
  await ticks(store, at('02:00'), often);
  expect(await ticks(store, at('06:00'), often)).toMatchObject({ missed: { often: 220 } });

  const [report, ...others] = (await keysOf(store, 'runs/often/')).filter((key) => key.endsWith('report.json'));
  expect(others).toEqual([]);
  expect(await requireRecord(store, report ?? '', RunReport)).toMatchObject({
    runId: 'often-20261121T054000Z',
    endedBecause:
      '220 starts that were due between 2026-11-21T02:01:00.000Z and 2026-11-21T05:40:00.000Z did not happen: no run ' +
      'of them began within 20 minutes; this is the one record of all of them',
  });
  expect(await ticks(store, at('06:15'), often)).toMatchObject({ missed: { often: 15 } });
});

test('what nobody looked at for more than seven days is said, and not guessed', async () => {
  const store = await temporaryStore();
  const lines: string[] = [];
  await ticks(store, at('01:50', 1));
  expect(await ticks(store, at('01:50', 21), daily, lines)).toMatchObject({ missed: { daily: 7 } });
  expect(lines.join('\n')).toContain('nobody looked at these starts in time');
});

test('how old the newest pass of a check is follows from the runs that looked', async () => {
  const store = await temporaryStore();
  await ticks(store, at('01:50'));
  const checks = async () => (await requireRecord(store, TICK_KEY, TickState)).checks['postgres-vacuum'];
  expect(await checks()).toEqual({ since: at('01:50').toISOString() });
  const passed = await begin(store);
  await createRecord(store, `${passed.run.key}/steps/01-postgres-vacuum.json`, stepRecordOf());
  await finishRun(
    { run: passed.run, caught: {} },
    runtimeOf(store, () => at('02:01')),
  );
  await ticks(store, at('02:05'));
  const known = { since: at('01:50').toISOString(), passedAt: at('02:01').toISOString() };
  expect(await checks()).toEqual(known);

  const blind = await begin(store, { now: at('02:00', 22), scheduledTime: at('02:00', 22), execution: 'next' });
  await finishRun(
    { run: blind.run, caught: {} },
    runtimeOf(store, () => at('02:01', 22)),
  );
  await ticks(store, at('02:05', 22));
  expect(await checks()).toEqual(known);
});
