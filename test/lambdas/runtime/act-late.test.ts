import { expect, test } from '@jest/globals';
import { releaseLeaseAt, releaseLeases, takeLease, takeOverLease } from '../../../lambdas/runtime/leases.ts';
import type { Store } from '../../../lambdas/runtime/store.ts';
import { keysOf, NOW, secondsLater, temporaryStore, textOf } from '../../harness/run-records.ts';
import { actOn, Counter, leased, PREFIX, RUN, vacuum } from './_action.ts';

const orders = { ...vacuum('orders'), idempotent: true } as const;
const emergency = { kind: 'postgres', target: 'main', runId: 'emergency', runKey: 'runs/database/emergency' };

test('a process that was suspended between its look at the lease and its effect looks again and changes nothing', async () => {
  const store = await temporaryStore();
  await leased(store);
  const counter = new Counter();
  let now = NOW;
  let asked = 0;
  const clock = () => {
    asked += 1;
    return now;
  };
  const createIfAbsent = store.createIfAbsent.bind(store);
  store.createIfAbsent = async (...given) => {
    const written = await createIfAbsent(...given);
    store.createIfAbsent = createIfAbsent;
    now = secondsLater(300);
    await takeOverLease(store, { ...emergency, now, expiresAt: secondsLater(900) });
    return written;
  };
  const { act, actions } = actOn(store, { clock });
  expect(await act(orders, counter.perform)).toMatchObject({ status: 'refused', reason: 'lease' });
  expect(asked).toBeGreaterThan(2);
  expect(counter.performed).toBe(0);
  expect(await actions()).toMatchObject([{ status: 'refused', reason: 'lease' }]);
  expect((await keysOf(store, PREFIX)).filter((key) => key.includes('outcome'))).toHaveLength(1);
});

/** A clock that jumps by so many seconds as soon as the intent is stored, after which `meanwhile` happens. */
function suspended(store: Store, seconds: number, meanwhile: () => Promise<unknown> = () => Promise.resolve()) {
  let now = NOW;
  const createIfAbsent = store.createIfAbsent.bind(store);
  store.createIfAbsent = async (...given) => {
    const written = await createIfAbsent(...given);
    store.createIfAbsent = createIfAbsent;
    now = secondsLater(seconds);
    await meanwhile();
    return written;
  };
  return () => now;
}

test('a process that was only slow looks again and goes on', async () => {
  const store = await temporaryStore();
  await leased(store);
  const counter = new Counter();
  const { act } = actOn(store, { clock: suspended(store, 6) });
  expect(await act(orders, counter.perform)).toMatchObject({ status: 'done' });
  expect(counter.performed).toBe(1);
});

test('a look at the lease that is five seconds old is too old', async () => {
  const store = await temporaryStore();
  await leased(store);
  const counter = new Counter();
  const over = { ...emergency, now: NOW, expiresAt: secondsLater(900) };
  const { act } = actOn(store, { clock: suspended(store, 5, () => takeOverLease(store, over)) });
  expect(await act(orders, counter.perform)).toMatchObject({ status: 'refused', reason: 'lease' });
  expect(counter.performed).toBe(0);
});

test('in the very moment in which the run began its clock is believed', async () => {
  const store = await temporaryStore();
  await leased(store);
  const { act } = actOn(store, { notBefore: NOW });
  expect(await act(orders, new Counter().perform)).toMatchObject({ status: 'done' });
});

test('what was refused first and done later in the same step is told as done', async () => {
  const store = await temporaryStore();
  const { act, actions } = actOn(store);
  expect(await act(orders, new Counter().perform)).toMatchObject({ status: 'refused' });
  await leased(store);
  expect(await act(orders, new Counter().perform)).toMatchObject({ status: 'done' });
  expect(await actions()).toMatchObject([{ subject: 'orders', status: 'done' }]);
});

test('where the clock was set back behind the beginning of the run nothing is changed', async () => {
  const store = await temporaryStore();
  await leased(store);
  const { act } = actOn(store, { notBefore: secondsLater(1) });
  expect(await act(orders, new Counter().perform)).toMatchObject({
    status: 'refused',
    detail: expect.stringContaining('this run cannot have begun before'),
  });
});

