import * as z from 'zod';
import { DurationSeconds } from '../../../core/duration.ts';
import type { Finding, Measurement } from '../../../core/finding.ts';
import { defineTask } from '../../../core/task.ts';
import { eachNeed } from '../../runtime/each-need.ts';
import { eachTarget } from '../../runtime/each-target.ts';
import { secretPermissions } from '../../runtime/secret-permissions.ts';
import { worstFirst } from '../../runtime/worst-first.ts';
import { eksPermissions } from './_eks-permissions.ts';
import { failuresOf, type FailureKind } from './_failed.ts';
import { explainNoPods } from './_namespace.ts';
import type { Pod } from './_pod.ts';
import { podCommand } from './_pod-command.ts';
import { POD_FINDINGS } from './_pod-findings.ts';
import { nextSamples, recentRestarts, referenceOf, RestartSample, sampleOf } from './_restarts.ts';
import { plainText } from './_text.ts';
import { isReady, troublesOf, type Limits, type TroubleKind } from './_trouble.ts';
import { byWorkload, LONGEST_NAME } from './_workload.ts';
import type { Workloads } from './_workload-list.ts';
import { judgeWorkloads, type WorkloadKind } from './_workload-trouble.ts';

const Input = z.strictObject({
  notReadyFor: DurationSeconds.default(900).describe(
    'How long a pod may be unscheduled, starting, unready or terminating before it counts',
  ),
  restartsWithin: DurationSeconds.default(86_400).describe('The period in which restarts, kills and failures count'),
  restartsAbove: z
    .int()
    .nonnegative()
    .default(5)
    .describe('Restarts of one container in that period that are too many'),
});

const Baseline = z.object({ targets: z.record(z.string(), z.array(RestartSample)) });

type Kind = TroubleKind | FailureKind | WorkloadKind | 'no-pods' | 'namespace-not-found';

interface Affected {
  readonly pod: Pod;
  readonly text: string;
  readonly message?: string | undefined;
  readonly container?: string | undefined;
}

const EXAMPLES = 3;
/** As many workloads with one trouble as are shown: more of them have one cause. */
const MOST_OF_A_KIND = 200;

/** What is wrong with the pods of one target: one finding for each workload and kind, however many pods it has. */
export function judgePods(target: string, pods: readonly Pod[], limits: Limits): Finding<Kind>[] {
  return [...byWorkload(pods)].flatMap(([workload, its]) => {
    const troubles = its.flatMap((pod) => troublesOf(pod, limits).map((trouble) => ({ pod, ...trouble })));
    const failures = failuresOf(its, limits).flatMap(({ kind, pods: failed }) =>
      failed.map((pod): Affected & { kind: Kind } => ({
        pod,
        kind,
        text: pod.reason ?? exitOf(pod),
        message: pod.message,
      })),
    );
    const kinds = Map.groupBy<Kind, Affected & { kind: Kind }>([...troubles, ...failures], ({ kind }) => kind);
    return [...kinds].map(([kind, affected]) => findingOf(kind, target, workload, affected, its.length));
  });
}

/** What is wrong with the pods of one target and with what makes them, the worst of each kind first. */
export function judgeCluster(
  target: string,
  pods: readonly Pod[],
  workloads: Workloads,
  limits: Limits,
): Finding<Kind>[] {
  const ofPods = judgePods(target, pods, limits);
  const ofWorkloads = judgeWorkloads(target, workloads, limits);
  const failedPods = subjectsOf(ofPods, 'job-failed');
  const failedJobs = subjectsOf(ofWorkloads, 'job-failed');
  const findings = [
    // A pod that came after the failed one did not save a Job that failed.
    ...ofPods.filter(({ kind, subject }) => kind !== 'job-retried' || !failedJobs.has(subject)),
    // Of a failed pod that is still there more can be read than of its Job.
    ...ofWorkloads.filter(({ kind, subject }) => kind !== 'job-failed' || !failedPods.has(subject)),
  ];
  return worstFirst(findings, MOST_OF_A_KIND);
}

function subjectsOf(findings: readonly Finding<Kind>[], wanted: Kind): ReadonlySet<string | undefined> {
  return new Set(findings.filter(({ kind }) => kind === wanted).map(({ subject }) => subject));
}

