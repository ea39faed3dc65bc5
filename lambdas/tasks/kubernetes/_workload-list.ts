import { AppsV1Api, BatchV1Api, type Configuration } from '@kubernetes/client-node';
import { Unavailable } from '../../../core/errors.ts';
import { tryAgain, type CallTime } from './_calls.ts';
import { listAll, type Page } from './_list.ts';
import {
  daemonSetOf,
  deploymentOf,
  jobOf,
  statefulSetOf,
  type JobObject,
  type WorkloadObject,
} from './_workload-object.ts';

/** What makes pods, as RBAC knows it. */
export const WORKLOAD_RESOURCES = ['deployments.apps', 'statefulsets.apps', 'daemonsets.apps', 'jobs.batch'] as const;
export type WorkloadResource = (typeof WORKLOAD_RESOURCES)[number];

export interface Workloads {
  readonly objects: readonly WorkloadObject[];
  readonly jobs: readonly JobObject[];
  /** Why the objects of some resources were not seen. */
  readonly unseen: readonly string[];
}

/** Calls `call`; throws what it throws as `Unavailable`, with the right that is missing or the answer that came. */
export type Saying = <Answer>(verb: string, resource: string, call: () => Promise<Answer>) => Promise<Answer>;

export interface ListOptions {
  readonly namespace: string | undefined;
  readonly where: string;
  readonly saying: Saying;
  readonly time: CallTime;
}

type PageRequest = { readonly limit: number; readonly _continue?: string };
type Fetch<Item> = (page: PageRequest) => Promise<Page<Item>>;

export interface WorkloadLists {
  /** All of them; what cannot be listed is told and does not hide the rest. */
  list(pageSize: number): Promise<Workloads>;
  /** Asks for one object of a resource. Throws `Unavailable`. */
  probe(resource: WorkloadResource): Promise<void>;
}

export function workloadListsOn(api: Configuration, { namespace, where, saying, time }: ListOptions): WorkloadLists {
  const apps = new AppsV1Api(api);
  const batch = new BatchV1Api(api);
  const fetches = {
    'deployments.apps': (page: PageRequest) =>
      namespace === undefined
        ? apps.listDeploymentForAllNamespaces(page)
        : apps.listNamespacedDeployment({ namespace, ...page }),
    'statefulsets.apps': (page: PageRequest) =>
      namespace === undefined
        ? apps.listStatefulSetForAllNamespaces(page)
        : apps.listNamespacedStatefulSet({ namespace, ...page }),
    'daemonsets.apps': (page: PageRequest) =>
      namespace === undefined
        ? apps.listDaemonSetForAllNamespaces(page)
        : apps.listNamespacedDaemonSet({ namespace, ...page }),
    'jobs.batch': (page: PageRequest) =>
      namespace === undefined ? batch.listJobForAllNamespaces(page) : batch.listNamespacedJob({ namespace, ...page }),
  } satisfies Record<WorkloadResource, Fetch<unknown>>;

  const listOf = async <Item, Kept>(
    resource: WorkloadResource,
    fetch: Fetch<Item>,
    keep: (item: Item) => Kept,
    limit: number,
  ): Promise<Kept[] | Unavailable> => {
    try {
      return await saying('list', `${resource} ${where}`, () =>
        listAll((token) => tryAgain(() => fetch({ limit, ...(token && { _continue: token }) }), time), keep),
      );
    } catch (thrown) {
      if (thrown instanceof Unavailable) return thrown;
      throw thrown;
    }
  };

  return {
    list: async (limit) => {
      const [deployments, statefulSets, daemonSets, jobs] = await Promise.all([
        listOf('deployments.apps', fetches['deployments.apps'], deploymentOf, limit),
        listOf('statefulsets.apps', fetches['statefulsets.apps'], statefulSetOf, limit),
        listOf('daemonsets.apps', fetches['daemonsets.apps'], daemonSetOf, limit),
        listOf('jobs.batch', fetches['jobs.batch'], jobOf, limit),
      ]);
      const objects = [deployments, statefulSets, daemonSets];
      return {
        objects: objects.flatMap((listed) => (listed instanceof Unavailable ? [] : listed)),
        jobs: jobs instanceof Unavailable ? [] : jobs,
        unseen: [...objects, jobs].flatMap((listed) => (listed instanceof Unavailable ? [listed.message] : [])),
      };
    },
    probe: async (resource) => {
      await saying('list', `${resource} ${where}`, () =>
        tryAgain<unknown>(() => fetches[resource]({ limit: 1 }), time),
      );
    },
  };
}
