import { formatDuration } from '../../../core/duration.ts';
import type { Container, Pod, PodCondition } from './_pod.ts';
import { isWithin, recentRestarts, type RestartPeriod } from './_restarts.ts';

export type TroubleKind =
  | 'crash-looping'
  | 'image-not-pulled'
  | 'container-not-created'
  | 'unschedulable'
  | 'not-started'
  | 'not-ready'
  | 'node-lost'
  | 'stuck-terminating'
  | 'oom-killed'
  | 'restarting';

/** What is wrong with one pod. */
export interface Trouble {
  readonly kind: TroubleKind;
  /** What a person would say after the pod's name. */
  readonly text: string;
  /** What the cluster says of it, as it came. */
  readonly message?: string | undefined;
  /** The container that it is about, where it is about one. */
  readonly container?: string;
}

export interface Limits extends RestartPeriod {
  readonly notReadyForSeconds: number;
  readonly restartsAbove: number;
}

// The reasons that the kubelet gives a waiting container (pkg/kubelet/images, kuberuntime).
const WAITING_REASONS: ReadonlyMap<string, TroubleKind> = new Map(
  Object.entries<TroubleKind>({
    CrashLoopBackOff: 'crash-looping',
    ErrImagePull: 'image-not-pulled',
    ImagePullBackOff: 'image-not-pulled',
    InvalidImageName: 'image-not-pulled',
    ErrImageNeverPull: 'image-not-pulled',
    ImageInspectError: 'image-not-pulled',
    RegistryUnavailable: 'image-not-pulled',
    SignatureValidationFailed: 'image-not-pulled',
    CreateContainerConfigError: 'container-not-created',
    CreateContainerError: 'container-not-created',
    RunContainerError: 'container-not-created',
    PreCreateHookError: 'container-not-created',
    PreStartHookError: 'container-not-created',
    PostStartHookError: 'container-not-created',
    CreatePodSandboxError: 'container-not-created',
    ConfigPodSandboxError: 'container-not-created',
  }),
);

/** True for a pod that serves or has done its work. */
export function isReady(pod: Pod): boolean {
  return pod.phase === 'Running' && !pod.deletionTimestamp && conditionOf(pod, 'Ready')?.status === 'True';
}

/** Everything that is wrong with a pod that has not ended: its state now, and what its containers went through lately. */
export function troublesOf(pod: Pod, limits: Limits): Trouble[] {
  // Succeeded is the healthy end of a Job; a failed pod is judged together with those that followed it.
  if (pod.phase === 'Succeeded' || pod.phase === 'Failed') return [];
  if (pod.deletionTimestamp) return stuckTerminating(pod, pod.deletionTimestamp, limits);
  const state = stateTrouble(pod, limits);
  const past = pod.containers.flatMap((container) => pastTroubles(pod, container, limits));
  const isLooping = state?.kind === 'crash-looping';
  return [...(state ? [state] : []), ...past.filter(({ kind }) => !(isLooping && kind === 'restarting'))];
}

function stuckTerminating(pod: Pod, deletionTimestamp: Date, limits: Limits): Trouble[] {
  const overdueSeconds = secondsSince(deletionTimestamp, limits.now);
  if (overdueSeconds <= limits.notReadyForSeconds) return [];
  const where = pod.nodeName ? ` on node ${pod.nodeName}` : '';
  return [{ kind: 'stuck-terminating', text: `should be gone since ${formatDuration(overdueSeconds)}${where}` }];
}

function stateTrouble(pod: Pod, limits: Limits): Trouble | undefined {
  if (pod.reason === 'NodeLost' || (pod.phase !== 'Running' && pod.phase !== 'Pending')) {
    const where = pod.nodeName ? `node ${pod.nodeName}` : 'no node';
    return { kind: 'node-lost', text: `phase ${pod.phase}, last known on ${where}`, message: pod.message };
  }
  return waitingTrouble(pod) ?? unscheduled(pod, limits) ?? notReady(pod, limits);
}

function waitingTrouble({ containers }: Pod): Trouble | undefined {
  for (const container of containers) {
    const { reason, message } = container.state.waiting ?? {};
    const kind = reason === undefined ? undefined : WAITING_REASONS.get(reason);
    if (kind === 'crash-looping')
      return { kind, text: `${nameOf(container)} ${lastExit(container)}`, message, container: container.name };
    if (kind) return { kind, text: `${nameOf(container)} ${reason}`, message };
  }
  return undefined;
}

function lastExit({ lastState, restartCount }: Container): string {
  const { reason = 'no reason', exitCode } = lastState.terminated ?? {};
  const exit = exitCode === undefined ? 'ends for a reason unknown' : `exits with ${exitCode} (${reason})`;
  return `${exit}, ${restartCount} restarts`;
}

function unscheduled(pod: Pod, limits: Limits): Trouble | undefined {
  const scheduled = conditionOf(pod, 'PodScheduled');
  if (scheduled?.status !== 'False' || scheduled.reason !== 'Unschedulable') return undefined;
  const seconds = secondsIn(scheduled, pod, limits.now);
  if (seconds <= limits.notReadyForSeconds) return undefined;
  return { kind: 'unschedulable', text: `without a node ${sinceText(seconds)}`, message: scheduled.message };
}

