import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { DurationSeconds, Percent } from '../../../core/duration.ts';
import { defineTask, type Task } from '../../../core/task.ts';
import type { CataloguedTask } from '../../../lambdas/catalogue.ts';
import { inputFields } from '../../../lib/docs/input-fields.ts';
import { tasksPage } from '../../../lib/docs/tasks-page.ts';
import { markdownTree, nodesOf, textOf } from '../../lambdas/report/markdown-tree.ts';

const HOSTILE = 'Says | <script>alert(1)</script> **x** [y](javascript:z)\n# Heading';
const SHOWN = HOSTILE.replace('\n', ' ');

const vacuum = defineTask({
  name: 'postgres-vacuum',
  summary: 'Vacuums tables',
  effect: 'mutating',
  target: 'postgres',
  input: z.strictObject({ above: Percent.prefault('20%').describe('The share of dead rows') }),
  examples: [{}, { above: '30%' }],
  findings: {
    late: {
      severity: 'warn',
      means: 'It is late.',
      matters: 'It grows later.',
      remedy: 'Run `VACUUM` by hand.',
      prevention: 'Run it daily.',
    },
  },
  permissions: (platform) => [
    { actions: ['rds:DescribeDBInstances'], resources: ['*'], because: `it lists all of ${platform.platform}` },
  ],
  timeoutSeconds: 300,
  cap: () => ({ absolute: 1, percent: 1 }),
  run: async () => ({ findings: [], measurements: [] }),
});

const hostile: Task = {
  ...vacuum,
  name: 'redis-check-memory',
  target: 'redis',
  summary: HOSTILE,
  findings: { late: { severity: 'warn', means: HOSTILE, matters: HOSTILE, remedy: HOSTILE, prevention: HOSTILE } },
  input: z.strictObject({ text: z.string().default('`|`').describe(HOSTILE) }),
  examples: [{ text: '```\n# Heading' }],
  permissions: () => [],
};

const entry = (task: Task, domain: string): [string, CataloguedTask] => [
  task.name,
  { task, domain, file: `lambdas/tasks/${domain}/${task.name.slice(domain.length + 1)}.ts` },
];
const catalogue = new Map([entry(vacuum, 'postgres'), entry(hostile, 'redis')]);

function cells(page: string): string[] {
  return nodesOf('tableCell', markdownTree(page)).map(textOf);
}

describe('the page of tasks', () => {
  test('has a heading for each domain and task, whatever the tasks say', () => {
    const headings = nodesOf('heading', markdownTree(tasksPage(catalogue))).map((node) => [node.depth, textOf(node)]);

    expect(headings).toEqual([
      [1, 'Tasks'],
      [2, 'postgres'],
      [3, 'postgres-vacuum'],
      [2, 'redis'],
      [3, 'redis-check-memory'],
    ]);
  });

  test('shows hostile text as text: no element, no link, no second cell', () => {
    const tree = markdownTree(tasksPage(catalogue));

    expect(cells(tasksPage(catalogue)).filter((text) => text === SHOWN)).toHaveLength(6);
    expect(
      nodesOf('html', tree)
        .map(textOf)
        .filter((html) => !/^(<br>|<!-- Generated)/.test(html)),
    ).toEqual([]);
    expect(nodesOf('link', tree).map(textOf)).toEqual([
      'postgres-vacuum',
      'redis-check-memory',
      'lambdas/tasks/postgres/vacuum.ts',
      'lambdas/tasks/redis/check-memory.ts',
    ]);
  });

  test('tells inputs, findings, permissions and examples', () => {
    const page = tasksPage(catalogue);

    expect(cells(page)).toEqual(
      expect.arrayContaining([
        'above',
        'share',
        '20%',
        'The share of dead rows',
        'late',
        'It is late.',
        'Run VACUUM by hand.',
      ]),
    );
    expect(cells(page)).toEqual(expect.arrayContaining(['rds:DescribeDBInstances', 'it lists all of orchard']));
    expect(nodesOf('code', markdownTree(page)).map(textOf)[0]).toBe(
      '- postgres-vacuum\n- postgres-vacuum: { above: 30% }',
    );
  });

  test('is the same whatever order the catalogue comes in', () => {
    expect(tasksPage(new Map([...catalogue].reverse()))).toBe(tasksPage(catalogue));
  });
});

describe('the fields of an input', () => {
  const input = z.strictObject({
    age: DurationSeconds.default(900).describe('An age'),
    share: Percent.optional().describe('A share'),
    most: z.int().positive().default(5).describe('A number'),
    rate: z.number().min(0).max(1).describe('A rate'),
    state: z.enum(['up', 'down']).default('up').describe('A state'),
    tables: z
      .array(z.strictObject({ name: z.string().describe('A name') }))
      .default([])
      .describe('Tables'),
    limits: z.record(z.string(), z.number()).optional().describe('Limits'),
  });

  test.each([
    ['age', 'duration', '15m', false],
    ['share', 'share', undefined, false],
    ['most', 'whole number, at least 1', '5', false],
    ['rate', 'number, 0 to 1', undefined, true],
    ['state', '"up" or "down"', '"up"', false],
    ['tables', 'list of group of fields', '[]', false],
    ['tables[].name', 'text', undefined, true],
    ['limits', 'number by name', undefined, false],
  ])('say of %s that it is a %s, by default %s', (name, type, byDefault, required) => {
    expect(inputFields(input).find((field) => field.name === name)).toMatchObject({ type, byDefault, required });
  });

  test('come in the order of the input', () => {
    expect(inputFields(input).map(({ name }) => name)).toEqual([
      'age',
      'share',
      'most',
      'rate',
      'state',
      'tables',
      'tables[].name',
      'limits',
    ]);
  });
});
