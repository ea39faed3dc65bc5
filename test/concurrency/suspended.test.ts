import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RunPointer } from '../../core/run.ts';
import { execute } from '../../lib/demo/servers/postgres.ts';
import { takeOverLease } from '../../lambdas/runtime/leases.ts';
import type { Bundles } from '../../lib/bundle.ts';
import { startTestServer, tableWithDeadRows, type TestServer, valueOf } from '../lambdas/tasks/postgres/_database.ts';
import { until } from './_handler-process.ts';
import { keysBelow, leaseOf, makeScene, sceneBundles, setClock, type Scene } from './_scene.ts';

const DAY = 86_400;
const lines = (...all: readonly string[]) => ({ task: 'test-append-lines', input: { lines: [...all] } });

let bundles: Bundles;
const scenes: Scene[] = [];
beforeAll(async () => {
  bundles = await sceneBundles();
});
afterAll(async () => {
  for (const scene of scenes) await scene.remove();
});

async function sceneOf(procedures: Parameters<typeof makeScene>[0]['procedures']): Promise<Scene> {
  const scene = await makeScene({ bundles, procedures });
  scenes.push(scene);
  return scene;
}

async function begun(scene: Scene, procedure: string, clockFile?: string): Promise<RunPointer> {
  const { answer } = scene.begin(procedure, `${procedure}-1`, { mode: 'execute' }, clockFile);
  return ((await answer) as { run: RunPointer }).run;
}

async function runTomorrow(scene: Scene, procedure: string): Promise<RunPointer> {
  const clockFile = await scene.clock(DAY);
  const run = await begun(scene, procedure, clockFile);
  await scene.step(run, 'test-append-lines', { clockFile }).answer;
  return run;
}

describe('a process that is suspended past the end of its lease, on files', () => {
  test('changes nothing more once another run has taken the target, and takes nothing from that run', async () => {
    const scene = await sceneOf({
      daily: [{ task: 'test-append-lines', input: { lines: ['one', 'two', 'three'], holdBefore: 'two' } }],
      weekly: [lines('weekly')],
    });
    const run = await begun(scene, 'daily');
    const process = scene.step(run, 'test-append-lines');
    await scene.held();
    await process.suspend();

    const newer = await runTomorrow(scene, 'weekly');
    await scene.letGo();
    // Its own clock has not moved: what refuses it is the epoch alone.
    process.resume();
    await process.answer;
    await scene.finish(run);

    expect(await scene.lines()).toEqual(['one', 'weekly']);
    const report = await scene.report(run.key);
    const detail = expect.stringContaining(`${newer.id} holds the lease`) as unknown;
    expect(report.actions).toMatchObject([
      { subject: 'one', status: 'done' },
      { subject: 'two', status: 'refused', reason: 'lease', detail },
      { subject: 'three', status: 'refused', reason: 'lease', detail },
    ]);
    expect(report.verdict).toBe('unknown');
    expect(await leaseOf(scene.store)).toMatchObject({ epoch: 2, heldBy: { runId: newer.id } });
  });

  test('looks again at its lease where it was suspended between its look and its effect', async () => {
    const scene = await sceneOf({ daily: [lines('one', 'two')], weekly: [lines('weekly')] });
    const run = await begun(scene, 'daily');
    const clockFile = await scene.clock(0);
    const process = scene.step(run, 'test-append-lines', { clockFile, stopAfter: '.intent-' });
    await process.suspended();

    const newer = await runTomorrow(scene, 'weekly');
    await setClock(clockFile, 20);
    process.resume();
    await process.answer;
    await scene.finish(run);

    expect(await scene.lines()).toEqual(['weekly']);
    const report = await scene.report(run.key);
    expect(report.actions.map(({ subject, status, reason }) => [subject, status, reason])).toEqual([
      ['one', 'refused', 'lease'],
      ['two', 'refused', 'lease'],
    ]);
    expect(report.actions[0]?.detail).toContain(`${newer.id} holds the lease`);
    const written = await keysBelow(scene.store, `${run.key}/actions/`);
    expect(written.map((key) => key.split('.').slice(-2)[0])).toEqual(['intent-001', 'outcome']);
  });

  test('changes and records nothing where its run was ended as dead meanwhile and nobody else has taken the target', async () => {
    const scene = await sceneOf({
      daily: [{ task: 'test-append-lines', input: { lines: ['one', 'two'], holdBefore: 'two' } }],
    });
    const run = await begun(scene, 'daily');
    const process = scene.step(run, 'test-append-lines');
    await scene.held();
    await process.suspend();
    await scene.reap({ execution: 'daily-1' });
    await scene.letGo();
    const sealed = await keysBelow(scene.store, `${run.key}/`);
    process.resume();
    await expect(process.answer).rejects.toThrow('its records are sealed');

    expect(await keysBelow(scene.store, `${run.key}/`)).toEqual(sealed);
    expect(await scene.lines()).toEqual(['one']);
    const report = await scene.report(run.key);
    expect(report).toMatchObject({ ended: 'aborted', actions: [{ subject: 'one', status: 'done' }] });
    expect(await leaseOf(scene.store)).not.toHaveProperty('heldBy');
  });
});

