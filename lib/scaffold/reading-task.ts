import { wordsOf, type TaskOutline } from './outline.ts';

/** The text of a task that reads and judges. Its judgement is whole; what it reads is left to be written. */
export function readingTask(outline: TaskOutline): string {
  const { name, file } = wordsOf(outline);
  return `import * as z from 'zod';
import { Unavailable } from '../../../core/errors.ts';
import type { Finding, Measurement } from '../../../core/finding.ts';
import type { Need } from '../../../core/need.ts';
import type { Target } from '../../../core/target-kinds.ts';
import { defineTask } from '../../../core/task.ts';
import { eachNeed } from '../../runtime/each-need.ts';
import { eachTarget } from '../../runtime/each-target.ts';
import { secretPermissions } from '../../runtime/secret-permissions.ts';

const Input = z.strictObject({
  warnAbove: z.number().nonnegative().default(10).describe('It warns when the count is above this'),
});
type Limits = z.output<typeof Input>;

type Kind = 'above-limit';

/** What was read of one target, in the words of its field. */
interface Observed {
  readonly count: number;
}

/** A count above the limit is worth a warning; at the limit all is well. */
export function judge(target: string, { count }: Observed, { warnAbove }: Limits): Finding<Kind>[] {
  if (count <= warnAbove) return [];
  const summary = \`\${target}: \${count}, at most \${warnAbove} expected\`;
  return [{ kind: 'above-limit', target, summary, value: count, limit: warnAbove, unit: 'count' }];
}

async function observe({ name }: Target<'${outline.target}'>): Promise<Observed> {
  throw new Unavailable(\`\${name} is not read yet: write observe()\`);
}

/** What the work needs of a target, seen by looking alone: met, missing with its grant, or unknown with the reason. */
async function look({ name }: Target<'${outline.target}'>): Promise<readonly Omit<Need, 'target'>[]> {
  throw new Unavailable(\`what is needed of \${name} is not looked at yet: write look()\`);
}

export const task = defineTask({
  name: '${name}',
  summary: 'Not written yet: it says unknown of every target',
  effect: 'read-only',
  target: '${outline.target}',
  input: Input,
  examples: [{}, { warnAbove: 20 }],
  findings: {
    'above-limit': {
      severity: 'warn',
      means: 'There is more than the limit allows.',
      matters: 'Say in ${file} what goes wrong.',
      remedy: 'Say in ${file} what a person does.',
      prevention: 'Say in ${file} what prevents it.',
    },
  },
  permissions: (platform) => secretPermissions(platform, '${outline.target}'),
  needs: ({ targets }) => eachNeed(targets, look),
  timeoutSeconds: 60,
  run: ({ input, targets }) =>
    eachTarget(targets, async (target) => {
      const observed = await observe(target);
      const measurements: Measurement[] = [
        { name: 'count', value: observed.count, unit: 'count', target: target.name },
      ];
      return { findings: judge(target.name, observed, input), measurements };
    }),
});
`;
}

/** The text of its test: the edges of the limit, and the target that is not read. */
export function readingTaskTest(outline: TaskOutline): string {
  return `import { expect, test } from '@jest/globals';
import { judge, task } from '../../../../lambdas/tasks/${outline.domain}/${outline.stem}.ts';
import { needsOf } from '../../../harness/needs-of.ts';
import { resultOf } from '../../../harness/perform-task.ts';

test.each([
  { count: 0, kinds: [] },
  { count: 10, kinds: [] },
  { count: 11, kinds: ['above-limit'] },
])('of $count it finds $kinds', ({ count, kinds }) => {
  const findings = judge('main', { count }, { warnAbove: 10 });

  expect(findings.map(({ kind }) => kind)).toEqual(kinds);
});

test('a target that is not read is unknown, with the reason, and never passes', async () => {
  const { findings, measurements } = await resultOf({ task, targets: { main: {} } });

  expect(measurements).toEqual([]);
  expect(findings).toEqual([
    { kind: 'not-readable', target: 'main', summary: 'main is not read yet: write observe()' },
  ]);
});

test('what is needed of a target that is not looked at is unknown, with the reason', async () => {
  const needs = await needsOf({ task, targets: { main: {} } });

  expect(needs).toMatchObject([
    { target: 'main', state: 'unknown', detail: 'what is needed of main is not looked at yet: write look()' },
  ]);
});
`;
}
