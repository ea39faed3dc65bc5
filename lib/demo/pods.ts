import { createHash } from 'node:crypto';
import type {
  V1ContainerState,
  V1ContainerStatus,
  V1OwnerReference,
  V1Pod,
  V1PodCondition,
} from '@kubernetes/client-node';

/** Which pod of which workload; times are relative to `now`. */
export interface PodPlace {
  readonly workload: string;
  /** `Deployment` by default; its pods get the ReplicaSet in between. */
  readonly kind?: 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'Job' | 'CronJob' | 'Pod';
  readonly namespace?: string;
  readonly index?: number;
  readonly now: Date;
  /** An hour by default. */
  readonly ageSeconds?: number;
}

const HASH = '6d4cf56db6';
const APP = 'app';

/** A pod as the API server shows it that runs and is ready. */
export function healthyPod(place: PodPlace): V1Pod {
  const { kind = 'Deployment', namespace = 'default', index = 0, workload, now, ageSeconds = 3_600 } = place;
  const created = before(now, ageSeconds);
  const name = podName(place);
  const owner = ownerOf(place);
  const runsToItsEnd = kind === 'Job' || kind === 'CronJob';
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      uid: uidOf(`${namespace}/${name}`),
      resourceVersion: '1000',
      creationTimestamp: created,
      labels: { app: workload, ...(kind === 'Deployment' && { 'pod-template-hash': HASH }) },
      ...(owner && { ownerReferences: [owner] }),
    },
    spec: {
      containers: [{ name: APP, image: `registry.example/${workload}:1.4.2` }],
      nodeName: `node-${(index % 3) + 1}`,
      restartPolicy: runsToItsEnd ? 'Never' : 'Always',
    },
    status: {
      phase: 'Running',
      startTime: created,
      podIP: `10.0.${Math.floor(index / 250) % 250}.${(index % 250) + 1}`,
      conditions: [
        condition('PodScheduled', 'True', created),
        condition('Initialized', 'True', created),
        condition('ContainersReady', 'True', created),
        condition('Ready', 'True', created),
      ],
      containerStatuses: [container({ running: { startedAt: created } }, { ready: true })],
    },
  };
}

/** The builder for each of many pods of one workload, by index. */
export function podsOf(count: number, place: PodPlace, build: (place: PodPlace) => V1Pod = healthyPod): V1Pod[] {
  return Array.from({ length: count }, (_, index) => build({ ...place, index }));
}

/** Phase Running, though its container ends right after each start. */
export function crashLoopingPod(place: PodPlace): V1Pod {
  const waiting = {
    reason: 'CrashLoopBackOff',
    message: `back-off 5m0s restarting failed container=${APP} pod=${podName(place)}_${place.namespace ?? 'default'}`,
  };
  const lastState = { terminated: ended('Error', 1, before(place.now, 120)) };
  return unready(place, container({ waiting }, { restartCount: 17, lastState }));
}

/** Phase Pending, because its image cannot be had. */
export function imagePullPod(place: PodPlace, reason = 'ImagePullBackOff'): V1Pod {
  const message = `Back-off pulling image "registry.example/${place.workload}:1.4.3"`;
  return pending(unready(place, container({ waiting: { reason, message } })));
}

/** Phase Pending, because a Secret or ConfigMap that it names does not exist. */
export function configErrorPod(place: PodPlace): V1Pod {
  const message = `secret "${place.workload}-credentials" not found`;
  return pending(unready(place, container({ waiting: { reason: 'CreateContainerConfigError', message } })));
}

/** Phase Pending, because no node can take it. */
export function unschedulablePod(place: PodPlace): V1Pod {
  const pod = healthyPod(place);
  const since = before(place.now, place.ageSeconds ?? 3_600);
  const message = '0/3 nodes are available: 3 Insufficient memory. preemption: 0/3 nodes are available';
  const spec = { containers: pod.spec?.containers ?? [], restartPolicy: 'Always' };
  const conditions = [{ ...condition('PodScheduled', 'False', since), reason: 'Unschedulable', message }];
  return { ...pod, spec, status: { phase: 'Pending', conditions } };
}

/** Phase Running, and its readiness probe fails since it was made. */
export function notReadyPod(place: PodPlace): V1Pod {
  const started = before(place.now, place.ageSeconds ?? 3_600);
  return unready(place, container({ running: { startedAt: started } }));
}

/** Phase Pending, because its init container does not end. */
export function initWaitingPod(place: PodPlace): V1Pod {
  const pod = pending(unready(place, container({ waiting: { reason: 'PodInitializing' } })));
  const started = before(place.now, place.ageSeconds ?? 3_600);
  return withInit(pod, container({ running: { startedAt: started } }, { name: 'wait-for-database' }));
}

/** Runs and is ready, and was killed for its memory an hour ago or at another time. */
export function oomKilledPod(place: PodPlace, agoSeconds = 3_600): V1Pod {
  const lastState = { terminated: ended('OOMKilled', 137, before(place.now, agoSeconds)) };
  const state = { running: { startedAt: before(place.now, agoSeconds - 5) } };
  return withContainer(healthyPod(place), container(state, { ready: true, restartCount: 1, lastState }));
}

/** Runs and is ready at this moment, between two of its many restarts. */
export function restartingPod(place: PodPlace, restartCount = 12, agoSeconds = 600): V1Pod {
  const lastState = { terminated: ended('Error', 1, before(place.now, agoSeconds)) };
  const state = { running: { startedAt: before(place.now, agoSeconds - 5) } };
  return withContainer(healthyPod(place), container(state, { ready: true, restartCount, lastState }));
}

