import { expect, test } from '@jest/globals';
import { Corrupt } from '../../../core/errors.ts';
import { CHAIN_END_KEY, linkKey } from '../../../lambdas/runtime/evidence.ts';
import { leaseProblem } from '../../../lambdas/runtime/leases.ts';
import type { Store } from '../../../lambdas/runtime/store.ts';
import { type Begun, beginRun } from '../../../lambdas/steps/begin-run.ts';
import { finishRun } from '../../../lambdas/steps/finish-run.ts';
import { reapRun } from '../../../lambdas/steps/reap-run.ts';
import { verifyRuns } from '../../../lib/evidence/verify-runs.ts';
import {
  keysOf,
  NOW,
  platformOf,
  procedureOf,
  runtimeOf,
  secondsLater,
  temporaryStore,
} from '../../harness/run-records.ts';

const DAY_SECONDS = 86_400;
const platform = platformOf(procedureOf());

function begin(store: Store, day = 0): Promise<Begun> {
  const now = secondsLater(day * DAY_SECONDS);
  const input = { trigger: 'schedule', scheduledTime: now.toISOString() };
  const event = { procedure: 'daily', execution: `day-${day}`, executionStartedAt: now.toISOString(), input };
  return beginRun(
    event,
    platform,
    runtimeOf(store, () => now),
  );
}

const later = (store: Store) => runtimeOf(store, () => secondsLater(60));
const finish = (store: Store, { run }: Begun) => finishRun({ run, caught: {} }, later(store));
const reap = (store: Store) => reapRun({ detail: { executionArn: 'day-0', status: 'FAILED' } }, later(store));

/** Puts nonsense in the place of a record, as a hand that slips or a disk that breaks does. */
async function damage(store: Store, key: string): Promise<void> {
  await store.remove(key);
  await store.createIfAbsent(key, '{"schemaVersion":');
}

async function isHeld(store: Store, { run }: Begun): Promise<boolean> {
  const lease = { kind: 'postgres', target: 'main', runId: run.id, epoch: 1, now: NOW };
  return (await leaseProblem(store, lease)) === undefined;
}

test.each([
  ['started.json', finish],
  ['started.json', reap],
  ['ended.json', finish],
  ['ended.json', reap],
] as const)('a run whose %s was damaged keeps no lease when it ends', async (name, end) => {
  const store = await temporaryStore();
  const begun = await begin(store);
  expect(await isHeld(store, begun)).toBe(true);
  await damage(store, `${begun.run.key}/${name}`);
  await expect(end(store, begun)).rejects.toThrow(Corrupt);
  expect(await isHeld(store, begun)).toBe(false);
});

test('a run is sealed although the newest links were cut off, and every examination shows the gap', async () => {
  const store = await temporaryStore();
  for (const day of [0, 1, 2]) await finish(store, await begin(store, day));
  await store.remove(linkKey(2));
  await store.remove(linkKey(3));
  const newest = await begin(store, 3);
  await finish(store, newest);
  expect(await keysOf(store, 'chain/')).toEqual([linkKey(1), linkKey(4)]);
  expect(await keysOf(store, CHAIN_END_KEY)).toHaveLength(1);
  const { flaws } = await verifyRuns({ store, ownBundles: async () => new Set() });
  expect(flaws).toContainEqual(expect.objectContaining({ kind: 'missing', key: linkKey(2) }));
  expect(flaws.filter(({ key }) => key.startsWith(newest.run.key))).toEqual([]);
});
