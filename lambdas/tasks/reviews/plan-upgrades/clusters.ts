import { rounded } from '../_recommendation.ts';
import type { Cluster, ClusterVendor, KubernetesVersion } from './cluster.ts';
import { clusterHops } from './cluster-hops.ts';
import { judgeInsights } from './cluster-insights.ts';
import { judgeRollback } from './cluster-rollback.ts';
import { costRow, type CostRow } from './databases.ts';
import { addDays, dayOf } from './days.ts';
import { notKnown, upgradeDue, type Cost, type Ground, type Note, type Said } from './hop.ts';
import type { Stage } from './stage.ts';
import { dayAfter, judgeSupport, type Support } from './support.ts';
import { CLUSTER_EXTENDED_SUPPORT_USD, MONTH_HOURS } from './vendor-dates.ts';
import { compareVersions, newestVersion, nextMinor } from './versions.ts';

export interface ClusterRow {
  readonly cluster_name: string;
  readonly current_version: string;
  readonly target_version: string | null;
  readonly steps: readonly string[];
  readonly stage: Stage;
  readonly standard_support_ends: string | null;
  readonly extended_support_ends: string | null;
  readonly extended_support: CostRow | null;
  readonly upgrade_insights: readonly {
    readonly name: string;
    readonly version: string | null;
    readonly status: string;
    readonly reason: string;
    readonly green_from: string | null;
  }[];
  readonly rollback_to: string | null;
  readonly rollback_until: string | null;
  readonly node_groups: readonly { readonly name: string; readonly version: string | null }[];
  readonly add_ons: readonly { readonly name: string; readonly version: string }[];
}

/** Every version on the way from one to another, one minor at a time: EKS takes no other way. */
export function stepsTo(version: string, target: string | undefined): string[] {
  const steps: string[] = [];
  if (target === undefined) return steps;
  for (let next = nextMinor(version); compareVersions(next, target) <= 0; next = nextMinor(next)) steps.push(next);
  return steps;
}

/** The version that EKS gives to new clusters, where this one is older. */
export function targetOf(version: string, versions: readonly KubernetesVersion[]): string | undefined {
  const usual = newestVersion(versions.filter(({ isDefault }) => isDefault).map((one) => one.version));
  return usual !== undefined && compareVersions(usual, version) > 0 ? usual : undefined;
}

/** Judges one cluster: its version, its support, what stands in the way, and whether the way back is still open. */
export function judgeCluster(cluster: Cluster, vendor: ClusterVendor, ground: Ground): Said<ClusterRow> {
  const { name, version } = cluster;
  const { now, input } = ground;
  const subject = `cluster ${name}`;
  const known = vendor.versions.find((one) => one.version === version);
  const target = targetOf(version, vendor.versions);
  const steps = stepsTo(version, target);
  const support: Support = {
    standardEnd: known?.standardEnd,
    extendedEnd: known?.extendedEnd,
    isExtended: cluster.isExtendedSupportOn,
    atEnd: 'EKS upgrades the control plane by itself',
  };
  const cost = clusterCost(support, ground);
  const hops = clusterHops(cluster, { steps, support, cost, vendor, ground });
  const insights = judgeInsights(cluster, ground);
  const rollback = judgeRollback(cluster, ground);
  const command = hops.find(({ kind }) => kind === 'control-plane')?.command;
  const notes: Note[] = [
    ...judgeSupport(subject, `Kubernetes ${version}`, support, { limits: input, now, cost, command }),
  ];
  if (!vendor.versions.some(({ isDefault }) => isDefault)) {
    notes.push(notKnown(subject, 'EKS names no default version, so what to upgrade to is not known'));
  } else if (target !== undefined) {
    const text = `Kubernetes ${version} is ${steps.length} minor ${steps.length > 1 ? 'versions' : 'version'} behind ${target}, by way of ${steps.join(', ')}`;
    notes.push(upgradeDue(subject, text, hops[0]?.command));
  }
  const row: ClusterRow = {
    cluster_name: name,
    current_version: version,
    target_version: target ?? null,
    steps,
    stage: cluster.stage,
    standard_support_ends: support.standardEnd ? dayOf(support.standardEnd) : null,
    extended_support_ends: support.extendedEnd ? dayOf(support.extendedEnd) : null,
    extended_support: costRow(cost),
    upgrade_insights: insights.rows,
    rollback_to: rollback.to ?? null,
    rollback_until: rollback.until ? dayOf(rollback.until) : null,
    node_groups: (cluster.nodeGroups ?? []).map((group) => ({ name: group.name, version: group.version ?? null })),
    add_ons: (cluster.addOns ?? []).map((one) => ({ name: one.name, version: one.version })),
  };
  return {
    rows: [row],
    hops,
    notes: [...notes, ...insights.notes, ...rollback.notes],
    versions: new Map([
      [subject, version],
      ...(cluster.nodeGroups ?? []).map((one) => [`node group ${name}/${one.name}`, one.version ?? ''] as const),
      ...(cluster.addOns ?? []).map((one) => [`add-on ${name}/${one.name}`, one.version] as const),
    ]),
  };
}

/** What extended support of a cluster costs a month; undefined where it will not be charged in the months that come. */
function clusterCost({ standardEnd, isExtended }: Support, { now, input }: Ground): Cost | undefined {
  if (standardEnd === undefined || !isExtended || standardEnd > addDays(now, input.horizonDays)) return undefined;
  return {
    usdPerMonth: rounded(CLUSTER_EXTENDED_SUPPORT_USD * MONTH_HOURS),
    from: standardEnd > now ? dayAfter(standardEnd) : dayOf(now),
    why: `${CLUSTER_EXTENDED_SUPPORT_USD} USD an hour more than in standard support`,
  };
}
