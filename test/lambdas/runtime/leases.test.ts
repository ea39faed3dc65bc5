import { expect, test } from '@jest/globals';
import {
  type LeaseRequest,
  leaseProblem,
  releaseLease,
  releaseLeaseAt,
  releaseLeases,
  takeLease,
  takeOverLease,
} from '../../../lambdas/runtime/leases.ts';
import { keysOf, NOW, secondsLater, temporaryStore, textOf } from '../../harness/run-records.ts';

function request(runId: string, over: Partial<LeaseRequest> = {}): LeaseRequest {
  const base = { kind: 'postgres', target: 'main', runKey: `runs/daily/${runId}`, now: NOW };
  return { ...base, runId, expiresAt: secondsLater(60), ...over };
}

const main = { kind: 'postgres', target: 'main' };

test('of many runs that want a target at once one gets it, and the others learn which', async () => {
  const store = await temporaryStore();
  const runs = ['a', 'b', 'c', 'd', 'e', 'f'];
  const taken = await Promise.all(runs.map((runId) => takeLease(store, request(runId))));
  const winners = runs.filter((_, place) => 'epoch' in (taken[place] ?? {}));
  expect(winners).toHaveLength(1);
  expect(taken.filter((one) => 'heldBy' in one)).toEqual(Array.from({ length: 5 }, () => ({ heldBy: winners[0] })));
});

test('leases of different targets do not meet', async () => {
  const store = await temporaryStore();
  expect(await takeLease(store, request('a'))).toEqual({ epoch: 1 });
  expect(await takeLease(store, request('b', { target: 'copy' }))).toEqual({ epoch: 1 });
  expect(await takeLease(store, request('b', { kind: 'redis' }))).toEqual({ epoch: 1 });
});

test('the run that holds a target gets the same epoch again', async () => {
  const store = await temporaryStore();
  await takeLease(store, request('a'));
  expect(await takeLease(store, request('a', { now: secondsLater(30) }))).toEqual({ epoch: 1 });
});

test('a lease past its end goes to the next run with the next epoch, and its old holder is known', async () => {
  const store = await temporaryStore();
  await takeLease(store, request('a'));
  expect(await takeLease(store, request('b', { now: secondsLater(59) }))).toEqual({ heldBy: 'a' });
  expect(await takeLease(store, request('b', { now: secondsLater(60), expiresAt: secondsLater(120) }))).toEqual({
    epoch: 2,
  });
  expect(await leaseProblem(store, { ...main, runId: 'a', epoch: 1, now: secondsLater(61) })).toContain('b holds');
  expect(await leaseProblem(store, { ...main, runId: 'b', epoch: 2, now: secondsLater(61) })).toBeUndefined();
});

test('a lease that was given back keeps its epoch, and the next run gets the next one', async () => {
  const store = await temporaryStore();
  await takeLease(store, request('a'));
  await releaseLease(store, { ...main, runId: 'a', epoch: 1 });
  expect(await leaseProblem(store, { ...main, runId: 'a', epoch: 1, now: NOW })).toContain('nobody holds');
  expect(await takeLease(store, request('b'))).toEqual({ epoch: 2 });
});

test('of a target that nobody ever took nobody holds the lease', async () => {
  const store = await temporaryStore();
  expect(await leaseProblem(store, { ...main, runId: 'a', epoch: 1, now: NOW })).toBe(
    'nobody holds the lease of postgres main',
  );
});

test('a holder of an older epoch gives nothing back', async () => {
  const store = await temporaryStore();
  await takeLease(store, request('a'));
  await takeLease(store, request('b', { now: secondsLater(60), expiresAt: secondsLater(120) }));
  await releaseLease(store, { ...main, runId: 'a', epoch: 1 });
  await releaseLease(store, { ...main, runId: 'b', epoch: 1 });
  expect(await leaseProblem(store, { ...main, runId: 'b', epoch: 2, now: secondsLater(61) })).toBeUndefined();
});

test('a lease ends in the moment that it names', async () => {
  const store = await temporaryStore();
  await takeLease(store, request('a'));
  const held = { ...main, runId: 'a', epoch: 1 };
  expect(await leaseProblem(store, { ...held, now: secondsLater(59) })).toBeUndefined();
  expect(await leaseProblem(store, { ...held, now: secondsLater(60) })).toContain('ended at');
});

test('of two runs that were granted the same epoch at different times only the holder gives it back', async () => {
  const store = await temporaryStore();
  await takeLease(store, request('a'));
  await releaseLease(store, { ...main, runId: 'b', epoch: 1 });
  expect(await leaseProblem(store, { ...main, runId: 'a', epoch: 1, now: NOW })).toBeUndefined();
});

test('a lease that nobody ever took is given back without a trace, and one given back stays so', async () => {
  const store = await temporaryStore();
  const given = { ...main, runId: 'a', epoch: 1 };
  const key = 'state/leases/postgres/main.json';
  await releaseLease(store, given);
  await releaseLeaseAt(store, key, 'a');
  expect(await keysOf(store)).toEqual([]);
  await takeLease(store, request('a'));
  for (let times = 0; times < 2; times += 1) {
    await releaseLease(store, given);
    await releaseLeaseAt(store, key, 'a');
    expect(JSON.parse(await textOf(store, key))).toEqual({ ...main, epoch: 1 });
  }
});

test('a run gives back every lease that it was granted, and none that another holds', async () => {
  const store = await temporaryStore();
  for (const target of ['main', 'copy']) await takeLease(store, request('a', { target }));
  await takeLease(store, request('b', { target: 'third' }));
  await releaseLeases(store, 'a', [
    { ...main, epoch: 1 },
    { kind: 'postgres', target: 'third', heldBy: 'b' },
    { kind: 'postgres', target: 'copy', epoch: 1 },
  ]);
  const wanted = ['main', 'copy', 'third'].map((target) => takeLease(store, request('c', { target })));
  expect(await Promise.all(wanted)).toEqual([{ epoch: 2 }, { epoch: 2 }, { heldBy: 'b' }]);
});

test('an emergency that took a free target took it from nobody', async () => {
  const store = await temporaryStore();
  expect(await takeOverLease(store, request('emergency'))).not.toHaveProperty('takenFrom');
});

test('a lease keeps the process that holds it apart from the run', async () => {
  const store = await temporaryStore();
  const holder = { host: 'night', pid: 7, processStartedAt: '1' };
  await takeLease(store, request('a', { holder }));
  expect(JSON.parse(await textOf(store, 'state/leases/postgres/main.json'))).toEqual({
    ...main,
    epoch: 1,
    heldBy: {
      runId: 'a',
      runKey: 'runs/daily/a',
      takenAt: NOW.toISOString(),
      expiresAt: secondsLater(60).toISOString(),
      holder,
    },
  });
});
