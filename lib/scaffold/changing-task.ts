import { wordsOf, type TaskOutline } from './outline.ts';

/** The text of a task that changes things: it chooses, and acts within its cap; reading and changing are left open. */
export function changingTask(outline: TaskOutline): string {
  const { verb, name, file } = wordsOf(outline);
  return `import * as z from 'zod';
import { allowedBy, type Cap } from '../../../core/action.ts';
import { Unavailable } from '../../../core/errors.ts';
import type { Finding } from '../../../core/finding.ts';
import type { Need } from '../../../core/need.ts';
import type { Target } from '../../../core/target-kinds.ts';
import { defineTask } from '../../../core/task.ts';
import { eachNeed } from '../../runtime/each-need.ts';
import { eachTarget } from '../../runtime/each-target.ts';
import { secretPermissions } from '../../runtime/secret-permissions.ts';

const Input = z.strictObject({
  above: z.number().nonnegative().default(10).describe('What has a higher count is due'),
  maxChanges: z.int().positive().default(10).describe('The most that one run changes at one target'),
  maxPercent: z.number().positive().max(100).default(20).describe('The same, in percent of what there is'),
});
type Limits = z.output<typeof Input>;

type Kind = 'more-due-than-allowed';

/** One thing at a target that may be due, in the words of its field. */
interface Subject {
  readonly name: string;
  readonly count: number;
}

/** What is above the limit, the highest first. */
export function whatIsDue(subjects: readonly Subject[], { above }: Pick<Limits, 'above'>): Subject[] {
  return subjects.filter(({ count }) => count > above).toSorted((a, b) => b.count - a.count);
}

/** More is due than one run may change: the rest waits, and a person should know. */
export function judge(target: string, due: number, population: number, limits: Limits): Finding<Kind>[] {
  const allowed = allowedBy(capOf(limits), population);
  if (due <= allowed) return [];
  const summary = \`\${target}: \${due} of \${population} are due, at most \${allowed} are changed in one run\`;
  return [{ kind: 'more-due-than-allowed', target, summary, value: due, limit: allowed, unit: 'count' }];
}

function capOf({ maxChanges, maxPercent }: Limits): Cap {
  return { absolute: maxChanges, percent: maxPercent };
}

async function observe({ name }: Target<'${outline.target}'>): Promise<readonly Subject[]> {
  throw new Unavailable(\`\${name} is not read yet: write observe()\`);
}

async function change({ name }: Target<'${outline.target}'>, subject: Subject): Promise<void> {
  throw new Unavailable(\`\${subject.name} of \${name} cannot be changed yet, write change()\`);
}

/** What the work needs of a target, seen by looking alone: met, missing with its grant, or unknown with the reason. */
async function look({ name }: Target<'${outline.target}'>): Promise<readonly Omit<Need, 'target'>[]> {
  throw new Unavailable(\`what is needed of \${name} is not looked at yet: write look()\`);
}

export const task = defineTask({
  name: '${name}',
  summary: 'Not written yet: it changes nothing and says unknown of every target',
  effect: '${outline.effect}',
  target: '${outline.target}',
  input: Input,
  examples: [{}, { above: 20, maxChanges: 5 }],
  findings: {
    'more-due-than-allowed': {
      severity: 'warn',
      means: 'More is due than one run may change, so some of it waits.',
      matters: 'Say in ${file} what goes wrong.',
      remedy: 'Say in ${file} what a person does.',
      prevention: 'Say in ${file} what prevents it.',
    },
  },
  permissions: (platform) => secretPermissions(platform, '${outline.target}'),
  needs: ({ targets }) => eachNeed(targets, look),
  timeoutSeconds: 300,
  cap: capOf,
  run: ({ input, targets, act }) =>
    eachTarget(targets, async (target) => {
      const subjects = await observe(target);
      const due = whatIsDue(subjects, input);
      for (const subject of due) {
        await act(
          {
            verb: '${verb}',
            target: target.name,
            subject: subject.name,
            summary: \`${verb} \${subject.name}, \${subject.count}\`,
            before: { count: subject.count },
            scope: { planned: due.length, population: subjects.length },
            look: async () => {
              const still = whatIsDue(await observe(target), input);
              return { state: still.some(({ name }) => name === subject.name) ? 'not-done' : 'done' };
            },
          },
          async () => {
            await change(target, subject);
            return { state: 'done' };
          },
        );
      }
      return {
        findings: judge(target.name, due.length, subjects.length, input),
        measurements: [{ name: 'due', value: due.length, unit: 'count', target: target.name }],
      };
    }),
});
`;
}

/** The text of its test: what is due, the cap, and the target that is not read and not changed. */
export function changingTaskTest(outline: TaskOutline): string {
  return `import { expect, test } from '@jest/globals';
import { whatIsDue, judge, task } from '../../../../lambdas/tasks/${outline.domain}/${outline.stem}.ts';
import { needsOf } from '../../../harness/needs-of.ts';
import { performTask } from '../../../harness/perform-task.ts';

const LIMITS = { above: 10, maxChanges: 2, maxPercent: 50 };

test.each([
  { counts: [], due: [] },
  { counts: [10], due: [] },
  { counts: [11, 9, 12], due: [12, 11] },
])('of $counts it chooses $due', ({ counts, due }) => {
  const subjects = counts.map((count) => ({ name: \`subject-\${count}\`, count }));

  expect(whatIsDue(subjects, LIMITS).map(({ count }) => count)).toEqual(due);
});

test.each([
  { due: 2, population: 4, kinds: [] },
  { due: 3, population: 6, kinds: ['more-due-than-allowed'] },
  { due: 2, population: 3, kinds: ['more-due-than-allowed'] },
])('when $due of $population are due it finds $kinds', ({ due, population, kinds }) => {
  const findings = judge('main', due, population, LIMITS);

  expect(findings.map(({ kind }) => kind)).toEqual(kinds);
});

test('a target that is not read is unknown, with the reason, and nothing of it is changed', async () => {
  const { result, actions } = await performTask({ task, targets: { main: {} } });

  expect(actions).toEqual([]);
  expect(result).toEqual({
    findings: [{ kind: 'not-readable', target: 'main', summary: 'main is not read yet: write observe()' }],
    measurements: [],
  });
});

test('what is needed of a target that is not looked at is unknown, with the reason', async () => {
  const needs = await needsOf({ task, targets: { main: {} } });

  expect(needs).toMatchObject([
    { target: 'main', state: 'unknown', detail: 'what is needed of main is not looked at yet: write look()' },
  ]);
});
`;
}
