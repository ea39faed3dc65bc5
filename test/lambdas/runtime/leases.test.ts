import { expect, test } from '@jest/globals';
import { type LeaseRequest, leaseProblem, releaseLease, takeLease } from '../../../lambdas/runtime/leases.ts';
import { NOW, secondsLater, temporaryStore } from '../../harness/run-records.ts';

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
