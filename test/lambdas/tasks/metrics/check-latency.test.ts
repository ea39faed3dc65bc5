import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { task } from '../../../../lambdas/tasks/metrics/check-latency.ts';
import { histogramSeries, openMetrics, samplesOf } from '../../../../lib/demo/metrics-data.ts';
import { missingPrometheus, startPrometheus, type PrometheusServer } from '../../../../lib/demo/servers/prometheus.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import type { Json } from '../../../../core/json.ts';

const missing = await missingPrometheus();
if (missing !== undefined) process.stderr.write(`skipped: latency on a real Prometheus, because ${missing}\n`);
const onPrometheus = missing === undefined ? describe : describe.skip;

const QUICK = { '0.1': 0.9, '0.25': 0.1 };
const now = new Date();

function planted(): string {
  const web = { job: 'shop', instance: '10.0.0.1:80' };
  const named = (name: string) => ({ ...web, name });
  const series = [
    // Nineteen quick services and one slow: in the mean of all it would not show.
    ...Array.from({ length: 19 }, (_, i) => i).flatMap((i) =>
      histogramSeries({ labels: { ...web, service: `quick-${i}` }, perSecond: 5, shares: QUICK }),
    ),
    ...histogramSeries({ labels: { ...web, service: 'checkout' }, perSecond: 1, shares: { '5': 1 } }),
    ...histogramSeries({ labels: { ...web, service: 'search' }, perSecond: 1, shares: { '0.1': 0.9, '10': 0.1 } }),
    // One slow request at night.
    ...histogramSeries({ labels: { ...web, service: 'reports' }, perSecond: 1 / 600, shares: { '10': 1 } }),
    // Restarts each ten minutes: its counters start again, its speed does not change.
    ...histogramSeries({
      labels: { job: 'restarting', instance: 'r', service: 'mail' },
      perSecond: 2,
      shares: QUICK,
      restartsEverySeconds: 600,
    }),
    ...histogramSeries({
      name: 'short_buckets',
      labels: { job: 'api', service: 'coarse' },
      perSecond: 2,
      shares: { '0.5': 0.9, '4': 0.1 },
      bounds: [0.5, 1],
    }),
    ...histogramSeries({ name: 'quiet', labels: { job: 'api', service: 'quiet' }, perSecond: 0, shares: QUICK }),
    ...histogramSeries({
      name: 'ended',
      labels: { job: 'gone', service: 'gone' },
      perSecond: 2,
      shares: QUICK,
      endedSecondsAgo: 1_800,
    }),
    ...histogramSeries({
      name: 'young',
      labels: { job: 'young', service: 'young' },
      perSecond: 2,
      shares: QUICK,
      beganSecondsAgo: 600,
    }),
    ...histogramSeries({
      name: 'request_ms_duration',
      labels: web,
      perSecond: 2,
      shares: { '400': 1 },
      bounds: [100, 500],
    }),
    // Born in the middle of the hour with forty slow requests, by a process that was there before.
    ...histogramSeries({ name: 'burst', labels: { ...web, handler: '/a' }, perSecond: 0.01, shares: QUICK }),
    ...['_count', '_sum', '_bucket'].map((suffix) => ({
      name: `burst${suffix}`,
      labels: { ...web, handler: '/b', ...(suffix === '_bucket' && { le: '+Inf' }) },
      value: () => (suffix === '_sum' ? 400 : 40),
      beganSecondsAgo: 1_800,
    })),
    // A summary: no buckets, quantiles per instance.
    { name: 'rpc_seconds_count', labels: named('rpc'), value: (age: number) => age },
    { name: 'rpc_seconds_sum', labels: named('rpc'), value: (age: number) => age * 0.2 },
    { name: 'rpc_seconds', labels: { ...named('rpc'), quantile: '0.95' }, value: () => 3 },
    { name: 'rpc_seconds', labels: { ...named('rpc'), instance: 'idle', quantile: '0.95' }, value: () => NaN },
    { name: 'broken_count', labels: web, value: (age: number) => age },
    { name: 'broken_sum', labels: web, value: () => NaN },
    { name: 'up', labels: web, value: () => 1 },
  ];
  return openMetrics(samplesOf(series, { now, spanSeconds: 7_200, aheadSeconds: 600 }));
}

