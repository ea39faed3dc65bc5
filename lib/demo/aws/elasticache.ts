import {
  DescribeCacheClustersCommand,
  DescribeCacheEngineVersionsCommand,
  DescribeReplicationGroupsCommand,
  DescribeUpdateActionsCommand,
  ListTagsForResourceCommand,
  type CacheCluster,
  type CacheEngineVersion,
  type ReplicationGroup,
  type UpdateAction,
} from '@aws-sdk/client-elasticache';
import { answer, serviceAnswers, type ServiceAnswers } from './answer.ts';
import { page } from './page.ts';

export interface ElastiCacheFixture {
  readonly clusters: readonly CacheCluster[];
  readonly groups?: readonly ReplicationGroup[];
  readonly engineVersions?: readonly CacheEngineVersion[];
  readonly updates?: readonly UpdateAction[];
  /** By ARN. */
  readonly tags?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** ElastiCache with these clusters and replication groups. */
export function elasticache(fixture: ElastiCacheFixture): ServiceAnswers {
  const { clusters, groups = [], engineVersions = [], updates = [], tags = {} } = fixture;
  return serviceAnswers('elasticache', 'http://elasticache.amazonaws.com/doc/2015-02-02/', [
    answer(DescribeCacheClustersCommand, ({ CacheClusterId, ShowCacheNodeInfo = false, Marker, MaxRecords = 100 }) => {
      const its = clusters.filter((one) => (CacheClusterId ?? one.CacheClusterId) === one.CacheClusterId);
      const { items, next } = page(its, Marker, MaxRecords);
      const shown = ShowCacheNodeInfo ? items : items.map((cluster) => ({ ...cluster, CacheNodes: undefined }));
      return { CacheClusters: shown, Marker: next };
    }),
    answer(DescribeReplicationGroupsCommand, ({ ReplicationGroupId, Marker, MaxRecords = 100 }) => {
      const its = groups.filter((one) => (ReplicationGroupId ?? one.ReplicationGroupId) === one.ReplicationGroupId);
      const { items, next } = page(its, Marker, MaxRecords);
      return { ReplicationGroups: items, Marker: next };
    }),
    answer(DescribeCacheEngineVersionsCommand, ({ Engine, Marker, MaxRecords = 100 }) => {
      const its = engineVersions.filter((one) => (Engine ?? one.Engine) === one.Engine);
      const { items, next } = page(its, Marker, MaxRecords);
      return { CacheEngineVersions: items, Marker: next };
    }),
    answer(DescribeUpdateActionsCommand, ({ UpdateActionStatus: wanted, Marker, MaxRecords = 50 }) => {
      const its = updates.filter(
        ({ UpdateActionStatus }) =>
          UpdateActionStatus === undefined || (wanted ?? [UpdateActionStatus]).includes(UpdateActionStatus),
      );
      const { items, next } = page(its, Marker, MaxRecords);
      return { UpdateActions: items, Marker: next };
    }),
    answer(ListTagsForResourceCommand, ({ ResourceName = '' }) => ({
      TagList: Object.entries(tags[ResourceName] ?? {}).map(([Key, Value]) => ({ Key, Value })),
    })),
  ]);
}
