import {
  DescribeAddonCommand,
  DescribeAddonVersionsCommand,
  DescribeClusterCommand,
  DescribeClusterVersionsCommand,
  DescribeInsightCommand,
  DescribeNodegroupCommand,
  DescribeUpdateCommand,
  ListAddonsCommand,
  ListClustersCommand,
  ListInsightsCommand,
  ListNodegroupsCommand,
  ListUpdatesCommand,
} from '@aws-sdk/client-eks';
import { Unavailable } from '../../../../core/errors.ts';
import { inParallel } from '../../../runtime/in-parallel.ts';
import { allPages, ask, part, type Unread } from '../_asking.ts';
import type { Reader } from './clients.ts';
import type {
  AddOn,
  AddOnVersion,
  Cluster,
  ClusterUpdate,
  ClusterVendor,
  Insight,
  KubernetesVersion,
  NodeGroup,
} from './cluster.ts';
import { stepsTo, targetOf } from './clusters.ts';
import type { UpgradeInput } from './input.ts';
import { bearsTag, stageOf } from './stage.ts';

const CONCURRENT_CALLS = 4;
/** More than in a dozen years of upgrades; beyond, which update was the last one is not known. */
const MOST_UPDATES = 200;

type Eks = Reader['clients']['eks'];
interface Asker {
  readonly eks: Eks;
  readonly options: { readonly abortSignal: AbortSignal };
}

/** Reads every cluster with what belongs to it, and what EKS says of its versions. */
export async function readClusters(
  { clients: { eks }, signal }: Reader,
  input: UpgradeInput,
): Promise<{
  readonly clusters: readonly Cluster[];
  readonly vendor: ClusterVendor;
  readonly unread: readonly Unread[];
}> {
  const asker: Asker = { eks, options: { abortSignal: signal } };
  const unread: Unread[] = [];
  const kept = async <Answer>(name: string, read: () => Promise<Answer>): Promise<Answer | undefined> => {
    const answer = await part(name, read);
    if ('value' in answer) return answer.value;
    unread.push(answer.unread);
    return undefined;
  };
  const names = await kept('EKS clusters', () => readNames(asker));
  const none = { versions: [], addOnVersions: new Map<string, AddOnVersion[]>() };
  if (names === undefined || names.length === 0) return { clusters: [], vendor: none, unread };
  const versions = (await kept('the versions of EKS', () => readVersions(asker))) ?? [];
  const read = await inParallel(names, CONCURRENT_CALLS, async (name): Promise<Cluster | undefined> => {
    const described = await kept(`cluster ${name}`, () =>
      ask('eks:DescribeCluster', () => eks.send(new DescribeClusterCommand({ name }), asker.options)),
    );
    const { cluster } = described ?? {};
    if (cluster === undefined || !bearsTag(cluster.tags ?? {}, input.tag)) return undefined;
    return {
      name,
      version: cluster.version ?? '',
      stage: stageOf(cluster.tags ?? {}, input),
      isExtendedSupportOn: cluster.upgradePolicy?.supportType !== 'STANDARD',
      nodeGroups: await kept(`node groups of ${name}`, () => readNodeGroups(asker, name)),
      addOns: await kept(`add-ons of ${name}`, () => readAddOns(asker, name)),
      insights: await kept(`upgrade insights of ${name}`, () => readInsights(asker, name)),
      updates: await kept(`updates of ${name}`, () => readUpdates(asker, name)),
    };
  });
  const clusters = read.flatMap((cluster) => cluster ?? []);
  const wanted = new Map<string, { readonly addOn: string; readonly version: string }>();
  for (const { version: from, addOns = [] } of clusters) {
    for (const version of stepsTo(from, targetOf(from, versions))) {
      for (const { name: addOn } of addOns) wanted.set(`${addOn} ${version}`, { addOn, version });
    }
  }
  const addOnVersions = new Map<string, readonly AddOnVersion[]>();
  await inParallel([...wanted], CONCURRENT_CALLS, async ([key, { addOn, version }]) => {
    const offered = await kept(`the versions of add-ons`, () => readAddOnVersions(asker, addOn, version));
    if (offered) addOnVersions.set(key, offered);
  });
  return {
    clusters,
    vendor: { versions, addOnVersions },
    unread: [...new Map(unread.map((refused) => [refused.part, refused])).values()],
  };
}

async function readNames({ eks, options }: Asker): Promise<string[]> {
  const pages = await allPages(
    'eks:ListClusters',
    (nextToken) => eks.send(new ListClustersCommand({ nextToken, maxResults: 100 }), options),
    ({ nextToken }) => nextToken,
  );
  return pages.flatMap(({ clusters = [] }) => clusters);
}

async function readVersions({ eks, options }: Asker): Promise<KubernetesVersion[]> {
  const pages = await allPages(
    'eks:DescribeClusterVersions',
    (nextToken) =>
      eks.send(new DescribeClusterVersionsCommand({ includeAll: true, nextToken, maxResults: 100 }), options),
    ({ nextToken }) => nextToken,
  );
  return pages.flatMap(({ clusterVersions = [] }) =>
    clusterVersions.map((one) => ({
      version: one.clusterVersion ?? '',
      isDefault: one.defaultVersion ?? false,
      standardEnd: one.endOfStandardSupportDate,
      extendedEnd: one.endOfExtendedSupportDate,
    })),
  );
}

