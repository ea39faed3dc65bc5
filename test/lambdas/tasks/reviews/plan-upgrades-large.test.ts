import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { UpgradePlan } from '../../../../lambdas/tasks/reviews/plan-upgrades/document.ts';
import { task } from '../../../../lambdas/tasks/reviews/plan-upgrades/index.ts';
import type { AnswersServer } from '../../../../lib/demo/aws/server.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import { resolvedExample } from './_platform.ts';
import { day, PLANTED_FOR as NOW } from '../../../../lib/demo/account/day.ts';
import {
  AL2023,
  CERTIFICATES,
  cluster,
  database,
  ENGINE_VERSIONS,
  image,
  instance,
  insight,
  KUBERNETES,
  MAJOR_VERSIONS,
  tags,
  versionUpdate,
} from '../../../../lib/demo/account/upgrades.ts';
import { startUpgradesAccount, withUpgradesAccount } from './_upgrades-account.ts';

const INSTANCES = 1_000;
const IMAGES = 12;
const FUNCTIONS = 120;
/** What the plan before it asked EC2: the list, and two calls of each instance. */
const CALLS_BEFORE = 1 + 2 * INSTANCES;
let server: AnswersServer;
/** What a plan says without a plan before it. */
let first: Awaited<ReturnType<typeof resultOf>>;
/** What it asked for. */
let asked: AnswersServer['calls'];

const lifecycles = MAJOR_VERSIONS.map((one) =>
  one.Engine === 'postgres' && one.MajorEngineVersion === '13'
    ? {
        ...one,
        SupportedEngineLifecycles: one.SupportedEngineLifecycles?.map((life, i) =>
          i === 0 ? { ...life, LifecycleSupportEndDate: day('2026-07-06') } : life,
        ),
      }
    : one,
);

beforeAll(async () => {
  server = await startUpgradesAccount({
    ec2: {
      instances: Array.from({ length: INSTANCES }, (_, i) => instance(`i-${i}`, `ami-${i % IMAGES}`)),
      images: [
        ...Array.from({ length: IMAGES }, (_, i) =>
          image(`ami-${i}`, `al2023-ami-2023.6.2026010${i % 10}.${i}-kernel-6.1-x86_64`, '2026-01-01'),
        ),
        image('ami-new', 'al2023-ami-2023.8.20260620.0-kernel-6.1-x86_64', '2026-06-20'),
      ],
    },
    ssm: { parameters: { [AL2023]: 'ami-new' } },
    rds: {
      instances: [
        database('late', { EngineVersion: '13.21' }),
        database('main', { EngineVersion: '15.9' }),
        database('replica', { EngineVersion: '15.9', ReadReplicaSourceDBInstanceIdentifier: 'main' }),
      ],
      engineVersions: ENGINE_VERSIONS,
      majorVersions: lifecycles,
      certificates: CERTIFICATES,
    },
    eks: {
      clusters: [cluster('prod')],
      versions: KUBERNETES,
      insights: { prod: [insight('Deprecated APIs', 'PASSING')] },
      updates: { prod: [versionUpdate('u-1', '1.34', '2026-05-02')] },
    },
    lambda: {
      functions: Array.from({ length: FUNCTIONS }, (_, i) => ({
        FunctionName: `f-${i}`,
        Runtime: 'nodejs24.x' as const,
        FunctionArn: `arn:aws:lambda:us-east-1:123456789012:function:f-${i}`,
      })),
    },
  });
  first = await review();
  asked = [...server.calls];
});

beforeEach(() => server.faults.clear());

afterAll(async () => {
  await server.stop();
});

const review = (input: object = {}, baseline?: unknown) =>
  resultOf({ task, targets: { account: {} }, input: input as never, now: NOW, baseline });
type Result = Awaited<ReturnType<typeof review>>;
const planOf = ({ document }: Result) => document as unknown as UpgradePlan;

test('1,000 instances on 12 images are judged in a hundredth of the calls that one by one would need', () => {
  const calls = asked.filter(({ service }) => service === 'ec2').length;
  expect(calls).toBeLessThanOrEqual(CALLS_BEFORE / 100);
  expect(planOf(first).ami_upgrades).toHaveLength(INSTANCES);
  expect(first.findings.filter(({ kind }) => kind === 'upgrade-due' || kind === 'image-deprecated')).toHaveLength(
    IMAGES + 2,
  );
  // Tags are a call of each function, and decide nothing of one that is up to date.
  expect(asked.filter(({ operation }) => operation === 'ListTags')).toEqual([]);
  expect(asked.filter(({ operation }) => operation === 'ListFunctions')).toHaveLength(Math.ceil(FUNCTIONS / 50));
  expect(first.measurements).toContainEqual({ name: 'functions', value: FUNCTIONS, unit: 'count', target: 'account' });
});

test('a replica moves to the new minor before its source, in the same week or earlier', () => {
  const hops = planOf(first).timeline.flatMap(({ hops: its }) => its);
  const place = (subject: string) => hops.findIndex((hop) => hop.subject === subject);

  expect(place('database replica')).toBeGreaterThanOrEqual(0);
  expect(place('database replica')).toBeLessThan(place('database main'));
});

