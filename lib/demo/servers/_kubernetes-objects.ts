import type { V1DaemonSet, V1Deployment, V1Job, V1Pod, V1StatefulSet } from '@kubernetes/client-node';
import type { KubernetesAccount } from './_kubernetes-rights.ts';

/** What makes pods. */
export interface KubernetesWorkloads {
  readonly deployments?: readonly V1Deployment[];
  readonly statefulsets?: readonly V1StatefulSet[];
  readonly daemonsets?: readonly V1DaemonSet[];
  readonly jobs?: readonly V1Job[];
}

/** What the server has at one moment. */
export interface Snapshot {
  readonly account: KubernetesAccount;
  readonly version: number;
  readonly pods: readonly V1Pod[];
  readonly workloads: KubernetesWorkloads;
  readonly namespaces: readonly string[];
}

interface Listed {
  readonly metadata?: { readonly namespace?: string; readonly name?: string };
}

const LISTS: Readonly<Record<string, readonly [kind: string, of: (snapshot: Snapshot) => readonly Listed[]]>> = {
  pods: ['PodList', ({ pods }) => pods],
  namespaces: ['NamespaceList', ({ namespaces }) => namespaces.map(namespaceObject)],
  'deployments.apps': ['DeploymentList', ({ workloads }) => workloads.deployments ?? []],
  'statefulsets.apps': ['StatefulSetList', ({ workloads }) => workloads.statefulsets ?? []],
  'daemonsets.apps': ['DaemonSetList', ({ workloads }) => workloads.daemonsets ?? []],
  'jobs.batch': ['JobList', ({ workloads }) => workloads.jobs ?? []],
};

/** The objects of a resource in a namespace, or everywhere. A namespace that does not exist has an empty list, as with the real server. */
export function listedIn(snapshot: Snapshot, resource: string, namespace: string) {
  const [kind, of] = LISTS[resource] ?? ['List', () => []];
  const items = of(snapshot).filter(({ metadata }) => namespace === '' || metadata?.namespace === namespace);
  return { kind, items };
}

export function namespaceObject(name: string) {
  return { kind: 'Namespace', apiVersion: 'v1', metadata: { name }, status: { phase: 'Active' } };
}