onPrometheus('on a real Prometheus', () => {
  let folder: string;
  let server: PrometheusServer;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fettle-latency-'));
    server = await startPrometheus({ folder, openMetrics: planted() });
  }, 60_000);

  afterAll(async () => {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function found(input: Record<string, Json> = {}) {
    return resultOf({ task, targets: { metrics: { url: server.url } }, input, now });
  }

  async function words(input: Record<string, Json> = {}): Promise<string[]> {
    const { findings } = await found(input);
    return findings.map(({ kind, subject }) => (subject === undefined ? kind : `${kind} ${subject}`));
  }

  test('one slow service and one slow tail among twenty quick ones are named, and nobody else is', async () => {
    const { findings } = await found();

    expect(findings.map(({ kind, subject = '' }) => `${kind} ${subject}`).sort()).toEqual([
      'few-requests ',
      'slow-mean shop/checkout',
      'slow-tail shop/search',
    ]);
    expect(findings.find(({ kind }) => kind === 'slow-mean')?.summary).toMatch(
      /^shop\/checkout takes 3.75 s in the mean of 3,6\d\d requests, p95 4.88 s, at most 2 s is expected$/,
    );
    expect(findings.find(({ kind }) => kind === 'few-requests')?.summary).toMatch(/^shop\/reports had [67]/);
  });

  test('the queries that the findings give answer with the instance', async () => {
    const { findings } = await found();

    for (const { command } of findings.filter(({ kind }) => kind.startsWith('slow'))) {
      const answer = await fetch(`${server.url}/api/v1/query`, {
        method: 'POST',
        body: new URLSearchParams({ query: command ?? '', time: String(now.getTime() / 1_000) }),
      });
      const { data } = (await answer.json()) as { data: { result: { metric: object }[] } };
      expect(data.result.map(({ metric }) => metric)).toEqual([{ instance: '10.0.0.1:80' }]);
    }
  });

  test('without the slow ones all is well, a service that restarts every ten minutes included', async () => {
    const { findings, measurements } = await found({ except: { service: 'checkout|search|reports' } });

    expect(findings).toEqual([]);
    expect(
      measurements.find(({ name, subject }) => name === 'request-time-mean' && subject === 'restarting/mail')?.value,
    ).toBeCloseTo(0.08625, 3);
    expect(measurements.find(({ name }) => name === 'requests')?.value).toBeGreaterThan(345_000);
  });

  test.each<{ title: string; input: Record<string, Json>; expected: string[] }>([
    {
      title: 'buckets that end below the limit',
      input: { metric: 'short_buckets' },
      expected: ['buckets-too-short api/coarse'],
    },
    { title: 'series that count no request', input: { metric: 'quiet' }, expected: ['no-traffic'] },
    { title: 'series that have ended', input: { metric: 'ended' }, expected: ['stale-series gone'] },
    { title: 'ten minutes of data for an hour', input: { metric: 'young' }, expected: ['short-history young'] },
    { title: 'a metric that nothing exposes', input: { metric: 'no_such' }, expected: ['no-series'] },
    { title: 'a sum that is no number', input: { metric: 'broken' }, expected: ['not-a-number shop'] },
    {
      title: 'labels that no series has',
      input: { metric: 'burst', by: ['tenant'], quantileAbove: 'none', meanAbove: '30s', minRequests: 1 },
      expected: ['not-grouped'],
    },
    {
      title: 'a quantile that is not exposed',
      input: { metric: 'rpc_seconds', quantile: 0.99 },
      expected: ['quantile-not-known shop'],
    },
  ])('$title: unknown, with the reason', async ({ input, expected }) => {
    expect(await words(input)).toEqual(expected);
    const { findings } = await found(input);
    for (const { kind } of findings) expect(task.findings[kind]?.severity).toBe('unknown');
  });

  test.each<{ title: string; input: Record<string, Json> }>([
    { title: 'no traffic where none is needed', input: { metric: 'quiet', minRequests: 0 } },
    { title: 'a young service within its age', input: { metric: 'young', within: '8m' } },
    {
      title: 'milliseconds that are said to be some',
      input: { metric: 'request_ms_duration', unit: 'milliseconds' },
    },
    { title: 'a summary within its limit', input: { metric: 'rpc_seconds', quantileAbove: '4s' } },
  ])('$title: no reason to act', async ({ input }) => {
    const { findings, measurements } = await found(input);

    expect(findings.filter(({ kind }) => task.findings[kind]?.severity !== 'info')).toEqual([]);
    expect(measurements).not.toEqual([]);
  });

  test('a summary is judged by its slowest instance', async () => {
    const { findings } = await found({ metric: 'rpc_seconds' });

    expect(findings.map(({ kind, value }) => [kind, value])).toEqual([['slow-tail', 3]]);
    expect(findings[0]?.summary).toContain('in its slowest instance 3 s');
  });

  test('slow requests of a handler that was called for the first time count', async () => {
    const input = { metric: 'burst', by: ['handler'], quantileAbove: 'none', minRequests: 20 };

    expect(await words(input)).toEqual(['slow-mean /b']);
  });

  test('a metric that is missing is explained by what is there', async () => {
    const { findings } = await found({ metric: 'http_server_requests_seconds' });

    expect(findings[0]?.summary).toMatch(/it scrapes 1 target and has http_request_duration_seconds_count, request_ms/);
  });

  test('what a pattern holds stays inside of its quotes', async () => {
    const only = { service: '"} or vector(0) or up{job="' };

    expect(await words({ only })).toEqual(['no-series']);
  });
});

test.each([
  { input: { metric: 'a{b="c"}' } },
  { input: { by: ['job) or vector(1'] } },
  { input: { only: { service: '(' } } },
  { input: { within: '1m' } },
  { input: { metric: 'request_duration_ms' } },
  { input: { meanAbove: '2' } },
])('refuses $input', ({ input }) => {
  expect(task.input.safeParse(input).success).toBe(false);
});