test('an emergency takes the target from a run in mid-task, which goes on to look and changes nothing more', async () => {
  const scene = await sceneOf({
    daily: [{ task: 'test-append-lines', input: { lines: ['one', 'two'], holdBefore: 'two' } }],
  });
  const run = await begun(scene, 'daily');
  const process = scene.step(run, 'test-append-lines');
  await scene.held();
  const now = new Date();
  const expiresAt = new Date(now.getTime() + 600_000);
  const outage = { kind: 'logs', target: 'one', runId: 'outage-1', runKey: 'runs/outage/outage-1', now, expiresAt };
  expect(await takeOverLease(scene.store, outage)).toEqual({ epoch: 2, takenFrom: run.id });
  await scene.letGo();
  await process.answer;
  await scene.finish(run);

  expect(await scene.lines()).toEqual(['one']);
  expect((await scene.report(run.key)).actions).toMatchObject([
    { subject: 'one', status: 'done' },
    { subject: 'two', status: 'refused', detail: 'outage-1 holds the lease of logs one' },
  ]);
  expect(await leaseOf(scene.store)).toMatchObject({ epoch: 2, heldBy: { runId: 'outage-1', emergency: true } });
});

test('a start that is suspended before it has claimed its run finds it taken, and takes nothing', async () => {
  const scene = await sceneOf({ daily: [lines('one')] });
  const input = { trigger: 'schedule', scheduledTime: new Date(Math.floor(Date.now() / 1_000) * 1_000).toISOString() };
  const event = { procedure: 'daily', executionStartedAt: input.scheduledTime, input };
  const slow = scene.handler('begin-run', { ...event, execution: 'slow' }, { stopAfter: 'state/open/' });
  await slow.suspended();

  const { run, next } = (await scene.begin('daily', 'quick', input).answer) as { run: RunPointer; next: string };
  slow.resume();

  expect(next).toBe('tasks');
  expect(await slow.answer).toMatchObject({ next: 'end', run: { key: run.key } });
  expect(await leaseOf(scene.store)).toMatchObject({ epoch: 1, heldBy: { runId: run.id } });
});

describe('a process that is suspended while its statement runs on PostgreSQL', () => {
  let tests: TestServer;
  beforeAll(async () => {
    tests = await startTestServer();
  });
  afterAll(() => tests.end());

  test('the statement is found and named by the run that takes the target, and none follows it', async () => {
    const url = await tests.database();
    for (const [name, dead] of [
      ['orders', 40_000],
      ['events', 30_000],
    ] as const)
      await tableWithDeadRows(url, name, 50_000, dead);
    const name = decodeURIComponent(new URL(url).pathname.slice(1));
    const slow = ['vacuum_cost_delay = 25', 'vacuum_cost_limit = 10'].map(
      (set) => `ALTER DATABASE "${name}" SET ${set}`,
    );
    await execute(url, ...slow);
    process.env['FETTLE_TEST_POSTGRES'] = url;
    const vacuum = { task: 'postgres-vacuum', input: { minRows: 1_000, followAfter: '50s' } };
    const scene = await makeScene({
      bundles: await sceneBundles({ 'postgres-vacuum': '../../lambdas/tasks/postgres/vacuum.ts' }),
      procedures: { daily: [vacuum], weekly: [vacuum] },
      targets: { postgres: { main: { url: 'env:FETTLE_TEST_POSTGRES' } } },
    });
    scenes.push(scene);
    const call = async (run: RunPointer, previous: unknown, clockFile?: string) =>
      scene.handler('postgres-vacuum', { run, step: 1, previous }, clockFile === undefined ? {} : { clockFile });
    const running = () => valueOf(url, 'SELECT count(*)::int FROM pg_stat_progress_vacuum');
    const run = await begun(scene, 'daily');
    const chosen = await (await call(run, {})).answer;
    const suspended = await call(run, chosen);
    await until('the vacuum runs', async () => (await running()) === 1);
    await suspended.suspend();
    await execute(url, ...slow.map((statement) => statement.replace(/SET (\w+) = .*/, 'RESET $1')));

    const clockFile = await scene.clock(DAY);
    const newer = await begun(scene, 'weekly', clockFile);
    const chosenToo = await (await call(newer, {}, clockFile)).answer;
    await (
      await call(newer, chosenToo, clockFile)
    ).answer;
    expect(await running()).toBe(1);
    suspended.resume();
    await suspended.answer;
    await scene.finish(newer);
    await scene.finish(run);

    const [late, early] = [await scene.report(newer.key), await scene.report(run.key)];
    expect(late.actions).toMatchObject([
      { subject: 'public.orders', status: 'skipped', detail: expect.stringContaining(`fettle:${run.id}`) },
      { subject: 'public.events', status: 'done' },
    ]);
    expect(early.actions).toMatchObject([
      { subject: 'public.orders', status: 'done' },
      { subject: 'public.events', status: 'refused', detail: expect.stringContaining(`${newer.id} holds`) },
    ]);
    const counts = 'SELECT string_agg(vacuum_count::text, $$ $$) FROM pg_stat_user_tables';
    expect(await valueOf(url, counts)).toBe('2 2');
  });
});
