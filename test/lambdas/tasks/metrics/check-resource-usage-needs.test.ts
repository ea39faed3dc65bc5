import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Json } from '../../../../core/json.ts';
import { task } from '../../../../lambdas/tasks/metrics/check-resource-usage.ts';
import { openMetrics, samplesOf } from '../../../../lib/demo/metrics-data.ts';
import { hostSeries } from '../../../../lib/demo/metrics-hosts.ts';
import { missingPrometheus, startPrometheus, type PrometheusServer } from '../../../../lib/demo/servers/prometheus.ts';
import { inWords, needCalled, needsOf } from '../../../harness/needs-of.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import { startCloudWatch, type CloudWatchServer } from '../../../servers/cloudwatch.ts';

const missing = await missingPrometheus();
if (missing !== undefined)
  process.stderr.write(`skipped: needs of machines on a real Prometheus, because ${missing}\n`);
const onPrometheus = missing === undefined ? describe : describe.skip;

const now = new Date();

onPrometheus('on a real Prometheus', () => {
  let folder: string;
  let server: PrometheusServer;

  beforeAll(async () => {
    const disks = [{ freeGib: () => 60 }];
    const series = [
      ...['a:9100', 'b:9100'].flatMap((instance) => hostSeries({ instance, disks })),
      ...hostSeries({ instance: 'old:9100', disks, memoryAvailable: 'not-told', job: 'old' }),
      ...['a', 'b'].map((pod) => ({ name: 'kube_pod_info', labels: { pod, job: 'ksm' }, value: () => 1 })),
    ];
    folder = await mkdtemp(join(tmpdir(), 'fettle-usage-needs-'));
    const samples = samplesOf(series, { now, spanSeconds: 3_600, aheadSeconds: 600, everySeconds: 240 });
    server = await startPrometheus({ folder, openMetrics: openMetrics(samples) });
  }, 60_000);

  afterAll(async () => {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const ask = (input: Record<string, Json> = {}) => needsOf({ task, targets: { nodes: { url: server.url } }, input });

  test('machines that tell all are met with their number, and the check then judges them', async () => {
    const input = { only: { job: 'node' }, expectedHosts: 2, containers: false };
    const needs = await ask(input);

    expect(inWords(needs)).toEqual([
      'met be allowed by allowAddresses',
      'met be reached',
      'met answer queries',
      'met have node metrics',
      'met have every machine',
      'met have the right time',
    ]);
    expect(needCalled(needs, 'have node metrics').detail).toBe('of 2 machines');
    const { findings } = await resultOf({ task, targets: { nodes: { url: server.url } }, input, now });
    expect(findings).toEqual([]);
  });

  test('a metric that one machine leaves out, a machine too few, and one half of the containers are missing', async () => {
    const needs = await ask({ expectedHosts: 4 });

    expect(needs.filter(({ state }) => state === 'missing').map(({ need, detail }) => [need, detail])).toEqual([
      ['have node metrics', 'it is without node_memory_MemAvailable_bytes of old:9100'],
      ['have every machine', '3 machines have samples, 4 are expected'],
      ['have containers with their limits', expect.stringContaining('cAdvisor')],
    ]);
  });

  test('no machine at all is missing, with what there is instead', async () => {
    const need = needCalled(await ask({ only: { job: 'nobody' } }), 'have node metrics');

    expect(need).toMatchObject({ state: 'missing', detail: expect.stringContaining('has no sample of node_memory') });
  });
});

describe('CloudWatch', () => {
  let cloud: CloudWatchServer;
  beforeAll(async () => {
    cloud = await startCloudWatch();
    process.env['AWS_ENDPOINT_URL_CLOUDWATCH'] = cloud.endpoint;
    process.env['AWS_ACCESS_KEY_ID'] = 'test';
    process.env['AWS_SECRET_ACCESS_KEY'] = 'test';
  });
  beforeEach(() => {
    cloud.onRequest = undefined;
    cloud.metrics = [
      { namespace: 'AWS/EC2', name: 'CPUUtilization', dimensions: { InstanceId: 'i-1' }, valueAt: () => 5 },
      {
        namespace: 'AWS/RDS',
        name: 'FreeStorageSpace',
        dimensions: { DBInstanceIdentifier: 'db' },
        valueAt: () => 5e10,
      },
    ];
  });
  afterAll(() => cloud.close());

  const ask = (url = 'cloudwatch:eu-west-1') => needsOf({ task, targets: { aws: { url } } });

  test('both rights and the metrics are met, and nothing but what they allow is called', async () => {
    const needs = await ask();

    expect(inWords(needs)).toEqual([
      'met allow cloudwatch:ListMetrics',
      'met allow cloudwatch:GetMetricData',
      'met have metrics of machines or databases',
    ]);
    expect(needs[2]?.detail).toBe('of 1 machines and 1 databases');
    expect(new Set(cloud.requests.map(({ operation }) => operation))).toEqual(
      new Set(['ListMetrics', 'GetMetricData']),
    );
  });

  test.each(['ListMetrics', 'GetMetricData'])(
    'a right to %s that is denied is missing, with the policy that gives exactly what the task declares',
    async (denied) => {
      const message = `User: arn:aws:sts::111122223333:assumed-role/x is not authorized to perform: cloudwatch:${denied}`;
      cloud.onRequest = ({ operation }) => (operation === denied ? { code: 'AccessDenied', message } : undefined);
      const needs = await ask();

      const need = needCalled(needs, `allow cloudwatch:${denied}`);
      expect(need.state).toBe('missing');
      expect(JSON.parse(need.grant ?? '')).toEqual({
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Action: ['cloudwatch:GetMetricData', 'cloudwatch:ListMetrics'], Resource: ['*'] },
        ],
      });
      expect(needs.filter(({ state }) => state === 'met')).toHaveLength(1);
    },
  );

  test('what does not answer is unknown, and what has no metric is missing', async () => {
    cloud.onRequest = () => ({ code: 'InvalidClientTokenId', message: 'The security token is invalid' });
    expect(inWords(await ask())).toEqual([
      'unknown allow cloudwatch:ListMetrics',
      'unknown allow cloudwatch:GetMetricData',
    ]);

    cloud.onRequest = undefined;
    cloud.metrics = [];
    expect(inWords(await ask()).at(-1)).toBe('missing have metrics of machines or databases');
    expect(await ask('cloudwatch:europe')).toMatchObject([
      { state: 'unknown', detail: expect.stringContaining('is no region') },
    ]);
  });
});
