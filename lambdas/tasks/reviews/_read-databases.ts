import { DescribeCacheClustersCommand } from '@aws-sdk/client-elasticache';
import {
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  DescribeDBParametersCommand,
} from '@aws-sdk/client-rds';
import { inParallel } from '../../runtime/in-parallel.ts';
import { allPages, part, type Unread } from './_asking.ts';
import type { Cache } from './_cache.ts';
import type { Clients } from './_clients.ts';
import type { Database } from './_database.ts';

const CONCURRENT_CALLS = 4;

/** A database without its metrics. */
export type FoundDatabase = Omit<Database, 'load' | 'isResized'>;
/** A cache without its metrics. */
export type FoundCache = Omit<Cache, 'load' | 'isResized'>;

interface Reader {
  readonly clients: Clients;
  readonly signal: AbortSignal;
}

/** Reads every instance with its cluster and its own max_connections. */
export async function readDatabases({ clients, signal: abortSignal }: Reader): Promise<{
  readonly databases: readonly FoundDatabase[];
  readonly unread: readonly Unread[];
}> {
  const unread: Unread[] = [];
  const instances = await part('RDS instances', () =>
    allPages(
      'rds:DescribeDBInstances',
      (Marker) => clients.rds.send(new DescribeDBInstancesCommand({ Marker }), { abortSignal }),
      ({ Marker }) => Marker,
    ),
  );
  if ('unread' in instances) return { databases: [], unread: [instances.unread] };
  const found = instances.value.flatMap(({ DBInstances = [] }) => DBInstances);
  if (found.length === 0) return { databases: [], unread };
  const clusters = await part('Aurora clusters', () =>
    allPages(
      'rds:DescribeDBClusters',
      (Marker) => clients.rds.send(new DescribeDBClustersCommand({ Marker }), { abortSignal }),
      ({ Marker }) => Marker,
    ),
  );
  if ('unread' in clusters) unread.push(clusters.unread);
  const members = 'unread' in clusters ? [] : clusters.value.flatMap(({ DBClusters = [] }) => DBClusters);
  const writers = new Set(
    members.flatMap(({ DBClusterMembers = [] }) =>
      DBClusterMembers.filter(({ IsClusterWriter }) => IsClusterWriter).flatMap(
        (one) => one.DBInstanceIdentifier ?? [],
      ),
    ),
  );
  const groups = [
    ...new Set(found.flatMap(({ DBParameterGroups = [] }) => DBParameterGroups[0]?.DBParameterGroupName ?? [])),
  ];
  const allowed = new Map<string, string>();
  await inParallel(groups, CONCURRENT_CALLS, async (DBParameterGroupName) => {
    const read = await part('max_connections', () =>
      allPages(
        'rds:DescribeDBParameters',
        (Marker) =>
          clients.rds.send(new DescribeDBParametersCommand({ DBParameterGroupName, Marker }), { abortSignal }),
        ({ Marker }) => Marker,
      ),
    );
    if ('unread' in read) {
      unread.push(read.unread);
      return;
    }
    const parameters = read.value.flatMap(({ Parameters = [] }) => Parameters);
    const value = parameters.find(({ ParameterName }) => ParameterName === 'max_connections')?.ParameterValue;
    if (value !== undefined) allowed.set(DBParameterGroupName, value);
  });
  const databases = found.map((one): FoundDatabase => {
    const { DBInstanceIdentifier: id = '', DBClusterIdentifier: cluster } = one;
    return {
      id,
      engine: one.Engine ?? '',
      class: one.DBInstanceClass ?? '',
      cluster,
      isWriter: cluster === undefined || writers.has(id),
      machines: one.MultiAZ && cluster === undefined ? 2 : 1,
      createdAt: one.InstanceCreateTime,
      maxConnections: allowed.get(one.DBParameterGroups?.[0]?.DBParameterGroupName ?? ''),
    };
  });
  return { databases, unread: [...new Map(unread.map((refused) => [refused.part, refused])).values()] };
}

/** Reads every node group of ElastiCache. */
export async function readCaches({ clients, signal: abortSignal }: Reader): Promise<{
  readonly caches: readonly FoundCache[];
  readonly unread: readonly Unread[];
}> {
  const read = await part('ElastiCache', () =>
    allPages(
      'elasticache:DescribeCacheClusters',
      (Marker) => clients.elasticache.send(new DescribeCacheClustersCommand({ Marker }), { abortSignal }),
      ({ Marker }) => Marker,
    ),
  );
  if ('unread' in read) return { caches: [], unread: [read.unread] };
  const caches = read.value.flatMap(({ CacheClusters = [] }) => CacheClusters);
  return {
    caches: caches.map((one) => ({
      id: one.CacheClusterId ?? '',
      engine: one.Engine ?? '',
      nodeType: one.CacheNodeType ?? '',
      group: one.ReplicationGroupId,
      nodes: one.NumCacheNodes ?? 1,
      createdAt: one.CacheClusterCreateTime,
    })),
    unread: [],
  };
}