/** The pod of a Job that did its work. */
export function completedPod(place: PodPlace): V1Pod {
  return endedPod({ kind: 'Job', ...place }, 'Succeeded', ended('Completed', 0, endOf(place)));
}

/** The pod of a Job that failed. */
export function failedPod(place: PodPlace): V1Pod {
  return endedPod({ kind: 'Job', ...place }, 'Failed', ended('Error', 2, endOf(place)));
}

/** What is left of a pod that its node put out. */
export function evictedPod(place: PodPlace): V1Pod {
  const pod = healthyPod(place);
  const message = 'The node was low on resource: ephemeral-storage. Threshold quantity: 2Gi, available: 1Gi.';
  return { ...pod, status: { phase: 'Failed', reason: 'Evicted', message, startTime: endOf(place) } };
}

/** Deleted an hour ago and still there. */
export function stuckTerminatingPod(place: PodPlace, overdueSeconds = 3_600): V1Pod {
  const pod = notReadyPod(place);
  const deletionTimestamp = before(place.now, overdueSeconds);
  return { ...pod, metadata: { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: 30 } };
}

/** Its node does not report any more. */
export function nodeLostPod(place: PodPlace): V1Pod {
  const pod = notReadyPod(place);
  const message = 'Node node-1 which was running pod web-1 is unresponsive';
  return { ...pod, status: { ...pod.status, phase: 'Unknown', reason: 'NodeLost', message } };
}

/** The pod with another container in the place of its only one. */
export function withContainer(pod: V1Pod, status: V1ContainerStatus): V1Pod {
  return { ...pod, status: { ...pod.status, containerStatuses: [status] } };
}

/** The pod with an init container; one that is restarted for ever is a sidecar. */
export function withInit(pod: V1Pod, status: V1ContainerStatus, restartPolicy?: 'Always'): V1Pod {
  const { spec = { containers: [] } } = pod;
  const declared = { name: status.name, image: status.image, ...(restartPolicy && { restartPolicy }) };
  return {
    ...pod,
    spec: { ...spec, initContainers: [declared] },
    status: { ...pod.status, initContainerStatuses: [status] },
  };
}

/** A container's status; not ready and never restarted by default. */
export function container(state: V1ContainerState, rest: Partial<V1ContainerStatus> = {}): V1ContainerStatus {
  const image = 'registry.example/app:1.4.2';
  return { name: APP, image, imageID: '', ready: false, restartCount: 0, state, lastState: {}, ...rest };
}

/** A container that has ended. */
export function ended(reason: string, exitCode: number, finishedAt: Date) {
  return { reason, exitCode, finishedAt, startedAt: before(finishedAt, 30) };
}

function unready(place: PodPlace, status: V1ContainerStatus): V1Pod {
  const pod = withContainer(healthyPod(place), status);
  const since = before(place.now, place.ageSeconds ?? 3_600);
  const notReady = { reason: 'ContainersNotReady', message: `containers with unready status: [${status.name}]` };
  const conditions = (pod.status?.conditions ?? []).map((one) =>
    one.type === 'Ready' || one.type === 'ContainersReady'
      ? { ...condition(one.type, 'False', since), ...notReady }
      : one,
  );
  return { ...pod, status: { ...pod.status, conditions } };
}

function pending(pod: V1Pod): V1Pod {
  return { ...pod, status: { ...pod.status, phase: 'Pending' } };
}

function endedPod(place: PodPlace, phase: 'Succeeded' | 'Failed', terminated: ReturnType<typeof ended>): V1Pod {
  const pod = withContainer(healthyPod(place), container({ terminated }));
  const reason = phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed';
  const conditions = [{ ...condition('Ready', 'False', terminated.finishedAt), reason }];
  return { ...pod, status: { ...pod.status, phase, conditions } };
}

// A Job's pod works for a minute.
function endOf({ now, ageSeconds = 3_600 }: PodPlace): Date {
  return before(now, Math.max(0, ageSeconds - 60));
}

function podName({ kind = 'Deployment', workload, index = 0 }: PodPlace): string {
  if (kind === 'Pod') return workload;
  if (kind === 'StatefulSet') return `${workload}-${index}`;
  const suffix = uidOf(`${workload}/${index}`).slice(0, 5);
  return kind === 'Deployment' ? `${workload}-${HASH}-${suffix}` : `${workload}-${suffix}`;
}

function ownerOf({ kind = 'Deployment', workload, now, ageSeconds = 3_600 }: PodPlace): V1OwnerReference | undefined {
  if (kind === 'Pod') return undefined;
  const [owner, apiVersion] = {
    Deployment: [{ kind: 'ReplicaSet', name: `${workload}-${HASH}` }, 'apps/v1'] as const,
    StatefulSet: [{ kind, name: workload }, 'apps/v1'] as const,
    DaemonSet: [{ kind, name: workload }, 'apps/v1'] as const,
    Job: [{ kind, name: workload }, 'batch/v1'] as const,
    // A CronJob names its Jobs by their scheduled time in minutes.
    CronJob: [
      { kind: 'Job', name: `${workload}-${Math.floor(before(now, ageSeconds).getTime() / 60_000)}` },
      'batch/v1',
    ] as const,
  }[kind];
  return { apiVersion, ...owner, uid: uidOf(owner.name), controller: true, blockOwnerDeletion: true };
}

function condition(type: string, status: 'True' | 'False', lastTransitionTime: Date): V1PodCondition {
  return { type, status, lastTransitionTime };
}

function uidOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

function before(moment: Date, seconds: number): Date {
  return new Date(moment.getTime() - seconds * 1_000);
}
