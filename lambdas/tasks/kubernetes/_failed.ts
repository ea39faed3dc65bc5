import type { Pod } from './_pod.ts';
import { isWithin } from './_restarts.ts';
import { conditionOf, type Limits } from './_trouble.ts';
import { runsToItsEnd, workloadOf } from './_workload.ts';

export type FailureKind = 'job-failed' | 'job-retried' | 'pod-failed' | 'evicted' | 'failed-pods-left';

/** Failed pods of one workload, judged by what came after them. */
export interface Failure {
  readonly kind: FailureKind;
  readonly pods: readonly Pod[];
}

// What the kubelet and the scheduler write into a pod that the node, not the program, put an end to.
const PUT_OUT = new Set([
  'Evicted',
  'Preempting',
  'NodeShutdown',
  'Shutdown',
  'Terminated',
  'NodeAffinity',
  'UnexpectedAdmissionError',
]);

/**
 * What the failed pods of one workload mean; `pods` are all pods of that workload.
 *
 * A failure is over when a pod of the same Job or CronJob succeeded after it, and open while the same Job tries
 * again. Failed pods of everything else were replaced by their controller and stay as litter.
 */
export function failuresOf(pods: readonly Pod[], limits: Limits): Failure[] {
  const failed = pods.filter(({ phase }) => phase === 'Failed');
  const [first] = failed;
  if (!first) return [];
  if (!runsToItsEnd(workloadOf(first))) return [...replaced(failed, limits)];
  const latest = failed.reduce((one, other) => (endOf(other) > endOf(one) ? other : one));
  if (pods.some((pod) => isAfter(pod, latest))) return [{ kind: 'job-retried', pods: failed }];
  const isScheduled = workloadOf(first).kind === 'CronJob';
  const isCurrent = isScheduled || isRecent(latest, limits);
  return [{ kind: isCurrent ? 'job-failed' : 'failed-pods-left', pods: failed }];
}

function* replaced(failed: readonly Pod[], limits: Limits): Generator<Failure> {
  const kinds = Map.groupBy(failed, (pod): FailureKind => {
    if (!isRecent(pod, limits)) return 'failed-pods-left';
    return wasPutOut(pod) ? 'evicted' : 'pod-failed';
  });
  for (const [kind, pods] of kinds) yield { kind, pods };
}

function isAfter(pod: Pod, failed: Pod): boolean {
  if (pod.phase === 'Succeeded') return endOf(pod) >= endOf(failed);
  const isActive = (pod.phase === 'Running' || pod.phase === 'Pending') && !pod.deletionTimestamp;
  return isActive && pod.controller?.name === failed.controller?.name;
}

function wasPutOut(pod: Pod): boolean {
  const { reason = '' } = pod;
  return PUT_OUT.has(reason) || reason.startsWith('OutOf') || conditionOf(pod, 'DisruptionTarget')?.status === 'True';
}

// A failed pod that shows no time at all is taken as recent: it must not pass for litter.
function isRecent(pod: Pod, limits: Limits): boolean {
  const end = endOf(pod);
  return end === 0 || isWithin(new Date(end), limits);
}

/** When a pod ended, in milliseconds; 0 where nothing tells. */
function endOf(pod: Pod): number {
  const ends = pod.containers.flatMap(({ state }) => state.terminated?.finishedAt?.getTime() ?? []);
  if (ends.length > 0) return Math.max(...ends);
  const moment = conditionOf(pod, 'Ready')?.lastTransitionTime ?? pod.creationTimestamp;
  return moment?.getTime() ?? 0;
}
