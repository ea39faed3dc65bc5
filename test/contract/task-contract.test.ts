import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { DurationSeconds } from '../../core/duration.ts';
import { TARGET_KINDS } from '../../core/target-kinds.ts';
import { secretPermissions } from '../../lambdas/runtime/secret-permissions.ts';
import { defineTask, type Permission, type Task } from '../../core/task.ts';
import { targetsOf, type ResolvedPlatform } from '../../core/platform.ts';
import { EXAMPLE_TARGETS } from '../../lib/docs/example-platform.ts';
import { brokenPromises, mirrorOf, TASK_CONTRACT } from './task-contract.ts';

const FILE = 'lambdas/tasks/postgres/check-orders.ts';
const NO_ROOT = '/nonexistent';

const healthy = defineTask({
  name: 'postgres-check-orders',
  summary: 'Checks that the orders of yesterday were counted',
  effect: 'read-only',
  target: 'postgres',
  input: z.strictObject({
    maxAge: DurationSeconds.prefault('8h').describe('How old the count may be'),
    tables: z
      .array(z.strictObject({ name: z.string().describe('The name of the table') }))
      .default([])
      .describe('The tables to count'),
  }),
  examples: [{}, { maxAge: '1h' }],
  findings: {
    late: {
      severity: 'warn',
      means: 'The count is old.',
      matters: 'It grows older.',
      remedy: 'Run the count again.',
      prevention: 'Schedule the count.',
    },
  },
  permissions: (platform) => [
    ...secretPermissions(platform, 'postgres'),
    {
      actions: ['rds:DescribeDBInstances'],
      resources: [...targetsOf(platform, 'postgres').values()].flatMap(({ rds }) =>
        rds ? [`arn:aws:rds:${platform.region}:${platform.account}:db:${rds}`] : [],
      ),
    },
  ],
  needs: async () => [],
  timeoutSeconds: 60,
  run: async () => ({ findings: [], measurements: [] }),
});

const vacuum: Task = {
  ...healthy,
  name: 'postgres-vacuum',
  effect: 'mutating',
  cap: () => ({ absolute: 10, percent: 20 }),
};

function broken(changes: Partial<Task>, { file = FILE, task = healthy } = {}): string[] {
  const domain = file.split('/')[2] ?? '';
  const all = brokenPromises({ task: { ...task, ...changes }, file, domain }, NO_ROOT);
  return all.filter((problem) => !problem.endsWith('does not exist'));
}

function asking(permission: Permission | ((platform: ResolvedPlatform) => readonly Permission[])): Partial<Task> {
  return { permissions: typeof permission === 'function' ? permission : () => [permission] };
}

const finding = (kind: string, means: string, remedy = 'Run the count again.') => ({
  findings: {
    [kind]: { severity: 'warn' as const, means, matters: 'It grows older.', remedy, prevention: 'Schedule the count.' },
  },
});
// As a task in JavaScript could come.
const unexplained = {
  findings: { late: { severity: 'warn', means: 'It is late.', remedy: 'Mend it.' } },
} as unknown as Partial<Task>;
const withInput = (input: z.ZodObject): Partial<Task> => ({ input, examples: [{}] });
const described = z.number().default(1).describe('A limit');

let calls = 0;

