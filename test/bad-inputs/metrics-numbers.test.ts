import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { RUNTIME_KINDS, verdictOf } from '../../core/finding.ts';
import type { Task } from '../../core/task.ts';
import { task as errors } from '../../lambdas/tasks/metrics/check-error-rate.ts';
import { task as latency } from '../../lambdas/tasks/metrics/check-latency.ts';
import { task as usage } from '../../lambdas/tasks/metrics/check-resource-usage.ts';
import { resultOf } from '../harness/perform-task.ts';
import {
  startCloudWatch,
  type CloudWatchServer,
  type MetricDataResult,
  type StoredMetric,
} from '../servers/cloudwatch.ts';
import {
  matrix,
  scalar,
  startLyingPrometheus,
  vector,
  type LyingPrometheus,
  type PrometheusHook,
  type PrometheusQuery,
} from '../servers/lying-prometheus.ts';

const now = new Date();
const DAY = 86_400;

async function judged(task: Task, url: string) {
  const { findings, measurements } = await resultOf({ task, targets: { metrics: { url } }, now, timeoutSeconds: 60 });
  const kinds = { ...RUNTIME_KINDS, ...task.findings };
  const verdict = verdictOf(findings.map(({ kind }) => ({ severity: kinds[kind as keyof typeof kinds].severity })));
  return {
    verdict,
    findings,
    measurements,
    said: findings.map(({ kind, summary }) => `${kind}: ${summary}`).join('\n'),
  };
}

describe('CloudWatch', () => {
  let server: CloudWatchServer;
  const always = (value: number) => () => value;
  const one = (namespace: string, name: string, dimensions: Record<string, string>, value: number): StoredMetric => {
    return { namespace, name, dimensions, valueAt: always(value) };
  };
  const MACHINE = [
    one('AWS/EC2', 'CPUUtilization', { InstanceId: 'i-1' }, 20),
    one('CWAgent', 'mem_used_percent', { InstanceId: 'i-1' }, 50),
    one('CWAgent', 'disk_used_percent', { InstanceId: 'i-1', path: '/', device: 'nvme0n1p1', fstype: 'xfs' }, 40),
  ];
  const DATABASE = [
    one('AWS/RDS', 'CPUUtilization', { DBInstanceIdentifier: 'db' }, 20),
    one('AWS/RDS', 'FreeStorageSpace', { DBInstanceIdentifier: 'db' }, 50 * 1024 ** 3),
    one('AWS/RDS', 'FreeableMemory', { DBInstanceIdentifier: 'db' }, 2 * 1024 ** 3),
  ];

  beforeAll(async () => {
    server = await startCloudWatch();
    process.env['AWS_ENDPOINT_URL_CLOUDWATCH'] = server.endpoint;
    process.env['AWS_ACCESS_KEY_ID'] ??= 'test';
    process.env['AWS_SECRET_ACCESS_KEY'] ??= 'test';
  });
  beforeEach(() => {
    server.metrics = [...MACHINE, ...DATABASE];
    server.onRequest = undefined;
  });
  afterAll(() => server.close());

  /** The answer about each metric, changed on its way. */
  function changing(change: (result: MetricDataResult) => object): void {
    server.onRequest = ({ operation }) => {
      if (operation !== 'GetMetricData') return undefined;
      return (answer) => ({
        ...answer,
        MetricDataResults: (answer.MetricDataResults ?? []).map((result) => change(result) as MetricDataResult),
      });
    };
  }
  const found = () => judged(usage, 'cloudwatch:eu-west-1');

  test('passes where all is well, points in any order', async () => {
    expect((await found()).verdict).toBe('pass');
    changing((result) => ({
      ...result,
      Timestamps: result.Timestamps.toReversed(),
      Values: result.Values.toReversed(),
    }));
    expect((await found()).verdict).toBe('pass');
    changing((result) => ({
      ...result,
      Timestamps: [...result.Timestamps, ...result.Timestamps],
      Values: [...result.Values, ...result.Values],
    }));
    expect((await found()).verdict).toBe('pass');
  });

  test.each(['NaN', 'Infinity', '-Infinity', 'many', null, -5])(
    'with %j for every number is no pass, neither of a machine nor of a database',
    async (value) => {
      changing((result) => ({ ...result, Values: result.Values.map(() => value) }));
      const { verdict, findings, said } = await found();

      expect(verdict).toBe('unknown');
      expect(said).toMatch(/db: free storage is .*\n.*db: free memory is /);
      expect(new Set(findings.map(({ kind }) => kind))).toEqual(new Set(['not-a-number']));
      expect([...new Set(findings.map(({ subject }) => subject))].sort()).toEqual(['db', 'i-1', 'i-1 /']);
    },
  );

  test('with one number that is none, the newest, is no pass', async () => {
    changing((result) => ({ ...result, Values: ['NaN', ...result.Values.slice(1)] }));

    expect((await found()).verdict).toBe('unknown');
  });

  test.each<[string, (result: MetricDataResult) => object, RegExp]>([
    [
      'of next month',
      (result) => ({ ...result, Timestamps: result.Timestamps.map((at) => at + 30 * DAY) }),
      /a moment that was not asked for/,
    ],
    [
      'in milliseconds for seconds',
      (result) => ({ ...result, Timestamps: result.Timestamps.map((at) => at * 1_000) }),
      /a moment that was not asked for/,
    ],
    [
      'of last month',
      (result) => ({ ...result, Timestamps: result.Timestamps.map((at) => at - 30 * DAY) }),
      /a moment that was not asked for/,
    ],
    [
      'with two values for one moment',
      (result) => ({
        ...result,
        Timestamps: [...result.Timestamps, ...result.Timestamps],
        Values: [...result.Values.map(() => 99), ...result.Values],
      }),
      /two values for one moment/,
    ],
    [
      'with fewer values than moments',
      (result) => ({ ...result, Values: result.Values.slice(1) }),
      /not as many moments as values/,
    ],
    ['with no points', (result) => ({ ...result, Timestamps: [], Values: [] }), /no point/],
    ['under another name', (result) => ({ ...result, Id: 'x' }), /not in the answer/],
    ['without a status', (result) => ({ ...result, StatusCode: undefined }), /no status/],
  ])('answers %s are no pass', async (_title, change, says) => {
    changing(change);
    const { verdict, said } = await found();

    expect(verdict).toBe('unknown');
    expect(said).toMatch(says);
  });

  test('a share of more than the whole is none of a disk, and far too much of anything else', async () => {
    changing((result) => ({ ...result, Values: result.Values.map(() => 250) }));
    const { verdict, said } = await found();

    expect(verdict).toBe('fail');
    expect(said).toMatch(/not-a-number: i-1 \/: 250 % of the space is used, which is no share/);
    expect(said).toMatch(/memory-exhausted: i-1 has 250 %/);
  });
});

