import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Json } from '../../../../core/json.ts';
import { task } from '../../../../lambdas/tasks/metrics/check-error-rate.ts';
import { inWords, needCalled, needsOf } from '../../../harness/needs-of.ts';
import {
  scalar,
  startLyingPrometheus,
  vector,
  type LyingPrometheus,
  type PrometheusHook,
  type PrometheusQuery,
} from '../../../servers/lying-prometheus.ts';

const LABEL = 'say by status how requests of http_requests_total ended';
let server: LyingPrometheus;
beforeAll(async () => {
  server = await startLyingPrometheus(healthy);
});
beforeEach(() => {
  server.onQuery = healthy;
});
afterAll(() => server.close());

const nowSeconds = () => Date.now() / 1_000;
const count = ({ time }: PrometheusQuery, value: number) =>
  vector(time, value === 0 ? [] : [[{ job: 'shop' }, String(value)]]);

/** A shop of four series, each with its status. */
function healthy(query: PrometheusQuery): unknown {
  if (query.query === 'time()') return scalar(nowSeconds(), String(nowSeconds()));
  return count(query, query.query.includes('status=""') ? 0 : 4);
}

const saying =
  (hook: PrometheusHook): PrometheusHook =>
  (query, response) =>
    query.query === 'time()' ? healthy(query) : hook(query, response);
const answering =
  (status: number, type: string, body: string): PrometheusHook =>
  (_query, response) =>
    void response.writeHead(status, { 'content-type': type }).end(body);

const ask = (input: Record<string, Json> = {}, more: Record<string, Json> = {}) =>
  needsOf({ task, targets: { metrics: { url: `${server.url}/prefix/`, ...more } }, input });

test('requests that say how they ended are all that is needed; they are only counted, with the credentials', async () => {
  const before = server.queries.length;
  const needs = await ask({}, { authorization: 'Bearer abc' });

  expect(inWords(needs)).toEqual([
    'met be allowed by allowAddresses',
    'met be reached',
    'met answer queries',
    'met have http_requests_total',
    `met ${LABEL}`,
    'met have the right time',
  ]);
  expect(needCalled(needs, LABEL).detail).toBe('4 of 4 series have the label');
  const asked = server.queries.slice(before);
  expect(
    asked.every(({ path, authorization }) => path === '/prefix/api/v1/query' && authorization === 'Bearer abc'),
  ).toBe(true);
  expect(asked.map(({ query }) => query.replace(/\(.*/s, ''))).toEqual(['time', 'count by ', 'count', 'count']);
  expect(JSON.stringify(needs)).not.toContain('abc');
});

describe('what its answers show to be missing', () => {
  test('is a label that some series lack, and the metric of errors where that is its own', async () => {
    server.onQuery = saying((query) => count(query, query.query.includes('status=""') ? 1 : 3));
    expect(needCalled(await ask(), LABEL)).toMatchObject({
      state: 'missing',
      detail: '1 of 4 series have no label status; statusLabel names another one',
    });

    server.onQuery = saying((query) => count(query, /errors_total|__name__/.test(query.query) ? 0 : 4));
    expect(inWords(await ask({ errorMetric: 'errors_total' }))).toContain('missing have errors_total');
  });

  test.each([
    [
      'credentials that it refuses',
      answering(401, 'text/plain', 'no'),
      /credentials of the target are missing or refused/,
    ],
    ['a path that is not its own', answering(404, 'text/plain', 'no'), /not the base of a Prometheus/],
    ['a login page in its place', answering(200, 'text/html', '<html>Sign in'), /no whole JSON/],
  ])('is %s', async (_title, hook, reason) => {
    server.onQuery = hook;
    const needs = await ask();

    expect(inWords(needs).slice(1)).toEqual(['missing answer queries']);
    expect(needs.at(-1)?.detail).toMatch(reason);
  });
});

describe('what it does not show is unknown, with the reason', () => {
  test('where it is overloaded from the start, and where only the query fails', async () => {
    server.onQuery = answering(503, 'text/html', 'busy');
    expect(inWords(await ask()).at(-1)).toBe('unknown answer queries');

    server.onQuery = saying(answering(503, 'text/html', 'busy'));
    const needs = await ask();
    expect(inWords(needs)).toContain('unknown answer queries');
    expect(inWords(needs)).not.toContain('met answer queries');
  });

  test('where it says itself that a part of its answer is missing', async () => {
    server.onQuery = saying((query) => ({ ...vector(query.time, []), warnings: ['a store is down'] }));

    expect(needCalled(await ask(), 'have http_requests_total')).toMatchObject({
      state: 'unknown',
      detail: expect.stringContaining('a store is down'),
    });
  });

  test('where it does not answer in the time of a look', async () => {
    server.onQuery = () => undefined;
    const needs = await needsOf({ task, targets: { metrics: { url: server.url } }, timeoutSeconds: 1 });

    expect(needCalled(needs, 'be reached')).toMatchObject({
      state: 'unknown',
      detail: expect.stringContaining('did not answer'),
    });
  });
});

test('an address that the profile does not allow is not called, and has the line that allows it', async () => {
  const before = server.queries.length;
  const [need] = await needsOf({ task, targets: { metrics: { url: server.url } }, allowAddresses: [] });

  expect(need).toMatchObject({ state: 'missing', grant: 'allowAddresses: [127.0.0.1/32]' });
  expect(server.queries).toHaveLength(before);
});
