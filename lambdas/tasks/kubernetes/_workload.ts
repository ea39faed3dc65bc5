import type { Pod } from './_pod.ts';

/** What a pod belongs to, as far as the pod itself shows. */
export interface Workload {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** A name of Kubernetes has 253 letters at most, and a workload's name has two. */
export const LONGEST_NAME = 600;

// The CronJob controller appends the scheduled time in minutes since 1970: eight digits until the year 2160.
const CRON_JOB_SUFFIX = /^(.+)-\d{8}$/;

/** The workload that a person would name: the Deployment behind a ReplicaSet, the CronJob behind a Job. */
export function workloadOf({ namespace, name, controller, labels }: Pod): Workload {
  if (!controller) return { kind: 'Pod', namespace, name };
  const hash = labels['pod-template-hash'];
  if (controller.kind === 'ReplicaSet' && hash && controller.name.endsWith(`-${hash}`)) {
    return { kind: 'Deployment', namespace, name: controller.name.slice(0, -hash.length - 1) };
  }
  const cronJob = controller.kind === 'Job' ? CRON_JOB_SUFFIX.exec(controller.name)?.[1] : undefined;
  if (cronJob) return { kind: 'CronJob', namespace, name: cronJob };
  return { kind: controller.kind, namespace, name: controller.name };
}

/** How a workload is written in a report: `shop/deployment/web`. */
export function workloadName({ namespace, kind, name }: Workload): string {
  return `${namespace}/${kind.toLowerCase()}/${name}`;
}

/** True for what runs to its end: a failed pod of it is judged by what came after. */
export function runsToItsEnd({ kind }: Workload): boolean {
  return kind === 'Job' || kind === 'CronJob';
}

/** Groups pods by workload, in the order in which they come. */
export function byWorkload(pods: readonly Pod[]): ReadonlyMap<string, readonly Pod[]> {
  return Map.groupBy(pods, (pod) => workloadName(workloadOf(pod)));
}