async function readNodeGroups({ eks, options }: Asker, clusterName: string): Promise<NodeGroup[]> {
  const pages = await allPages(
    'eks:ListNodegroups',
    (nextToken) => eks.send(new ListNodegroupsCommand({ clusterName, nextToken, maxResults: 100 }), options),
    ({ nextToken }) => nextToken,
  );
  const names = pages.flatMap(({ nodegroups = [] }) => nodegroups);
  return inParallel(names, CONCURRENT_CALLS, async (nodegroupName) => {
    const { nodegroup } = await ask('eks:DescribeNodegroup', () =>
      eks.send(new DescribeNodegroupCommand({ clusterName, nodegroupName }), options),
    );
    return { name: nodegroupName, version: nodegroup?.version, imageType: nodegroup?.amiType };
  });
}

async function readAddOns({ eks, options }: Asker, clusterName: string): Promise<AddOn[]> {
  const pages = await allPages(
    'eks:ListAddons',
    (nextToken) => eks.send(new ListAddonsCommand({ clusterName, nextToken, maxResults: 100 }), options),
    ({ nextToken }) => nextToken,
  );
  const names = pages.flatMap(({ addons = [] }) => addons);
  return inParallel(names, CONCURRENT_CALLS, async (addonName) => {
    const { addon } = await ask('eks:DescribeAddon', () =>
      eks.send(new DescribeAddonCommand({ clusterName, addonName }), options),
    );
    return { name: addonName, version: addon?.addonVersion ?? '' };
  });
}

async function readAddOnVersions(
  { eks, options }: Asker,
  addonName: string,
  kubernetesVersion: string,
): Promise<AddOnVersion[]> {
  const pages = await allPages(
    'eks:DescribeAddonVersions',
    (nextToken) => eks.send(new DescribeAddonVersionsCommand({ addonName, kubernetesVersion, nextToken }), options),
    ({ nextToken }) => nextToken,
  );
  return pages
    .flatMap(({ addons = [] }) => addons.flatMap(({ addonVersions = [] }) => addonVersions))
    .flatMap(({ addonVersion: version, compatibilities = [] }) => {
      const fit = compatibilities.find(({ clusterVersion }) => clusterVersion === kubernetesVersion);
      return version === undefined || fit === undefined ? [] : [{ version, isDefault: fit.defaultVersion ?? false }];
    });
}

/** The clients of deprecated APIs stand only in an insight by itself, which is read where it does not pass. */
async function readInsights({ eks, options }: Asker, clusterName: string): Promise<Insight[]> {
  const filter = { categories: ['UPGRADE_READINESS' as const] };
  const pages = await allPages(
    'eks:ListInsights',
    (nextToken) => eks.send(new ListInsightsCommand({ clusterName, filter, nextToken, maxResults: 100 }), options),
    ({ nextToken }) => nextToken,
  );
  const summaries = pages.flatMap(({ insights = [] }) => insights);
  return inParallel(summaries, CONCURRENT_CALLS, async (summary) => {
    const about = {
      name: summary.name ?? '',
      version: summary.kubernetesVersion,
      status: summary.insightStatus?.status ?? 'UNKNOWN',
      reason: summary.insightStatus?.reason ?? '',
      refreshedAt: summary.lastRefreshTime,
    };
    if (about.status === 'PASSING') return { ...about, deprecations: [] };
    const { insight } = await ask('eks:DescribeInsight', () =>
      eks.send(new DescribeInsightCommand({ clusterName, id: summary.id }), options),
    );
    const deprecations = insight?.categorySpecificSummary?.deprecationDetails ?? [];
    return {
      ...about,
      deprecations: deprecations.map((one) => ({
        api: one.usage ?? '',
        replacement: one.replacedWith,
        servedUntil: one.stopServingVersion,
        clients: (one.clientStats ?? []).map(({ userAgent = '', lastRequestTime }) => ({
          agent: userAgent,
          lastCalledAt: lastRequestTime,
        })),
      })),
    };
  });
}

async function readUpdates({ eks, options }: Asker, name: string): Promise<ClusterUpdate[]> {
  const pages = await allPages(
    'eks:ListUpdates',
    (nextToken) => eks.send(new ListUpdatesCommand({ name, nextToken, maxResults: 100 }), options),
    ({ nextToken }) => nextToken,
  );
  const ids = pages.flatMap(({ updateIds = [] }) => updateIds);
  if (ids.length > MOST_UPDATES)
    throw new Unavailable(`${name} has ${ids.length} updates; more than ${MOST_UPDATES} are not read`);
  return inParallel(ids, CONCURRENT_CALLS, async (updateId) => {
    const { update } = await ask('eks:DescribeUpdate', () =>
      eks.send(new DescribeUpdateCommand({ name, updateId }), options),
    );
    return {
      type: update?.type ?? '',
      status: update?.status ?? '',
      startedAt: update?.createdAt,
      version: update?.params?.find(({ type }) => type === 'Version')?.value,
    };
  });
}
