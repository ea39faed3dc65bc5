import { formatDuration } from '../../../core/duration.ts';
import type { Finding } from '../../../core/finding.ts';
import { kubectl } from './_pod-command.ts';
import { isWithin } from './_restarts.ts';
import { plainText } from './_text.ts';
import type { Limits } from './_trouble.ts';
import { LONGEST_NAME, workloadName, type Workload } from './_workload.ts';
import type { JobObject, WorkloadObject } from './_workload-object.ts';
import type { Workloads } from './_workload-list.ts';

export type WorkloadKind = 'pods-not-created' | 'job-failed' | 'workloads-not-seen';

/** What pods cannot tell: those that were never made, and those of failed Jobs that are gone. */
export function judgeWorkloads(target: string, seen: Workloads, limits: Limits): Finding<WorkloadKind>[] {
  const unseen = seen.unseen.map((why) => plainText(why)).join('; ');
  return [
    ...seen.objects.flatMap((object) => notCreated(target, object, limits)),
    ...seen.jobs.flatMap((job) => neverStarted(target, job, limits)),
    ...failedJobs(target, seen.jobs, limits),
    ...(unseen === '' ? [] : [{ kind: 'workloads-not-seen' as const, target, summary: unseen }]),
  ];
}

function notCreated(target: string, object: WorkloadObject, limits: Limits): Finding<WorkloadKind>[] {
  const { wanted, made, refusal } = object;
  if (!refusal && (made >= wanted || object.isWaiting)) return [];
  const missing = Math.max(1, wanted - made);
  const said = refusal?.message ?? 'its events say why';
  const since = refusal ? refusal.since : object.unchangedSince;
  const text = `${made} of ${wanted} pods exist`;
  return overdue(target, object, { text, since, limits, said, missing });
}

function neverStarted(target: string, { name, workload, withoutPodsSince }: JobObject, limits: Limits) {
  if (withoutPodsSince === undefined) return [];
  const since = withoutPodsSince === 'unknown' ? undefined : withoutPodsSince;
  const text = `job ${plainText(name)} never had a pod`;
  return overdue(target, workload, { text, since, limits, said: 'its events say why', missing: 1, job: name });
}

interface Lack {
  readonly text: string;
  readonly since: Date | undefined;
  readonly limits: Limits;
  readonly said: string;
  readonly missing: number;
  readonly job?: string;
}

function overdue(target: string, workload: Workload, lack: Lack): Finding<WorkloadKind>[] {
  const { since, limits, text, said, missing, job } = lack;
  // Nobody knows since when: it has no grace to claim.
  const seconds = since === undefined ? Infinity : (limits.now.getTime() - since.getTime()) / 1_000;
  if (seconds <= limits.notReadyForSeconds) return [];
  const subject = plainText(workloadName(workload), LONGEST_NAME);
  const time = Number.isFinite(seconds) ? ` for ${formatDuration(seconds)}` : '';
  const summary = `${subject}: ${text}${time}; ${plainText(said)}`;
  const command = describeCommand(workload, job);
  return [{ kind: 'pods-not-created', target, subject, summary, value: missing, limit: 0, unit: 'count', ...command }];
}

/**
 * The Jobs that failed, by the workload that a person would name. A later one of the same CronJob that completed
 * makes up for it; one that stands alone counts within the period.
 */
function failedJobs(target: string, jobs: readonly JobObject[], limits: Limits): Finding<WorkloadKind>[] {
  const byWorkload = Map.groupBy(jobs, ({ workload }) => workloadName(workload));
  return [...byWorkload].flatMap(([name, its]) => {
    const failed = its.filter(({ failure }) => failure !== undefined);
    const [latest] = failed.toSorted((a, b) => failedAt(b) - failedAt(a));
    if (!latest?.failure) return [];
    if (its.some(({ completedAt }) => completedAt !== undefined && completedAt.getTime() >= failedAt(latest)))
      return [];
    const { at, reason, message } = latest.failure;
    const isScheduled = latest.workload.kind === 'CronJob';
    if (!isScheduled && at !== undefined && !isWithin(at, limits)) return [];
    const subject = plainText(name, LONGEST_NAME);
    const said = message === undefined ? '' : `: ${plainText(message)}`;
    const summary = `${subject}: job ${plainText(latest.name)} failed, ${plainText(reason)}${said}`;
    const command = describeCommand(latest.workload, latest.name);
    return [
      { kind: 'job-failed', target, subject, summary, value: failed.length, limit: 0, unit: 'count', ...command },
    ];
  });
}

// A failure without a time is taken as the latest: it must not pass for one that was made up for.
function failedAt({ failure }: JobObject): number {
  return failure?.at?.getTime() ?? Infinity;
}

function describeCommand({ kind, namespace, name }: Workload, job?: string) {
  if (job !== undefined) return kubectl`--namespace ${namespace} describe job ${job}`;
  return kubectl`--namespace ${namespace} describe ${kind.toLowerCase()} ${name}`;
}
