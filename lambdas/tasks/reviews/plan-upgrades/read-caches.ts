import {
  DescribeCacheClustersCommand,
  DescribeCacheEngineVersionsCommand,
  DescribeReplicationGroupsCommand,
  DescribeUpdateActionsCommand,
  ListTagsForResourceCommand,
  type CacheCluster,
  type UpdateAction,
} from '@aws-sdk/client-elasticache';
import { inParallel } from '../../../runtime/in-parallel.ts';
import { allPages, ask, part, type Unread } from '../_asking.ts';
import type { Cache, ServiceUpdate } from './caches.ts';
import type { Reader } from './clients.ts';
import type { UpgradeInput } from './input.ts';
import { bearsTag, stageOf, tagsOf, type Tags } from './stage.ts';

const CONCURRENT_CALLS = 4;

interface ReadCaches {
  readonly caches: readonly Cache[];
  /** By engine. */
  readonly versions: ReadonlyMap<string, readonly string[]>;
  readonly unread: readonly Unread[];
}

type ElastiCache = Reader['clients']['elasticache'];
interface Options {
  readonly abortSignal: AbortSignal;
}

/** Reads every replication group and every cluster by itself, with the service updates in store for them. */
export async function readCaches(
  { clients: { elasticache }, signal }: Reader,
  input: UpgradeInput,
): Promise<ReadCaches> {
  const options = { abortSignal: signal };
  const clusters = await part('ElastiCache', () =>
    allPages(
      'elasticache:DescribeCacheClusters',
      (Marker) => elasticache.send(new DescribeCacheClustersCommand({ Marker, MaxRecords: 100 }), options),
      ({ Marker }) => Marker,
    ),
  );
  if ('unread' in clusters) return { caches: [], versions: new Map(), unread: [clusters.unread] };
  const members = clusters.value.flatMap(({ CacheClusters = [] }) => CacheClusters);
  if (members.length === 0) return { caches: [], versions: new Map(), unread: [] };
  const [groups, versions, updates] = await Promise.all([
    part('replication groups', () => readGroups(elasticache, options)),
    part('the versions of caches', () => readVersions(elasticache, options)),
    part('service updates of caches', () => readUpdates(elasticache, options)),
  ]);
  const unread = [groups, versions, updates].flatMap((read) => ('unread' in read ? [read.unread] : []));
  const arns = 'value' in groups ? groups.value : new Map<string, string>();
  // All members of a group have its version.
  const units = [...Map.groupBy(members, (one) => one.ReplicationGroupId ?? one.CacheClusterId ?? '').values()];
  const caches = await inParallel(units, CONCURRENT_CALLS, async ([first]): Promise<Cache | undefined> => {
    if (first === undefined) return undefined;
    const group = first.ReplicationGroupId;
    const arn = group === undefined ? first.ARN : arns.get(group);
    const tags = await part('the tags of caches', () => readTags(elasticache, options, arn));
    if ('unread' in tags) unread.push(tags.unread);
    const its = 'value' in tags ? tags.value : {};
    if ('value' in tags && !bearsTag(its, input.tag)) return undefined;
    return cacheOf(first, group, its, 'value' in updates ? updates.value : [], input);
  });
  return {
    caches: caches.flatMap((cache) => cache ?? []),
    versions: 'value' in versions ? versions.value : new Map(),
    unread: [...new Map(unread.map((refused) => [refused.part, refused])).values()],
  };
}

function cacheOf(
  first: CacheCluster,
  group: string | undefined,
  tags: Tags,
  updates: readonly UpdateAction[],
  input: UpgradeInput,
): Cache {
  const id = group ?? first.CacheClusterId ?? '';
  const its = updates.filter((one) =>
    group === undefined ? one.CacheClusterId === id : one.ReplicationGroupId === id,
  );
  return {
    id,
    isGroup: group !== undefined,
    engine: first.Engine ?? '',
    version: first.EngineVersion ?? '',
    stage: stageOf(tags, input),
    updates: its.map((one): ServiceUpdate => ({
      name: one.ServiceUpdateName ?? '',
      severity: one.ServiceUpdateSeverity ?? '',
      type: one.ServiceUpdateType ?? '',
      applyBy: one.ServiceUpdateRecommendedApplyByDate,
      estimate: one.EstimatedUpdateTime,
    })),
  };
}

async function readTags(elasticache: ElastiCache, options: Options, ResourceName: string | undefined): Promise<Tags> {
  if (ResourceName === undefined) return {};
  const answer = await ask('elasticache:ListTagsForResource', () =>
    elasticache.send(new ListTagsForResourceCommand({ ResourceName }), options),
  );
  return tagsOf(answer.TagList);
}

async function readGroups(elasticache: ElastiCache, options: Options): Promise<Map<string, string>> {
  const pages = await allPages(
    'elasticache:DescribeReplicationGroups',
    (Marker) => elasticache.send(new DescribeReplicationGroupsCommand({ Marker, MaxRecords: 100 }), options),
    ({ Marker }) => Marker,
  );
  return new Map(
    pages.flatMap(({ ReplicationGroups = [] }) =>
      ReplicationGroups.flatMap(({ ReplicationGroupId: id, ARN }) =>
        id === undefined || ARN === undefined ? [] : [[id, ARN] as const],
      ),
    ),
  );
}

async function readVersions(elasticache: ElastiCache, options: Options): Promise<Map<string, string[]>> {
  const pages = await allPages(
    'elasticache:DescribeCacheEngineVersions',
    (Marker) => elasticache.send(new DescribeCacheEngineVersionsCommand({ Marker, MaxRecords: 100 }), options),
    ({ Marker }) => Marker,
  );
  const offered = pages.flatMap(({ CacheEngineVersions = [] }) => CacheEngineVersions);
  return new Map(
    [...Map.groupBy(offered, ({ Engine = '' }) => Engine)].map(([engine, its]) => [
      engine,
      its.flatMap(({ EngineVersion }) => EngineVersion ?? []),
    ]),
  );
}

async function readUpdates(elasticache: ElastiCache, options: Options): Promise<UpdateAction[]> {
  const pages = await allPages(
    'elasticache:DescribeUpdateActions',
    (Marker) =>
      elasticache.send(
        new DescribeUpdateActionsCommand({
          UpdateActionStatus: ['not-applied', 'waiting-to-start', 'scheduled', 'stopped'],
          Marker,
          MaxRecords: 50,
        }),
        options,
      ),
    ({ Marker }) => Marker,
  );
  return pages.flatMap(({ UpdateActions = [] }) => UpdateActions);
}
