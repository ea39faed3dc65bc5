import { expect, test } from '@jest/globals';
import * as z from 'zod';
import type { TaskResult } from '../../core/task.ts';
import { defineTask, pause } from '../../core/task.ts';

const kind = {
  severity: 'warn',
  means: 'There are many.',
  matters: 'They become more.',
  remedy: 'Remove some.',
  prevention: 'Let fewer in.',
} as const;
const parts = {
  name: 'postgres-check-rows',
  summary: 'Counts rows',
  target: 'postgres',
  input: z.strictObject({ limit: z.int().default(5).describe('How many are too many') }),
  examples: [{}],
  findings: { 'too-many': kind },
  timeoutSeconds: 60,
} as const;
const nothing = { findings: [], measurements: [] };
const cap = () => ({ absolute: 1, percent: 100 });

test('what a task leaves out has its default', () => {
  const task = defineTask({ ...parts, effect: 'read-only', run: () => Promise.resolve(nothing) });
  expect(task).toMatchObject({ pauses: false, cap: undefined, baseline: undefined, documentKey: undefined });
  expect(task.permissions({} as never)).toEqual([]);
});

test('a finding of a kind that is not declared does not compile', async () => {
  const finding = { kind: 'too-many', target: 'main', summary: 'many' } as const;
  const good = defineTask({
    ...parts,
    effect: 'read-only',
    run: () => Promise.resolve({ findings: [finding], measurements: [] }),
  });
  const bad = defineTask({
    ...parts,
    effect: 'read-only',
    // @ts-expect-error novel is not declared
    run: () => Promise.resolve({ findings: [{ ...finding, kind: 'novel' as const }], measurements: [] }),
  });
  for (const task of [good, bad]) {
    const { findings } = (await task.run({} as never)) as TaskResult<string>;
    expect(findings).toMatchObject([{ target: 'main' }]);
  }
});

test('an example that does not fit the input does not compile', () => {
  const task = defineTask({
    ...parts,
    effect: 'read-only',
    // @ts-expect-error limit is a number
    examples: [{ limit: 'many' }],
    run: () => Promise.resolve(nothing),
  });
  expect(task.input.safeParse(task.examples[0]).success).toBe(false);
});

test('act in a task that only reads does not compile', async () => {
  let act: unknown = 'not called';
  const task = defineTask({
    ...parts,
    effect: 'read-only',
    run: (context) => {
      // @ts-expect-error a task that only reads has no act
      act = context.act;
      return Promise.resolve(nothing);
    },
  });
  await task.run({} as never);
  expect(act).toBeUndefined();
});

test('a pause without its declaration does not compile', async () => {
  const good = defineTask({
    ...parts,
    effect: 'read-only',
    pauses: true,
    run: () => Promise.resolve(pause({ seconds: 5, cursor: null })),
  });
  const bad = defineTask({
    ...parts,
    effect: 'read-only',
    // @ts-expect-error it does not declare that it pauses
    run: () => Promise.resolve(pause({ seconds: 5, cursor: null })),
  });
  expect([good.pauses, bad.pauses]).toEqual([true, false]);
  expect(await good.run({} as never)).toEqual({ paused: true, seconds: 5, cursor: null });
});

test('a task that changes something does not compile without a cap, one that reads not with one', () => {
  const good = defineTask({ ...parts, effect: 'mutating', cap, run: () => Promise.resolve(nothing) });
  // @ts-expect-error there is no cap
  const without = defineTask({ ...parts, effect: 'mutating', run: () => Promise.resolve(nothing) });
  // @ts-expect-error there is nothing to cap
  const needless = defineTask({ ...parts, effect: 'read-only', cap, run: () => Promise.resolve(nothing) });
  expect([good, without, needless].map((task) => typeof task.cap)).toEqual(['function', 'undefined', 'function']);
});
