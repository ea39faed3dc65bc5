import type { Client } from './client.ts';
import {
  begun,
  createCronJob,
  createJob,
  createPod,
  createWorkload,
  podsOf,
  reportStatus,
  type Workload,
} from './workloads.ts';
import { until } from './until.ts';

const NO_NODE_HAS_IT = { nodeSelector: { 'kubernetes.io/hostname': 'nowhere' } };
const PREPARE = { name: 'prepare', image: 'registry.example/prepare:1' };

/** `<kind> <workload>` of every problem that `plantProblems` plants, without the namespace that comes first. */
export const PROBLEMS: readonly string[] = [
  'pods-not-created deployment/refused',
  'pods-not-created statefulset/refused',
  'job-failed job/late',
  'crash-looping deployment/loops',
  'image-not-pulled deployment/pulls',
  'container-not-created deployment/unconfigured',
  'unschedulable deployment/homeless',
  'unschedulable deployment/diskless',
  'not-started deployment/gated',
  'not-started deployment/waits',
  'not-ready statefulset/unready',
  'oom-killed daemonset/hungry',
  'restarting deployment/restless',
  'job-failed job/fails',
  'job-retried job/retries',
  'pod-failed pod/lonely',
  'evicted deployment/pushed',
  'stuck-terminating pod/held',
];

/** What is wrong at once; the rest needs a time that is over. */
export const PROBLEMS_AT_ONCE: readonly string[] = PROBLEMS.filter(
  (problem) => !/^(pods-not-created|unschedulable|not-started|not-ready|stuck-terminating) /.test(problem),
);

/** Workloads of every kind in which nothing is wrong; five kinds, 12 pods. */
export async function plantHealthy(client: Client, namespace: string): Promise<void> {
  const sidecar = { name: 'proxy', image: 'registry.example/proxy:1', restartPolicy: 'Always' };
  await createWorkload(client, namespace, 'deployment', {
    name: 'web',
    replicas: 3,
    spec: { initContainers: [PREPARE, sidecar] },
  });
  await createWorkload(client, namespace, 'statefulset', { name: 'store', replicas: 2 });
  await createWorkload(client, namespace, 'daemonset', { name: 'agent' });
  await createJob(client, namespace, { name: 'import' });
  await createPod(client, namespace, { name: 'console' });
  await Promise.all([
    begun(client, namespace, 'web', 3, 'Running'),
    begun(client, namespace, 'store', 2, 'Running'),
    begun(client, namespace, 'agent', 3, 'Running'),
    begun(client, namespace, 'import', 1, 'Succeeded'),
    begun(client, namespace, 'console', 1, 'Running'),
  ]);
}

/** Plants one of each problem by its real controller, and waits until the cluster shows it. */
export async function plantProblems(client: Client, namespace: string): Promise<void> {
  const deployments: Workload[] = [
    { name: 'loops', plays: 'crash-loop', replicas: 2 },
    { name: 'pulls', plays: 'image-pull' },
    { name: 'unconfigured', plays: 'no-secret' },
    { name: 'homeless', spec: NO_NODE_HAS_IT },
    { name: 'diskless', spec: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'nowhere' } }] } },
    { name: 'gated', spec: { schedulingGates: [{ name: 'fettle.test/closed' }] } },
    { name: 'waits', plays: 'init-waits', spec: { initContainers: [PREPARE] } },
    { name: 'restless', plays: 'restarts' },
  ];
  await Promise.all([
    ...deployments.map(async (deployment) => {
      await createWorkload(client, namespace, 'deployment', deployment);
      await begun(client, namespace, deployment.name, deployment.replicas);
    }),
    plantRefused(client, namespace),
    plantLate(client, namespace),
    plantUnready(client, namespace),
    plantHungry(client, namespace),
    plantFailures(client, namespace),
    plantRetry(client, namespace),
    plantEviction(client, namespace),
    plantHeld(client, namespace),
  ]);
}

/** CronJobs, one of which fails, and waits for the minute in which their controller starts them. */
export async function plantCronJobs(client: Client, namespace: string): Promise<void> {
  await createCronJob(client, namespace, { name: 'nightly', plays: 'failure' });
  await createCronJob(client, namespace, { name: 'tidy' });
  await begun(client, namespace, 'nightly', 1, 'Failed');
  await begun(client, namespace, 'tidy', 1, 'Succeeded');
}

