import { awsCommand } from '../_recommendation.ts';
import type { AddOn, Cluster, ClusterVendor, NodeGroup } from './cluster.ts';
import { hopId, type Cost, type Ground, type Hop } from './hop.ts';
import { nextVendorDate, type Support } from './support.ts';
import { FIRST_WITHOUT_AMAZON_LINUX_2 } from './vendor-dates.ts';
import { compareVersions } from './versions.ts';

interface Way {
  /** Each version after the other. */
  readonly steps: readonly string[];
  readonly support: Support;
  readonly cost: Cost | undefined;
  readonly vendor: ClusterVendor;
  readonly ground: Ground;
}

/** Nodes wait until the control plane has baked, for no longer than it can be rolled back. */
const BAKE_WEEKS = 1;

/** For each version: add-ons that do not fit it, then the control plane, then a week later the node groups. */
export function clusterHops(cluster: Cluster, way: Way): Hop[] {
  const { name, version, stage, nodeGroups = [], addOns = [] } = cluster;
  const { ground, vendor, support, cost } = way;
  const hops: Hop[] = [];
  const nodes = new Map(nodeGroups.map((group) => [group.name, group.version]));
  const installed = new Map(addOns.map((addOn) => [addOn.name, addOn.version]));
  const steps = new Map<string, number>();
  const add = (hop: Omit<Hop, 'id' | 'step' | 'stage'>) => {
    const step = (steps.get(`${hop.kind} ${hop.subject}`) ?? 0) + 1;
    steps.set(`${hop.kind} ${hop.subject}`, step);
    const made = { ...hop, id: hopId(hop.kind, hop.subject, hop.from, hop.to), step, stage };
    hops.push(made);
    return made.id;
  };
  const upgradeNodes = (to: string, after: Hop['after']) =>
    nodeGroups.flatMap((group) => {
      const from = nodes.get(group.name);
      if (from === undefined || compareVersions(from, to) >= 0) return [];
      nodes.set(group.name, to);
      return [{ id: add(nodeHop(cluster, group, { from, to, after, ground })), weeks: 0 }];
    });

  // The control plane moves on only from where all nodes are.
  let before: Hop['after'] = upgradeNodes(version, []);
  let from = version;
  for (const to of way.steps) {
    const prepared = addOns.flatMap((addOn) => {
      const next = nextAddOn(installed.get(addOn.name) ?? addOn.version, addOn.name, to, vendor);
      if (next === undefined) return [];
      const current = installed.get(addOn.name) ?? addOn.version;
      installed.set(addOn.name, next);
      return [
        {
          id: add(addOnHop(cluster, addOn, { from: current, to: next, after: before, ground, version: to })),
          weeks: 0,
        },
      ];
    });
    const due = from === version ? nextVendorDate(support, ground.now) : undefined;
    const controlPlane = add({
      kind: 'control-plane',
      family: 'kubernetes',
      subject: `cluster ${name}`,
      from,
      to,
      after: [...before, ...prepared],
      ...(due && { dueBy: due }),
      ...(cost && { cost }),
      preChecks: checksOf(cluster, to, vendor),
      command: awsCommand(ground.region, 'eks', 'update-cluster-version', '--name', name, '--kubernetes-version', to),
    });
    const upgraded = upgradeNodes(to, [{ id: controlPlane, weeks: BAKE_WEEKS }]);
    // Where there are no node groups of EKS, the next step still waits until this one has baked.
    before = upgraded.length > 0 ? upgraded : [{ id: controlPlane, weeks: BAKE_WEEKS }];
    from = to;
  }
  return hops;
}

interface Change {
  readonly from: string;
  readonly to: string;
  readonly after: Hop['after'];
  readonly ground: Ground;
}

type NewHop = Omit<Hop, 'id' | 'step' | 'stage'>;

function addOnHop({ name }: Cluster, addOn: AddOn, change: Change & { readonly version: string }): NewHop {
  const { from, to, after, ground, version } = change;
  return {
    kind: 'add-on',
    family: addOn.name,
    subject: `add-on ${name}/${addOn.name}`,
    from,
    to,
    after,
    preChecks: [`${addOn.name} ${from} is not offered for Kubernetes ${version}; ${to} is`],
    command: awsCommand(
      ground.region,
      ...['eks', 'update-addon', '--cluster-name', name, '--addon-name', addOn.name, '--addon-version', to],
      // What was configured by hand is kept.
      ...['--resolve-conflicts', 'PRESERVE'],
    ),
  };
}

function nodeHop({ name }: Cluster, group: NodeGroup, { from, to, after, ground }: Change): NewHop {
  const isOld = group.imageType?.startsWith('AL2_') === true;
  const isLost = isOld && compareVersions(to, FIRST_WITHOUT_AMAZON_LINUX_2) >= 0;
  return {
    kind: 'node-group',
    family: 'kubernetes',
    subject: `node group ${name}/${group.name}`,
    from,
    to,
    after,
    preChecks: [
      'disruption budgets let each pod be evicted, and no pod runs by itself without a controller',
      ...(isLost ? [`${group.name} has moved to another image type: ${to} is not offered on ${group.imageType}`] : []),
    ],
    ...(isLost && { danger: `EKS offers no image of Amazon Linux 2 for Kubernetes ${to}: a new node group is needed` }),
    ...(!isLost && {
      command: awsCommand(
        ground.region,
        ...['eks', 'update-nodegroup-version', '--cluster-name', name, '--nodegroup-name', group.name],
        ...['--kubernetes-version', to],
      ),
    }),
  };
}

/** The version of an add-on that a version of Kubernetes needs; undefined where the present one is offered for it. */
function nextAddOn(
  current: string,
  name: string,
  version: string,
  { addOnVersions }: ClusterVendor,
): string | undefined {
  const offered = addOnVersions.get(`${name} ${version}`) ?? [];
  if (offered.length === 0 || offered.some((one) => one.version === current)) return undefined;
  return offered.find(({ isDefault }) => isDefault)?.version;
}

function checksOf({ insights, addOns, nodeGroups }: Cluster, to: string, { addOnVersions }: ClusterVendor): string[] {
  const failing = (insights ?? []).filter(({ version, status }) => status !== 'PASSING' && (version ?? to) === to);
  const missing = (addOns ?? []).filter(({ name }) => addOnVersions.get(`${name} ${to}`)?.length === 0);
  return [
    ...missing.map(({ name }) => `the add-on ${name} is replaced: EKS offers no version of it for Kubernetes ${to}`),
    ...failing.map(({ name, reason }) => `the insight "${name}" is green: now ${reason || 'it is red'}`),
    ...(insights === undefined ? ['the upgrade insights of EKS are green: they could not be read'] : []),
    ...(addOns === undefined ? [`each add-on is offered for Kubernetes ${to}: they could not be read`] : []),
    ...(nodeGroups === undefined ? ['all nodes have the version of the control plane: they could not be read'] : []),
  ];
}
