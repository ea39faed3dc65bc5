import { expect, test } from '@jest/globals';
import * as z from 'zod';
import type { Act, Performed } from '../../../core/action.ts';
import { defineTask, type Task } from '../../../core/task.ts';
import { createAct } from '../../../lambdas/runtime/act.ts';
import { takeLease } from '../../../lambdas/runtime/leases.ts';
import { createRecord } from '../../../lambdas/runtime/records.ts';
import { keysOf, NOW, secondsLater } from '../../harness/run-records.ts';
import { stepOf, type StepOptions } from './_step.ts';

const done = (): Promise<Performed> => Promise.resolve({ state: 'done' });

/** A task that vacuums the tables one after the other with the given `perform` and measures each target. */
function vacuumTask(tables: readonly string[], perform: () => Promise<Performed> = done): Task {
  const one = (act: Act, target: string, subject: string) =>
    act(
      {
        verb: 'vacuum',
        target,
        subject,
        summary: `vacuum ${subject}`,
        scope: { planned: tables.length, population: tables.length },
        look: () => Promise.resolve({ state: 'not-done' }),
      },
      perform,
    );
  return defineTask({
    name: 'postgres-vacuum',
    summary: 'Vacuums',
    effect: 'mutating',
    target: 'postgres',
    input: z.strictObject({ most: z.int().default(2).describe('The most tables of a run') }),
    examples: [{}],
    findings: {},
    timeoutSeconds: 60,
    cap: ({ most }) => ({ absolute: most, percent: 100 }),
    run: async ({ targets, act }) => {
      for (const { name } of targets) for (const table of tables) await one(act, name, table);
      return {
        findings: [],
        measurements: targets.map(({ name }) => ({
          name: 'tables',
          value: tables.length,
          unit: 'count',
          target: name,
        })),
      };
    },
  });
}

async function leasedStep(task: Task, options: StepOptions = {}) {
  const step = await stepOf(task, { entry: { targets: ['main'], ...options.entry }, ...options });
  const runId = 'daily-20261121T020000Z';
  const main = { kind: 'postgres', target: 'main' };
  const request = { ...main, runId, runKey: step.key, now: NOW, expiresAt: secondsLater(2_400) };
  await createRecord(step.store, `${step.key}/leases.json`, [{ ...main, ...(await takeLease(step.store, request)) }]);
  return step;
}

test('what a task did is in its record', async () => {
  const task = vacuumTask(['orders']);
  const step = await leasedStep(task);
  expect(await step.call(task)).toMatchObject({ verdict: 'pass' });
  expect((await step.record()).actions).toMatchObject([{ subject: 'orders', status: 'done', task: 'postgres-vacuum' }]);
});

test('a failed action fails its target without any word of the task', async () => {
  const task = vacuumTask(['orders'], () => Promise.reject(new Error('deadlock detected')));
  const step = await leasedStep(task);
  expect(await step.call(task)).toMatchObject({ verdict: 'fail' });
  expect((await step.record()).findings).toMatchObject([
    { kind: 'action-failed', severity: 'fail', subject: 'orders', summary: 'vacuum orders: deadlock detected' },
  ]);
});

test('an action above the cap of the input makes its target unknown', async () => {
  const task = vacuumTask(['a', 'b', 'c']);
  const step = await leasedStep(task);
  expect(await step.call(task)).toMatchObject({ verdict: 'unknown' });
  expect((await step.record()).findings).toMatchObject([
    { kind: 'action-refused', subject: 'c', summary: 'vacuum c: cap, 3 of 3 are due and the cap allows 2' },
  ]);
});

test('an action whose end was not seen makes its target unknown', async () => {
  const task = vacuumTask(['orders'], () => Promise.resolve({ state: 'running' }));
  const step = await leasedStep(task);
  await step.call(task);
  expect((await step.record()).findings).toMatchObject([{ kind: 'action-unfinished', severity: 'unknown' }]);
});

