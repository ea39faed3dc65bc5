import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { Action, ActOutcome, Settling } from '../../../core/action.ts';
import type { Store } from '../../../lambdas/runtime/store.ts';
import { keysOf, NOW, temporaryStore, textOf } from '../../harness/run-records.ts';
import { actOn, Counter, idOf, leased, PREFIX, vacuum } from './_action.ts';

const orders = vacuum('orders');
const intentKey = (attempt: string) => `${PREFIX}${idOf(orders)}.intent-${attempt}.json`;
const outcomeKey = `${PREFIX}${idOf(orders)}.outcome.json`;

test('the intent is stored before the effect, the outcome after it', async () => {
  const store = await temporaryStore();
  await leased(store);
  let storedBefore: string[] = [];
  const outcome = await actOn(store).act({ ...orders, idempotent: true }, async () => {
    storedBefore = await keysOf(store, PREFIX);
    return { state: 'done', after: { deadRows: 0 } };
  });
  expect(storedBefore).toEqual([intentKey('001')]);
  expect(await keysOf(store, PREFIX)).toEqual([intentKey('001'), outcomeKey]);
  expect(outcome).toEqual({ status: 'done', after: { deadRows: 0 }, reconciled: false, possiblyRepeated: false });
});

test('the intent holds what justified the action and the epoch under which it was taken', async () => {
  const store = await temporaryStore();
  await leased(store);
  await actOn(store).act({ ...orders, idempotent: true }, new Counter().perform);
  expect(JSON.parse(await textOf(store, intentKey('001')))).toMatchObject({
    task: 'postgres-vacuum',
    attempt: 1,
    lease: { kind: 'postgres', target: 'main', epoch: 1 },
    action: { statement: 'VACUUM orders', before: { deadRows: 900 } },
  });
});

/** Leaves an intent without an outcome, as a process does that is killed while it acts. */
async function crashed(store: Store, counter: Counter): Promise<void> {
  void actOn(store).act({ ...orders, idempotent: true }, counter.performAndDie);
  for (let waited = 0; counter.performed === 0 && waited < 10_000; waited += 5) await sleep(5);
  expect(await keysOf(store, PREFIX)).toEqual([intentKey('001')]);
}

async function again(settling: Settling): Promise<{ store: Store; counter: Counter; outcome: ActOutcome }> {
  const store = await temporaryStore();
  await leased(store);
  const counter = new Counter();
  await crashed(store, counter);
  const outcome = await actOn(store).act({ ...orders, ...settling } as Action & Settling, counter.perform);
  return { store, counter, outcome };
}

test('what a look finds done after a crash is recorded as reconciled and not done again', async () => {
  const looked = new Counter();
  const { counter, outcome, store } = await again({
    look: looked.looksLike({ state: 'done', after: { deadRows: 4 } }),
  });
  expect(outcome).toEqual({ status: 'done', after: { deadRows: 4 }, reconciled: true, possiblyRepeated: false });
  expect(counter.performed).toBe(1);
  expect(looked.lookedAt).toMatchObject([{ attempt: 1, action: { before: { deadRows: 900 } } }]);
  expect(await keysOf(store, PREFIX)).toEqual([intentKey('001'), outcomeKey]);
});

test('what a look finds not done after a crash is done under a second intent', async () => {
  const { counter, outcome, store } = await again({ look: new Counter().looksLike({ state: 'not-done' }) });
  expect(outcome).toMatchObject({ status: 'done', reconciled: false, possiblyRepeated: false });
  expect(counter.performed).toBe(2);
  expect(await keysOf(store, PREFIX)).toEqual([intentKey('001'), intentKey('002'), outcomeKey]);
});

test('what a look finds still running after a crash is left alone and stays unfinished', async () => {
  const { counter, outcome, store } = await again({ look: new Counter().looksLike({ state: 'running' }) });
  expect(outcome).toMatchObject({ status: 'running' });
  expect(counter.performed).toBe(1);
  expect(await actOn(store).actions()).toMatchObject([{ subject: 'orders', status: 'running' }]);
});

test('what cannot be looked at is repeated after a crash and says so', async () => {
  const { counter, outcome } = await again({ idempotent: true });
  expect(outcome).toMatchObject({ status: 'done', reconciled: false, possiblyRepeated: true });
  expect(counter.performed).toBe(2);
});

