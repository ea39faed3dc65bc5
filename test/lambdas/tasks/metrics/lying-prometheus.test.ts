import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import { task } from '../../../../lambdas/tasks/metrics/check-error-rate.ts';
import { task as latency } from '../../../../lambdas/tasks/metrics/check-latency.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import {
  matrix,
  scalar,
  startLyingPrometheus,
  vector,
  type LyingPrometheus,
  type PrometheusHook,
  type PrometheusQuery,
} from '../../../servers/lying-prometheus.ts';

const CHECKOUT = { job: 'shop', service: 'checkout' };
let server: LyingPrometheus;

/** A shop whose requests all succeed. */
function healthy(query: PrometheusQuery): unknown {
  const { time } = query;
  if (query.query === 'time()') return scalar(nowSeconds(), String(nowSeconds()));
  if (query.path.endsWith('query_range')) return matrix(query, { job: 'shop' }, '1');
  if (query.query.includes('=~"5.."')) return vector(time, []);
  if (query.query.startsWith('count by (job, service, status)')) {
    return vector(time, [[{ ...CHECKOUT, status: '200' }, '1']]);
  }
  return vector(time, [[CHECKOUT, '3600.5']]);
}

function nowSeconds(): number {
  return Date.now() / 1_000;
}

/** Everything but the clock is answered by the hook. */
function saying(hook: PrometheusHook): PrometheusHook {
  return (query, response) => (query.query === 'time()' ? healthy(query) : hook(query, response));
}

function raw(status: number, type: string, body: string, headers: Record<string, string> = {}): PrometheusHook {
  return (_query, response: ServerResponse) =>
    void response.writeHead(status, { 'content-type': type, ...headers }).end(body);
}

const found = (more: object = {}) =>
  resultOf({ task, targets: { metrics: { url: `${server.url}/prefix/`, ...more } }, timeoutSeconds: 120 });

beforeAll(async () => {
  server = await startLyingPrometheus(healthy);
});
beforeEach(() => {
  server.onQuery = healthy;
});
afterAll(() => server.close());

test('a server that says the truth passes, asked by POST below its path, for one moment and with the credentials', async () => {
  const { findings, measurements } = await found({ authorization: 'Bearer abc' });

  expect(findings).toEqual([]);
  expect(measurements).toContainEqual({ name: 'error-rate', value: 0, unit: 'percent', target: 'metrics' });
  const [clock, ...others] = server.queries;
  expect(others).toHaveLength(5);
  expect(clock).toMatchObject({ path: '/prefix/api/v1/query', time: undefined, authorization: 'Bearer abc' });
  expect(new Set(others.map(({ time, end }) => time ?? end)).size).toBe(1);
});

test.each<{ title: string; hook: PrometheusHook; reason: RegExp }>([
  {
    title: 'a login page',
    hook: raw(200, 'text/html', '<html>Sign in'),
    reason: /text\/html that is no whole JSON: "<html>Sign in"/,
  },
  {
    title: 'half an answer',
    hook: raw(200, 'application/json', '{"status":"success","data":{"resu'),
    reason: /no whole JSON/,
  },
  {
    title: 'a redirect',
    hook: raw(302, 'text/plain', '', { location: 'https://sso.example.org/?token=abc' }),
    reason: /302 and leads to https:\/\/sso.example.org\/,/,
  },
  {
    title: 'a refusal',
    hook: raw(401, 'text/plain', 'no'),
    reason: /401: the credentials of the target are missing or refused/,
  },
  { title: 'another address', hook: raw(404, 'text/plain', 'not here'), reason: /404 .* not the base of a Prometheus/ },
  { title: 'no content', hook: raw(204, 'text/plain', ''), reason: /answers 204/ },
  {
    title: 'a gateway that is overloaded',
    hook: raw(503, 'text/html', '<h1>busy'),
    reason: /answers 503 \(text\/html\)/,
  },
  {
    title: 'a query that was too large for it',
    hook: raw(
      422,
      'application/json',
      '{"status":"error","errorType":"execution","error":"query processing would load too many samples"}',
    ),
    reason: /422, execution: query processing would load too many samples/,
  },
  {
    title: 'an error with the status of a success',
    hook: () => ({ status: 'error', errorType: 'timeout', error: 'slow' }),
    reason: /200, timeout: slow/,
  },
  { title: 'JSON of something else', hook: () => ({ ok: true }), reason: /does not answer as Prometheus does: status/ },
  { title: 'null', hook: () => null, reason: /does not answer as Prometheus does/ },
  { title: 'a scalar for a vector', hook: ({ time }) => scalar(time ?? 0, '1'), reason: /a scalar, not a/ },
  {
    title: 'a number that is not written as text',
    hook: ({ time }) => vector(time, [[CHECKOUT, 3]]),
    reason: /does not answer as Prometheus does: data/,
  },
  {
    title: 'a word for a number',
    hook: ({ time }) => vector(time, [[CHECKOUT, 'null']]),
    reason: /"null" where a number is expected/,
  },
  {
    title: 'an answer of an hour ago',
    hook: ({ time }) => vector((time ?? 0) - 3_600, [[CHECKOUT, '3']]),
    reason: /answers for \S+ and was asked for/,
  },
  {
    title: 'one series twice',
    hook: ({ time }) =>
      vector(time, [
        [CHECKOUT, '3'],
        [CHECKOUT, '4'],
      ]),
    reason: /the same series twice/,
  },
  {
    title: 'a connection that breaks',
    hook: (_query, response) => void response.socket?.destroy(),
    reason: /ended the connection/,
  },
])('$title is unknown, with the reason', async ({ hook, reason }) => {
  server.onQuery = saying(hook);

  const { findings, measurements } = await found();

  expect(findings.map(({ kind }) => kind)).toEqual(['not-readable']);
  expect(findings[0]?.summary).toMatch(reason);
  expect(findings[0]?.summary).not.toContain('token=abc');
  expect(measurements).toEqual([]);
});

