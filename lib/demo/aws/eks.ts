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
  type Addon,
  type AddonInfo,
  type Cluster,
  type ClusterVersionInformation,
  type Insight,
  type InsightSummary,
  type Nodegroup,
  type Update,
} from '@aws-sdk/client-eks';
import { answer, AnswerError, serviceAnswers, type ServiceAnswers } from './answer.ts';
import { page } from './page.ts';

export interface EksFixture {
  readonly clusters?: readonly Cluster[];
  readonly versions?: readonly ClusterVersionInformation[];
  readonly nodegroups?: readonly Nodegroup[];
  readonly addons?: readonly Addon[];
  /** Every version of every add-on, with the versions of Kubernetes that it fits. */
  readonly addonVersions?: readonly AddonInfo[];
  /** By cluster. */
  readonly insights?: Readonly<Record<string, readonly Insight[]>>;
  readonly updates?: Readonly<Record<string, readonly Update[]>>;
}

/** EKS with these clusters and what belongs to them. */
export function eks(fixture: EksFixture): ServiceAnswers {
  const { clusters = [], versions = [], nodegroups = [], addons = [], addonVersions = [] } = fixture;
  const { insights = {}, updates = {} } = fixture;
  return serviceAnswers('eks', '', [
    answer(ListClustersCommand, ({ nextToken, maxResults = 100 }) => {
      const { items, next } = page(clusters, nextToken, maxResults);
      return { clusters: items.flatMap(({ name }) => name ?? []), nextToken: next };
    }),
    answer(DescribeClusterCommand, ({ name }) => ({ cluster: found(clusters, (one) => one.name === name) })),
    answer(DescribeClusterVersionsCommand, ({ nextToken, maxResults = 100 }) => {
      const { items, next } = page(versions, nextToken, maxResults);
      return { clusterVersions: items, nextToken: next };
    }),
    answer(ListNodegroupsCommand, ({ clusterName, nextToken, maxResults = 100 }) => {
      const { items, next } = page(
        nodegroups.filter((one) => one.clusterName === clusterName),
        nextToken,
        maxResults,
      );
      return { nodegroups: items.flatMap(({ nodegroupName }) => nodegroupName ?? []), nextToken: next };
    }),
    answer(DescribeNodegroupCommand, ({ clusterName, nodegroupName }) => ({
      nodegroup: found(nodegroups, (one) => one.clusterName === clusterName && one.nodegroupName === nodegroupName),
    })),
    answer(ListAddonsCommand, ({ clusterName, nextToken, maxResults = 100 }) => {
      const { items, next } = page(
        addons.filter((one) => one.clusterName === clusterName),
        nextToken,
        maxResults,
      );
      return { addons: items.flatMap(({ addonName }) => addonName ?? []), nextToken: next };
    }),
    answer(DescribeAddonCommand, ({ clusterName, addonName }) => ({
      addon: found(addons, (one) => one.clusterName === clusterName && one.addonName === addonName),
    })),
    answer(DescribeAddonVersionsCommand, ({ addonName, kubernetesVersion, nextToken, maxResults = 100 }) => {
      const its = addonVersions
        .filter((one) => (addonName ?? one.addonName) === one.addonName)
        .map((one) => ({
          ...one,
          addonVersions: (one.addonVersions ?? []).filter(({ compatibilities = [] }) =>
            compatibilities.some(({ clusterVersion }) => (kubernetesVersion ?? clusterVersion) === clusterVersion),
          ),
        }));
      const { items, next } = page(its, nextToken, maxResults);
      return { addons: items, nextToken: next };
    }),
    answer(ListInsightsCommand, ({ clusterName = '', filter, nextToken, maxResults = 100 }) => {
      const its = (insights[clusterName] ?? []).filter(
        ({ category }) => category === undefined || (filter?.categories ?? [category]).includes(category),
      );
      const { items, next } = page(its, nextToken, maxResults);
      return { insights: items.map(summaryOf), nextToken: next };
    }),
    answer(DescribeInsightCommand, ({ clusterName = '', id }) => ({
      insight: found(insights[clusterName] ?? [], (one) => one.id === id),
    })),
    answer(ListUpdatesCommand, ({ name = '', nextToken, maxResults = 100 }) => {
      const { items, next } = page(updates[name] ?? [], nextToken, maxResults);
      return { updateIds: items.flatMap(({ id }) => id ?? []), nextToken: next };
    }),
    answer(DescribeUpdateCommand, ({ name = '', updateId }) => ({
      update: found(updates[name] ?? [], (one) => one.id === updateId),
    })),
  ]);
}

/** A list has no details: what calls a deprecated API stands only in the insight by itself. */
function summaryOf(insight: Insight): InsightSummary {
  const { id, name, category, kubernetesVersion, lastRefreshTime, lastTransitionTime, description, insightStatus } =
    insight;
  return { id, name, category, kubernetesVersion, lastRefreshTime, lastTransitionTime, description, insightStatus };
}

function found<Item>(items: readonly Item[], fits: (item: Item) => boolean): Item {
  const item = items.find(fits);
  if (item === undefined) throw new AnswerError('ResourceNotFoundException', 'no such resource', 404);
  return item;
}
