import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Json } from '../../../../core/json.ts';
import { task } from '../../../../lambdas/tasks/metrics/check-error-rate.ts';
import { openMetrics, requestSeries, samplesOf } from '../../../../lib/demo/metrics-data.ts';
import { missingPrometheus, startPrometheus, type PrometheusServer } from '../../../../lib/demo/servers/prometheus.ts';
import { resultOf } from '../../../harness/perform-task.ts';

const missing = await missingPrometheus();
if (missing !== undefined) process.stderr.write(`skipped: error rates on a real Prometheus, because ${missing}\n`);
const onPrometheus = missing === undefined ? describe : describe.skip;

const now = new Date();
const shop = { job: 'shop', instance: '10.0.0.1:80' };

function planted(): string {
  const series = [
    ...Array.from({ length: 19 }, (_, i) =>
      requestSeries({ ...shop, service: `fine-${i}` }, { 200: 5, 404: 0.5, 500: 0.01 }),
    ).flat(),
    // One bad service of many: in the sum of all it is a thousandth.
    ...requestSeries({ ...shop, service: 'checkout' }, { 200: 0.9, 502: 0.1 }),
    ...requestSeries({ ...shop, service: 'search' }, { 200: 0.98, 500: 0.02 }),
    // No error series at all: zero errors, for the status is there and 200 is a status.
    ...requestSeries({ ...shop, service: 'static' }, { 200: 5 }),
    // One of ten fails at night, which says little; six of eight say a lot.
    ...requestSeries({ ...shop, service: 'night' }, { 200: 9 / 3_600, 500: 1 / 3_600 }),
    ...requestSeries({ ...shop, service: 'broken-night' }, { 200: 2 / 3_600, 500: 7 / 3_600 }),
    ...requestSeries({ job: 'shop', instance: 'i' }, { 200: 5, 500: 1 }, { name: 'by_code', statusLabel: 'code' }),
    ...requestSeries({ job: 'shop', instance: 'i' }, { success: 5, error: 1 }, { name: 'by_result' }),
    ...requestSeries({ job: 'shop', instance: 'i' }, { '2xx': 5, '4xx': 1 }, { name: 'by_class' }),
    ...requestSeries({ job: 'shop', instance: 'i' }, { OK: 5 }, { name: 'by_grpc' }),
    ...requestSeries({ job: 'shop', instance: 'i' }, { 200: 0, 500: 0 }, { name: 'idle' }),
    // Half of the instances were upgraded and have lost the label.
    ...requestSeries({ job: 'shop', instance: 'old' }, { 200: 5 }, { name: 'mixed' }),
    { name: 'mixed', labels: { job: 'shop', instance: 'new' }, value: (age: number) => age },
    // Sixty errors at once under a status that was not there before, then none.
    ...requestSeries(shop, { 200: 0.5 }, { name: 'burst' }),
    { name: 'burst', labels: { ...shop, status: '503' }, value: () => 60, beganSecondsAgo: 1_800 },
    ...requestSeries({ ...shop, service: 'own' }, { 200: 1 }, { name: 'own' }),
    { name: 'own_errors', labels: { ...shop, service: 'own' }, value: (age: number) => age / 5 },
    { name: 'foreign_errors', labels: { ...shop, service: 'other' }, value: (age: number) => age / 5 },
    { name: 'many_errors', labels: { ...shop, service: 'own' }, value: (age: number) => age * 5 },
    ...requestSeries({ job: 'gone' }, { 200: 5 }, { name: 'gone' }).map((one) => ({ ...one, endedSecondsAgo: 1_200 })),
    ...requestSeries({ job: 'young' }, { 200: 5 }, { name: 'young' }).map((one) => ({ ...one, beganSecondsAgo: 600 })),
  ];
  return openMetrics(samplesOf(series, { now, spanSeconds: 7_200, aheadSeconds: 600 }));
}

