import {
  DescribeCacheClustersCommand,
  DescribeReplicationGroupsCommand,
  type CacheCluster,
  type ReplicationGroup,
} from '@aws-sdk/client-elasticache';
import { answer, serviceAnswers, type ServiceAnswers } from './answer.ts';
import { page } from './page.ts';

export interface ElastiCacheFixture {
  readonly clusters: readonly CacheCluster[];
  readonly groups?: readonly ReplicationGroup[];
}

/** ElastiCache with these clusters and replication groups. */
export function elasticache({ clusters, groups = [] }: ElastiCacheFixture): ServiceAnswers {
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
  ]);
}
