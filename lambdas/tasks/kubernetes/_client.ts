import {
  ApiException,
  CoreV1Api,
  createConfiguration,
  ServerConfiguration,
  wrapHttpLibrary,
  type Configuration,
  type KubeConfig,
} from '@kubernetes/client-node';
import { Unavailable } from '../../../core/errors.ts';
import type { Target } from '../../../core/target-kinds.ts';
import { callTimeoutMs, tryAgain, unavailable, type CallTime } from './_calls.ts';
import { eksConfig, signAgain } from './_eks.ts';
import { readKubeconfig } from './_kubeconfig.ts';
import { listAll } from './_list.ts';
import { podOf, type Pod } from './_pod.ts';
import { httpsTransport } from './_transport.ts';
import { workloadListsOn, type Saying, type WorkloadResource, type Workloads } from './_workload-list.ts';

// As many as kubectl asks for at a time.
const PAGE = 500;
// An RFC 1123 label, as the API server demands of a namespace: nothing else ever becomes part of a path.
const NAMESPACE = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

// What EKS answers to a role that is known to IAM and not to the cluster.
const NO_ACCESS_ENTRY = '; give the role of this task an access entry in the cluster';

/** What tasks read of one cluster. Every call throws `Unavailable`, with the permission that is missing or the answer that came. */
export interface Cluster {
  /** The namespace of the target; undefined where it is all of them. */
  readonly namespace: string | undefined;
  /** The pods of that namespace, or of all. */
  listPods(): Promise<Pod[]>;
  /** How many these are, as the server counts them. */
  countPods(): Promise<number>;
  /** What makes the pods; what of it cannot be listed is told, and does not throw. */
  listWorkloads(): Promise<Workloads>;
  /** Lists one object of a resource: whether that is allowed, and answered. */
  probeWorkloads(resource: WorkloadResource): Promise<void>;
  listNamespaces(): Promise<string[]>;
  namespaceExists(name: string): Promise<boolean>;
}

/** The way to a cluster, and the credentials for it. */
export interface Way {
  readonly config: KubeConfig;
  readonly api: Configuration;
}

/** The cluster of a target, by its kubeconfig or as an EKS cluster. Throws `Unavailable` where either cannot be used. */
export async function connect(target: Target<'kubernetes'>, time: CallTime): Promise<Cluster> {
  return clusterOn(await wayTo(target, time), target, time);
}

/** Finds the way to the cluster of a target and calls nothing of it. Throws `Unavailable` where there is none. */
export async function wayTo(target: Target<'kubernetes'>, time: CallTime): Promise<Way> {
  const { namespace } = target;
  if (namespace !== undefined && !NAMESPACE.test(namespace)) {
    throw new Unavailable(`"${namespace}" is no name of a namespace: lower case letters, digits and "-", at most 63`);
  }
  const config = await configOf(target, time);
  return { config, api: configurationOf(config, target, time) };
}

export function clusterOn(way: Way, target: Target<'kubernetes'>, time: CallTime): Cluster {
  const { namespace } = target;
  const api = new CoreV1Api(way.api);
  const saying: Saying = async (verb, resource, call) => {
    try {
      return await call();
    } catch (thrown) {
      throw unavailable(thrown, verb, resource, target.eks === undefined ? '' : NO_ACCESS_ENTRY);
    }
  };
  const where = placeOf(namespace);
  const workloads = workloadListsOn(way.api, { namespace, where, saying, time });
  return {
    namespace,
    listPods: () =>
      saying('list', `pods ${where}`, () =>
        listAll(
          (token) => tryAgain(() => podPage(api, namespace, { limit: PAGE, ...(token && { _continue: token }) }), time),
          podOf,
        ),
      ),
    countPods: () =>
      saying('list', `pods ${where}`, async () => {
        const { items, metadata } = await tryAgain(() => podPage(api, namespace, { limit: 1 }), time);
        if (!Array.isArray(items)) throw new Unavailable('the answer is no list: it has no `items`');
        return items.length + (metadata?.remainingItemCount ?? 0);
      }),
    listWorkloads: () => workloads.list(PAGE),
    probeWorkloads: (resource) => workloads.probe(resource),
    listNamespaces: () =>
      saying('list', 'namespaces', () =>
        listAll(
          (token) => tryAgain(() => api.listNamespace({ limit: PAGE, ...(token && { _continue: token }) }), time),
          ({ metadata }) => metadata?.name ?? '',
        ),
      ),
    namespaceExists: (name) => saying('get', 'namespaces', () => tryAgain(() => namespaceExists(api, name), time)),
  };
}

/** `in all namespaces` or `in namespace shop`. */
export function placeOf(namespace: string | undefined): string {
  return namespace === undefined ? 'in all namespaces' : `in namespace ${namespace}`;
}

function configOf(target: Target<'kubernetes'>, time: CallTime): Promise<KubeConfig> | KubeConfig {
  if (target.eks !== undefined) return eksConfig(target.eks, time);
  return readKubeconfig(target.kubeconfig?.reveal() ?? '', target.context);
}

function configurationOf(config: KubeConfig, { eks }: Target<'kubernetes'>, time: CallTime): Configuration {
  const server = config.getCurrentCluster()?.server ?? '';
  const transport = httpsTransport(config, {
    timeoutMs: () => callTimeoutMs(time),
    signal: time.signal,
    ...(eks !== undefined && { signAgain: () => signAgain(config, time) }),
  });
  return createConfiguration({ baseServer: new ServerConfiguration(server, {}), httpApi: wrapHttpLibrary(transport) });
}

type PageRequest = { readonly limit: number; readonly _continue?: string };

function podPage(api: CoreV1Api, namespace: string | undefined, page: PageRequest) {
  return namespace === undefined ? api.listPodForAllNamespaces(page) : api.listNamespacedPod({ namespace, ...page });
}

async function namespaceExists(api: CoreV1Api, name: string): Promise<boolean> {
  try {
    await api.readNamespace({ name });
    return true;
  } catch (thrown) {
    if (thrown instanceof ApiException && thrown.code === 404) return false;
    throw thrown;
  }
}
