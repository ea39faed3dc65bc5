import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { task } from '../../../../lambdas/tasks/reviews/review-scaling.ts';
import type { AnswersServer } from '../../../../lib/demo/aws/server.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import { calmMonth, ecsService, WEB } from '../../../../lib/demo/account/load.ts';
import { startAccount } from './_account.ts';
import { resolvedExample } from './_platform.ts';

const NOW = new Date('2026-07-01T03:20:00Z');
const COUNT = 1_203;
/** A second cluster, of 60 services. */
const FEW = 'arn:aws:ecs:us-east-1:123456789012:cluster/few';
let server: AnswersServer;

beforeAll(async () => {
  const calm = calmMonth();
  server = await startAccount({
    services: [
      ...Array.from({ length: COUNT }, (_, i) => ecsService(`s${i}`)),
      ...Array.from({ length: 60 }, (_, i) => ({ ...ecsService(`few${i}`), clusterArn: FEW })),
    ],
    taskDefinitions: [WEB],
    // One value for each day keeps the account small; the hours between are gaps.
    value: (metric, at) => (at % 86_400 === 0 ? calm(metric, at) : undefined),
  });
});

beforeEach(() => server.faults.clear());

afterAll(async () => {
  await server.stop();
});

test('more than 1,000 services are all read, in as few calls as the points of their metrics allow', async () => {
  const result = await resultOf({ task, targets: { account: {} }, input: { clusters: ['prod'] }, now: NOW });

  expect(result.measurements).toContainEqual({ name: 'services', value: COUNT, unit: 'count', target: 'account' });
  expect(Object.keys((result.document as { services: object }).services)).toHaveLength(COUNT);
  const calls = (operation: string) => server.calls.filter((call) => call.operation === operation).length;
  expect(calls('ListServices')).toBe(13);
  expect(calls('DescribeServices')).toBe(121);
  expect(calls('DescribeTaskDefinition')).toBe(1);
  // 4 hourly metrics of 720 points and 2 daily ones of 30: 26 services fill a call of 79,200 points.
  expect(calls('GetMetricData')).toBe(Math.ceil(COUNT / 26));
  // With one hour of each day nothing can be said of anybody, and nothing is.
  const { findings } = result;
  expect(new Set(findings.map(({ kind }) => kind))).toEqual(new Set(['not-known']));
  expect(findings.at(-1)?.summary).toContain(`${COUNT - 20} more like it`);
});

test('a page of metrics that fails leaves its own services unknown and no others', async () => {
  server.faults.refuse(
    'cloudwatch',
    'GetMetricData',
    { code: 'InternalServiceFault', message: 'of its own', status: 400 },
    1,
  );

  const { document } = await resultOf({ task, targets: { account: {} }, input: { clusters: ['few'] }, now: NOW });

  const services = Object.values((document as { services: Record<string, { unknown: string[] }> }).services);
  const failed = services.filter(({ unknown }) => unknown.join().includes('of its own'));
  expect(failed.length).toBeGreaterThan(20);
  expect(failed.length).toBeLessThan(40);
});

test('the permissions name the regions and the clusters of the profile', () => {
  const platform = resolvedExample();
  const entry = { index: 1, task: task.name, kind: 'aws' as const, effect: 'read-only' as const, pauses: false };
  const step = { ...entry, targets: ['account'], required: false, timeoutSeconds: 60 };
  const monthly = { name: 'monthly', timezone: 'UTC', budgetSeconds: 600, planOnly: false };
  const withClusters = (clusters: readonly string[]) => ({
    ...platform,
    targets: { aws: { account: { region: 'eu-west-1' } } },
    procedures: { monthly: { ...monthly, steps: [{ ...step, input: { clusters: [...clusters] } }] } },
  });
  const resourcesOf = (clusters: readonly string[], action: string) =>
    task.permissions(withClusters(clusters)).find(({ actions }) => actions.includes(action))?.resources;

  expect(resourcesOf(['prod'], 'ecs:DescribeServices')).toEqual(['arn:aws:ecs:eu-west-1:123456789012:service/prod/*']);
  expect(resourcesOf(['prod'], 'ecs:DescribeTasks')).toEqual(['arn:aws:ecs:eu-west-1:123456789012:task/prod/*']);
  expect(resourcesOf([], 'ecs:DescribeServices')).toEqual(['arn:aws:ecs:eu-west-1:123456789012:service/*/*']);
  expect(task.permissions({ ...platform, targets: {} })).toEqual([]);
});

test('nothing at all in an account is unknown and no pass', async () => {
  // Of a region of its own: the clients of the other one keep the address of their account.
  const empty = await startAccount({ value: () => undefined });

  const { findings, measurements } = await resultOf({ task, targets: { account: { region: 'eu-west-1' } }, now: NOW });

  expect(findings).toMatchObject([{ kind: 'nothing-found', summary: expect.stringContaining('eu-west-1') }]);
  expect(measurements).toEqual([]);
  await empty.stop();
});

test('what a role lacks is told to whoever asks before the night, with the policy that gives it', async () => {
  const account = await startAccount({ value: () => undefined });
  account.faults.deny('rds:DescribeDBClusters');
  const context = {
    targets: [{ name: 'account', region: 'eu-central-1' }],
    now: NOW,
    signal: AbortSignal.timeout(10_000),
  };

  const needs = (await task.needs?.(context as never)) ?? [];

  expect(needs.filter(({ state }) => state === 'met')).toHaveLength(6);
  expect(needs.filter(({ state }) => state !== 'met')).toMatchObject([
    { need: 'list Aurora clusters', state: 'missing', detail: expect.stringContaining('rds:DescribeDBClusters') },
  ]);
  expect(needs.find(({ state }) => state === 'missing')?.grant).toContain('"Action":["rds:DescribeDBClusters"]');
  await account.stop();
});
