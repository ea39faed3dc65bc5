import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Json } from '../../../../core/json.ts';
import { task } from '../../../../lambdas/tasks/metrics/check-resource-usage.ts';
import { examplePlatform } from '../../../../lib/docs/example-platform.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import { startCloudWatch, type CloudWatchServer, type StoredMetric } from '../../../servers/cloudwatch.ts';

const GIB = 1_073_741_824;
const HOUR = 3_600;
const DAY = 24 * HOUR;
const now = new Date();
const nowSeconds = now.getTime() / 1_000;
const ago = (at: number) => nowSeconds - at;
const always = (value: number) => () => value;
const endedBefore = (seconds: number, value: number) => (at: number) => (ago(at) > seconds ? value : undefined);

type ValueAt = StoredMetric['valueAt'];

function database(
  name: string,
  { free = always(50 * GIB), memory = 2, cpu = 20 }: { free?: ValueAt; memory?: number; cpu?: number },
) {
  const dimensions = { DBInstanceIdentifier: name };
  const rds = (metric: string, valueAt: ValueAt) => ({ namespace: 'AWS/RDS', name: metric, dimensions, valueAt });
  return [
    rds('FreeStorageSpace', free),
    rds('FreeableMemory', always(memory * GIB)),
    rds('CPUUtilization', always(cpu)),
    // The same number summed up by class, as CloudWatch lists it, too.
    { namespace: 'AWS/RDS', name: 'CPUUtilization', dimensions: { DatabaseClass: 'db.t3.micro' }, valueAt: always(99) },
  ];
}

interface Machine {
  readonly disk?: ValueAt;
  readonly memory?: ValueAt;
  readonly cpu?: ValueAt;
}

function machine(
  InstanceId: string,
  { disk = always(40), memory = always(50), cpu = always(20) }: Machine = {},
): StoredMetric[] {
  const agent = (name: string, more: Record<string, string>, valueAt: ValueAt) => {
    return { namespace: 'CWAgent', name, dimensions: { InstanceId, ...more }, valueAt };
  };
  return [
    { namespace: 'AWS/EC2', name: 'CPUUtilization', dimensions: { InstanceId }, valueAt: cpu },
    agent('mem_used_percent', {}, memory),
    agent('disk_used_percent', { path: '/', device: 'nvme0n1p1', fstype: 'xfs' }, disk),
    agent('disk_used_percent', { path: '/snap/x', device: 'loop0', fstype: 'squashfs' }, always(100)),
    agent('disk_used_percent', { path: '/run', device: 'tmpfs', fstype: 'tmpfs' }, always(100)),
  ];
}

const HEALTHY = [...database('db-fine', {}), ...machine('i-fine')];
let server: CloudWatchServer;

beforeAll(async () => {
  server = await startCloudWatch();
  process.env['AWS_ENDPOINT_URL_CLOUDWATCH'] = server.endpoint;
  process.env['AWS_ACCESS_KEY_ID'] = 'test';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'test';
});
beforeEach(() => {
  server.metrics = HEALTHY;
  server.onRequest = undefined;
  server.pageSize = { metrics: 500, points: 100_800 };
});
afterAll(() => server.close());

const found = (input: Record<string, Json> = {}, url = 'cloudwatch:eu-west-1') =>
  resultOf({ task, targets: { aws: { url } }, input, now });

const words = async (input: Record<string, Json> = {}) =>
  (await found(input)).findings.map(({ kind, subject }) => `${kind} ${subject}`).sort();

test('each fault is named among what is well, over several pages of everything', async () => {
  server.metrics = [
    ...HEALTHY,
    ...database('db-full', { free: always(2 * GIB) }),
    ...database('db-filling', { free: (at) => (30 + (10 * ago(at)) / DAY) * GIB }),
    ...database('db-starved', { memory: 0.1, cpu: 97 }),
    ...machine('i-full', { disk: always(97) }),
    ...machine('i-filling', { disk: (at) => 70 - (10 * ago(at)) / DAY }),
    ...machine('i-leaking', { memory: always(96) }),
    // The agent died: CPU is measured from outside and goes on.
    ...machine('i-agentless', { disk: endedBefore(2 * HOUR, 40), memory: endedBefore(2 * HOUR, 50) }),
    ...machine('i-vanished', {
      disk: endedBefore(2 * HOUR, 40),
      memory: endedBefore(2 * HOUR, 50),
      cpu: endedBefore(2 * HOUR, 9),
    }),
    ...machine('i-terminated', {
      disk: endedBefore(3 * DAY, 99),
      memory: endedBefore(3 * DAY, 99),
      cpu: endedBefore(3 * DAY, 99),
    }),
    { namespace: 'AWS/EC2', name: 'CPUUtilization', dimensions: { InstanceId: 'i-bare' }, valueAt: always(5) },
  ];
  server.pageSize = { metrics: 3, points: 400 };

  const { findings, measurements } = await found();

  expect(findings.map(({ kind, subject }) => `${kind} ${subject}`).sort()).toEqual([
    'cpu-high db-starved',
    'disk-filling db-filling',
    'disk-filling i-filling /',
    'disk-full i-full /',
    'free-memory-low db-starved',
    'free-storage-low db-full',
    'host-incomplete i-agentless',
    'host-incomplete i-bare',
    'host-vanished i-vanished',
    'memory-exhausted i-leaking',
  ]);
  expect(findings.find(({ subject }) => subject === 'db-filling')?.value).toBeCloseTo(3, 0);
  expect(findings.find(({ subject }) => subject === 'i-agentless')?.summary).toMatch(
    /disk_used_percent of \/, mem_used_percent/,
  );
  expect(measurements.find(({ name }) => name === 'machines')?.value).toBe(10);
});

