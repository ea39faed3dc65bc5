import { describe, expect, test } from '@jest/globals';
import { RunReport } from '../../core/report.ts';
import { createRecord, requireRecord } from '../../lambdas/runtime/records.ts';
import type { Store } from '../../lambdas/runtime/store.ts';
import { type Begun, beginRun } from '../../lambdas/steps/begin-run.ts';
import { finishRun } from '../../lambdas/steps/finish-run.ts';
import { reapRun } from '../../lambdas/steps/reap-run.ts';
import { recordProblems } from '../crashes/invariants.ts';
import {
  NOW,
  platformOf,
  procedureOf,
  runtimeOf,
  secondsLater,
  stepRecordOf,
  temporaryStore,
  textOf,
} from '../harness/run-records.ts';

const ARN = 'arn:aws:states:eu-west-1:111122223333:execution:shop-daily:first';
const platform = platformOf(procedureOf());

/** A store with a run of which every task has ended. */
async function runToEnd(): Promise<{ store: Store; begun: Begun }> {
  const store = await temporaryStore();
  const input = { trigger: 'schedule', scheduledTime: NOW.toISOString() };
  const event = { procedure: 'daily', execution: ARN, executionStartedAt: NOW.toISOString(), input };
  const begun = await beginRun(event, platform, runtimeOf(store));
  await createRecord(store, `${begun.run.key}/steps/01-postgres-vacuum.json`, stepRecordOf());
  return { store, begun };
}

const finish = (store: Store, { run }: Begun) =>
  finishRun(
    { run, caught: {} },
    runtimeOf(store, () => secondsLater(60)),
  );
const reap = (store: Store) =>
  reapRun(
    { detail: { executionArn: ARN, status: 'ABORTED', cause: 'its process is gone' } },
    runtimeOf(store, () => secondsLater(300)),
  );
const ENDS = { Finish: finish, Reap: reap } as const;

class Killed extends Error {}

/** The store, with something to happen before and after each of its writes; every write is counted from 1. */
function watched(store: Store, at: (write: number, moment: 'before' | 'after') => Promise<void>): Store {
  let writes = 0;
  async function writing<Answer>(write: () => Promise<Answer>): Promise<Answer> {
    const number = (writes += 1);
    await at(number, 'before');
    const answer = await write();
    await at(number, 'after');
    return answer;
  }
  return {
    location: store.location,
    get: (key) => store.get(key),
    list: (prefix) => store.list(prefix),
    createIfAbsent: (key, body) => writing(() => store.createIfAbsent(key, body)),
    replace: (key, body, etag) => writing(() => store.replace(key, body, etag)),
    remove: (key) => writing(() => store.remove(key)),
  };
}

async function writesOf(end: keyof typeof ENDS): Promise<number> {
  const { store, begun } = await runToEnd();
  let writes = 0;
  await ENDS[end](
    watched(store, async (number) => void (writes = number)),
    begun,
  );
  return writes;
}

const reportOf = (store: Store, { run }: Begun) => requireRecord(store, `${run.key}/report.json`, RunReport);

describe.each(['Finish', 'Reap'] as const)('%s', (end) => {
  test('that dies before or after any of its writes is completed by Reap, and a second Reap changes nothing', async () => {
    const writes = await writesOf(end);
    expect(writes).toBeGreaterThan(9);
    for (let write = 1; write <= writes; write += 1) {
      for (const moment of ['before', 'after'] as const) {
        const { store, begun } = await runToEnd();
        const mortal = watched(store, async (number, now) => {
          if (number === write && now === moment) throw new Killed();
        });
        await expect(ENDS[end](mortal, begun)).rejects.toThrow(Killed);
        await reap(store);
        expect([write, moment, await recordProblems(store)]).toEqual([write, moment, []]);
        const report = await reportOf(store, begun);
        const written = await textOf(store, 'chain/00000001.json');
        await reap(store);
        expect(await recordProblems(store)).toEqual([]);
        expect(await reportOf(store, begun)).toEqual(report);
        expect(await textOf(store, 'chain/00000001.json')).toBe(written);
      }
    }
  });

  test('into which the other one comes, whole, between any two writes leaves one end, one report and one seal', async () => {
    const other = end === 'Finish' ? 'Reap' : 'Finish';
    const writes = await writesOf(end);
    for (let write = 1; write <= writes; write += 1) {
      const { store, begun } = await runToEnd();
      const interrupted = watched(store, async (number, moment) => {
        if (number === write && moment === 'before') await ENDS[other](store, begun);
      });
      await ENDS[end](interrupted, begun);
      expect([write, await recordProblems(store)]).toEqual([write, []]);
      // The first end stands: `ended.json` is the first write of both.
      const { ended } = await reportOf(store, begun);
      expect([write, ended]).toEqual([write, (write === 1 ? other : end) === 'Reap' ? 'aborted' : 'finished']);
    }
  });
});

test('Finish and two Reaps at the same moment leave one end, one report and one seal', async () => {
  for (let round = 0; round < 20; round += 1) {
    const { store, begun } = await runToEnd();
    await Promise.all([finish(store, begun), reap(store), reap(store)]);
    expect(await recordProblems(store)).toEqual([]);
    expect(['finished', 'aborted']).toContain((await reportOf(store, begun)).ended);
  }
});

test('a Begin that dies between taking a lease and noting it keeps no target from the next run', async () => {
  const store = await temporaryStore();
  const input = { trigger: 'schedule', scheduledTime: NOW.toISOString() };
  const event = { procedure: 'daily', execution: ARN, executionStartedAt: NOW.toISOString(), input };
  const mortal = watched(store, async () => undefined);
  mortal.createIfAbsent = async (key, body) => {
    if (key.endsWith('/leases.json')) throw new Killed();
    return store.createIfAbsent(key, body);
  };
  await expect(beginRun(event, platform, runtimeOf(mortal))).rejects.toThrow(Killed);
  expect(await textOf(store, 'state/leases/postgres/main.json')).toContain('heldBy');
  await reap(store);
  expect(await textOf(store, 'state/leases/postgres/main.json')).not.toContain('heldBy');
  expect(await recordProblems(store)).toEqual([]);
});
