import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { resolvedExample } from './_platform.ts';
import { task } from '../../../../lambdas/tasks/reviews/review-scaling.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import type { AskedMetric } from '../../../../lib/demo/aws/cloudwatch.ts';
import type { AnswersServer } from '../../../../lib/demo/aws/server.ts';
import {
  calmMonth,
  CLUSTER,
  dbInstance,
  ecsService,
  MAX_CONNECTIONS,
  samplesOf,
  WEB,
} from '../../../../lib/demo/account/load.ts';
import { startAccount } from './_account.ts';

const NOW = new Date('2026-07-01T03:20:00Z');
let server: AnswersServer;

const constant =
  (cpu: number, memory: number) =>
  ({ name, statistic, periodSeconds }: AskedMetric) =>
    statistic === 'SampleCount' ? samplesOf({ periodSeconds }) : name === 'CPUUtilization' ? cpu : memory;

beforeAll(async () => {
  server = await startAccount({
    services: ['web', 'small', 'idle', 'silent'].map(ecsService),
    taskDefinitions: [WEB],
    tasks: [
      {
        clusterArn: CLUSTER,
        taskArn: 'arn:aws:ecs:us-east-1:123456789012:task/prod/1',
        group: 'service:small',
        desiredStatus: 'STOPPED',
        containers: [{ reason: 'OutOfMemoryError: Container killed due to memory usage' }],
      },
    ],
    scalable: [
      {
        ServiceNamespace: 'ecs',
        ResourceId: 'service/prod/web',
        ScalableDimension: 'ecs:service:DesiredCount',
        MinCapacity: 2,
        MaxCapacity: 6,
        RoleARN: 'arn:aws:iam::123456789012:role/scaling',
        CreationTime: NOW,
      },
    ],
    instances: [dbInstance('main'), dbInstance('crowded'), { ...dbInstance('odd'), DBInstanceClass: 'db.serverless' }],
    clusters: [{ DBClusterIdentifier: 'orders', DBClusterMembers: [] }],
    parameters: { 'default.postgres15': [MAX_CONNECTIONS] },
    caches: [
      { CacheClusterId: 'sessions', CacheNodeType: 'cache.r6g.large', Engine: 'redis', NumCacheNodes: 1 },
      { CacheClusterId: 'evicting', CacheNodeType: 'cache.r6g.large', Engine: 'redis', NumCacheNodes: 1 },
    ],
    value: calmMonth({
      small: constant(99, 90),
      idle: constant(5, 10),
      silent: () => undefined,
      crowded: ({ name }) => (name === 'DatabaseConnections' ? 1_600 : 'calm'),
      evicting: ({ name }) => (name === 'Evictions' ? 12 : 'calm'),
    }),
  });
});

beforeEach(() => server.faults.clear());

afterAll(async () => {
  await server.stop();
});

const review = (input: Record<string, never> | object = {}, baseline?: unknown) =>
  resultOf({ task, targets: { account: {} }, input: input as never, now: NOW, baseline });

const kindsOf = ({ findings }: Awaited<ReturnType<typeof review>>) =>
  findings.map(({ kind, subject = '' }) => `${kind} ${subject}`).sort();

const ALL = [
  'not-known database odd',
  'not-known service prod/silent',
  'too-large service prod/idle',
  'too-small cache evicting',
  'too-small database crowded',
  'too-small service prod/small',
];

describe('a review of an account', () => {
  test('accuses what is too small, too large or not known, and nothing that is healthy', async () => {
    expect(kindsOf(await review())).toEqual(ALL);
  });

  test('measures what it judged, and no healthy thing is without a number', async () => {
    const { measurements } = await review();

    expect(measurements).toEqual(
      expect.arrayContaining([
        { name: 'services', value: 4, unit: 'count', target: 'account' },
        { name: 'cpu-peak', value: 65, unit: 'percent', target: 'account', subject: 'service prod/web' },
        { name: 'memory-maximum', value: 70, unit: 'percent', target: 'account', subject: 'cache sessions' },
      ]),
    );
  });

  test('writes the report with every field of the plain one, and both lists filled', async () => {
    const { document } = await review();

    expect(document).toMatchObject({
      generated_at: '2026-07-01T03:20:00.000Z',
      period: '30_days',
      services: {
        web: {
          service: 'web',
          cpu_average: 65,
          cpu_maximum: 65,
          memory_average: 70,
          memory_maximum: 70,
          recommendations: [],
        },
        silent: { cpu_average: null, unknown: ['no hour has a value'] },
        small: { containers_out_of_memory: 1, recommendations: [expect.stringContaining('2 vCPU')] },
      },
      databases: {
        crowded: {
          instance: 'crowded',
          metrics: { DatabaseConnections: { average: 1_600, maximum: 1_600 }, max_connections: 1_802 },
          recommendations: ['Consider implementing connection pooling or read replicas'],
        },
      },
      caches: { evicting: { figures: { evictions: 8_640 } } },
      summary: {
        total_recommendations: 4,
        cost_optimization_opportunities: [{ subject: 'service prod/idle', price: { usdPerMonthNow: 72.08 } }],
        performance_improvements: expect.arrayContaining([expect.objectContaining({ subject: 'database crowded' })]),
      },
    });
    expect(task.documentKey?.(NOW)).toBe('scaling/monthly/20260701.json');
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });

  test('by the plain thresholds says the plain sentences', async () => {
    const { document } = await review({ policy: 'seed', clusters: ['prod'] });

    expect(document).toMatchObject({
      policy: 'seed',
      services: {
        small: {
          recommendations: [
            'Consider increasing CPU allocation or scaling out',
            'Consider increasing memory allocation',
            'Consider implementing auto-scaling policies',
          ],
        },
        idle: {
          recommendations: ['Consider reducing CPU allocation to save costs', 'Consider reducing memory allocation'],
        },
      },
    });
  });

  test('by the plain thresholds reads days: a twelfth of the points, and the same sentences', async () => {
    const before = server.calls.length;

    const { document } = await review({ policy: 'seed' });

    const calls = server.calls.slice(before).filter(({ operation }) => operation === 'GetMetricData');
    // Services, databases, and caches, which have no plain thresholds.
    expect(calls).toHaveLength(3);
    const { details } = (document as { services: Record<string, { details: object[] }> }).services['small'] ?? {};
    expect(details?.[0]).toMatchObject({
      samples: 30,
      expected_samples: 30,
      step: 'day',
      from: '2026-06-01T00:00:00.000Z',
      to: '2026-07-01T00:00:00.000Z',
      last_month: { now: { daysWithFullCpu: 0 } },
    });
  });

  test('reads each metric once, in no more calls than their points need', async () => {
    const before = server.calls.length;

    await review();

    const calls = server.calls.slice(before).filter(({ operation }) => operation === 'GetMetricData');
    expect(calls).toHaveLength(3);
  });

  test('asks for nothing that it did not declare, and for all that it declared', async () => {
    const before = server.calls.length;

    await review();

    const asked = new Set(server.calls.slice(before).map(({ service, operation }) => `${service}:${operation}`));
    const declared = task.permissions(resolvedExample()).flatMap(({ actions }) => actions);
    expect([...asked].sort()).toEqual(declared.sort());
  });
});