test('healthy databases and machines pass, asked in a number of calls that does not grow with them', async () => {
  const before = server.requests.length;

  const { findings, measurements } = await found();

  expect(findings).toEqual([]);
  expect(measurements.find(({ subject }) => subject === 'i-fine /')?.value).toBe(40);
  expect(server.requests.length - before).toBe(8);
});

test('throttling is waited for', async () => {
  server.onRequest = ({ number }) => (number % 3 === 0 ? 'throttle' : undefined);

  expect((await found()).findings).toEqual([]);
});

test('a refusal is unknown and names the permission', async () => {
  const message = 'User is not authorized to perform: cloudwatch:GetMetricData';
  server.onRequest = ({ operation }) => (operation === 'GetMetricData' ? { code: 'AccessDenied', message } : undefined);

  const { findings, measurements } = await found();

  expect(findings.map(({ kind }) => kind)).toEqual(['not-readable']);
  expect(findings[0]?.summary).toMatch(
    /^CloudWatch in eu-west-1 does not answer \(cloudwatch:GetMetricData\): AccessDenied/,
  );
  expect(measurements).toEqual([]);
});

test.each(['PartialData', 'InternalError', 'Forbidden'])(
  'a metric that ends with %s is unknown',
  async (StatusCode) => {
    server.onRequest = ({ operation }) => {
      if (operation !== 'GetMetricData') return undefined;
      return (answer) => ({
        MetricDataResults: (answer.MetricDataResults ?? []).map((one) =>
          one.Id === 'q0' ? { ...one, StatusCode } : one,
        ),
      });
    };

    const { findings } = await found();

    expect(findings.map(({ kind }) => kind)).toContain('metric-not-readable');
    expect(findings.find(({ kind }) => kind === 'metric-not-readable')?.summary).toContain(StatusCode);
  },
);

test('a message of the service says that something is missing', async () => {
  server.onRequest = () => (answer) => ({ ...answer, Messages: [{ Code: 'MaxMetricsExceeded', Value: 'limited' }] });

  const { findings } = await found();

  expect(findings.map(({ kind }) => kind)).toEqual(['partial-answer']);
});

test('a metric that is left out of the answer, and one with more moments than values, are unknown', async () => {
  server.onRequest = ({ operation }) => {
    if (operation !== 'GetMetricData') return undefined;
    return ({ MetricDataResults = [] }) => ({
      MetricDataResults: MetricDataResults.slice(1).map((one) => (one.Id === 'q1' ? { ...one, Values: [] } : one)),
    });
  };

  const summaries = (await found()).findings.map(({ summary }) => summary);

  expect(summaries).toContainEqual(expect.stringMatching(/FreeStorageSpace of db-fine: it is not in the answer/));
  expect(summaries).toContainEqual(expect.stringMatching(/FreeableMemory of db-fine: not as many moments as values/));
});

test('nothing at all is unknown, and so is a page that leads to itself', async () => {
  server.metrics = [];
  expect((await found()).findings.map(({ kind }) => kind)).toEqual(['no-series']);

  server.onRequest = () => (answer) => ({ ...answer, NextToken: 'again' });
  expect((await found()).findings[0]?.summary).toMatch(/the same page again and again/);
});

test('what is left out is not judged, and a region that is none is unknown', async () => {
  const data = { InstanceId: 'i-data', path: '/data', device: 'nvme1n1', fstype: 'xfs' };
  const full = { namespace: 'CWAgent', name: 'disk_used_percent', dimensions: data, valueAt: always(97) };
  server.metrics = [...HEALTHY, ...machine('i-data'), full];

  expect(await words()).toEqual(['disk-full i-data /data']);
  expect(await words({ except: { InstanceId: 'i-data' } })).toEqual([]);
  expect(await words({ exceptFilesystems: { mountpoint: '/data' } })).toEqual([]);
  expect((await found({}, 'cloudwatch:europe')).findings[0]?.summary).toMatch(
    /"europe" after cloudwatch: is no region/,
  );
});

test('only a platform with CloudWatch asks for the right to read it', () => {
  const actions = (empty: boolean) => task.permissions(examplePlatform({ empty })).flatMap(({ actions }) => actions);

  expect(actions(false)).toContain('cloudwatch:GetMetricData');
  expect(actions(true)).toEqual([]);
});
