import { expect, test } from '@jest/globals';
import { Unavailable } from '../../../core/errors.ts';
import { RunReport } from '../../../core/report.ts';
import { requireRecord } from '../../../lambdas/runtime/records.ts';
import type { Store } from '../../../lambdas/runtime/store.ts';
import { TICK_KEY, TickState } from '../../../lambdas/runtime/tick-state.ts';
import { beginRun } from '../../../lambdas/steps/begin-run.ts';
import { finishRun } from '../../../lambdas/steps/finish-run.ts';
import { tick, type Ticked } from '../../../lambdas/steps/tick.ts';
import { verified } from '../../evidence/_ended-runs.ts';
import { keysOf, platformOf, procedureOf, runtimeOf, temporaryStore } from '../../harness/run-records.ts';

const daily = procedureOf({ schedule: 'cron(0 2 * * ? *)' });
const platform = platformOf(daily);
const at = (time: string) => new Date(`2026-11-21T${time}:00.000Z`);
const MISSED = 'runs/daily/daily-20261121T020000Z';
const MOST_WRITES = 60;

function ticks(store: Store, now: Date): Promise<Ticked> {
  return tick(
    platform,
    runtimeOf(store, () => now),
  );
}

/** The same store, of which one write happens and its answer does not come, or does not happen at all. */
function failingAt(store: Store, write: number, kind: 'before' | 'after'): Store {
  let count = 0;
  async function guarded<Answer>(perform: () => Promise<Answer>): Promise<Answer> {
    count += 1;
    if (count === write && kind === 'after') await perform();
    if (count === write) throw new Unavailable('the store is gone');
    return perform();
  }
  return {
    location: store.location,
    get: (key) => store.get(key),
    list: (prefix) => store.list(prefix),
    createIfAbsent: (key, body) => guarded(() => store.createIfAbsent(key, body)),
    replace: (key, body, etag) => guarded(() => store.replace(key, body, etag)),
    remove: (key) => guarded(() => store.remove(key)),
  };
}

test.each(['before', 'after'] as const)(
  'a Tick that dies %s any of its writes leaves to the next one what is left, and the run is recorded once',
  async (kind) => {
    let died = 0;
    const toldAlready: number[] = [];
    for (let write = 1; write <= MOST_WRITES; write += 1) {
      const store = await temporaryStore();
      await ticks(store, at('01:50'));
      const end = await ticks(failingAt(store, write, kind), at('02:20')).catch((thrown: unknown) => thrown);
      if (end instanceof Unavailable) died += 1;

      const next = await ticks(store, at('02:35'));

      expect(await requireRecord(store, `${MISSED}/report.json`, RunReport)).toMatchObject({ ended: 'missed' });
      expect(await keysOf(store, 'chain/')).toHaveLength(1);
      expect(await keysOf(store, 'state/open/')).toEqual([]);
      expect((await requireRecord(store, TICK_KEY, TickState)).missed).toEqual([]);
      // Who did not come to its end leaves it to the next one to tell, but for what it did last: to note that it was told.
      const isTold = !(end instanceof Unavailable) || (kind === 'after' && next.missed['daily'] === 0);
      if (!(end instanceof Unavailable)) expect(next.missed['daily']).toBe(0);
      else if (isTold) expect(toldAlready.push(write)).toBe(1);
      else expect(next.missed['daily']).toBe(1);
      expect(await verified(store)).toMatchObject({ isProven: true });
      if (!(end instanceof Unavailable)) break;
    }
    expect(died).toBeGreaterThan(10);
    expect(died).toBeLessThan(MOST_WRITES);
  },
);

test('two Ticks at once decide once and record one run', async () => {
  const store = await temporaryStore();
  await ticks(store, at('01:50'));
  await Promise.all([ticks(store, at('02:20')), ticks(store, at('02:20')), ticks(store, at('02:20'))]);
  expect(await keysOf(store, 'chain/')).toHaveLength(1);
  expect(await verified(store)).toMatchObject({ isProven: true });
});

test('a Tick that is overtaken by another one decides anew, and does not tell again what the other one told', async () => {
  const store = await temporaryStore();
  await ticks(store, at('01:50'));
  const other: Ticked[] = [];
  const slow: Store = {
    ...failingAt(store, 0, 'before'),
    replace: async (key, body, etag) => {
      if (key === TICK_KEY && other.length === 0) other.push(await ticks(store, at('02:20')));
      return store.replace(key, body, etag);
    },
  };
  const own = await ticks(slow, at('02:20'));
  expect(other).toMatchObject([{ missed: { daily: 1 } }]);
  expect(own).toMatchObject({ missed: { daily: 0 } });
});