test('an action with an outcome is not done again by a later call', async () => {
  const store = await temporaryStore();
  await leased(store);
  const counter = new Counter();
  const first = await actOn(store).act({ ...orders, idempotent: true }, counter.perform);
  expect(await actOn(store).act({ ...orders, idempotent: true }, counter.perform)).toEqual(first);
  expect(counter.performed).toBe(1);
});

test('what was started and goes on at the target is running since its intent', async () => {
  const store = await temporaryStore();
  await leased(store);
  const running = () => Promise.resolve({ state: 'running' } as const);
  expect(await actOn(store).act({ ...orders, idempotent: true }, running)).toEqual({ status: 'running', since: NOW });
  expect(await actOn(store).actions()).toMatchObject([{ subject: 'orders', status: 'running' }]);
});

test('the record keeps the state that was meant to be reached where the target told none', async () => {
  const store = await temporaryStore();
  await leased(store);
  const bound = actOn(store);
  const done = () => Promise.resolve({ state: 'done' } as const);
  await bound.act({ ...vacuum('orders', { after: { deadRows: 1 } }), idempotent: true }, done);
  expect(await bound.actions()).toMatchObject([{ subject: 'orders', status: 'done', after: { deadRows: 1 } }]);
  expect(await bound.act({ ...vacuum('users'), idempotent: true }, done)).not.toHaveProperty('after');
});

test('a planned action is told with what it would reach, and without what its task left out', async () => {
  const { act, actions } = actOn(await temporaryStore(), { mode: 'plan' });
  const [verb, target, summary] = ['restart', 'main', 'restart it'];
  const scope = { planned: 1, population: 1 };
  await act({ ...orders, after: { deadRows: 0 }, idempotent: true }, new Counter().perform);
  await act({ verb, target, subject: 'web', summary, scope, idempotent: true }, new Counter().perform);
  const [whole, bare] = await actions();
  expect(whole).toMatchObject({ statement: 'VACUUM orders', before: { deadRows: 900 }, after: { deadRows: 0 } });
  expect(Object.keys(bare ?? {}).sort()).toEqual(['id', 'status', 'subject', 'summary', 'target', 'task', 'verb']);
});

test('an intent that is gone before it is read is left out of what is told', async () => {
  const store = await temporaryStore();
  await leased(store);
  for (const subject of ['orders', 'users']) {
    await actOn(store).act({ ...vacuum(subject), idempotent: true }, new Counter().perform);
  }
  const get = store.get.bind(store);
  store.get = (key) => (key === intentKey('001') ? Promise.resolve(undefined) : get(key));
  expect(await actOn(store).actions()).toMatchObject([{ subject: 'users' }]);
});

test('an intent that another invocation has just written is its own, and this one says so', async () => {
  const store = await temporaryStore();
  await leased(store);
  const { act } = actOn(store);
  store.createIfAbsent = () => Promise.resolve(undefined);
  const counter = new Counter();
  await expect(act({ ...orders, idempotent: true }, counter.perform)).rejects.toMatchObject({
    code: 'STEP_CONCURRENT',
    message: 'vacuum orders: another invocation of this step is doing it now',
  });
  expect(counter.performed).toBe(0);
});

const broken = () => Promise.reject(new Error('connection lost'));

test('an error that hides an effect is settled by a look', async () => {
  const store = await temporaryStore();
  await leased(store);
  const { act } = actOn(store);
  const outcome = await act({ ...orders, look: new Counter().looksLike({ state: 'done' }) }, broken);
  expect(outcome).toEqual({ status: 'done', reconciled: true, possiblyRepeated: false });
});

test('an error after which the target still works on it leaves the action running', async () => {
  const store = await temporaryStore();
  await leased(store);
  const outcome = await actOn(store).act({ ...orders, look: new Counter().looksLike({ state: 'running' }) }, broken);
  expect(outcome).toMatchObject({ status: 'running' });
  expect(await keysOf(store, PREFIX)).toEqual([intentKey('001')]);
});

