import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  DescribeClustersCommand,
  DescribeServicesCommand,
  ECSClient,
  paginateListServices,
  type Service,
} from '@aws-sdk/client-ecs';
import { paginateDescribeDBInstances, RDSClient } from '@aws-sdk/client-rds';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { CloudWatchClient, paginateGetMetricData } from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { serviceAnswers } from '../../../lib/demo/aws/answer.ts';
import { clientOf } from './client.ts';
import { cloudwatch } from '../../../lib/demo/aws/cloudwatch.ts';
import { ecs } from '../../../lib/demo/aws/ecs.ts';
import { rds } from '../../../lib/demo/aws/rds.ts';
import { DEPLOYED_ROUTES } from '../../../lib/demo/aws/routes.ts';
import { startAnswers, type AnswersServer } from '../../../lib/demo/aws/server.ts';

const CLUSTER = 'arn:aws:ecs:eu-west-1:123456789012:cluster/prod';
const services = Array.from({ length: 1_203 }, (_, i): Service => {
  return {
    clusterArn: CLUSTER,
    serviceArn: `arn:aws:ecs:eu-west-1:123456789012:service/prod/s${i}`,
    serviceName: `s${i}`,
  };
});
const START = new Date('2026-01-01T00:00:00Z');

describe('what a service here answers', () => {
  let server: AnswersServer;

  beforeAll(async () => {
    const instances = services.map(({ serviceName }) => ({ DBInstanceIdentifier: serviceName }));
    const value = (_: unknown, at: number) => at;
    server = await startAnswers({ services: [ecs({ services }), rds({ instances }), cloudwatch({ value })] });
  });

  afterAll(async () => {
    await server.stop();
  });

  test('a list of more than 1,000 comes in pages, each thing once', async () => {
    const arns: string[] = [];
    const names: string[] = [];

    const client = new ECSClient(clientOf(server));
    for await (const { serviceArns = [] } of paginateListServices({ client, pageSize: 100 }, { cluster: 'prod' })) {
      arns.push(...serviceArns);
    }
    for await (const { DBInstances = [] } of paginateDescribeDBInstances(
      { client: new RDSClient(clientOf(server)) },
      {},
    )) {
      names.push(...DBInstances.flatMap(({ DBInstanceIdentifier }) => DBInstanceIdentifier ?? []));
    }

    expect(arns).toEqual(services.map(({ serviceArn }) => serviceArn));
    expect(names).toEqual(services.map(({ serviceName }) => serviceName));
    expect(server.calls.filter(({ operation }) => operation === 'ListServices')).toHaveLength(13);
  });

  test('a page that was never given is refused', async () => {
    const pages = paginateDescribeDBInstances({ client: new RDSClient(clientOf(server)), startingToken: 'x' }, {});

    await expect(pages.next()).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });

  test('points come in pages of 100,800, each once, and only the last page of a metric says that it is complete', async () => {
    const MetricDataQueries = Array.from({ length: 150 }, (_, i) => ({
      Id: `q${i}`,
      MetricStat: { Metric: { Namespace: 'AWS/ECS', MetricName: 'CPUUtilization' }, Period: 3_600, Stat: 'Average' },
    }));
    const client = new CloudWatchClient(clientOf(server));
    const EndTime = new Date(START.getTime() + 720 * 3_600_000);
    const seen = new Map<string, number[]>();
    const statuses = new Map<string, string[]>();
    let pages = 0;

    for await (const page of paginateGetMetricData({ client }, { MetricDataQueries, StartTime: START, EndTime })) {
      pages += 1;
      for (const { Id = '', Values = [], StatusCode = '' } of page.MetricDataResults ?? []) {
        seen.set(Id, [...(seen.get(Id) ?? []), ...Values]);
        statuses.set(Id, [...(statuses.get(Id) ?? []), StatusCode]);
      }
    }

    expect(pages).toBe(2);
    expect(seen.size).toBe(150);
    for (const values of seen.values()) expect(new Set(values).size).toBe(720);
    for (const its of statuses.values()) expect(its.at(-1)).toBe('Complete');
  });

  test('what ECS does not know is a failure, and more than ten at once is refused', async () => {
    const client = new ECSClient(clientOf(server));
    const ask = (names: readonly string[]) =>
      client.send(new DescribeServicesCommand({ cluster: 'prod', services: [...names] }));

    await expect(ask(['s1', 'nobody'])).resolves.toMatchObject({
      services: [{ serviceName: 's1' }],
      failures: [{ arn: 'nobody', reason: 'MISSING' }],
    });
    await expect(ask(Array.from({ length: 11 }, (_, i) => `s${i}`))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    await expect(
      client.send(new DescribeServicesCommand({ cluster: 'other', services: ['s1'] })),
    ).rejects.toMatchObject({
      name: 'ClusterNotFoundException',
    });
  });

  test('what nothing answers is a 501 that names the operation', async () => {
    const client = new ECSClient(clientOf(server));

    await expect(client.send(new DescribeClustersCommand({}))).rejects.toMatchObject({
      message: 'nothing here answers ecs:DescribeClusters',
      $metadata: { httpStatusCode: 501 },
    });
  });
});

test.each([
  ['a field that the schema does not have', { serviceArns: ['a'], nextTokn: 'b' }, 'has no field nextTokn'],
  ['a number for a text', { nextToken: 1 }, 'nextToken is number 1 and must be a text'],
  ['a text for a list', { serviceArns: 'a' }, 'serviceArns is string a and must be a list'],
  ['a hole in a list', { serviceArns: ['a', null] }, 'serviceArns[1] is null and must be a text'],
])('an answer with %s is never sent', async (_, output, why) => {
  const listed = ecs({ services: [] }).answers.get('ListServices');
  if (listed === undefined) throw new Error('ECS lists services');
  const server = await startAnswers({ services: [serviceAnswers('ecs', '', [{ ...listed, reply: () => output }])] });

  const call = new ECSClient(clientOf(server)).send(Reflect.construct(listed.command, [{}]) as never);

  await expect(call).rejects.toMatchObject({ name: 'Defect', message: expect.stringContaining(why) });
  await server.stop();
});

describe('what it does not answer itself', () => {
  const body = randomBytes(3_000_000);
  let behind: Server;
  let server: AnswersServer;
  let seen: { readonly url: string; readonly headers: readonly string[]; readonly digest: string }[] = [];

  beforeAll(async () => {
    behind = createServer((incoming, outgoing) => {
      const digest = createHash('sha256');
      incoming.on('data', (part: Buffer) => digest.update(part));
      incoming.on('end', () => {
        seen.push({ url: incoming.url ?? '', headers: incoming.rawHeaders, digest: digest.digest('hex') });
        outgoing.writeHead(200, ['X-Twice', 'a', 'X-Twice', 'b', 'Content-Length', String(body.length)]).end(body);
      });
    }).listen(0, '127.0.0.1');
    await once(behind, 'listening');
    const upstream = `http://127.0.0.1:${(behind.address() as AddressInfo).port}`;
    server = await startAnswers({ upstream, routes: DEPLOYED_ROUTES, services: [ecs({ services })] });
  });

  beforeEach(() => {
    seen = [];
    server.faults.clear();
  });

  afterAll(async () => {
    await server.stop();
    behind.close();
  });

  const s3 = () => new S3Client({ ...clientOf(server), forcePathStyle: true });
  const object = { Bucket: 'reports', Key: 'a folder/ü+1.json' };

  test('goes to the emulator byte for byte, with the address that was signed, and comes back so', async () => {
    const response = await fetch(`${server.endpoint}/any/pa%2Fth?b=2&a=1`, {
      method: 'PUT',
      body,
      headers: { 'X-Own': 'Value' },
    });

    expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true);
    expect(response.headers.get('x-twice')).toBe('a, b');
    expect(seen).toMatchObject([
      { url: '/any/pa%2Fth?b=2&a=1', digest: createHash('sha256').update(body).digest('hex') },
    ]);
    expect(seen[0]?.headers.join(' ').toLowerCase()).toContain(`host ${server.endpoint.slice('http://'.length)}`);
  });

  test('is a call with service and operation all the same, and a fault can name it', async () => {
    await s3().send(new GetObjectCommand(object));
    server.faults.throttle('s3', 'PutObject', 1);
    const refused = s3().send(new PutObjectCommand({ ...object, Body: body }));

    await expect(refused).rejects.toMatchObject({ name: 'SlowDown' });
    expect(server.calls.slice(-2)).toMatchObject([
      { service: 's3', operation: 'GetObject', accessKeyId: 'AKIAFETTLE' },
      { service: 's3', operation: 'PutObject' },
    ]);
    expect(seen).toHaveLength(1);
  });

  test('a form that was read for its operation is passed on whole', async () => {
    const sts = new STSClient(clientOf(server));

    await expect(sts.send(new GetCallerIdentityCommand({}))).rejects.toThrow();

    const form = 'Action=GetCallerIdentity&Version=2011-06-15';
    expect(seen).toMatchObject([{ digest: createHash('sha256').update(form).digest('hex') }]);
    expect(server.calls.at(-1)).toMatchObject({ service: 'sts', operation: 'GetCallerIdentity' });
  });

  test('is cut in half, or reset after the emulator did it', async () => {
    server.faults.truncate('s3', 'GetObject', 1);
    const { Body } = await s3().send(new GetObjectCommand(object));

    await expect(Body?.transformToByteArray()).rejects.toThrow();
    server.faults.reset('s3', 'PutObject', 1, { after: true });
    await expect(s3().send(new PutObjectCommand({ ...object, Body: 'x' }))).rejects.toThrow('ECONNRESET');
    expect(seen).toHaveLength(2);
  });

  test('an emulator that is gone is an error for the client and not for the server', async () => {
    const alone = await startAnswers({ upstream: 'http://127.0.0.1:1' });

    await expect(new ECSClient(clientOf(alone)).send(new DescribeClustersCommand({}))).rejects.toThrow();
    await expect(new ECSClient(clientOf(alone)).send(new DescribeClustersCommand({}))).rejects.toThrow();

    await alone.stop();
  });
});