test('what the vendor does before the plan begins is said to be too late', async () => {
  const { findings } = first;
  const inTime = await review({ startsInDays: 0 });

  expect(findings.filter(({ kind }) => kind === 'hop-too-late')).toMatchObject([
    { subject: 'database late', summary: expect.stringContaining('after 2026-07-06') },
  ]);
  expect(inTime.findings.filter(({ kind }) => kind === 'hop-too-late')).toEqual([]);
});

test('a tag narrows the plan to what bears it, and no instance besides is asked for', async () => {
  const { findings } = await review({ tag: 'Project=eventchain' });

  expect(findings).toMatchObject([{ kind: 'nothing-found' }]);
});

describe('the last plan', () => {
  const hop = (kind: string, subject: string, from: string, to: string, weekOf = '2026-05-04') => {
    return { id: `${kind} ${subject}`, kind, subject, from, to, weekOf };
  };
  const remembered = (...hops: readonly object[]) => ({ targets: { account: { at: '2026-04-01T03:20:00Z', hops } } });

  test('is held against what is there now, with when EKS says that a change began', async () => {
    const baseline = remembered(
      hop('control-plane', 'cluster prod', '1.33', '1.34'),
      hop('database-minor', 'database main', '15.9', '15.10'),
      hop('database-minor', 'database replica', '15.9', '15.10', '2026-09-07'),
      hop('image', 'image ami-lost in critical', 'ami-lost', 'ami-0'),
      hop('runtime', 'function lost', 'python3.9', 'python3.14'),
      hop('certificate-authority', 'certificate of main', 'rds-ca-2019', 'rds-ca-ecc384-g1'),
    );

    const result = await review({}, baseline);

    expect(planOf(result).last_plan).toMatchObject([
      { subject: 'cluster prod', outcome: 'done', began_at: '2026-05-02T00:00:00.000Z' },
      { subject: 'database main', outcome: 'not-done', began_at: null },
      { subject: 'database replica', outcome: 'not-done' },
      { subject: 'image ami-lost in critical', outcome: 'done' },
      { subject: 'function lost', outcome: 'gone' },
      { subject: 'certificate of main', outcome: 'changed-otherwise' },
    ]);
    expect(result.findings.filter(({ kind }) => kind === 'plan-not-followed')).toMatchObject([
      { subject: 'database main' },
    ]);
  });

  test('is not taken as done where a part could not be read', async () => {
    server.faults.deny('ec2:DescribeInstances');

    const result = await review({}, remembered(hop('image', 'image ami-lost in critical', 'ami-lost', 'ami-0')));

    expect(planOf(result).last_plan).toMatchObject([{ outcome: 'unknown' }]);
  });

  test('is what this one leaves, and the next one reads', async () => {
    const next = await review({}, first.baseline);

    expect(planOf(next).last_plan.length).toBeGreaterThan(IMAGES);
    expect(new Set(planOf(next).last_plan.map(({ outcome }) => outcome))).toEqual(new Set(['not-done']));
  });
});

test('what a role lacks is told to whoever asks before the night, with the policy that gives it', async () => {
  server.faults.deny('eks:DescribeClusterVersions');
  const context = { targets: [{ name: 'account' }], now: NOW, signal: AbortSignal.timeout(30_000) };

  const needs = (await task.needs?.(context as never)) ?? [];

  expect(needs.filter(({ state }) => state === 'met')).toHaveLength(needs.length - 1);
  const missing = needs.find(({ state }) => state === 'missing');
  expect(missing).toMatchObject({ need: 'read the versions of EKS' });
  expect(missing?.grant).toContain('"Action":["eks:DescribeClusterVersions"]');
});

test('the permissions name the regions of the profile and its own parameters of images', () => {
  const platform = resolvedExample();
  const entry = { index: 1, task: task.name, kind: 'aws' as const, effect: 'read-only' as const, pauses: false };
  const step = { ...entry, targets: ['account'], required: false, timeoutSeconds: 60 };
  const quarterly = { name: 'quarterly', timezone: 'UTC', budgetSeconds: 600, planOnly: false };
  const steps = [{ ...step, input: { imageFamilies: { 'base-': '/eventchain/base' } } }];
  const given = {
    ...platform,
    targets: { aws: { account: { region: 'eu-west-1' } } },
    procedures: { quarterly: { ...quarterly, steps } },
  };

  expect(task.permissions(given).find(({ actions }) => actions.includes('ssm:GetParameters'))?.resources).toEqual([
    'arn:aws:ssm:eu-west-1::parameter/aws/service/*',
    'arn:aws:ssm:eu-west-1:123456789012:parameter/eventchain/base',
  ]);
  expect(task.permissions({ ...platform, targets: {} })).toEqual([]);
});

test('an instance of another project is left out where a tag is asked for', () => {
  const instances = [
    { ...instance('i-ours', 'ami-gone'), Tags: tags({ Project: 'eventchain' }) },
    { ...instance('i-theirs', 'ami-gone-too'), Tags: tags({ Project: 'other' }) },
  ];
  return withUpgradesAccount({ ec2: { instances } }, async () => {
    const { findings } = await resultOf({
      task,
      targets: { account: { region: 'eu-west-3' } },
      input: { tag: 'Project=eventchain' },
      now: NOW,
    });

    expect(findings).toMatchObject([{ kind: 'image-gone', subject: 'image ami-gone' }]);
  });
});
