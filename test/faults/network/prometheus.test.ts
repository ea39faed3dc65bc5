import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Task } from '../../../core/task.ts';
import { task as checkErrorRate } from '../../../lambdas/tasks/metrics/check-error-rate.ts';
import { task as checkLatency } from '../../../lambdas/tasks/metrics/check-latency.ts';
import { task as checkResourceUsage } from '../../../lambdas/tasks/metrics/check-resource-usage.ts';
import { histogramSeries, openMetrics, requestSeries, samplesOf } from '../../../lib/demo/metrics-data.ts';
import { HOST_SPAN_SECONDS, hostSeries } from '../../../lib/demo/metrics-hosts.ts';
import { missingPrometheus, startPrometheus, type PrometheusServer } from '../../../lib/demo/servers/prometheus.ts';
import { startFaultProxy } from '../../servers/fault-proxy.ts';
import { matrix, scalar, startLyingPrometheus, vector, type PrometheusQuery } from '../../servers/lying-prometheus.ts';
import { BAD_LINES, see, seeOver, type Row, type Seen } from './_matrix.ts';

const missing = await missingPrometheus();
if (missing !== undefined) process.stderr.write(`skipped: no line to a Prometheus is broken, because ${missing}\n`);
const onPrometheus = missing === undefined ? describe : describe.skip;

const AUTHORIZATION = 'Bearer a-token-of-metrics';
const TASKS = [checkErrorRate, checkLatency, checkResourceUsage] as const;

/** In the middle of the first answer, behind its headers. */
const IN_ANSWER = 180;

const ROWS: readonly Row[] = [
  { title: 'refuses the connection', refuses: true, words: /refused the connection/ },
  { title: 'lets no connection through', isDeaf: true, words: /did not accept a connection within 10 s/ },
  { title: 'is reset at once', fault: { kind: 'reset' }, words: /ended the connection/ },
  { title: 'is closed at once', fault: { kind: 'end' }, words: /ended the connection/ },
  {
    title: 'swallows everything',
    fault: { kind: 'stall' },
    words: /accepted the connection and did not answer within 10 s/,
  },
  {
    title: 'is reset in the middle of the answer',
    fault: { kind: 'reset', afterBytes: IN_ANSWER },
    words: /ended the connection/,
  },
  {
    title: 'is closed in the middle of the answer',
    fault: { kind: 'end', afterBytes: IN_ANSWER },
    words: /ended the connection in the middle of its answer/,
  },
  {
    title: 'loses its other end in the middle of the answer',
    fault: { kind: 'half-open', afterBytes: IN_ANSWER },
    words: /began to answer and did not come to the end within 10 s/,
  },
  {
    title: 'lets one byte through at a time',
    pace: { sliceBytes: 1, gapMs: 50 },
    words: /did not (answer|come to the end) within 10 s/,
  },
];

