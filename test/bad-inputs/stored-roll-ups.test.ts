import { describe, expect, test } from '@jest/globals';
import { LatestIndex, LATEST_KEY, MonthIndex, monthKey } from '../../lambdas/runtime/run-index.ts';
import { requireRecord } from '../../lambdas/runtime/records.ts';
import { keysOf } from '../harness/run-records.ts';
import { reapLocally } from '../../lib/local/reap-locally.ts';
import { expectNamed, replaceWith, scene, ways, worked } from './_stored-run.ts';

describe('a report that is damaged', () => {
  test.each(ways)('as %s: the next run ends, compares itself with nothing and says so', async (_what, damage) => {
    const earlier = await worked();
    await earlier.run.finish();
    const key = `${earlier.run.key}/report.json`;
    await replaceWith(earlier.store, key, damage);
    const { run } = await worked(1, earlier.store);
    const report = await run.finish();

    expect(report.verdict).toBe('pass');
    expect(report.endedBecause).toMatch(/^its findings are compared with nothing: /);
    expectNamed(report.endedBecause ?? '', key);
    expect(report.previousRunId).toBeUndefined();
  });
});

describe('a roll-up that is damaged', () => {
  const month = monthKey('2026-11');

  test.each(ways)('as %s: the next run ends, and all runs are in it again', async (_what, damage) => {
    const { store } = await scene();
    for (const day of [0, 1]) await (await worked(day, store)).run.finish();
    for (const key of [month, LATEST_KEY, 'index/chain.json']) await replaceWith(store, key, damage);
    const { run } = await worked(2, store);
    const report = await run.finish();
    const { runs } = await requireRecord(store, month, MonthIndex);
    const { procedures } = await requireRecord(store, LATEST_KEY, LatestIndex);

    expect(report).toMatchObject({ verdict: 'pass', previousRunId: 'daily-20261122T020000Z' });
    expect(runs.map(({ runId }) => runId)).toEqual([
      'daily-20261121T020000Z',
      'daily-20261122T020000Z',
      'daily-20261123T020000Z',
    ]);
    expect(procedures['daily']?.latest.runId).toBe('daily-20261123T020000Z');
    expect(await keysOf(store, 'chain/')).toHaveLength(3);
    for (const key of [month, LATEST_KEY, 'index/chain.json']) expect(run.lines.join('\n')).toContain(key);
  });
});

describe('the copy of a day that is damaged', () => {
  test.each(ways)('as %s: it is left as it is, and the second run of the day has its own', async (_what, damage) => {
    const { store, run } = await worked();
    await run.finish();
    await replaceWith(store, 'maintenance/daily/20261121.json', damage);
    const again = await worked(0.25, store);

    expect((await again.run.finish()).verdict).toBe('pass');
    expect(await keysOf(store, 'maintenance/')).toEqual([
      'maintenance/daily/20261121-080000.json',
      'maintenance/daily/20261121.json',
    ]);
  });
});

describe('the pointer to a run that was left open, damaged', () => {
  test.each(ways)('as %s: it is told and left, and keeps nothing else from going on', async (_what, damage) => {
    const { store, run } = await scene();
    await run.begin();
    const [key = ''] = await keysOf(store, 'state/open/');
    await replaceWith(store, key, damage);
    const problems: string[] = [];
    const nothing = { platform: {} as never, bundles: new Map(), folder: '.', signal: AbortSignal.abort() };
    const reap = { ...nothing, store, storeLocation: store.location };

    expect(await reapLocally(reap, (problem) => void problems.push(problem))).toEqual([]);
    expect(problems).toHaveLength(1);
    expectNamed(problems[0] ?? '', key);
    expect(await keysOf(store, 'state/open/')).toEqual([key]);
  });
});
