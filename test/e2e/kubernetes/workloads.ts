import { randomBytes } from 'node:crypto';
import type { V1Pod, V1PodSpec } from '@kubernetes/client-node';
import { type Client, isThere } from './client.ts';
import { until } from './until.ts';

/** What the fake kubelets do with a pod besides letting it run; see manifests/kubelets.yaml. */
export type Play =
  | 'crash-loop'
  | 'image-pull'
  | 'no-secret'
  | 'init-waits'
  | 'never-ready'
  | 'out-of-memory'
  | 'restarts'
  | 'failure'
  /** Runs, and a pod of a Job does not come to its end. */
  | 'nothing';

export interface Workload {
  readonly name: string;
  readonly plays?: Play;
  readonly replicas?: number;
  readonly spec?: Partial<V1PodSpec>;
}

const PLAYS_LABEL = 'fettle.test/plays';

/** Makes a namespace of its own, in which pods may be made at once. */
export async function freshNamespace(client: Client, name = `test-${randomBytes(4).toString('hex')}`): Promise<string> {
  await client.create('/api/v1/namespaces', { metadata: { name } });
  // Without it the API server refuses pods; a controller makes it.
  await until(`the account of namespace ${name}`, () =>
    isThere(client, `/api/v1/namespaces/${name}/serviceaccounts/default`),
  );
  return name;
}

export async function createWorkload(
  client: Client,
  namespace: string,
  kind: 'deployment' | 'statefulset' | 'daemonset',
  workload: Workload,
): Promise<void> {
  const { name, replicas = 1 } = workload;
  await client.create(`/apis/apps/v1/namespaces/${namespace}/${kind}s`, {
    metadata: { name },
    spec: {
      ...(kind !== 'daemonset' && { replicas }),
      ...(kind === 'statefulset' && { serviceName: name, podManagementPolicy: 'Parallel' }),
      selector: { matchLabels: { app: name } },
      template: template(workload),
    },
  });
}

export async function createJob(
  client: Client,
  namespace: string,
  workload: Workload,
  limits: { readonly backoffLimit?: number; readonly activeDeadlineSeconds?: number } = {},
) {
  const { name: job } = workload;
  await client.create(`/apis/batch/v1/namespaces/${namespace}/jobs`, {
    metadata: { name: job },
    spec: { backoffLimit: 0, ...limits, template: jobTemplate(workload) },
  });
}

/** Its Jobs are made at the beginning of each minute. */
export async function createCronJob(client: Client, namespace: string, workload: Workload): Promise<void> {
  await client.create(`/apis/batch/v1/namespaces/${namespace}/cronjobs`, {
    metadata: { name: workload.name },
    spec: {
      schedule: '* * * * *',
      timeZone: 'Etc/UTC',
      jobTemplate: { spec: { backoffLimit: 0, template: jobTemplate(workload) } },
    },
  });
}

/** A pod that nothing looks after. */
export async function createPod(client: Client, namespace: string, workload: Workload, finalizers: string[] = []) {
  const { metadata, spec } = template(workload);
  await client.create(`/api/v1/namespaces/${namespace}/pods`, {
    metadata: { ...metadata, name: workload.name, finalizers },
    spec: { restartPolicy: 'Never', ...spec },
  });
}

/** Puts something into a pod's status, as its kubelet would. */
export async function reportStatus(client: Client, { metadata }: V1Pod, status: object): Promise<void> {
  await client.patch(`/api/v1/namespaces/${metadata?.namespace}/pods/${metadata?.name}/status`, { status });
}

/** The pods of a workload as the API server has them, times as text. */
export async function podsOf(client: Client, namespace: string, app: string): Promise<V1Pod[]> {
  const { items } = await client.get<{ items: V1Pod[] }>(
    `/api/v1/namespaces/${namespace}/pods?labelSelector=app%3D${app}`,
  );
  return items;
}

/** Waits until so many pods of a workload have been reported on, or the scheduler has said why it leaves them. */
export async function begun(
  client: Client,
  namespace: string,
  app: string,
  pods = 1,
  phase?: string,
): Promise<V1Pod[]> {
  let seen: V1Pod[] = [];
  return until(
    `${pods} pods of ${app}`,
    async () => {
      seen = await podsOf(client, namespace, app);
      const these = seen.filter((pod) => hasBegun(pod) && (phase === undefined || pod.status?.phase === phase));
      return these.length >= pods && these;
    },
    { withinSeconds: 120, seen: () => JSON.stringify(seen.map(({ status }) => status)).slice(0, 2_000) },
  );
}

function hasBegun({ status }: V1Pod): boolean {
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  return status?.startTime !== undefined || ['Unschedulable', 'SchedulingGated'].includes(scheduled?.reason ?? '');
}

function template({ name, plays, spec }: Workload) {
  return {
    metadata: { labels: { app: name, ...(plays && { [PLAYS_LABEL]: plays }) } },
    spec: { containers: [{ name: 'app', image: `registry.example/${name}:1.4.2` }], ...spec },
  };
}

function jobTemplate(workload: Workload) {
  const { metadata, spec } = template(workload);
  return { metadata, spec: { restartPolicy: 'Never', ...spec } };
}