onPrometheus('over a broken line to a real Prometheus', () => {
  let folder: string;
  let server: PrometheusServer;
  let seen: readonly ReadonlyMap<string, Seen>[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fettle-metrics-'));
    server = await startPrometheus({ folder, openMetrics: healthyMetrics() });
    const port = Number(new URL(server.url).port);
    seen = await Promise.all(TASKS.map((task) => seeOver([...ROWS, ...BAD_LINES], port, (at) => check(task, at))));
  }, 60_000);
  afterAll(async () => {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  function check(task: Task, port: number): Promise<Seen> {
    const lost = { url: `http://127.0.0.1:${port}`, authorization: AUTHORIZATION };
    return see({ task, targets: { lost, well: { url: server.url } } });
  }

  test.each(ROWS)(
    'nothing is known of it, and the one beside it is judged, where the line $title',
    ({ title, words }) => {
      for (const of of seen) {
        const { verdicts, said, measured } = of.get(title) ?? {};
        expect(verdicts).toEqual({ lost: 'unknown', well: 'pass' });
        expect(said?.['lost']).toMatch(/^not-readable: /);
        expect(said?.['lost']).toMatch(words);
        expect(said?.['lost']).not.toContain(AUTHORIZATION);
        expect(measured).toEqual(['well']);
      }
    },
  );

  test.each(BAD_LINES)('it is judged as ever where the line $title', ({ title }) => {
    for (const of of seen) expect(of.get(title)?.verdicts).toEqual({ lost: 'pass', well: 'pass' });
  });

  test.each([
    ['the connection breaks once in the middle of an answer', { kind: 'reset', afterBytes: IN_ANSWER, times: 1 }],
    ['it closes one connection without a word', { kind: 'end', times: 1 }],
  ] as const)('it is asked again and judged where %s', async (_title, fault) => {
    const line = await startFaultProxy(Number(new URL(server.url).port));
    line.fault = fault;

    const { verdicts } = await check(checkErrorRate, line.port);
    line.close();

    expect(line.counts.faults).toBe(1);
    expect(verdicts).toEqual({ lost: 'pass', well: 'pass' });
  });
});

function healthyMetrics(): string {
  const now = new Date();
  const web = { job: 'shop', instance: '10.0.0.1:80', service: 'checkout' };
  const requests = [
    ...requestSeries(web, { 200: 5, 500: 0.001 }),
    ...histogramSeries({ labels: web, perSecond: 5, shares: { '0.1': 0.9, '0.25': 0.1 } }),
  ];
  const hosts = hostSeries({ instance: 'fine:9100', disks: [{ freeGib: () => 60 }] });
  return openMetrics(
    samplesOf(requests, { now, spanSeconds: 7_200, aheadSeconds: 600 }),
    samplesOf(hosts, { now, spanSeconds: HOST_SPAN_SECONDS, aheadSeconds: 600, everySeconds: 240 }),
  );
}

describe('a server behind a gateway', () => {
  const CHECKOUT = { job: 'shop', service: 'checkout' };
  const nowSeconds = () => Date.now() / 1_000;

  function healthy(query: PrometheusQuery): unknown {
    if (query.query === 'time()') return scalar(nowSeconds(), String(nowSeconds()));
    if (query.path.endsWith('query_range')) return matrix(query, { job: 'shop' }, '1');
    if (query.query.includes('=~"5.."')) return vector(query.time, []);
    const labels = query.query.startsWith('count by (job, service, status)')
      ? { ...CHECKOUT, status: '200' }
      : CHECKOUT;
    return vector(query.time, [[labels, '3600.5']]);
  }

  async function behind(answer: (response: ServerResponse) => void, isBad: (count: number) => boolean) {
    let count = 0;
    const server = await startLyingPrometheus((query, response) => {
      count += 1;
      if (!isBad(count)) return healthy(query);
      answer(response);
      return undefined;
    });
    const seen = await see({ task: checkErrorRate, targets: { metrics: { url: server.url } } });
    await server.close();
    return { ...seen, queries: server.queries.length };
  }

  const unavailable = (response: ServerResponse) =>
    void response.writeHead(503, { 'content-type': 'text/html', 'retry-after': '315360000' }).end('<h1>busy');
  const tooMuch = (response: ServerResponse) =>
    void response
      .writeHead(503, { 'content-type': 'application/json' })
      .end('{"status":"error","errorType":"timeout","error":"query timed out"}');

  test('that has no server for a moment is asked again, and judged', async () => {
    const { verdicts, queries } = await behind(unavailable, (count) => count === 3);

    expect(verdicts).toEqual({ metrics: 'pass' });
    expect(queries).toBe(7);
  });

  test('that has no server is unknown, is asked no more than twice, and not after the ten years that it names', async () => {
    const { verdicts, said, queries } = await behind(unavailable, (count) => count >= 3);

    expect(verdicts).toEqual({ metrics: 'unknown' });
    expect(said['metrics']).toMatch(/^not-readable: .* answers 503 \(text\/html\)/);
    expect(queries).toBeLessThanOrEqual(8);
  });

  test('to which a query was too much is not asked the same again', async () => {
    const { verdicts, said, queries } = await behind(tooMuch, (count) => count === 2);

    expect(verdicts).toEqual({ metrics: 'unknown' });
    expect(said['metrics']).toMatch(/answers 503, timeout: query timed out/);
    expect(queries).toBeLessThanOrEqual(6);
  });
});
