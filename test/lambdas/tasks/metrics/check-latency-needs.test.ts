import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Json } from '../../../../core/json.ts';
import { task } from '../../../../lambdas/tasks/metrics/check-latency.ts';
import { histogramSeries, openMetrics, samplesOf } from '../../../../lib/demo/metrics-data.ts';
import { missingPrometheus, startPrometheus, type PrometheusServer } from '../../../../lib/demo/servers/prometheus.ts';
import { inWords, needCalled, needsOf } from '../../../harness/needs-of.ts';
import { resultOf } from '../../../harness/perform-task.ts';

const missing = await missingPrometheus();
if (missing !== undefined) process.stderr.write(`skipped: needs of latency on a real Prometheus, because ${missing}\n`);
const onPrometheus = missing === undefined ? describe : describe.skip;

const now = new Date();

function planted(): string {
  const labels = { job: 'shop', instance: '10.0.0.1:80', service: 'web' };
  const series = [
    ...histogramSeries({ labels, perSecond: 5, shares: { '0.1': 1 } }),
    { name: 'rpc_seconds_count', labels, value: (age: number) => age },
    { name: 'rpc_seconds_sum', labels, value: (age: number) => age * 0.2 },
    { name: 'rpc_seconds', labels: { ...labels, quantile: '0.95' }, value: () => 0.3 },
  ];
  return openMetrics(samplesOf(series, { now, spanSeconds: 7_200, aheadSeconds: 600 }));
}

onPrometheus('on a real Prometheus', () => {
  let folder: string;
  let server: PrometheusServer;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fettle-latency-needs-'));
    server = await startPrometheus({ folder, openMetrics: planted() });
  }, 60_000);

  afterAll(async () => {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const ask = (input: Record<string, Json> = {}) => needsOf({ task, targets: { metrics: { url: server.url } }, input });

  test('everything is met, told with what was seen, and the check then judges', async () => {
    const needs = await ask();

    expect(needs.map(({ state, need, detail }) => `${state} ${need}: ${detail}`)).toEqual([
      'met be allowed by allowAddresses: 127.0.0.1 may be called',
      `met be reached: ${new URL(server.url).host} answers in clear text`,
      'met answer queries: it told its time',
      'met have http_request_duration_seconds: 1 series of shop',
      'met have the quantile 0.95 of http_request_duration_seconds: by its buckets',
      expect.stringMatching(/^met have the right time: its clock and that of Fettle are .* apart$/),
    ]);
    const { findings } = await resultOf({ task, targets: { metrics: { url: server.url } }, now });
    expect(findings).toEqual([]);
  });

  test('a metric that nothing exposes is missing, with the names that are there', async () => {
    const need = needCalled(await ask({ metric: 'http_server_requests_seconds' }), 'have http_server_requests_seconds');

    expect(need.state).toBe('missing');
    expect(need.detail).toMatch(/has no sample of http_server_requests_seconds_count in the last 1h.*/);
  });

  test('a quantile that a summary does not expose is missing, the one that it does is met, and none is not needed', async () => {
    const quantile = async (input: Record<string, Json>) =>
      inWords(await ask({ metric: 'rpc_seconds', ...input })).filter((words) => words.includes('quantile'));

    expect(await quantile({ quantile: 0.99 })).toEqual(['missing have the quantile 0.99 of rpc_seconds']);
    expect(await quantile({})).toEqual(['met have the quantile 0.95 of rpc_seconds']);
    expect(await quantile({ quantileAbove: 'none' })).toEqual([]);
  });

  test('what a clock of an hour ago would say is missing', async () => {
    const past = new Date(Date.now() - 3_600_000);
    const needs = await needsOf({ task, targets: { metrics: { url: server.url } }, now: past });

    expect(needCalled(needs, 'have the right time')).toMatchObject({
      state: 'missing',
      detail: expect.stringMatching(/is 3,\d+ s ahead, at most 60 s is expected$/),
    });
  });
});

test('CloudWatch is no Prometheus, and a server that is gone is unknown with the reason', async () => {
  const targets = { aws: { url: 'cloudwatch:eu-west-1' }, gone: { url: 'http://127.0.0.1:1' } };
  const needs = await needsOf({ task, targets });

  expect(needs.map(({ target, state, need }) => `${target} ${state} ${need}`)).toEqual([
    'aws missing answer queries',
    'gone met be allowed by allowAddresses',
    'gone unknown be reached',
  ]);
  expect(needs[0]?.detail).toContain('this task reads Prometheus');
  expect(needs[2]?.detail).toContain('refused the connection');
});
