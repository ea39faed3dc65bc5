import type { V1ContainerState, V1ContainerStatus, V1Pod } from '@kubernetes/client-node';

/** What a container is doing; exactly one of the three in an answer of a real API server. */
export interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly running?: { readonly startedAt?: Date };
  readonly terminated?: { readonly reason?: string; readonly exitCode?: number; readonly finishedAt?: Date };
}

/** One container of a pod; an init container that is restarted for ever is a sidecar. */
export interface Container {
  readonly name: string;
  readonly role: 'app' | 'init' | 'sidecar';
  readonly ready: boolean;
  readonly restartCount: number;
  readonly state: ContainerState;
  readonly lastState: ContainerState;
}

export interface PodCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: Date;
}

/** The part of a pod that is judged, in the names of the Kubernetes API. Ephemeral containers are no part of it. */
export interface Pod {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The owner reference that has `controller: true`. */
  readonly controller?: { readonly kind: string; readonly name: string };
  readonly creationTimestamp?: Date;
  /** When the pod should have been gone, its grace period included. */
  readonly deletionTimestamp?: Date;
  readonly nodeName?: string;
  readonly restartPolicy: string;
  readonly phase: string;
  readonly reason?: string;
  readonly message?: string;
  readonly conditions: readonly PodCondition[];
  readonly containers: readonly Container[];
}

/** Takes from an answer what is judged; the rest, most of its bytes, is let go. */
export function podOf({ metadata, spec, status }: V1Pod): Pod {
  const owner = metadata?.ownerReferences?.find(({ controller }) => controller === true);
  const sidecars = new Set(
    (spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always').map(({ name }) => name),
  );
  return {
    uid: metadata?.uid ?? `${metadata?.namespace}/${metadata?.name}`,
    name: metadata?.name ?? '',
    namespace: metadata?.namespace ?? '',
    labels: metadata?.labels ?? {},
    ...(owner && { controller: { kind: owner.kind, name: owner.name } }),
    ...dateAt('creationTimestamp', metadata?.creationTimestamp),
    ...dateAt('deletionTimestamp', metadata?.deletionTimestamp),
    ...textAt('nodeName', spec?.nodeName),
    restartPolicy: spec?.restartPolicy ?? 'Always',
    // A pod without a phase was never reported on by anybody.
    phase: status?.phase ?? 'Unknown',
    ...textAt('reason', status?.reason),
    ...textAt('message', status?.message),
    conditions: (status?.conditions ?? []).map((condition) => ({
      type: condition.type,
      status: condition.status,
      ...textAt('reason', condition.reason),
      ...textAt('message', condition.message),
      ...dateAt('lastTransitionTime', condition.lastTransitionTime),
    })),
    containers: [
      ...(status?.initContainerStatuses ?? []).map((one) =>
        containerOf(one, sidecars.has(one.name) ? 'sidecar' : 'init'),
      ),
      ...(status?.containerStatuses ?? []).map((one) => containerOf(one, 'app')),
    ],
  };
}

function containerOf(status: V1ContainerStatus, role: Container['role']): Container {
  return {
    name: status.name,
    role,
    ready: status.ready === true,
    restartCount: status.restartCount ?? 0,
    state: stateOf(status.state),
    lastState: stateOf(status.lastState),
  };
}

function stateOf(state: V1ContainerState | undefined): ContainerState {
  const { waiting, running, terminated } = state ?? {};
  return {
    ...(waiting && { waiting: { ...textAt('reason', waiting.reason), ...textAt('message', waiting.message) } }),
    ...(running && { running: dateAt('startedAt', running.startedAt) }),
    // Its message is left out: it may be the end of the container's own log.
    ...(terminated && {
      terminated: {
        ...textAt('reason', terminated.reason),
        exitCode: terminated.exitCode,
        ...dateAt('finishedAt', terminated.finishedAt),
      },
    }),
  };
}

// The client hands JSON's null through, and an unreadable time as an invalid Date; both are absent.
function dateAt<Key extends string>(key: Key, date: Date | null | undefined): Partial<Record<Key, Date>> {
  if (date === undefined || date === null || Number.isNaN(date.getTime())) return {};
  return { [key]: date } as Record<Key, Date>;
}

function textAt<Key extends string>(key: Key, text: string | null | undefined): Partial<Record<Key, string>> {
  if (text === undefined || text === null || text === '') return {};
  return { [key]: text } as Record<Key, string>;
}