test('a process whose run was ended while it changed the target adds nothing to the sealed records', async () => {
  const store = await temporaryStore();
  await leased(store);
  const { act } = actOn(store);
  let before: string[] = [];
  const perform = async () => {
    await store.createIfAbsent(`${RUN.key}/ended.json`, '{}');
    before = await keysOf(store, `${RUN.key}/`);
    return { state: 'done' } as const;
  };

  await expect(act(orders, perform)).rejects.toThrow('has ended without this step; its records are sealed');

  expect(before).toHaveLength(2);
  expect(await keysOf(store, `${RUN.key}/`)).toEqual(before);
});

test('a refusal names who held the target when the run began', async () => {
  const store = await temporaryStore();
  const { act } = actOn(store, { epochs: new Map(), heldBy: new Map([['main', 'weekly-20261121T010000Z']]) });
  expect(await act(orders, new Counter().perform)).toMatchObject({
    detail: expect.stringContaining('weekly-20261121T010000Z held it when this run began'),
  });
});

test('an emergency takes a held target over with the next epoch, and another emergency learns who has it', async () => {
  const store = await temporaryStore();
  await leased(store);
  const over = { now: secondsLater(1), expiresAt: secondsLater(900) };
  expect(await takeOverLease(store, { ...emergency, ...over })).toEqual({ epoch: 2, takenFrom: RUN.id });
  expect(await takeOverLease(store, { ...emergency, ...over, runId: 'second' })).toEqual({ heldBy: 'emergency' });
  expect(await takeOverLease(store, { ...emergency, target: 'copy', ...over })).toEqual({ epoch: 1 });
});

test('only its holder gives a lease back', async () => {
  const store = await temporaryStore();
  const epoch = await leased(store);
  const key = 'state/leases/postgres/main.json';
  const { id: runId } = RUN;
  const again = { ...emergency, now: secondsLater(1), expiresAt: secondsLater(900) };
  await releaseLeaseAt(store, key, 'another');
  await releaseLeases(store, runId, [
    { kind: 'postgres', target: 'main', epoch: epoch + 1 },
    { kind: 'redis', target: 'cache', heldBy: 'another' },
  ]);
  expect(await takeLease(store, again)).toEqual({ heldBy: runId });
  await releaseLeaseAt(store, key, runId);
  expect(await takeLease(store, again)).toEqual({ epoch: 2 });
});

test('who holds a lease on this machine stands in it', async () => {
  const store = await temporaryStore();
  const holder = { host: 'night', pid: 7, processStartedAt: '1' };
  await takeLease(store, { ...emergency, now: NOW, expiresAt: secondsLater(60), holder } as Parameters<
    typeof takeLease
  >[1]);
  expect(await textOf(store, 'state/leases/postgres/main.json')).toContain('night');
});

test('actions are told in the order in which they were intended, whatever their names', async () => {
  const store = await temporaryStore();
  await leased(store);
  let now = NOW;
  const { act, actions } = actOn(store, { clock: () => now });
  const perform = new Counter().perform;
  const subjects = ['zebras', 'apples', 'mangos', 'orders', 'kiwis'];
  for (const [place, subject] of subjects.entries()) {
    now = secondsLater(place < 3 ? 0 : 4 - place);
    await act({ ...vacuum(subject, { after: { deadRows: 0 } }), idempotent: true }, perform);
  }
  expect((await actions()).map(({ subject }) => subject)).toEqual(['zebras', 'apples', 'mangos', 'kiwis', 'orders']);
});

test('actions of processes that intended them at the same moment have an order of their own', async () => {
  const store = await temporaryStore();
  await leased(store);
  const subjects = ['zebras', 'apples', 'mangos', 'kiwis'];
  const perform = new Counter().perform;
  await Promise.all(subjects.map((subject) => actOn(store).act({ ...vacuum(subject), idempotent: true }, perform)));
  const told = async () => (await actOn(store).actions()).map(({ subject }) => subject);
  expect((await told()).toSorted()).toEqual(subjects.toSorted());
  expect(await told()).toEqual(await told());
});