describe('Prometheus', () => {
  let server: LyingPrometheus;
  const at = () => Date.now() / 1_000;
  /** A shop whose requests all succeed; `more` answers what is to be otherwise. */
  const shop =
    (more: (query: PrometheusQuery) => unknown): PrometheusHook =>
    (query) => {
      if (query.query === 'time()') return scalar(at(), String(at()));
      const said = more(query);
      if (said !== undefined) return said;
      if (query.path.endsWith('query_range')) return matrix(query, { job: 'shop' }, '1');
      if (query.query.includes('=~"5.."')) return vector(query.time, []);
      if (query.query.startsWith('count by (job, service, status)')) {
        return vector(query.time, [[{ job: 'shop', service: 'checkout', status: '200' }, '1']]);
      }
      return vector(query.time, [[{ job: 'shop', service: 'checkout' }, '3600']]);
    };

  beforeAll(async () => {
    server = await startLyingPrometheus(shop(() => undefined));
  });
  afterAll(() => server.close());

  test('passes where all is well', async () => {
    server.onQuery = shop(() => undefined);

    expect((await judged(errors, server.url)).verdict).toBe('pass');
  });

  test.each([errors, latency, usage])('no series at all is no pass of $name', async (task) => {
    server.onQuery = shop(({ time, path }) =>
      path.endsWith('query_range')
        ? { status: 'success', data: { resultType: 'matrix', result: [] } }
        : vector(time, []),
    );
    const { verdict, measurements } = await judged(task, server.url);

    expect(verdict).toBe('unknown');
    expect(measurements).toEqual([]);
  });

  test.each(['NaN', '+Inf', '-Inf', '-1', '0x10', '1_000', '1,5', '', ' 7', 'true', '١٢'])(
    'errors counted as %j are no pass',
    async (value) => {
      server.onQuery = shop(({ query, time }) => {
        return query.includes('=~"5.."') ? vector(time, [[{ job: 'shop', service: 'checkout' }, value]]) : undefined;
      });

      expect((await judged(errors, server.url)).verdict).not.toBe('pass');
    },
  );

  test('more errors than requests, which no counter gives, are no pass', async () => {
    server.onQuery = shop(({ query, time }) => {
      return query.includes('=~"5.."') ? vector(time, [[{ job: 'shop', service: 'checkout' }, '999999']]) : undefined;
    });

    expect((await judged(errors, server.url)).verdict).not.toBe('pass');
  });

  test('a hundred thousand series are judged, and what is told of them stays short', async () => {
    // As text, so that most of the work is done by the task and not by the server.
    const rows = Array.from(
      { length: 100_000 },
      (_, n) => `{"metric":{"job":"shop","service":"s${n}"},"value":[TIME,"3600"]}`,
    );
    const body = `{"status":"success","data":{"resultType":"vector","result":[${rows.join()}]}}`;
    server.onQuery = (query, response) => {
      if (query.query.startsWith('sum by') && !/status/.test(query.query)) {
        return void response.end(body.replaceAll('TIME', String(query.time)));
      }
      return shop(() => undefined)(query, response);
    };
    const { verdict, findings, measurements } = await judged(errors, server.url);

    expect(verdict).toBe('unknown');
    expect(findings.map(({ kind }) => kind)).toContain('status-missing');
    expect(findings.length).toBeLessThan(100);
    expect(measurements.length).toBeLessThan(300);
    expect(findings.at(-1)?.summary.length).toBeLessThan(1_000);
    expect(JSON.stringify(findings)).toMatch(/; 99980 more like it/);
  });
});