describe('a part that is refused', () => {
  test.each([
    ['ecs:ListClusters', 'ECS services', ['database', 'cache']],
    ['ecs:DescribeServices', 'ECS services of prod', ['database', 'cache']],
    ['ecs:DescribeTaskDefinition', 'the size of tasks', ['database', 'cache']],
    ['ecs:ListTasks', 'tasks killed for lack of memory in prod', ['service', 'database', 'cache']],
    ['application-autoscaling:DescribeScalableTargets', 'the bounds of autoscaling', ['service', 'database', 'cache']],
    ['application-autoscaling:DescribeScalingPolicies', 'the bounds of autoscaling', ['service', 'database', 'cache']],
    ['rds:DescribeDBInstances', 'RDS instances', ['service', 'cache']],
    ['rds:DescribeDBClusters', 'Aurora clusters', ['service', 'database', 'cache']],
    ['rds:DescribeDBParameters', 'max_connections', ['service', 'cache']],
    ['elasticache:DescribeCacheClusters', 'ElastiCache', ['service', 'database']],
  ])('%s is unknown with the action that it lacks, and the rest stands', async (action, subject, standing) => {
    server.faults.deny(action);

    const { findings } = await review();

    expect(findings).toContainEqual(
      expect.objectContaining({
        kind: 'part-not-readable',
        subject,
        summary: expect.stringContaining(`it lacks ${action}`),
      }),
    );
    const small = findings.filter(({ kind }) => kind === 'too-small').map(({ subject: one = '' }) => one.split(' ')[0]);
    expect([...new Set(small)].sort()).toEqual([...standing].sort());
  });

  test('metrics that are refused leave everything unknown, with the action, and nothing recommended', async () => {
    server.faults.deny('cloudwatch:GetMetricData');

    const { findings } = await review();

    expect(new Set(findings.map(({ kind }) => kind))).toEqual(new Set(['not-known']));
    expect(findings).toHaveLength(9);
    for (const { summary } of findings) expect(summary).toContain('cloudwatch:GetMetricData');
  });

  test('a service that is throttled now and then is read all the same', async () => {
    server.faults.throttle('ecs', 'DescribeServices', 2);
    server.faults.throttle('cloudwatch', 'GetMetricData', 2);
    server.faults.reset('rds', 'DescribeDBInstances', 1);
    server.faults.truncate('elasticache', 'DescribeCacheClusters', 1);

    expect(kindsOf(await review())).toEqual(ALL);
  });
});

test('the next review says whether what the last one expected came true', async () => {
  const remembered = (proposed: object, expected: object) => ({
    targets: {
      account: {
        at: '2026-06-01T03:00:00Z',
        sizes: {},
        predictions: { 'service prod/web': { now: { cpuUnits: 4_096, memoryMiB: 8_192 }, proposed, expected } },
      },
    },
  });
  const size = { cpuUnits: 1_024, memoryMiB: 2_048 };
  const outcome = async (...given: Parameters<typeof remembered>) => {
    const result = await review({}, remembered(...given));
    return { result, predictions: (result.document as { predictions: unknown }).predictions };
  };

  const held = await outcome(size, { cpuPeakPercent: 60, memoryMaximumPercent: 75 });
  const missed = await outcome(size, { cpuPeakPercent: 30, memoryMaximumPercent: 75 });
  const other = await outcome({ cpuUnits: 512, memoryMiB: 1_024 }, { cpuPeakPercent: 30 });

  expect(held.predictions).toMatchObject([{ subject: 'service prod/web', outcome: 'held' }]);
  expect(missed.predictions).toMatchObject([{ outcome: 'missed', why: 'cpuPeakPercent is 65 and was to be 30' }]);
  expect(kindsOf(missed.result)).toEqual(['prediction-missed service prod/web', ...ALL].sort());
  expect(other.predictions).toMatchObject([{ outcome: 'changed-otherwise' }]);
  const next = await review({}, held.result.baseline);
  expect((next.document as { predictions: unknown }).predictions).toMatchObject([
    { subject: 'service prod/small', outcome: 'not-followed' },
    { subject: 'service prod/idle', outcome: 'not-followed' },
    { subject: 'cache evicting', outcome: 'not-followed' },
  ]);
});
