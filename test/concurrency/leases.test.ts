import { expect, test } from '@jest/globals';
import { leaseProblem, releaseLease, takeLease, takeOverLease } from '../../lambdas/runtime/leases.ts';
import { createAct } from '../../lambdas/runtime/act.ts';
import { NOW, secondsLater, temporaryStore } from '../harness/run-records.ts';
import { Interleaving, randomFrom } from './_interleaving.ts';

const SEED = Number(process.env['FETTLE_SEED'] ?? Date.now() % 1_000_000);
const INTERLEAVINGS = 1_000;
const ACTORS = 50;
const KEY = 'state/leases/logs/one.json';
const main = { kind: 'logs', target: 'one' };

interface HeldLease {
  readonly epoch: number;
  readonly heldBy?: { readonly runId: string; readonly expiresAt: string; readonly emergency?: true };
}

/** What happened in one world: who was granted which epoch, and every effect that should not have begun. */
interface Seen {
  readonly grants: { readonly epoch: number; readonly runId: string }[];
  readonly wrong: string[];
  effects: number;
}

/** One process that wants the target, changes it twice where it gets it, and gives it back. */
async function actor(world: Interleaving, place: number, seen: Seen): Promise<void> {
  const { clock } = world;
  // Some runs have two processes: a Begin that was repeated.
  const runId = `run-${place % 40}`;
  let looked: { readonly at: Date; readonly lease: HeldLease | undefined } | undefined;
  const store = world.store((key) => {
    if (key === KEY) looked = { at: clock(), lease: world.peek(key) as HeldLease };
  });
  // Not all come at once: who comes later finds the target held, given back, or past its end.
  for (let wait = world.random(8); wait > 0; wait -= 1) await store.get('something else');
  const take = world.random(10) === 0 ? takeOverLease : takeLease;
  const now = clock();
  const taken = await take(store, { ...main, runId, runKey: runId, now, expiresAt: secondsLater(30, now) });
  if ('heldBy' in taken) return;
  const { epoch } = taken;
  seen.grants.push({ epoch, runId });
  const { act } = createAct({
    store,
    runId,
    runKey: `runs/daily/process-${place}`,
    stem: '01-task',
    task: 'task',
    kind: 'logs',
    effect: 'mutating',
    mode: 'execute',
    cap: { absolute: 10, percent: 100 },
    clock,
    deadline: secondsLater(3_600, now),
    epochs: new Map([['one', epoch]]),
  });
  for (const subject of ['a', 'b']) {
    const action = { verb: 'change', target: 'one', subject, summary: subject, scope: { planned: 2, population: 2 } };
    await act({ ...action, idempotent: true }, () => {
      seen.effects += 1;
      const { at, lease } = looked ?? {};
      const isHolder = lease?.epoch === epoch && lease.heldBy?.runId === runId;
      const isFresh = at !== undefined && clock().getTime() - at.getTime() < 5_000;
      if (!isHolder || !isFresh)
        seen.wrong.push(`${runId} in epoch ${epoch}, which looked at ${JSON.stringify(looked)}`);
      return Promise.resolve({ state: 'done' });
    });
  }
  await releaseLease(store, { ...main, runId, epoch });
}

/** Only an emergency takes what another run still holds. */
function noteTheft(before: HeldLease, { heldBy }: HeldLease, now: Date, { wrong }: Seen): void {
  const wasHeld = before.heldBy !== undefined && new Date(before.heldBy.expiresAt) > now;
  if (wasHeld && heldBy && !heldBy.emergency) wrong.push(`${heldBy.runId} took it from ${before.heldBy?.runId}`);
}

test(`in ${INTERLEAVINGS} orders of ${ACTORS} processes nobody changes a target without its lease, and no epoch comes twice (seed ${SEED})`, async () => {
  const seeds = randomFrom(SEED);
  let effects = 0;
  let grants = 0;
  for (let n = 0; n < INTERLEAVINGS; n += 1) {
    const world = new Interleaving(seeds(2 ** 31));
    const seen: Seen = { grants: [], wrong: [], effects: 0 };
    world.onReplace = (before, after) => noteTheft(before as HeldLease, after as HeldLease, world.clock(), seen);
    await world.run(Array.from({ length: ACTORS }, (_, place) => actor(world, place, seen)));

    expect(seen.wrong).toEqual([]);
    const byEpoch = new Map(seen.grants.map(({ epoch, runId }) => [epoch, runId]));
    // Two processes of one run may share its epoch; two runs never do.
    expect(seen.grants.filter(({ epoch, runId }) => byEpoch.get(epoch) !== runId)).toEqual([]);
    expect((world.peek(KEY) as HeldLease).epoch).toBe(Math.max(...byEpoch.keys()));
    effects += seen.effects;
    grants += byEpoch.size;
  }
  expect(effects).toBeGreaterThan(INTERLEAVINGS);
  expect(grants).toBeGreaterThan(INTERLEAVINGS);
});

test('an emergency takes a target from the run that holds it, with the next epoch and the name of that run', async () => {
  const store = await temporaryStore();
  const request = { ...main, now: NOW, expiresAt: secondsLater(600) };
  await takeLease(store, { ...request, runId: 'daily', runKey: 'runs/daily/daily' });
  const emergency = { ...request, runId: 'outage', runKey: 'runs/outage/outage' };

  expect(await takeOverLease(store, emergency)).toEqual({ epoch: 2, takenFrom: 'daily' });
  // Begin may be repeated.
  expect(await takeOverLease(store, { ...emergency, now: secondsLater(5) })).toEqual({ epoch: 2, takenFrom: 'daily' });
  expect(await leaseProblem(store, { ...main, runId: 'daily', epoch: 1, now: NOW })).toContain(
    'outage holds the lease',
  );
  await releaseLease(store, { ...main, runId: 'daily', epoch: 1 });
  expect(await leaseProblem(store, { ...main, runId: 'outage', epoch: 2, now: NOW })).toBeUndefined();
});

test('an emergency does not take a target from another emergency, and learns which has it', async () => {
  const store = await temporaryStore();
  const request = { ...main, now: NOW, expiresAt: secondsLater(600) };
  await takeLease(store, { ...request, runId: 'daily', runKey: 'runs/daily/daily' });
  const first = { ...request, runId: 'first', runKey: 'runs/outage/first' };
  expect(await takeOverLease(store, first)).toEqual({ epoch: 2, takenFrom: 'daily' });
  expect(await takeOverLease(store, { ...request, runId: 'second', runKey: 'runs/outage/second' })).toEqual({
    heldBy: 'first',
  });
  const later = { now: secondsLater(600), expiresAt: secondsLater(1_200) };
  expect(await takeOverLease(store, { ...main, ...later, runId: 'second', runKey: 'runs/outage/second' })).toEqual({
    epoch: 3,
  });
});