test('an error that changed nothing makes the action failed, also for a later call', async () => {
  const store = await temporaryStore();
  await leased(store);
  const failed = { status: 'failed', error: 'connection lost' };
  const look = new Counter().looksLike({ state: 'not-done' });
  expect(await actOn(store).act({ ...orders, look }, broken)).toEqual(failed);
  expect(await actOn(store).act({ ...orders, look }, new Counter().perform)).toEqual(failed);
});

test('an error of what cannot be looked at is failed in the words of the error', async () => {
  const store = await temporaryStore();
  await leased(store);
  const outcome = await actOn(store).act({ ...orders, idempotent: true }, broken);
  expect(outcome).toEqual({ status: 'failed', error: 'connection lost' });
});

test('an error whose effect cannot be seen is failed and says both', async () => {
  const store = await temporaryStore();
  await leased(store);
  const outcome = await actOn(store).act({ ...orders, look: () => Promise.reject(new Error('no route')) }, broken);
  expect(outcome).toEqual({
    status: 'failed',
    error: 'connection lost; whether it took effect could not be seen: no route',
  });
});

test('a skipped action is recorded with its reason', async () => {
  const store = await temporaryStore();
  await leased(store);
  const bound = actOn(store);
  const skip = () => Promise.resolve({ state: 'skipped', detail: 'the table is locked' } as const);
  expect(await bound.act({ ...orders, idempotent: true }, skip)).toEqual({
    status: 'skipped',
    detail: 'the table is locked',
  });
  expect(await bound.actions()).toMatchObject([{ status: 'skipped', detail: 'the table is locked' }]);
});

test('of two invocations that do the same thing at once, one does it', async () => {
  const store = await temporaryStore();
  await leased(store);
  const counter = new Counter();
  const settled = await Promise.allSettled(
    [actOn(store), actOn(store)].map(({ act }) =>
      act({ ...orders, look: counter.looksLike({ state: 'running' }) }, counter.perform),
    ),
  );
  expect(counter.performed).toBe(1);
  expect(settled.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(1);
});

test('the actions of earlier invocations are listed with those of this one', async () => {
  const store = await temporaryStore();
  await leased(store);
  await actOn(store).act({ ...orders, idempotent: true }, new Counter().perform);
  const later = actOn(store);
  await later.act({ ...vacuum('tickets'), idempotent: true }, new Counter().perform);
  const listed = await later.actions();
  expect(listed.map(({ subject, status }) => `${subject} ${status}`).sort()).toEqual(['orders done', 'tickets done']);
});

test('an open intent whose action is refused now is told as refused, not as still running', async () => {
  const store = await temporaryStore();
  await leased(store);
  const counter = new Counter();
  const look = counter.looksLike({ state: 'not-done' });
  await crashed(store, counter);
  const { act, actions } = actOn(store, { deadline: NOW });
  expect(await act({ ...vacuum('orders'), look }, counter.perform)).toMatchObject({ status: 'refused' });
  expect(await actions()).toMatchObject([{ subject: 'orders', status: 'refused', reason: 'deadline' }]);
  expect(counter.performed).toBe(1);
});

test('an open intent that cannot be looked at says, refused, that it may have happened', async () => {
  const store = await temporaryStore();
  await leased(store);
  const counter = new Counter();
  await crashed(store, counter);
  const { act, actions } = actOn(store, { deadline: NOW });
  await act({ ...vacuum('orders'), idempotent: true }, counter.perform);
  expect(await actions()).toMatchObject([
    { status: 'refused', detail: expect.stringContaining('an earlier attempt may have taken effect') },
  ]);
});

test('actions of one millisecond are listed in the same order by every later call', async () => {
  const store = await temporaryStore();
  await leased(store);
  const counter = new Counter();
  const { act } = actOn(store);
  const look = counter.looksLike({ state: 'not-done' });
  for (const table of ['e', 'c', 'a', 'd', 'b']) await act({ ...vacuum(table), look }, counter.perform);
  const orders = await Promise.all(
    [1, 2, 3].map(async () => (await actOn(store).actions()).map(({ subject }) => subject)),
  );
  expect(orders[0]).toHaveLength(5);
  expect(orders[1]).toEqual(orders[0]);
  expect(orders[0]).toEqual(['e', 'c', 'a', 'd', 'b']);
});
