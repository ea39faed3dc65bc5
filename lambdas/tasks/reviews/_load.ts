import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { CacheLoad } from './_cache.ts';
import type { DatabaseLoad } from './_database.ts';
import { readMetrics, type MetricQuery } from './_metric-data.ts';
import type { FoundCache, FoundDatabase } from './_read-databases.ts';
import type { FoundService } from './_read-services.ts';
import type { Interval, Reading } from './_series.ts';
import type { ServiceLoad } from './_service.ts';

const HOUR = 3_600;
// What is only averaged over the month needs no point for each hour.
const DAY = 24 * HOUR;

type Metric = readonly [name: string, statistic: MetricQuery['statistic'], periodSeconds: number] | typeof NOT_READ;
const NOT_READ = undefined;

function byDay<Name extends string>(metrics: Readonly<Record<Name, Metric>>): Record<Name, Metric> {
  const entries = (Object.entries(metrics) as [Name, Metric][]).map(([name, metric]) => {
    return [name, metric && ([metric[0], metric[1], DAY] as const)] as const;
  });
  return Object.fromEntries(entries) as Record<Name, Metric>;
}

const SERVICE: Readonly<Record<keyof ServiceLoad, Metric>> = {
  cpuAverage: ['CPUUtilization', 'Average', DAY],
  memoryAverage: ['MemoryUtilization', 'Average', DAY],
  cpuMaximum: ['CPUUtilization', 'Maximum', HOUR],
  memoryMaximum: ['MemoryUtilization', 'Maximum', HOUR],
  cpuP95: ['CPUUtilization', 'p95', HOUR],
  samples: ['CPUUtilization', 'SampleCount', HOUR],
};

const DATABASE: Readonly<Record<keyof DatabaseLoad, Metric>> = {
  cpuAverage: ['CPUUtilization', 'Average', DAY],
  connectionsAverage: ['DatabaseConnections', 'Average', DAY],
  readLatency: ['ReadLatency', 'Average', DAY],
  writeLatency: ['WriteLatency', 'Average', DAY],
  freeMemoryAverage: ['FreeableMemory', 'Average', DAY],
  cpuMaximum: ['CPUUtilization', 'Maximum', HOUR],
  cpuP95: ['CPUUtilization', 'p95', HOUR],
  connectionsMaximum: ['DatabaseConnections', 'Maximum', HOUR],
  freeMemoryMinimum: ['FreeableMemory', 'Minimum', HOUR],
  samples: NOT_READ,
};

/** By days no percentile is asked for: it would be one of the whole day, and cost as much as all else together. */
const SERVICE_BY_DAY: typeof SERVICE = { ...byDay(SERVICE), cpuP95: NOT_READ };
const DATABASE_BY_DAY: typeof DATABASE = {
  ...byDay(DATABASE),
  cpuP95: NOT_READ,
  samples: ['CPUUtilization', 'SampleCount', DAY],
};

const CACHE: Readonly<Record<keyof CacheLoad, Metric>> = {
  cpuMaximum: ['EngineCPUUtilization', 'Maximum', HOUR],
  cpuP95: ['EngineCPUUtilization', 'p95', HOUR],
  memoryMaximum: ['DatabaseMemoryUsagePercentage', 'Maximum', HOUR],
  evictions: ['Evictions', 'Sum', HOUR],
};

interface Reader {
  readonly client: CloudWatchClient;
  readonly interval: Interval;
  readonly signal: AbortSignal;
}

export function readServiceLoads(reader: Reader, services: readonly FoundService[]): Promise<ServiceLoad[]> {
  return readLoads(
    reader,
    services,
    'AWS/ECS',
    reader.interval.step === 'day' ? SERVICE_BY_DAY : SERVICE,
    ({ cluster, name }) => ({
      ClusterName: cluster,
      ServiceName: name,
    }),
  );
}

export function readDatabaseLoads(reader: Reader, databases: readonly FoundDatabase[]): Promise<DatabaseLoad[]> {
  return readLoads(
    reader,
    databases,
    'AWS/RDS',
    reader.interval.step === 'day' ? DATABASE_BY_DAY : DATABASE,
    ({ id }) => ({ DBInstanceIdentifier: id }),
  );
}

export function readCacheLoads(reader: Reader, caches: readonly FoundCache[]): Promise<CacheLoad[]> {
  return readLoads(reader, caches, 'AWS/ElastiCache', CACHE, ({ id }) => ({ CacheClusterId: id }));
}

async function readLoads<Thing, Name extends string>(
  { client, interval, signal }: Reader,
  things: readonly Thing[],
  namespace: string,
  metrics: Readonly<Record<Name, Metric>>,
  dimensionsOf: (thing: Thing) => Readonly<Record<string, string>>,
): Promise<Record<Name, Reading>[]> {
  const all = Object.entries(metrics) as [Name, Metric][];
  const entries = all.flatMap(([name, metric]) => (metric === NOT_READ ? [] : [[name, metric] as const]));
  const unread = all.flatMap(([name, metric]) => (metric === NOT_READ ? [[name, { points: [] }] as const] : []));
  const queries = things.flatMap((thing) => {
    const dimensions = dimensionsOf(thing);
    return entries.map(([, [name, statistic, periodSeconds]]): MetricQuery => {
      return { namespace, name, dimensions, statistic, periodSeconds };
    });
  });
  const readings = await readMetrics(client, queries, interval, signal);
  return things.map((_, i) => {
    const its = entries.map(([name], place) => {
      const reading = readings[i * entries.length + place] ?? { unreadable: 'no answer' };
      return [name, reading] as const;
    });
    return Object.fromEntries([...its, ...unread]) as Record<Name, Reading>;
  });
}
