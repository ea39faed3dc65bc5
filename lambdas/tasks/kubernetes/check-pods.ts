import * as z from 'zod';
import { DurationSeconds } from '../../../core/duration.ts';
import type { Finding, Measurement } from '../../../core/finding.ts';
import { defineTask } from '../../../core/task.ts';
import { eachTarget } from '../../runtime/each-target.ts';
import { secretPermissions } from '../../runtime/secret-permissions.ts';
import { connect } from './_client.ts';
import { eksPermissions } from './_eks.ts';
import { failuresOf, type FailureKind } from './_failed.ts';
import { explainNoPods } from './_namespace.ts';
import type { Pod } from './_pod.ts';
import { nextSamples, recentRestarts, referenceOf, RestartSample, sampleOf } from './_restarts.ts';
import { plainText } from './_text.ts';
import { isReady, troublesOf, type Limits, type TroubleKind } from './_trouble.ts';
import { byWorkload } from './_workload.ts';

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

type Kind = TroubleKind | FailureKind | 'no-pods' | 'namespace-not-found';

interface Affected {
  readonly pod: Pod;
  readonly text: string;
  readonly message?: string | undefined;
}

const EXAMPLES = 3;

/** What is wrong with the pods of one target: one finding for each workload and kind, however many pods it has. */
export function judgePods(target: string, pods: readonly Pod[], limits: Limits): Finding<Kind>[] {
  return [...byWorkload(pods)].flatMap(([workload, its]) => {
    const troubles = its.flatMap((pod) => troublesOf(pod, limits).map((trouble) => ({ pod, ...trouble })));
    const failures = failuresOf(its, limits).flatMap(({ kind, pods: failed }) =>
      failed.map((pod) => ({ pod, kind, text: pod.reason ?? exitOf(pod), message: pod.message })),
    );
    const kinds = Map.groupBy<Kind, Affected & { kind: Kind }>([...troubles, ...failures], ({ kind }) => kind);
    return [...kinds].map(([kind, affected]) => findingOf(kind, target, workload, affected, its.length));
  });
}

