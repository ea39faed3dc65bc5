import { describe, expect, test } from '@jest/globals';
import type { ActBinding } from '../../../lambdas/runtime/act.ts';
import { takeLease } from '../../../lambdas/runtime/leases.ts';
import { keysOf, NOW, secondsLater, temporaryStore } from '../../harness/run-records.ts';
import { actOn, Counter, idOf, leased, PREFIX, RUN, vacuum } from './_action.ts';

const other = { kind: 'postgres', target: 'main', runId: 'another', runKey: 'runs/daily/another' };
const orders = vacuum('orders');

async function refusal(over: Partial<ActBinding>, action = orders, prepare = leased) {
  const store = await temporaryStore();
  await prepare(store);
  const counter = new Counter();
  const bound = actOn(store, over);
  const outcome = await bound.act({ ...action, idempotent: true }, counter.perform);
  expect(counter.performed).toBe(0);
  expect(await keysOf(store, PREFIX)).toEqual([]);
  expect(await bound.actions()).toMatchObject([{ subject: 'orders', status: 'refused' }]);
  return outcome;
}

describe('without its lease nothing is changed', () => {
  test('when it was never granted', async () => {
    expect(await refusal({ epochs: new Map() })).toEqual({
      status: 'refused',
      reason: 'lease',
      detail: 'this run was not granted the lease of postgres main',
    });
  });

  test('when another run holds it', async () => {
    const outcome = await refusal({}, orders, async (store) => {
      await takeLease(store, { ...other, now: NOW, expiresAt: secondsLater(600) });
      return 1;
    });
    expect(outcome).toMatchObject({ reason: 'lease', detail: expect.stringContaining('another holds') });
  });

  test('when it was taken over after its end', async () => {
    const outcome = await refusal({}, orders, async (store) => {
      await leased(store, secondsLater(1));
      await takeLease(store, { ...other, now: secondsLater(2), expiresAt: secondsLater(600) });
      return 1;
    });
    expect(outcome).toMatchObject({ reason: 'lease', detail: expect.stringContaining('another holds') });
  });

  test('when the run holds a newer epoch than this invocation knows', async () => {
    const outcome = await refusal({}, orders, async (store) => {
      await leased(store, secondsLater(1));
      const { id: runId, key: runKey } = RUN;
      await takeLease(store, { ...other, runId, runKey, now: secondsLater(2), expiresAt: secondsLater(600) });
      return 1;
    });
    expect(outcome).toMatchObject({ reason: 'lease', detail: expect.stringContaining('is at epoch 2') });
  });

  test('when it has ended and nobody has taken it', async () => {
    const outcome = await refusal({ clock: () => secondsLater(1) }, orders, (store) => leased(store, secondsLater(1)));
    expect(outcome).toMatchObject({ reason: 'lease', detail: expect.stringContaining('ended at') });
  });
});

test('an action that may not end before the deadline does not start', async () => {
  const outcome = await refusal({ deadline: secondsLater(60) }, { ...orders, worstCaseSeconds: 60 });
  expect(outcome).toMatchObject({ reason: 'deadline', detail: '60 s are left and it may take 60 s' });
});

test('an action that ends just before the deadline starts', async () => {
  const store = await temporaryStore();
  await leased(store);
  const { act } = actOn(store, { deadline: secondsLater(61) });
  const outcome = await act({ ...orders, worstCaseSeconds: 60, idempotent: true }, new Counter().perform);
  expect(outcome.status).toBe('done');
});

test('no action starts at the deadline', async () => {
  expect(await refusal({ deadline: NOW })).toMatchObject({ reason: 'deadline' });
});

test('only what was approved is done', async () => {
  expect(await refusal({ approved: new Set() })).toEqual({
    status: 'refused',
    reason: 'plan',
    detail: 'it is not in the approved plan',
  });
  const store = await temporaryStore();
  await leased(store);
  const { act } = actOn(store, { approved: new Set([idOf(orders)]) });
  expect((await act({ ...orders, idempotent: true }, new Counter().perform)).status).toBe('done');
});