const BROKEN: [promise: string, changes: Partial<Task>, words: string][] = [
  ['is called as its path says', { name: 'postgres-orders' }, 'postgres-check-orders'],
  ['does what its verb says', { effect: 'mutating', cap: () => ({ absolute: 1, percent: 1 }) }, 'must be read-only'],
  ['says in one line what it does', { summary: 'Checks the orders of yesterday.' }, 'full stop'],
  ['acts on a kind of target that exists', { target: 'mainframe' as never }, 'mainframe'],
  ['takes a strict, described input', withInput(z.object({ limit: described })), 'unknown key'],
  [
    'takes a strict, described input',
    withInput(z.strictObject({ limit: z.number().default(1) })),
    'limit has no description',
  ],
  [
    'takes a strict, described input',
    withInput(z.strictObject({ age: DurationSeconds.default(1) })),
    'age has no description',
  ],
  [
    'takes a strict, described input',
    withInput(
      z.strictObject({
        list: z
          .array(z.object({ a: described }))
          .default([])
          .describe('A list'),
      }),
    ),
    'list[] accepts unknown keys',
  ],
  [
    'takes a strict, described input',
    withInput(
      z.strictObject({
        list: z
          .array(z.strictObject({ a: z.string() }))
          .default([])
          .describe('A list'),
      }),
    ),
    'list[].a has no description',
  ],
  ['leaves the fields of a profile entry alone', withInput(z.strictObject({ required: described })), 'required'],
  ['shows examples that its input takes', { examples: [{}, { maxAge: 'soon' }] }, '"soon" is not a duration'],
  ['shows examples that its input takes', { examples: [{ maxAge: '1h' }] }, 'the empty one is valid and not shown'],
  ['shows examples that its input takes', { examples: [] }, 'there is none'],
  ['explains every finding in sentences', { findings: {} }, 'can find nothing'],
  ['explains every finding in sentences', finding('tooLate', 'It is late.'), 'tooLate is not in kebab-case'],
  ['explains every finding in sentences', finding('not-readable', 'It is late.'), 'the runtime itself reports'],
  ['explains every finding in sentences', finding('late', 'it is late'), 'is no sentence'],
  ['explains every finding in sentences', finding('late', 'It is late.', 'mend it'), 'remedy of late is no sentence'],
  ['explains every finding in sentences', finding('late', 'It is late.', 'It is late.'), 'remedy of late says again'],
  [
    'explains every finding in sentences',
    finding('late', 'It is late.', 'Schedule the count.'),
    'prevention of late says',
  ],
  ['explains every finding in sentences', finding('late', 'It is late. Very. Indeed.'), 'more than two sentences'],
  ['explains every finding in sentences', unexplained, 'matters of late is no sentence'],
  ['explains every finding in sentences', unexplained, 'prevention of late is no sentence'],
  ['ends within what Lambda allows', { timeoutSeconds: 901 }, '901'],
  ['ends within what Lambda allows', { timeoutSeconds: 0 }, '0'],
  ['may read the secrets that its targets refer to', { permissions: () => [] }, 'secret:orchard/prod/postgres-??????'],
  [
    'asks for no more than it needs',
    asking({ actions: ['rds:DescribeDBInstances'], resources: ['*'] }),
    'without a because',
  ],
  ['asks for no more than it needs', asking({ actions: ['s3:*'], resources: ['arn:aws:s3:::orchard'] }), 's3:*'],
  ['asks for no more than it needs', asking({ actions: ['s3:GetObject'], resources: ['orchard'] }), 'is no ARN'],
  [
    'asks for no more than it needs',
    asking({ actions: ['s3:GetObject'], resources: ['arn:aws:s3:::other/*'] }),
    'names nothing of this',
  ],
  [
    'asks for no more than it needs',
    asking({ actions: ['rds:DescribeDBInstances'], resources: ['arn:aws:rds:eu-west-1:999999999999:db:orchard'] }),
    'another account',
  ],
  [
    'asks for no more than it needs',
    asking({ actions: ['rds:DescribeDBInstances'], resources: ['arn:aws:rds:us-east-1:111122223333:db:orchard'] }),
    'another region',
  ],
  [
    'asks for no more than it needs',
    asking({ actions: ['s3:DeleteObject'], resources: ['arn:aws:s3:::orchard/*'] }),
    'only reads',
  ],
  [
    'asks for no more than it needs',
    asking(() => [{ actions: ['s3:GetObject'], resources: [`arn:aws:s3:::orchard/${(calls += 1)}`] }]),
    'differ from call to call',
  ],
  [
    'asks for no more than it needs',
    asking((platform) => {
      platform.allowAddresses.push('0.0.0.0/0');
      return [];
    }),
    'they throw',
  ],
  ['says what it needs of its targets', { needs: undefined }, 'it has no needs'],
  ['has a cap where it changes something', { cap: () => ({ absolute: 1, percent: 1 }) }, 'only reads and has a cap'],
  [
    'has an address for its document that follows from the day alone',
    { documentKey: () => `scaling/${(calls += 1)}.json` },
    'from call to call',
  ],
  ['has an address for its document that follows from the day alone', { documentKey: () => '/etc/passwd' }, 'no key'],
];

describe('the contract of tasks', () => {
  test('is kept by a healthy task, and by one that changes things', () => {
    expect(broken({})).toEqual([]);
    expect(broken({}, { file: 'lambdas/tasks/postgres/vacuum.ts', task: vacuum })).toEqual([]);
    expect(broken({}, { file: 'lambdas/tasks/postgres/vacuum/index.ts', task: vacuum })).toEqual([]);
  });

  test.each(BROKEN.map(([promise, changes, words]) => ({ promise, changes, words })))(
    '"$promise" is seen to be broken: $words',
    ({ promise, changes, words }) => {
      const problems = broken(changes);

      expect(problems.filter((problem) => problem.startsWith(`${promise}: `)).join('\n')).toContain(words);
    },
  );

  test.each([
    ['none', undefined],
    ['one of nothing', () => ({ absolute: 0, percent: 10 })],
    ['one beyond everything', () => ({ absolute: 5, percent: 101 })],
  ])('"has a cap" refuses a changing task with %s', (_name, cap) => {
    const problems = broken({ cap }, { file: 'lambdas/tasks/postgres/vacuum.ts', task: vacuum });

    expect(problems).toHaveLength(cap ? 2 : 1);
  });

  test('asks for a test at the mirrored path', () => {
    const problems = brokenPromises({ task: healthy, file: FILE, domain: 'postgres' }, NO_ROOT);

    expect(problems).toEqual([
      'has a test at the mirrored path: test/lambdas/tasks/postgres/check-orders.test.ts does not exist',
    ]);
    expect(mirrorOf('lambdas/tasks/postgres/vacuum/index.ts')).toBe('test/lambdas/tasks/postgres/vacuum.test.ts');
  });

  test('has no promise that no broken task was seen to break', () => {
    const seen = new Set([...BROKEN.map(([promise]) => promise), 'has a test at the mirrored path']);

    expect(TASK_CONTRACT.map(({ title }) => title).filter((title) => !seen.has(title))).toEqual([]);
  });
});

describe('the example platform', () => {
  test.each(Object.entries(EXAMPLE_TARGETS))('has valid targets of the kind %s', (kind, targets) => {
    const { schema } = TARGET_KINDS[kind as keyof typeof TARGET_KINDS];

    for (const settings of Object.values(targets)) expect(schema.safeParse(settings).error).toBeUndefined();
  });
});