function findingOf(
  kind: Kind,
  target: string,
  workload: string,
  affected: readonly Affected[],
  population: number,
): Finding<Kind> {
  const names = [...new Set(affected.map(({ pod }) => pod.name))];
  const rest = names.length > EXAMPLES ? ` and ${names.length - EXAMPLES} more` : '';
  const [example] = affected;
  const message = example?.message ? `: ${plainText(example.message)}` : '';
  const who = `${names.slice(0, EXAMPLES).join(', ')}${rest}`;
  return {
    kind,
    target,
    subject: workload,
    summary: `${workload}: ${names.length} of ${population} pods ${kind}; ${plainText(example?.text ?? '')} (${who})${message}`,
    value: names.length,
    limit: 0,
    unit: 'count',
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
  summary: 'Finds pods that crash, cannot start, are not ready or were killed, grouped by the workload they belong to',
  effect: 'read-only',
  target: 'kubernetes',
  input: Input,
  examples: [{}, { notReadyFor: '5m', restartsWithin: '24h', restartsAbove: 3 }],
  findings: {
    'crash-looping': {
      severity: 'fail',
      means: 'A container ends right after each start and the kubelet waits longer and longer before it tries again.',
      remedy: 'Read `kubectl logs <pod> -c <container> --previous`, or undo the last rollout.',
    },
    'image-not-pulled': {
      severity: 'fail',
      means: 'The node cannot get the image: the name is wrong, the tag is gone, or the registry refuses.',
      remedy: 'Correct the image or the pull secret; until then undo the rollout with `kubectl rollout undo`.',
    },
    'container-not-created': {
      severity: 'fail',
      means: 'The container cannot be made; mostly a ConfigMap, a Secret or one of its keys is missing.',
      remedy: 'Create what the message names, or correct the reference in the pod template.',
    },
    unschedulable: {
      severity: 'fail',
      means: 'No node takes the pod: resources, taints, affinity or a volume stand against it.',
      remedy: 'Add a node, lower the requests, or correct the constraint that the message names.',
    },
    'not-started': {
      severity: 'fail',
      means: 'The pod has been pending beyond the grace: volumes, network or an init container hold it.',
      remedy: 'Read the events with `kubectl describe pod <pod>`.',
    },
    'not-ready': {
      severity: 'fail',
      means: 'The pod runs and has not passed its readiness probe for longer than the grace, so it gets no traffic.',
      remedy: 'Read the events with `kubectl describe pod <pod>` and the log of the unready container.',
    },
    'node-lost': {
      severity: 'unknown',
      means: 'The node no longer reports on the pod, which may run or not.',
      remedy: 'Look at the node with `kubectl describe node <node>`; if it is gone for good, delete the node.',
    },
    'stuck-terminating': {
      severity: 'warn',
      means:
        'The pod was deleted and has not gone long after its grace period: its node is lost or a finalizer holds it.',
      remedy:
        'Look at the node and at `metadata.finalizers`; force the deletion only when the container is surely dead.',
    },
    'oom-killed': {
      severity: 'warn',
      means: 'The kernel killed a container within the period because it used more memory than its limit.',
      remedy: 'Raise the memory limit of the container, or find the leak.',
    },
    restarting: {
      severity: 'warn',
      means: 'A container was restarted more often in the period than the limit allows, though it may run just now.',
      remedy: 'Read `kubectl logs <pod> -c <container> --previous`; look at its liveness probe.',
    },
    'job-failed': {
      severity: 'fail',
      means: 'The latest pod of a Job or CronJob failed and none has succeeded since.',
      remedy: 'Read `kubectl logs <pod>`, mend the cause, and start the Job again.',
    },
    'job-retried': {
      severity: 'info',
      means: 'Pods of a Job failed, and one has succeeded since or is at it now.',
      remedy: 'Nothing now; if it repeats, read the log of the failed pod.',
    },
    'pod-failed': {
      severity: 'warn',
      means: 'Pods that should run for ever ended as failed within the period.',
      remedy: 'Read `kubectl describe pod <pod>`; its controller has replaced it if it has one.',
    },
    evicted: {
      severity: 'warn',
      means: 'Nodes put pods out within the period: pressure, preemption or a shutdown.',
      remedy: 'Read the reason; on pressure set requests and limits for memory and ephemeral storage.',
    },
    'failed-pods-left': {
      severity: 'info',
      means: 'Failed pods from before the period are still listed; they use nothing.',
      remedy: 'Delete them with `kubectl delete pod --field-selector status.phase=Failed` when they are in the way.',
    },
    'no-pods': {
      severity: 'unknown',
      means: 'The cluster or namespace lists no pod at all, so there was nothing to judge.',
      remedy: 'Check that the target names the right cluster, context and namespace.',
    },
    'namespace-not-found': {
      severity: 'unknown',
      means: 'The namespace of the target does not exist in the cluster.',
      remedy: 'Correct `namespace` of the target in the profile.',
    },
  },
  timeoutSeconds: 120,
  permissions: (platform) => [...secretPermissions(platform, 'kubernetes'), ...eksPermissions(platform)],
  baseline: { version: 1, schema: Baseline },
  run: async ({ input, targets, now, clock, deadline, signal, baseline }) => {
    const samples: Record<string, RestartSample[]> = { ...baseline?.targets };
    const period = { now, withinSeconds: input.restartsWithin };
    const examined = await eachTarget(
      targets,
      async (target) => {
        const cluster = await connect(target, { clock, deadline, signal });
        const pods = await cluster.listPods();
        if (pods.length === 0) return { findings: [await explainNoPods(target.name, cluster)], measurements: [] };
        const earlier = samples[target.name] ?? [];
        samples[target.name] = nextSamples(earlier, sampleOf(pods, now), period);
        const limits: Limits = {
          ...period,
          reference: referenceOf(earlier, period),
          notReadyForSeconds: input.notReadyFor,
          restartsAbove: input.restartsAbove,
        };
        return { findings: judgePods(target.name, pods, limits), measurements: measurePods(target.name, pods, limits) };
      },
      { concurrency: 4 },
    );
    return { ...examined, baseline: { targets: samples } };
  },
});
