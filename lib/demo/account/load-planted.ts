import type { AskedMetric } from '../aws/cloudwatch.ts';
import { ACCOUNT, PLANTED_FOR } from './day.ts';
import {
  calmMonth,
  CLUSTER,
  dbInstance,
  ecsService,
  MAX_CONNECTIONS,
  samplesOf,
  WEB,
  type LoadAccount,
} from './load.ts';

const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 86_400;
/** When `young` was created: too late for every weekday to be seen. */
const YOUNG_SINCE = new Date(PLANTED_FOR.getTime() - 3 * DAY_SECONDS * 1_000);

/** The share of a metric of a service: its CPU or its memory. */
const shares =
  (cpu: (at: number) => number, memory: number) =>
  ({ name, statistic, periodSeconds }: AskedMetric, at: number) =>
    statistic === 'SampleCount' ? samplesOf({ periodSeconds }) : name === 'CPUUtilization' ? cpu(at) : memory;
const always = (percent: number) => () => percent;
/** Busy on Mondays from nine to five, UTC, and low else: its average looks idle. */
const mondays = (busy: number, quiet: number) => (at: number) => {
  const moment = new Date(at * 1_000);
  return moment.getUTCDay() === 1 && moment.getUTCHours() >= 9 && moment.getUTCHours() < 17 ? busy : quiet;
};

/** Services, databases and caches of each sort of load, with `web`, `main` and `sessions` as the healthy ones. */
export const LOADED: Omit<LoadAccount, 'value'> = {
  services: [
    ...['web', 'idle', 'hot', 'spiky', 'autoscaled', 'silent'].map(ecsService),
    { ...ecsService('young'), createdAt: YOUNG_SINCE },
  ],
  taskDefinitions: [WEB],
  tasks: [
    {
      clusterArn: CLUSTER,
      taskArn: `arn:aws:ecs:us-east-1:${ACCOUNT}:task/prod/1`,
      group: 'service:hot',
      desiredStatus: 'STOPPED',
      containers: [{ reason: 'OutOfMemoryError: Container killed due to memory usage' }],
    },
  ],
  scalable: [
    {
      ServiceNamespace: 'ecs',
      ResourceId: 'service/prod/autoscaled',
      ScalableDimension: 'ecs:service:DesiredCount',
      MinCapacity: 2,
      MaxCapacity: 20,
      RoleARN: `arn:aws:iam::${ACCOUNT}:role/scaling`,
      CreationTime: new Date('2025-01-01T00:00:00Z'),
    },
  ],
  policies: [
    {
      PolicyARN: `arn:aws:autoscaling:us-east-1:${ACCOUNT}:scalingPolicy:autoscaled`,
      PolicyName: 'cpu',
      ServiceNamespace: 'ecs',
      ResourceId: 'service/prod/autoscaled',
      ScalableDimension: 'ecs:service:DesiredCount',
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 60,
        PredefinedMetricSpecification: { PredefinedMetricType: 'ECSServiceAverageCPUUtilization' },
      },
      CreationTime: new Date('2025-01-01T00:00:00Z'),
    },
  ],
  instances: [dbInstance('main'), dbInstance('crowded')],
  parameters: { 'default.postgres15': [MAX_CONNECTIONS] },
  caches: [
    { CacheClusterId: 'sessions', CacheNodeType: 'cache.r6g.large', Engine: 'valkey', NumCacheNodes: 1 },
    { CacheClusterId: 'evicting', CacheNodeType: 'cache.r6g.large', Engine: 'valkey', NumCacheNodes: 1 },
  ],
};

/** The month of each of them; what is not named here has a calm one. `now` is the day of the review. */
export function loadedMonth(now: Date): LoadAccount['value'] {
  const youngSince = (now.getTime() - PLANTED_FOR.getTime() + YOUNG_SINCE.getTime()) / 1_000;
  const young = shares(always(12), 30);
  const hourly = calmMonth({
    idle: shares(always(5), 10),
    hot: shares(always(99), 90),
    spiky: shares(mondays(95, 10), 60),
    // Autoscaling holds its CPU: a lower share on a quiet day says nothing of its size.
    autoscaled: shares(mondays(58, 15), 70),
    silent: () => undefined,
    young: (metric, at) => (at < youngSince ? undefined : young(metric, at)),
    crowded: ({ name }) => (name === 'DatabaseConnections' ? 1_600 : 'calm'),
    evicting: ({ name }) => (name === 'Evictions' ? 12 : 'calm'),
  });
  return (metric, at) => {
    if (metric.periodSeconds <= HOUR_SECONDS) return hourly(metric, at);
    const hours = Array.from({ length: metric.periodSeconds / HOUR_SECONDS }, (_, hour) =>
      hourly({ ...metric, periodSeconds: HOUR_SECONDS }, at + hour * HOUR_SECONDS),
    ).filter((value) => value !== undefined);
    return hours.length === 0 ? undefined : together(metric.statistic, hours);
  };
}

/** The hours of a longer period under the statistic of the metric. */
function together(statistic: string, hours: readonly number[]): number {
  if (statistic === 'Maximum') return Math.max(...hours);
  if (statistic === 'Minimum') return Math.min(...hours);
  const sum = hours.reduce((total, value) => total + value, 0);
  return statistic === 'Sum' || statistic === 'SampleCount' ? sum : sum / hours.length;
}

/** What is to be found there, and nothing else: `<kind> <subject>`. */
export const LOAD_MUST_FIND: readonly string[] = [
  'not-known service prod/silent',
  'not-known service prod/young',
  'too-large service prod/idle',
  'too-small cache evicting',
  'too-small database crowded',
  'too-small service prod/hot',
  'too-small service prod/spiky',
];