function notReady(pod: Pod, limits: Limits): Trouble | undefined {
  const ready = conditionOf(pod, 'Ready');
  if (ready?.status === 'True' || hasOnlyCompleted(pod)) return undefined;
  const seconds = secondsIn(ready, pod, limits.now);
  if (seconds <= limits.notReadyForSeconds) return undefined;
  if (isOutOfTouch(pod)) {
    const where = pod.nodeName ? `node ${pod.nodeName}` : 'its node';
    const text = `${where} has not reported ${sinceText(seconds)}; its containers were ready then`;
    return { kind: 'node-lost', text, message: ready?.message };
  }
  const kind = pod.phase === 'Pending' ? 'not-started' : 'not-ready';
  const open = pod.containers.filter((container) => !isDone(container)).map(describe);
  const reason = conditionOf(pod, 'PodScheduled')?.reason ?? ready?.reason;
  const why = open.length > 0 ? open.slice(0, 3).join(', ') : (reason ?? 'nothing is reported of its containers');
  return {
    kind,
    text: `${kind === 'not-ready' ? 'not ready' : 'not started'} ${sinceText(seconds)}: ${why}`,
    message: ready?.message,
  };
}

// Of a node that does not report, the node controller writes no more than Ready=False: what the kubelet said last of the
// containers stays. A pod that waits for a readiness gate looks the same but for the reason.
function isOutOfTouch(pod: Pod): boolean {
  const ready = conditionOf(pod, 'Ready');
  if (pod.phase !== 'Running' || ready?.status !== 'False') return false;
  return conditionOf(pod, 'ContainersReady')?.status === 'True' && ready.reason !== 'ReadinessGatesNotReady';
}

// A pod that runs to its end is not ready while one container is done and another goes on.
function hasOnlyCompleted({ restartPolicy, containers }: Pod): boolean {
  if (restartPolicy === 'Always') return false;
  const apps = containers.filter(({ role, ready }) => role === 'app' && !ready);
  return apps.length > 0 && apps.every(({ state }) => state.terminated?.exitCode === 0);
}

function isDone({ role, ready, state }: Container): boolean {
  return ready || (role === 'init' && state.terminated?.exitCode === 0);
}

function describe(container: Container): string {
  const { waiting, running, terminated } = container.state;
  if (waiting) return `${nameOf(container)} waits (${waiting.reason ?? 'no reason'})`;
  if (terminated) return `${nameOf(container)} ended with ${terminated.exitCode ?? '?'}`;
  if (running)
    return container.role === 'init' ? `${nameOf(container)} still runs` : `${nameOf(container)} runs unready`;
  return `${nameOf(container)} in no state`;
}

function pastTroubles(pod: Pod, container: Container, limits: Limits): Trouble[] {
  const restarts = recentRestarts(pod, container, limits);
  const troubles: Trouble[] = [];
  if (wasOomKilled(container, limits)) {
    const text = `${nameOf(container)}, ${container.restartCount} restarts`;
    troubles.push({ kind: 'oom-killed', text, container: container.name });
  }
  if (restarts && restarts.atMost > limits.restartsAbove) {
    const number = restarts.atLeast > limits.restartsAbove ? `${restarts.atLeast}` : `up to ${restarts.atMost}`;
    const ago = formatDuration(Math.max(0, secondsSince(restarts.last, limits.now)));
    const text = `${nameOf(container)}, ${number} restarts in ${formatDuration(limits.withinSeconds)}, the last ${ago} ago`;
    troubles.push({ kind: 'restarting', text, container: container.name });
  }
  return troubles;
}

function wasOomKilled({ state, lastState }: Container, limits: Limits): boolean {
  return [state.terminated, lastState.terminated].some(
    (end) => end?.reason === 'OOMKilled' && (!end.finishedAt || isWithin(end.finishedAt, limits)),
  );
}

function nameOf({ name, role }: Container): string {
  return role === 'init' ? `init container ${name}` : `${role === 'sidecar' ? 'sidecar' : 'container'} ${name}`;
}

/** The condition of a type, if the pod has it. */
export function conditionOf({ conditions }: Pod, type: string): PodCondition | undefined {
  return conditions.find((condition) => condition.type === type);
}

// A transition in the future is a clock that goes wrong: the API server's own time of creation is the safe one, and
// with neither of them the pod has no grace to claim.
function secondsIn(condition: PodCondition | undefined, { creationTimestamp }: Pod, now: Date): number {
  for (const moment of [condition?.lastTransitionTime, creationTimestamp]) {
    if (moment && moment.getTime() <= now.getTime() + 60_000) return secondsSince(moment, now);
  }
  return Number.POSITIVE_INFINITY;
}

function sinceText(seconds: number): string {
  return Number.isFinite(seconds) ? `for ${formatDuration(seconds)}` : 'since a time unknown';
}

function secondsSince(moment: Date, now: Date): number {
  return (now.getTime() - moment.getTime()) / 1_000;
}
