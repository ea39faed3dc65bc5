import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { RunReport } from '../../../core/report.ts';
import { announcementOf, runMetrics } from '../../../lambdas/runtime/announce.ts';
import { putMetrics } from '../../../lambdas/runtime/metrics.ts';
import { createRecord, requireRecord } from '../../../lambdas/runtime/records.ts';
import { createS3Client } from '../../../lambdas/runtime/s3-client.ts';
import { S3Store } from '../../../lambdas/runtime/s3-store.ts';
import { tick } from '../../../lambdas/steps/tick.ts';
import { pointSdkAt } from '../../contract/store-backends.ts';
import { entryOf, platformOf, procedureOf, runtimeOf } from '../../harness/run-records.ts';
import { startS3Server, type S3Server } from '../../servers/s3.ts';

const BUCKET = 'fettle-state';
const platform = platformOf(procedureOf({ schedule: 'cron(0 2 * * ? *)', steps: [entryOf()] }));
const at = (time: string) => new Date(`2026-11-21T${time}:00.000Z`);
const MISSED = 'runs/daily/daily-20261121T020000Z';

interface Put {
  readonly Namespace: string;
  readonly MetricData: readonly { MetricName: string; Value: number; Dimensions: { Name: string; Value: string }[] }[];
}

let s3: S3Server;
let store: S3Store;
let puts: Put[] = [];
const cloudWatch = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    puts.push(JSON.parse((request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString()) as Put);
    response.setHeader('content-type', 'application/x-amz-json-1.0').end('{}');
  });
});

beforeAll(async () => {
  s3 = await startS3Server();
  pointSdkAt(s3.endpoint);
  cloudWatch.listen(0, '127.0.0.1');
  await once(cloudWatch, 'listening');
  process.env['AWS_ENDPOINT_URL_CLOUDWATCH'] = `http://127.0.0.1:${(cloudWatch.address() as AddressInfo).port}`;
  process.env['FETTLE_METRICS'] = '1';
});
afterAll(async () => {
  delete process.env['FETTLE_METRICS'];
  delete process.env['AWS_ENDPOINT_URL_CLOUDWATCH'];
  cloudWatch.closeAllConnections();
  cloudWatch.close();
  await s3.close();
});
beforeEach(async () => {
  puts = [];
  s3.createBucket(BUCKET);
  store = new S3Store(BUCKET, createS3Client());
  for await (const { key } of store.list('')) await store.remove(key);
});

const ticks = (now: Date) =>
  tick(
    platform,
    runtimeOf(store, () => now),
  );
const told = () =>
  puts.flatMap(({ MetricData }) =>
    MetricData.map(
      ({ MetricName, Value, Dimensions }) =>
        `${MetricName} ${Value} ${Dimensions.map((dimension) => `${dimension.Name}=${dimension.Value}`).join(' ')}`,
    ),
  );
const OF = 'Platform=shop Environment=local';

test('in a bucket, each Tick tells of every schedule what was missed, of every check how old its pass is, and beats last', async () => {
  await ticks(at('01:50'));
  expect(told()).toEqual([
    `RunsMissed 0 ${OF} Procedure=daily`,
    `SecondsSincePass 0 ${OF} Task=postgres-vacuum`,
    `Heartbeat 1 ${OF}`,
  ]);
  puts = [];
  await ticks(at('02:20'));
  expect(told()).toEqual([
    `RunsMissed 1 ${OF} Procedure=daily`,
    `SecondsSincePass 1800 ${OF} Task=postgres-vacuum`,
    `Heartbeat 1 ${OF}`,
  ]);
  expect(puts.map(({ Namespace }) => Namespace)).toEqual(['Fettle', 'Fettle']);
});

test('a Tick that could not do all of its work does not beat, and tells what was missed all the same', async () => {
  await ticks(at('01:50'));
  await createRecord(store, `${MISSED}/ended.json`, 'not how a run ends');
  puts = [];
  await expect(ticks(at('02:20'))).rejects.toThrow('missed runs without a record');
  expect(told()).toContain(`RunsMissed 1 ${OF} Procedure=daily`);
  expect(told().join('\n')).not.toContain('Heartbeat');
});

test('a missed run counts neither as ended nor as anything that it saw, and whoever is told of it is told why', async () => {
  await ticks(at('01:50'));
  await ticks(at('02:20'));
  const report = await requireRecord(store, `${MISSED}/report.json`, RunReport);
  expect(runMetrics(report, 0)).toEqual([]);
  const { Subject, Message } = announcementOf(report, { n: 1, sha256: 'a'.repeat(64) });
  expect(Subject).toBe('shop local: daily unknown');
  expect(Message).toContain('daily of shop local (execute, missed): unknown (it was due at 2026-11-21T02:00:00.000Z');
});

test('a run that lost tasks counts them, and one that was reaped ended all the same', async () => {
  await ticks(at('01:50'));
  await ticks(at('02:20'));
  const report = await requireRecord(store, `${MISSED}/report.json`, RunReport);
  const counted = runMetrics({ ...report, ended: 'aborted' }, 2).map(
    ({ MetricName, Value }) => `${MetricName} ${Value}`,
  );
  expect(counted).toEqual(expect.arrayContaining(['RunsEnded 1', 'TasksLost 2', 'TargetsUnknown 0']));
});

test('more metrics than one call takes are put by several', async () => {
  await putMetrics(Array.from({ length: 2_001 }, (_, Value) => ({ MetricName: 'SecondsSincePass', Value })));
  expect(puts.map(({ MetricData }) => MetricData.length)).toEqual([1_000, 1_000, 1]);
});
