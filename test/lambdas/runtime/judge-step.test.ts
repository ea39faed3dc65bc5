import { expect, test } from '@jest/globals';
import * as z from 'zod';
import { defineTask } from '../../../core/task.ts';
import { acceptResult, judgeStep } from '../../../lambdas/runtime/judge-step.ts';
import { STAND_IN } from '../../harness/stand-in.ts';

const result = { findings: [], measurements: [] };
const plain = defineTask({
  ...STAND_IN,
  name: 'test-check-healthy',
  summary: 'Stands for a task',
  effect: 'read-only',
  input: z.strictObject({}),
  run: async () => result,
});
const counting = {
  ...plain,
  baseline: { version: 1, schema: z.object({ count: z.int() }) },
} as unknown as typeof plain;

test.each([
  ['nothing', plain, undefined, 'nonsense at the top'],
  [
    'a number that is none',
    plain,
    { ...result, measurements: [{ name: 'n', value: Number.NaN, unit: 'count', target: 'main' }] },
    'nonsense at measurements.0.value',
  ],
  ['a baseline that it does not declare', plain, { ...result, baseline: { count: 1 } }, 'it declares none'],
  ['a baseline of another shape', counting, { ...result, baseline: { count: 'many' } }, 'does not fit its schema'],
])('a task that returns %s is not believed', (_, task, returned, words) => {
  expect(acceptResult(task, ['main'], returned)).toMatchObject({ nonsense: expect.stringContaining(words) });
});

test('a task that returns what it declares is believed', () => {
  expect(acceptResult(counting, ['main'], { ...result, baseline: { count: 1 } })).toHaveProperty('result');
});

test('a target of which nothing was said is unknown, and a kind that nobody declares is a failure of the task', () => {
  const findings = [{ kind: 'unheard-of', target: 'main', summary: 'something' }];
  const judged = judgeStep(plain, ['main', 'copy'], { findings, measurements: [] }, []);
  expect(judged.findings).toMatchObject([
    { target: 'main', severity: 'unknown' },
    { target: 'copy', kind: 'not-examined', severity: 'unknown', summary: 'nothing was said of it' },
  ]);
  expect(judged.targets).toEqual([
    { target: 'main', verdict: 'unknown' },
    { target: 'copy', verdict: 'unknown' },
  ]);
});