onPrometheus('on a real Prometheus', () => {
  let folder: string;
  let server: PrometheusServer;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fettle-errors-'));
    server = await startPrometheus({ folder, openMetrics: planted() });
  }, 60_000);

  afterAll(async () => {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const found = (input: Record<string, Json> = {}) =>
    resultOf({ task, targets: { metrics: { url: `${server.url}/` } }, input, now });

  test('the bad ones of many are named, with their share, and nobody else is', async () => {
    const { findings } = await found();

    expect(findings.map(({ kind, subject = '' }) => `${kind} ${subject}`).sort()).toEqual([
      'error-rate-critical shop/broken-night',
      'error-rate-critical shop/checkout',
      'error-rate-high shop/search',
      'few-requests ',
    ]);
    expect(findings.find(({ subject }) => subject === 'shop/checkout')?.summary).toMatch(
      /^shop\/checkout ended 36\d of 3,6\d\d requests in 1h with an error: 10 %, at most 5 % is expected$/,
    );
    expect(findings.find(({ kind }) => kind === 'few-requests')?.summary).toMatch(/^shop\/night had 10/);
  });

  test('the query of a finding answers with instance and status', async () => {
    const { findings } = await found();
    const query = findings.find(({ subject }) => subject === 'shop/checkout')?.command ?? '';

    const body = new URLSearchParams({ query, time: String(now.getTime() / 1_000) });
    const answer = await fetch(`${server.url}/api/v1/query`, { method: 'POST', body });

    const { data } = (await answer.json()) as { data: { result: { metric: object }[] } };
    expect(data.result.map(({ metric }) => metric)).toEqual([{ instance: shop.instance, status: '502' }]);
  });

  test('services without an error, and one that has none of the error series at all, pass', async () => {
    const { findings, measurements } = await found({ only: { service: 'fine-.*|static' } });

    expect(findings).toEqual([]);
    const rates = measurements.filter(({ name, subject }) => name === 'error-rate' && subject === 'shop/static');
    expect(rates.map(({ value }) => value)).toEqual([0]);
  });

  test.each<{ input: Record<string, Json>; expected: string[]; because: RegExp }>([
    { input: { metric: 'by_code' }, expected: ['status-missing shop'], because: /no label status/ },
    {
      input: { metric: 'mixed' },
      expected: ['status-missing shop'],
      because: /^shop: 3,\d\d\d of 2\d,\d\d\d requests/,
    },
    { input: { metric: 'by_result' }, expected: ['status-not-understood shop'], because: /error, success/ },
    { input: { metric: 'idle' }, expected: ['no-traffic '], because: /had 0 requests/ },
    { input: { metric: 'gone' }, expected: ['stale-series gone'], because: /more than 1[5-9]m old/ },
    { input: { metric: 'young' }, expected: ['short-history young'], because: /in \S+ % of the last 1h/ },
    {
      input: { metric: 'by_code', statusLabel: 'code', by: ['service'] },
      expected: ['error-rate-critical ', 'not-grouped '],
      because: /16.7 %/,
    },
    {
      input: { metric: 'own', errorMetric: 'foreign_errors' },
      expected: ['unmatched-errors shop/other'],
      because: /no request/,
    },
    { input: { metric: 'own', errorMetric: 'no_such' }, expected: ['errors-not-known '], because: /no_such/ },
    { input: { metric: 'own', errorMetric: 'many_errors' }, expected: ['not-a-number shop/own'], because: /counts/ },
    { input: { metric: 'no_such_total' }, expected: ['no-series '], because: /it scrapes no target at all now$/ },
  ])('$input is $expected', async ({ input, expected, because }) => {
    const { findings } = await found(input);

    expect(findings.map(({ kind, subject = '' }) => `${kind} ${subject}`)).toEqual(expected);
    expect(findings[0]?.summary).toMatch(because);
    const [severity] = findings.map(({ kind }) => task.findings[kind]?.severity);
    expect(severity).toBe(expected[0]?.startsWith('error-rate') ? 'fail' : 'unknown');
  });

  test.each<{ input: Record<string, Json> }>([
    { input: { metric: 'by_code', statusLabel: 'code', above: '20%', failAbove: '20%' } },
    { input: { metric: 'by_result', errorStatus: 'error', above: '20%', failAbove: '20%' } },
    { input: { metric: 'by_class' } },
    { input: { metric: 'by_grpc', errorStatus: 'Internal|Unavailable' } },
    { input: { metric: 'own', errorMetric: 'own_errors', above: '30%', failAbove: '30%' } },
    { input: { metric: 'young', within: '8m' } },
  ])('$input is no reason to act', async ({ input }) => {
    const { findings, measurements } = await found(input);

    expect(findings).toEqual([]);
    expect(measurements.map(({ name }) => name)).toContain('error-rate');
  });

  test('no traffic passes, with a word about it, only where the profile says that none is needed', async () => {
    const { findings } = await found({ metric: 'idle', minRequests: 0 });

    expect(findings.map(({ kind }) => kind)).toEqual(['few-requests']);
  });

  test('a burst of errors under a new status counts, though increase sees none of it', async () => {
    const { findings } = await found({ metric: 'burst' });

    expect(findings.map(({ kind, value }) => [kind, Math.round(value ?? 0)])).toEqual([['error-rate-high', 3]]);
  });
});

test('limits that contradict each other and patterns that are none are refused', () => {
  expect(task.input.safeParse({ above: '10%' }).success).toBe(false);
  expect(task.input.safeParse({ errorStatus: '5(' }).success).toBe(false);
  expect(task.input.safeParse({ statusLabel: '__name__' }).success).toBe(false);
});
