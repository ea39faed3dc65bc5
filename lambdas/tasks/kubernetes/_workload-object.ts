import type {
  V1DaemonSet,
  V1Deployment,
  V1Job,
  V1ManagedFieldsEntry,
  V1ObjectMeta,
  V1StatefulSet,
} from '@kubernetes/client-node';
import type { Workload } from './_workload.ts';

/** Why pods are not made, in the words of the controller. */
export interface Refusal {
  readonly message: string | undefined;
  readonly since: Date | undefined;
}

/** What keeps a number of pods: the part of its object that is judged. */
export interface WorkloadObject extends Workload {
  readonly wanted: number;
  /** Pods that exist, whatever becomes of them. */
  readonly made: number;
  /** True where the pods that are missing are to come later: it is paused, being deleted, or goes pod by pod. */
  readonly isWaiting: boolean;
  readonly refusal: Refusal | undefined;
  /** Since when it wants and has as many as now. */
  readonly unchangedSince: Date | undefined;
}

export interface JobObject {
  readonly name: string;
  /** The Job itself, or the CronJob that made it. */
  readonly workload: Workload;
  readonly failure:
    { readonly reason: string; readonly message: string | undefined; readonly at: Date | undefined } | undefined;
  readonly completedAt: Date | undefined;
  /** Since when it should have had a pod and never had one. */
  readonly withoutPodsSince: Date | 'unknown' | undefined;
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: Date;
}

export function deploymentOf({ metadata, spec, status }: V1Deployment): WorkloadObject {
  const refused = conditionIn(status?.conditions, 'ReplicaFailure');
  // The same condition tells of pods that cannot be deleted.
  const isRefused = refused?.reason === 'FailedCreate';
  return {
    ...nameOf('Deployment', metadata),
    wanted: spec?.replicas ?? 1,
    made: status?.replicas ?? 0,
    isWaiting: spec?.paused === true || isDeleted(metadata),
    refusal: isRefused ? { message: refused.message, since: dateOf(refused.lastTransitionTime) } : undefined,
    unchangedSince: unchangedSince(metadata),
  };
}

export function statefulSetOf({ metadata, spec, status }: V1StatefulSet): WorkloadObject {
  const made = status?.replicas ?? 0;
  // One after the other: the next pod comes when those before it are ready.
  const isNextHeld = spec?.podManagementPolicy !== 'Parallel' && (status?.readyReplicas ?? 0) < made;
  return {
    ...nameOf('StatefulSet', metadata),
    wanted: spec?.replicas ?? 1,
    made,
    isWaiting: isNextHeld || isDeleted(metadata),
    refusal: undefined,
    unchangedSince: unchangedSince(metadata),
  };
}

export function daemonSetOf({ metadata, status }: V1DaemonSet): WorkloadObject {
  return {
    ...nameOf('DaemonSet', metadata),
    wanted: status?.desiredNumberScheduled ?? 0,
    made: status?.currentNumberScheduled ?? 0,
    isWaiting: isDeleted(metadata),
    refusal: undefined,
    unchangedSince: unchangedSince(metadata),
  };
}

export function jobOf({ metadata, spec, status }: V1Job): JobObject {
  const cronJob = metadata?.ownerReferences?.find(({ controller, kind }) => controller === true && kind === 'CronJob');
  const failed = conditionIn(status?.conditions, 'Failed');
  const completed = conditionIn(status?.conditions, 'Complete');
  const own = nameOf('Job', metadata);
  const hadPods = [status?.active, status?.succeeded, status?.failed, status?.terminating].some(
    (count) => (count ?? 0) > 0,
  );
  const isElsewhere = spec?.managedBy !== undefined && spec.managedBy !== 'kubernetes.io/job-controller';
  const isOver = failed !== undefined || completed !== undefined || isDeleted(metadata);
  const shouldHavePods = !isOver && !hadPods && !isElsewhere && spec?.suspend !== true && spec?.completions !== 0;
  return {
    name: own.name,
    workload: cronJob ? { ...own, kind: 'CronJob', name: cronJob.name } : own,
    failure: failed && {
      reason: failed.reason ?? 'no reason',
      message: failed.message,
      at: dateOf(failed.lastTransitionTime),
    },
    completedAt: completed && (dateOf(status?.completionTime) ?? dateOf(completed.lastTransitionTime)),
    withoutPodsSince: shouldHavePods
      ? (dateOf(status?.startTime) ?? dateOf(metadata?.creationTimestamp) ?? 'unknown')
      : undefined,
  };
}

function nameOf(kind: string, metadata: V1ObjectMeta | undefined): Workload {
  return { kind, namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' };
}

function isDeleted(metadata: V1ObjectMeta | undefined): boolean {
  return dateOf(metadata?.deletionTimestamp) !== undefined;
}

function conditionIn(conditions: readonly Condition[] | null | undefined, wanted: string): Condition | undefined {
  return conditions?.find(({ type, status }) => type === wanted && status === 'True');
}

// Only what changes its spec or its status counts: a tool that writes an annotation every minute changes neither.
function unchangedSince(metadata: V1ObjectMeta | undefined): Date | undefined {
  const writes = (metadata?.managedFields ?? []).filter(isOfSpecOrStatus).flatMap(({ time }) => dateOf(time) ?? []);
  const [latest] = writes.sort((a, b) => b.getTime() - a.getTime());
  return latest ?? dateOf(metadata?.creationTimestamp);
}

function isOfSpecOrStatus({ subresource, fieldsV1 }: V1ManagedFieldsEntry): boolean {
  if (subresource) return true;
  const fields: unknown = fieldsV1;
  return typeof fields !== 'object' || fields === null || 'f:spec' in fields || 'f:status' in fields;
}

function dateOf(date: Date | null | undefined): Date | undefined {
  return date === null || date === undefined || Number.isNaN(date.getTime()) ? undefined : date;
}