test('without a granted lease every action is refused', async () => {
  const task = vacuumTask(['orders']);
  const step = await stepOf(task, { entry: { targets: ['main'] } });
  await step.call(task);
  expect((await step.record()).actions).toMatchObject([{ status: 'refused', reason: 'lease' }]);
});

test('a plan changes nothing and its targets are judged by what was read', async () => {
  let performed = 0;
  const task = vacuumTask(['orders'], () => {
    performed += 1;
    return done();
  });
  const step = await stepOf(task, { mode: 'plan', entry: { targets: ['main'] } });
  expect(await step.call(task)).toMatchObject({ verdict: 'pass' });
  expect(performed).toBe(0);
  expect((await step.record()).actions).toMatchObject([{ status: 'planned' }]);
  expect(await keysOf(step.store, `${step.key}/actions/`)).toEqual([]);
});

test('a task that hangs in an action is unknown, and the action is unfinished', async () => {
  const task = vacuumTask(['orders'], () => new Promise(() => undefined));
  const step = await leasedStep(task, { entry: { targets: ['main'], timeoutSeconds: 6 } });
  await step.call(task);
  const kinds = (await step.record()).findings.map(({ kind }) => kind);
  expect(kinds).toEqual(['task-timed-out', 'action-unfinished']);
});

test('an input that its task does not take leaves a record too', async () => {
  const task = vacuumTask(['orders']);
  const step = await leasedStep(task, { entry: { targets: ['main'], input: { most: 'many' } } });
  expect(await step.call(task)).toMatchObject({ status: 'done', verdict: 'unknown' });
  expect((await step.record()).findings).toMatchObject([{ kind: 'task-failed', target: 'main' }]);
});

test.each([
  [
    'throws',
    () => {
      throw new TypeError('most is not iterable');
    },
    'its cap cannot be told: most is not iterable',
  ],
  ['is no number', () => ({ absolute: Number.NaN, percent: 100 }), 'its cap cannot be told: absolute is NaN'],
  ['is below zero', () => ({ absolute: -1, percent: 100 }), 'its cap cannot be told: absolute is -1'],
  ['is more than all', () => ({ absolute: 1, percent: 101 }), 'its cap cannot be told: percent is 101'],
])('a cap that %s leaves a record, and nothing is changed', async (_, cap, summary) => {
  let performed = 0;
  const task: Task = {
    ...vacuumTask(['a'], () => {
      performed += 1;
      return done();
    }),
    cap,
  };
  const step = await leasedStep(task);
  expect(await step.call(task)).toMatchObject({ status: 'done', verdict: 'unknown' });
  expect((await step.record()).findings).toMatchObject([{ kind: 'task-failed', target: 'main', summary }]);
  expect(performed).toBe(0);
});

test('a run that is past its deadline still records what an earlier call of the step did', async () => {
  const task = vacuumTask(['a', 'b']);
  const step = await leasedStep(task);
  const { act } = createAct({
    ...{ store: step.store, runId: 'daily-20261121T020000Z', runKey: step.key, stem: '01-postgres-vacuum' },
    ...{ task: task.name, kind: 'postgres', effect: 'mutating', mode: 'execute', cap: { absolute: 2, percent: 100 } },
    ...{ clock: () => NOW, deadline: secondsLater(60), epochs: new Map([['main', 1]]) },
  });
  const a = { verb: 'vacuum', target: 'main', subject: 'a', summary: 'vacuum a', idempotent: true } as const;
  const begun = Promise.withResolvers<undefined>();
  void act({ ...a, scope: { planned: 2, population: 2 } }, () => {
    begun.resolve(undefined);
    return new Promise(() => undefined);
  });
  await begun.promise;
  await step.call(task, {}, () => secondsLater(4_000));
  expect(await step.record()).toMatchObject({
    findings: [{ kind: 'out-of-time' }, { kind: 'action-unfinished', subject: 'a' }],
    actions: [{ subject: 'a', status: 'running' }],
  });
});