/** Their account does not exist, so no pod of theirs is ever made. */
async function plantRefused(client: Client, namespace: string): Promise<void> {
  const refused: Workload = { name: 'refused', replicas: 2, spec: { serviceAccountName: 'nobody' } };
  await createWorkload(client, namespace, 'statefulset', refused);
  await createWorkload(client, namespace, 'deployment', refused);
  await until('the refusal of pods', async () => {
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/refused`;
    const { status } = await client.get<{ status: { conditions?: { type: string }[] } }>(path);
    return status.conditions?.some(({ type }) => type === 'ReplicaFailure');
  });
}

/** Its controller deletes its pod when its time is up, and nothing is left but the word of the Job. */
async function plantLate(client: Client, namespace: string): Promise<void> {
  await createJob(client, namespace, { name: 'late', plays: 'nothing' }, { activeDeadlineSeconds: 1 });
  await until('the end of the late Job', async () => {
    const path = `/apis/batch/v1/namespaces/${namespace}/jobs/late`;
    const { status } = await client.get<{ status: { conditions?: { type: string }[] } }>(path);
    const isOver = status.conditions?.some(({ type }) => type === 'Failed');
    return isOver && (await podsOf(client, namespace, 'late')).length === 0;
  });
}

async function plantUnready(client: Client, namespace: string): Promise<void> {
  await createWorkload(client, namespace, 'statefulset', { name: 'unready', plays: 'never-ready', replicas: 2 });
  await begun(client, namespace, 'unready', 2);
}

async function plantHungry(client: Client, namespace: string): Promise<void> {
  await createWorkload(client, namespace, 'daemonset', { name: 'hungry', plays: 'out-of-memory' });
  await begun(client, namespace, 'hungry', 3);
}

async function plantFailures(client: Client, namespace: string): Promise<void> {
  await createJob(client, namespace, { name: 'fails', plays: 'failure' });
  await createPod(client, namespace, { name: 'lonely', plays: 'failure' });
  await begun(client, namespace, 'fails', 1, 'Failed');
  await begun(client, namespace, 'lonely', 1, 'Failed');
}

/** The first pod of the Job fails; its controller makes the second after ten seconds, and that one works. */
async function plantRetry(client: Client, namespace: string): Promise<void> {
  await createJob(client, namespace, { name: 'retries', plays: 'nothing' }, { backoffLimit: 3 });
  const [first] = await begun(client, namespace, 'retries', 1, 'Running');
  if (first) await reportStatus(client, first, { phase: 'Failed', containerStatuses: [endedContainer('retries', 1)] });
  await begun(client, namespace, 'retries', 1, 'Running');
}

/** The kubelet puts one of two pods out, and the ReplicaSet makes another. */
async function plantEviction(client: Client, namespace: string): Promise<void> {
  await createWorkload(client, namespace, 'deployment', { name: 'pushed', replicas: 2 });
  const [first] = await begun(client, namespace, 'pushed', 2, 'Running');
  const message = 'The node was low on resource: ephemeral-storage.';
  if (first) {
    await reportStatus(client, first, {
      phase: 'Failed',
      reason: 'Evicted',
      message,
      conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message }],
      containerStatuses: [endedContainer('pushed', 137)],
    });
  }
  await until(
    'the pod for the one that was put out',
    async () => (await podsOf(client, namespace, 'pushed')).length === 3,
  );
  await begun(client, namespace, 'pushed', 2, 'Running');
}

/** Deleted, and a finalizer that nobody serves keeps it. */
async function plantHeld(client: Client, namespace: string): Promise<void> {
  await createPod(client, namespace, { name: 'held', plays: 'never-ready' }, ['fettle.test/hold']);
  await begun(client, namespace, 'held', 1, 'Running');
  await client.remove(`/api/v1/namespaces/${namespace}/pods/held`, { gracePeriodSeconds: 1 });
  await until('the deletion of the held pod', async () => {
    const [pod] = await podsOf(client, namespace, 'held');
    return pod?.metadata?.deletionTimestamp !== undefined;
  });
}

function endedContainer(app: string, exitCode: number) {
  const now = new Date().toISOString();
  return {
    name: 'app',
    image: `registry.example/${app}:1.4.2`,
    imageID: '',
    ready: false,
    started: false,
    restartCount: 0,
    state: { terminated: { exitCode, reason: 'Error', startedAt: now, finishedAt: now } },
  };
}