test('the same table with another statement is not the approved action', async () => {
  const approved = new Set([idOf(orders)]);
  expect(await refusal({ approved }, { ...orders, statement: 'VACUUM FULL orders' })).toMatchObject({ reason: 'plan' });
});

const scope = { planned: 5, population: 5 };
const tables = ['a', 'b', 'c', 'd', 'e'].map((name) => vacuum(name, { scope }));

test('a mutating task does what the cap allows and refuses the rest, over all of its invocations', async () => {
  const store = await temporaryStore();
  await leased(store);
  const counter = new Counter();
  const outcomes: string[] = [];
  for (const table of tables) {
    const { act } = actOn(store, { cap: { absolute: 2, percent: 100 } });
    outcomes.push((await act({ ...table, idempotent: true }, counter.perform)).status);
  }
  expect(outcomes).toEqual(['done', 'done', 'refused', 'refused', 'refused']);
  expect(counter.performed).toBe(2);
});

test('a cap counts for each target alone, over all invocations of a task', async () => {
  const store = await temporaryStore();
  const counter = new Counter();
  const one = {
    cap: { absolute: 1, percent: 100 },
    epochs: new Map([
      ['main', 1],
      ['copy', 1],
    ]),
  };
  await leased(store);
  const { id: runId, key: runKey } = RUN;
  await takeLease(store, { ...other, target: 'copy', runId, runKey, now: NOW, expiresAt: secondsLater(600) });
  const outcomes: string[] = [];
  for (const target of ['main', 'copy', 'copy']) {
    const action = vacuum(`table ${outcomes.length}`, { target, scope });
    outcomes.push((await actOn(store, one).act({ ...action, idempotent: true }, counter.perform)).status);
  }
  expect(outcomes).toEqual(['done', 'done', 'refused']);
});

test('the smaller of the two limits of a cap decides', async () => {
  const store = await temporaryStore();
  await leased(store);
  const { act, actions } = actOn(store, { cap: { absolute: 4, percent: 20 } });
  for (const table of tables) await act({ ...table, idempotent: true }, new Counter().perform);
  const statuses = (await actions()).map(({ status }) => status);
  expect(statuses).toEqual(['done', 'refused', 'refused', 'refused', 'refused']);
});

test('a destructive task above its cap does nothing at all', async () => {
  const store = await temporaryStore();
  await leased(store);
  const counter = new Counter();
  const { act, actions } = actOn(store, { effect: 'destructive', cap: { absolute: 4, percent: 100 } });
  for (const table of tables) await act({ ...table, idempotent: true }, counter.perform);
  expect(counter.performed).toBe(0);
  expect(await actions()).toMatchObject(
    tables.map(() => ({ status: 'refused', reason: 'cap', detail: '5 of 5 are due and the cap allows 4' })),
  );
});

test('a destructive task within its cap does everything', async () => {
  const store = await temporaryStore();
  await leased(store);
  const counter = new Counter();
  const { act } = actOn(store, { effect: 'destructive', cap: { absolute: 5, percent: 100 } });
  for (const table of tables) await act({ ...table, idempotent: true }, counter.perform);
  expect(counter.performed).toBe(5);
});

test('a plan lists its actions in order and performs and stores nothing', async () => {
  const store = await temporaryStore();
  const counter = new Counter();
  const { act, actions } = actOn(store, { mode: 'plan', epochs: new Map() });
  for (const table of tables) {
    expect(await act({ ...table, idempotent: true }, counter.perform)).toEqual({ status: 'planned' });
  }
  expect(counter.performed).toBe(0);
  expect(await keysOf(store)).toEqual([]);
  expect((await actions()).map(({ subject, status }) => `${subject} ${status}`)).toEqual(
    ['a', 'b', 'c', 'd', 'e'].map((name) => `${name} planned`),
  );
});
