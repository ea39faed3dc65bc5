import type { Finding } from '../../../core/finding.ts';
import { nameOf } from './_groups.ts';
import { percentText, rounded } from './_number-text.ts';
import type { Prometheus } from './_prometheus.ts';
import type { Sample } from './_prometheus-answer.ts';
import { quoted } from './_promql.ts';

/** What names a machine names no container: it may be started again on another. */
const OF_MACHINES = new Set(['instance', 'node', 'nodename', 'host', 'hostname']);

export interface ContainerQuery {
  readonly by: readonly string[];
  readonly within: number;
  readonly memoryAbove: number;
  readonly cpuAbove: number;
  readonly throttledAbove: number;
  /** Namespaces that are left out: a pattern. */
  readonly exceptNamespaces?: string | undefined;
}

export type ContainerKind =
  'container-memory-high' | 'container-cpu-high' | 'container-throttled' | 'container-limits-not-known';

/** The containers that exceed a limit, and what is needed to see that none does. */
export interface Containers {
  /** Containers that cAdvisor measures. */
  readonly measured: number;
  /** Pods that kube-state-metrics knows. */
  readonly pods: number;
  readonly memory: readonly Sample[];
  readonly cpu: readonly Sample[];
  readonly throttled: readonly Sample[];
}

/** Reads what containers use of their own limits; the server compares, so that only what exceeds comes over. */
export async function readContainers(prometheus: Prometheus, query: ContainerQuery): Promise<Containers> {
  const { within, memoryAbove, cpuAbove, throttledAbove, exceptNamespaces } = query;
  const names = labelsOf(query);
  const left = exceptNamespaces === undefined ? '' : `,namespace!~${quoted(exceptNamespaces)}`;
  // The pause container and the sum of a pod have no name of their own.
  const of = (metric: string) => `${metric}{container!="",container!="POD"${left}}`;
  const sum = (how: 'sum' | 'max', expression: string) => `${how} by (${names.join(', ')}) (${expression})`;
  const limit = (resource: string) =>
    sum('max', `kube_pod_container_resource_limits{resource="${resource}"${left}} > 0`);
  const rate = (metric: string) => `rate(${of(metric)}[${within}s])`;
  const memory = of('container_memory_working_set_bytes');
  const throttled = sum('sum', rate('container_cpu_cfs_throttled_periods_total'));
  const [measured, pods, ...exceeding] = await Promise.all([
    prometheus.instant('count(container_memory_working_set_bytes{container!=""})'),
    prometheus.instant('count(kube_pod_info)'),
    prometheus.instant(`100 * ${sum('max', memory)} / ${limit('memory')} > ${memoryAbove}`),
    prometheus.instant(
      `100 * ${sum('sum', rate('container_cpu_usage_seconds_total'))} / ${limit('cpu')} > ${cpuAbove}`,
    ),
    prometheus.instant(
      `100 * ${throttled} / (${sum('sum', rate('container_cpu_cfs_periods_total'))} > 0) > ${throttledAbove}`,
    ),
  ]);
  const count = (samples: readonly Sample[]) => samples[0]?.value ?? 0;
  const [overMemory, overCpu, overThrottled] = exceeding;
  return { measured: count(measured), pods: count(pods), memory: overMemory, cpu: overCpu, throttled: overThrottled };
}

function labelsOf({ by }: ContainerQuery): string[] {
  return [...by.filter((label) => !OF_MACHINES.has(label)), 'namespace', 'pod', 'container'];
}

/** One finding for each container and limit; a cluster of which one half is not scraped is unknown. */
export function judgeContainers(
  target: string,
  containers: Containers,
  query: ContainerQuery,
): Finding<ContainerKind>[] {
  const { measured, pods, memory, cpu, throttled } = containers;
  if (measured > 0 !== pods > 0) {
    const [there, missing] =
      measured > 0
        ? [`${measured} containers are measured`, 'kube-state-metrics, which knows their limits, has no sample']
        : [`${pods} pods are known`, 'cAdvisor, which measures them, has no sample'];
    return [{ kind: 'container-limits-not-known', target, summary: `${there} and ${missing}` }];
  }
  const names = labelsOf(query);
  const each = (kind: ContainerKind, samples: readonly Sample[], says: (value: string) => string, limit: number) =>
    samples.map(({ labels, value }): Finding<ContainerKind> => {
      const subject = nameOf(labels, names);
      const summary = `${subject} ${says(percentText(value))}, at most ${percentText(limit)} is expected`;
      return { kind, target, subject, summary, value: rounded(value), limit, unit: 'percent' };
    });
  return [
    ...each('container-memory-high', memory, (value) => `uses ${value} of its memory limit`, query.memoryAbove),
    ...each('container-cpu-high', cpu, (value) => `uses ${value} of its CPU limit`, query.cpuAbove),
    ...each(
      'container-throttled',
      throttled,
      (value) => `is throttled in ${value} of its periods`,
      query.throttledAbove,
    ),
  ];
}