function findingOf(
  kind: Kind,
  target: string,
  workload: string,
  affected: readonly Affected[],
  population: number,
): Finding<Kind> {
  const names = [...new Set(affected.map(({ pod }) => pod.name))];
  const subject = plainText(workload, LONGEST_NAME);
  const rest = names.length > EXAMPLES ? ` and ${names.length - EXAMPLES} more` : '';
  const [example] = affected;
  const message = example?.message ? `: ${plainText(example.message)}` : '';
  const who = `${names
    .slice(0, EXAMPLES)
    .map((name) => plainText(name))
    .join(', ')}${rest}`;
  return {
    kind,
    target,
    subject,
    summary: `${subject}: ${names.length} of ${population} pods ${kind}; ${plainText(example?.text ?? '')} (${who})${message}`,
    value: names.length,
    limit: 0,
    unit: 'count',
    ...(example && podCommand(kind, example.pod, example.container)),
  };
}

function exitOf({ containers }: Pod): string {
  const ended = containers.find(({ state }) => state.terminated && state.terminated.exitCode !== 0);
  const { exitCode, reason } = ended?.state.terminated ?? {};
  return ended ? `container ${ended.name} exits with ${exitCode ?? '?'} (${reason ?? 'no reason'})` : 'no reason given';
}

/** Pods, those that are ready, and the restarts that are proven to lie in the period. */
export function measurePods(target: string, pods: readonly Pod[], limits: Limits): Measurement[] {
  const restarts = pods
    .flatMap((pod) => pod.containers.map((container) => recentRestarts(pod, container, limits)?.atLeast ?? 0))
    .reduce((sum, count) => sum + count, 0);
  return [
    { name: 'pods', value: pods.length, unit: 'count', target },
    { name: 'pods-ready', value: pods.filter(isReady).length, unit: 'count', target },
    { name: 'restarts', value: restarts, unit: 'restarts', target },
  ];
}

export const task = defineTask({
  name: 'kubernetes-check-pods',
  summary:
    'Finds pods that crash, cannot start, are not ready, were killed or were never made, grouped by their workload',
  effect: 'read-only',
  target: 'kubernetes',
  input: Input,
  examples: [{}, { notReadyFor: '5m', restartsWithin: '24h', restartsAbove: 3 }],
  findings: POD_FINDINGS,
  timeoutSeconds: 120,
  permissions: (platform) => [...secretPermissions(platform, 'kubernetes'), ...eksPermissions(platform)],
  needs: async ({ targets, ...context }) => {
    const { podNeeds } = await import('./_needs.ts');
    return eachNeed(targets, (target) => podNeeds(target, context));
  },
  baseline: { version: 1, schema: Baseline },
  run: async ({ input, targets, now, clock, deadline, signal, baseline }) => {
    // The client takes a second to load: whoever only reads what this task declares does not wait for it.
    const { connect } = await import('./_client.ts');
    const samples: Record<string, RestartSample[]> = { ...baseline?.targets };
    const period = { now, withinSeconds: input.restartsWithin };
    const examined = await eachTarget(
      targets,
      async (target) => {
        const cluster = await connect(target, { clock, deadline, signal });
        const pods = await cluster.listPods();
        const workloads = await cluster.listWorkloads();
        const earlier = samples[target.name] ?? [];
        const limits: Limits = {
          ...period,
          reference: referenceOf(earlier, period),
          notReadyForSeconds: input.notReadyFor,
          restartsAbove: input.restartsAbove,
        };
        const findings = judgeCluster(target.name, pods, workloads, limits);
        if (pods.length === 0) {
          const isExplained = findings.some(({ kind }) => kind === 'pods-not-created');
          const explained = isExplained ? [] : [await explainNoPods(target.name, cluster)];
          return { findings: [...findings, ...explained], measurements: [] };
        }
        samples[target.name] = nextSamples(earlier, sampleOf(pods, now), period);
        return { findings, measurements: measurePods(target.name, pods, limits) };
      },
      { concurrency: 4 },
    );
    return { ...examined, baseline: { targets: samples } };
  },
});
