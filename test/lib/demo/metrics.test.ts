import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { task as errorRate } from '../../../lambdas/tasks/metrics/check-error-rate.ts';
import { task as latency } from '../../../lambdas/tasks/metrics/check-latency.ts';
import { task as usage } from '../../../lambdas/tasks/metrics/check-resource-usage.ts';
import { startMetrics } from '../../../lib/demo/parts/metrics.ts';
import { missingPrometheus } from '../../../lib/demo/servers/prometheus.ts';
import { resultOf } from '../../harness/perform-task.ts';

const missing = await missingPrometheus();
if (missing !== undefined) process.stderr.write(`skipped: the Prometheus of the demo, because ${missing}\n`);
const withPrometheus = missing === undefined ? test : test.skip;

withPrometheus('the checks find in the Prometheus of the demo what was planted there and nothing else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fettle-demo-metrics-'));
  const now = new Date();
  const part = await startMetrics({ folder, now, fresh: true, say: () => undefined });
  if ('missing' in part) throw new Error('the part found no Prometheus');
  try {
    const targets = { prometheus: { url: part.addresses['prometheus'] ?? '' } };
    const found: string[] = [];
    for (const task of [latency, errorRate, usage]) {
      // A person starts the run a while after the servers.
      const later = new Date(now.getTime() + 20_000);
      const { findings, measurements } = await resultOf({ task, targets, now: later });
      expect(measurements).not.toEqual([]);
      found.push(...findings.map(({ kind, target, subject }) => `${task.name} ${kind} ${target} ${subject}`));
    }

    expect(found.sort()).toEqual([...part.findings].sort());
  } finally {
    await part.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
