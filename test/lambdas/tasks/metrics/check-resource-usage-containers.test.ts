import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Json } from '../../../../core/json.ts';
import { judgeContainers } from '../../../../lambdas/tasks/metrics/_containers.ts';
import { task } from '../../../../lambdas/tasks/metrics/check-resource-usage.ts';
import { openMetrics, samplesOf, type PlantedSeries } from '../../../../lib/demo/metrics-data.ts';
import { hostSeries } from '../../../../lib/demo/metrics-hosts.ts';
import { missingPrometheus, startPrometheus, type PrometheusServer } from '../../../../lib/demo/servers/prometheus.ts';
import { resultOf } from '../../../harness/perform-task.ts';

const missing = await missingPrometheus();
if (missing !== undefined) process.stderr.write(`skipped: containers on a real Prometheus, because ${missing}\n`);
const onPrometheus = missing === undefined ? describe : describe.skip;

const now = new Date();
const MIB = 1_048_576;

interface Used {
  readonly namespace?: string;
  readonly memory?: number;
  readonly cpu?: number;
  readonly throttled?: number;
  readonly limited?: boolean;
}

/** A container of one core and 512 MiB; what it uses is a share of that. */
function container(
  pod: string,
  { namespace = 'shop', memory = 0.4, cpu = 0.3, throttled = 0.01, limited = true }: Used,
) {
  const place = { namespace, pod, container: 'app' };
  const kubelet = { ...place, job: 'kubelet', instance: '10.0.0.1:10250' };
  const limit = (resource: string, value: number): PlantedSeries => {
    return {
      name: 'kube_pod_container_resource_limits',
      labels: { ...place, job: 'ksm', resource },
      value: () => value,
    };
  };
  const series: PlantedSeries[] = [
    { name: 'container_memory_working_set_bytes', labels: kubelet, value: () => memory * 512 * MIB },
    // The sum of the pod, which has no limit of its own.
    {
      name: 'container_memory_working_set_bytes',
      labels: { ...kubelet, container: '' },
      value: () => 5_000 * MIB,
    },
    { name: 'container_cpu_usage_seconds_total', labels: kubelet, value: (age) => age * cpu },
    { name: 'container_cpu_cfs_periods_total', labels: kubelet, value: (age) => age * 10 },
    { name: 'container_cpu_cfs_throttled_periods_total', labels: kubelet, value: (age) => age * 10 * throttled },
    { name: 'kube_pod_info', labels: { namespace, pod, job: 'ksm' }, value: () => 1 },
  ];
  return limited ? [...series, limit('memory', 512 * MIB), limit('cpu', 1)] : series;
}

onPrometheus('on a real Prometheus', () => {
  let folder: string;
  let server: PrometheusServer;

  beforeAll(async () => {
    const series = [
      ...hostSeries({ instance: 'node-1:9100', disks: [{ freeGib: () => 60 }] }),
      ...['web-1', 'web-2', 'web-3'].flatMap((pod) => container(pod, {})),
      ...container('leaking', { memory: 0.93 }),
      ...container('busy', { cpu: 0.9 }),
      ...container('held-back', { throttled: 0.6 }),
      ...container('unlimited', { memory: 9, limited: false }),
      ...container('batch', { namespace: 'batch', cpu: 0.99 }),
    ];
    folder = await mkdtemp(join(tmpdir(), 'fettle-containers-'));
    const samples = samplesOf(series, { now, spanSeconds: 3_600, aheadSeconds: 600, everySeconds: 240 });
    server = await startPrometheus({ folder, openMetrics: openMetrics(samples) });
  }, 60_000);

  afterAll(async () => {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const found = (input: Record<string, Json> = {}) =>
    resultOf({ task, targets: { cluster: { url: server.url } }, input, now });

  test('containers at their own limits are named, and those far from them are not', async () => {
    const { findings } = await found();

    expect(findings.map(({ kind, subject }) => `${kind} ${subject}`).sort()).toEqual([
      'container-cpu-high batch/batch/app',
      'container-cpu-high shop/busy/app',
      'container-memory-high shop/leaking/app',
      'container-throttled shop/held-back/app',
    ]);
    expect(findings.find(({ kind }) => kind === 'container-memory-high')?.summary).toBe(
      'shop/leaking/app uses 93 % of its memory limit, at most 85 % is expected',
    );
  });

  test('what is left out, and all of it where containers are not judged, is not named', async () => {
    const { findings } = await found({ exceptNamespaces: 'batch' });

    expect(findings.map(({ subject }) => subject)).not.toContain('batch/batch/app');
    expect((await found({ containers: false })).findings).toEqual([]);
  });
});

test.each([
  { measured: 0, pods: 0, kinds: [] },
  { measured: 5, pods: 5, kinds: [] },
  { measured: 5, pods: 0, kinds: ['container-limits-not-known'] },
  { measured: 0, pods: 5, kinds: ['container-limits-not-known'] },
])('of $measured measured containers and $pods known pods it finds $kinds', ({ measured, pods, kinds }) => {
  const query = { by: ['instance'], within: 900, memoryAbove: 85, cpuAbove: 80, throttledAbove: 25 };

  const findings = judgeContainers('cluster', { measured, pods, memory: [], cpu: [], throttled: [] }, query);

  expect(findings.map(({ kind }) => kind)).toEqual(kinds);
  for (const { kind } of findings) expect(task.findings[kind]?.severity).toBe('unknown');
});