test('an answer without end is left at its limit', async () => {
  const row = JSON.stringify({ metric: { job: 'x'.repeat(1_048_576) }, value: [1, '1'] });
  server.onQuery = saying((_query, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"status":"success","data":{"resultType":"vector","result":[');
    const more = () => {
      while (!response.destroyed && response.write(`${row},`));
    };
    response.on('drain', more);
    more();
    return undefined;
  });

  const { findings } = await found();

  expect(findings[0]?.summary).toMatch(/more than 16 MiB: choose fewer series/);
});

test('a server that says nothing is unknown when the time is over', async () => {
  server.onQuery = saying(() => undefined);

  const { findings } = await resultOf({ task, targets: { metrics: { url: server.url } }, timeoutSeconds: 1 });

  expect(findings.map(({ kind, summary }) => [kind, summary.includes('did not answer')])).toEqual([
    ['not-readable', true],
  ]);
});

test.each(['NaN', '+Inf', '-Inf', '-5'])('a count of %s is unknown', async (value) => {
  server.onQuery = saying((query) => {
    return query.query.startsWith('sum by') ? vector(query.time, [[CHECKOUT, value]]) : healthy(query);
  });

  const { findings } = await found();

  expect(findings.map(({ kind, subject }) => [kind, subject])).toEqual([['not-a-number', 'shop/checkout']]);
});

test('a warning says that a part is missing, and what is seen of a fault stays seen', async () => {
  const warnings = ['No StoreAPIs matched for this query', 'PromQL info: metric might not be a counter'];
  server.onQuery = (query) => {
    const errors = query.query.includes('=~"5.."') ? vector(query.time, [[CHECKOUT, '500']]) : healthy(query);
    return { ...(errors as object), warnings };
  };

  const { findings } = await found();

  expect(findings.map(({ kind }) => kind)).toEqual(['error-rate-critical', 'partial-answer']);
  expect(findings[1]?.summary).toMatch(/not whole: No StoreAPIs matched for this query$/);
});

test('a note on the query is no warning', async () => {
  server.onQuery = (query) => ({
    ...(healthy(query) as object),
    infos: ['PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "requests"'],
  });

  expect((await found()).findings).toEqual([]);
});

test('a clock that is an hour behind is unknown: its samples lie in another period', async () => {
  server.onQuery = (query) => {
    return query.query === 'time()' ? scalar(nowSeconds(), String(nowSeconds() - 3_600)) : healthy(query);
  };

  const { findings } = await found();

  expect(findings.map(({ kind }) => kind)).toEqual(['clock-differs']);
  expect(findings[0]?.summary).toMatch(/is 3,600 s behind, at most 60 s is expected/);
});

test('one target that cannot be read takes nothing from the other', async () => {
  const targets = { down: { url: 'http://127.0.0.1:9' }, aws: { url: 'cloudwatch:' }, up: { url: server.url } };

  const { findings, measurements } = await resultOf({ task, targets });

  expect(findings.map(({ kind, target }) => `${kind} ${target}`)).toEqual(['not-readable down', 'not-readable aws']);
  expect(findings[1]?.summary).toContain('aws is CloudWatch and this task reads Prometheus');
  expect(measurements.every(({ target }) => target === 'up')).toBe(true);
});

test('a server that may not be called is not called', async () => {
  const targets = { metrics: { url: server.url } };

  const { findings } = await resultOf({ task, targets, allowAddresses: [] });

  expect(findings[0]?.summary).toMatch(/loopback address that allowAddresses does not cover/);
});

test('a native histogram, which has no buckets, is judged by what its server computes', async () => {
  server.onQuery = (query) => {
    if (query.query.startsWith('histogram_count')) return vector(query.time, [[CHECKOUT, '4000']]);
    if (query.query.startsWith('histogram_sum')) return vector(query.time, [[CHECKOUT, '2000']]);
    if (query.query.startsWith('histogram_quantile')) return vector(query.time, [[CHECKOUT, '3.5']]);
    return query.query.startsWith('sum by') ? vector(query.time, []) : healthy(query);
  };

  const { findings } = await resultOf({ task: latency, targets: { metrics: { url: server.url } } });

  expect(findings.map(({ kind, value }) => [kind, value])).toEqual([['slow-tail', 3.5]]);
});