function begin(store: Store, now: Date) {
  const input = { trigger: 'schedule', scheduledTime: at('02:00').toISOString() };
  const event = { procedure: 'daily', execution: 'scheduler', executionStartedAt: now.toISOString(), input };
  return beginRun(
    event,
    platform,
    runtimeOf(store, () => now),
  );
}

test.each(['state/tick.json', 'state/open/', 'state/executions/', `${MISSED}/started.json`])(
  'where Begin comes just before Tick writes %s, the run goes on undisturbed and is not missed',
  async (prefix) => {
    const store = await temporaryStore();
    await ticks(store, at('01:50'));
    const begun: Awaited<ReturnType<typeof beginRun>>[] = [];
    const raced: Store = {
      ...failingAt(store, 0, 'before'),
      createIfAbsent: async (key, body) => {
        if (begun.length === 0 && key.startsWith(prefix)) begun.push(await begin(store, at('02:20')));
        return store.createIfAbsent(key, body);
      },
      replace: async (key, body, etag) => {
        if (begun.length === 0 && key.startsWith(prefix)) begun.push(await begin(store, at('02:20')));
        return store.replace(key, body, etag);
      },
    };

    expect(await ticks(raced, at('02:20'))).toMatchObject({ missed: { daily: 0 } });

    expect(begun).toMatchObject([{ next: 'tasks' }]);
    // What was there before Tick looked is not even touched.
    const isSeen = prefix === 'state/tick.json';
    expect((await keysOf(store, 'state/executions/missed-')).length).toBe(isSeen ? 0 : 1);
    expect(await keysOf(store, 'chain/')).toEqual([]);
    const run = begun[0]?.run;
    if (!run) throw new Error('Begin did not come');
    await finishRun(
      { run, caught: {} },
      runtimeOf(store, () => at('02:25')),
    );
    expect(await requireRecord(store, `${MISSED}/report.json`, RunReport)).toMatchObject({ ended: 'finished' });
    expect(await keysOf(store, 'state/open/')).toEqual([]);
    expect(await verified(store)).toMatchObject({ isProven: true });
  },
);

test('where a run begins and ends while Tick is about to record it, no pointer of it stays open', async () => {
  const store = await temporaryStore();
  await ticks(store, at('01:50'));
  const raced: Store = {
    ...failingAt(store, 0, 'before'),
    createIfAbsent: async (key, body) => {
      if (key === `state/open/daily-20261121T020000Z.json`) {
        const { run } = await begin(store, at('02:20'));
        await finishRun(
          { run, caught: {} },
          runtimeOf(store, () => at('02:20')),
        );
      }
      return store.createIfAbsent(key, body);
    },
  };
  expect(await ticks(raced, at('02:20'))).toMatchObject({ missed: { daily: 0 } });
  expect(await keysOf(store, 'state/open/')).toEqual([]);
  expect(await verified(store)).toMatchObject({ isProven: true });
});

test('what is damaged in one record keeps no other from being made, and Tick does not call that a success', async () => {
  const store = await temporaryStore();
  const both = platformOf(daily, { procedures: { daily, other: { ...daily, name: 'other' } } });
  const runs = (now: Date) =>
    tick(
      both,
      runtimeOf(store, () => now),
    );
  await runs(at('01:50'));
  // Its own claim, and nobody can read it.
  let isBroken = false;
  const raced: Store = {
    ...failingAt(store, 0, 'before'),
    createIfAbsent: async (key, body) => {
      const isClaim = key === `${MISSED}/started.json`;
      if (isClaim) isBroken = true;
      return store.createIfAbsent(key, isClaim ? 'half a rec' : body);
    },
  };
  await expect(
    tick(
      both,
      runtimeOf(raced, () => at('02:20')),
    ),
  ).rejects.toThrow('missed runs without a record: daily of 2026-11-21T02:00:00.000Z');
  expect(isBroken).toBe(true);
  expect(await requireRecord(store, 'runs/other/other-20261121T020000Z/report.json', RunReport)).toMatchObject({
    ended: 'missed',
  });
  await expect(runs(at('02:35'))).rejects.toThrow('missed runs without a record: daily');
});
