import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startBucket, type Backend } from '../contract/store-backends.ts';
import { keysBelow, leaseOf, makeScene, sceneBundles, type Scene } from './_scene.ts';

const PROCEDURES = {
  daily: [
    { task: 'test-append-lines', input: { lines: ['daily-1', 'daily-2'], holdBefore: 'daily-2' } },
    { task: 'test-check-healthy' },
  ],
  weekly: [{ task: 'test-append-lines', input: { lines: ['weekly'] } }, { task: 'test-check-healthy' }],
};

let bucket: Backend;
const scenes: Scene[] = [];
beforeAll(async () => {
  bucket = await startBucket();
});
afterAll(async () => {
  for (const scene of scenes) await scene.remove();
  await bucket.close();
});

describe.each([
  ['a folder', undefined],
  ['a bucket', 's3://fettle-state'],
])('with its state in %s', (_where, storeLocation) => {
  let scene: Scene;
  beforeAll(async () => {
    const location = storeLocation === undefined ? {} : { storeLocation };
    scene = await makeScene({ bundles: await sceneBundles(), procedures: PROCEDURES, ...location });
    scenes.push(scene);
  });

  test('an occurrence that is delivered twice at once, and again after its end, is one run, and the others learn which', async () => {
    const scheduledTime = new Date(Math.floor(Date.now() / 1_000) * 1_000).toISOString();
    const deliver = () => scene.engine('daily', { trigger: 'schedule', scheduledTime });
    const both = [deliver(), deliver()];
    await scene.held();
    await scene.letGo();

    const ends = await Promise.all(both);
    const { runKey = '' } = ends[0] ?? {};
    const report = await scene.store.get(`${runKey}/report.json`);
    const again = await deliver();

    expect(ends.map(({ duplicate }) => duplicate).sort()).toEqual([false, true]);
    expect([...ends, again].map((end) => [end.status, end.runKey])).toEqual(Array(3).fill(['SUCCEEDED', runKey]));
    expect(again.duplicate).toBe(true);
    expect(await scene.lines()).toEqual(['daily-1', 'daily-2']);
    expect(await keysBelow(scene.store, 'chain/')).toHaveLength(1);
    expect(await keysBelow(scene.store, 'state/executions/')).toHaveLength(3);
    expect(await scene.store.get(`${runKey}/report.json`)).toEqual(report);
    expect((await scene.report(runKey)).verdict).toBe('pass');
  });

  test('of two procedures on one target one acts; the other is refused with the name of the holder, and still looks', async () => {
    const { run } = (await scene.begin('daily', 'first', { mode: 'execute' }).answer) as {
      run: Parameters<Scene['finish']>[0];
    };

    const { runKey } = await scene.engine('weekly', { trigger: 'person', mode: 'execute' });
    const report = await scene.report(runKey);

    expect(report.actions).toMatchObject([
      { status: 'refused', reason: 'lease', detail: expect.stringContaining(`${run.id} held it`) },
    ]);
    expect(report.tasks.map(({ task, verdict }) => [task, verdict])).toEqual([
      ['test-append-lines', 'unknown'],
      ['test-check-healthy', 'pass'],
    ]);
    expect(await scene.lines()).not.toContain('weekly');
    expect(await leaseOf(scene.store)).toMatchObject({ heldBy: { runId: run.id } });
    await scene.finish(run);
    expect(await leaseOf(scene.store)).not.toHaveProperty('heldBy');
  });
});
