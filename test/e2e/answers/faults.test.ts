import { CloudWatchClient, ListMetricsCommand } from '@aws-sdk/client-cloudwatch';
import { ECSClient, ListClustersCommand, ListServicesCommand } from '@aws-sdk/client-ecs';
import { DescribeClusterCommand, EKSClient } from '@aws-sdk/client-eks';
import { DescribeDBInstancesCommand, RDSClient } from '@aws-sdk/client-rds';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { answer, serviceAnswers } from '../../../lib/demo/aws/answer.ts';
import { clientOf } from './client.ts';
import { cloudwatch } from '../../../lib/demo/aws/cloudwatch.ts';
import { ecs } from '../../../lib/demo/aws/ecs.ts';
import { rds } from '../../../lib/demo/aws/rds.ts';
import { DEPLOYED_ROUTES } from '../../../lib/demo/aws/routes.ts';
import { startAnswers, type AnswersServer } from '../../../lib/demo/aws/server.ts';

const CLUSTER = 'arn:aws:ecs:eu-west-1:123456789012:cluster/prod';
let server: AnswersServer;

beforeAll(async () => {
  server = await startAnswers({
    routes: DEPLOYED_ROUTES,
    services: [
      ecs({ services: [{ clusterArn: CLUSTER, serviceArn: `${CLUSTER}/web`, serviceName: 'web' }] }),
      rds({ instances: [{ DBInstanceIdentifier: 'main' }] }),
      cloudwatch({ value: () => 1, metrics: [{ Namespace: 'AWS/ECS' }] }),
      serviceAnswers('eks', '', [answer(DescribeClusterCommand, ({ name }) => ({ cluster: { name } }))]),
    ],
  });
});

beforeEach(() => server.faults.clear());

afterAll(async () => {
  await server.stop();
});

const ecsClient = (maxAttempts = 1) => new ECSClient(clientOf(server, maxAttempts));
const rdsClient = () => new RDSClient(clientOf(server));
const cloudwatchClient = () => new CloudWatchClient(clientOf(server));
const eksClient = () => new EKSClient(clientOf(server));
const s3Client = () => new S3Client({ ...clientOf(server), forcePathStyle: true });
const object = { Bucket: 'reports', Key: 'runs/daily/report.json' };

describe('a throttled operation', () => {
  test('is refused so many times, and the client that tries again gets its answer', async () => {
    server.faults.throttle('ecs', 'ListClusters', 2);
    const before = server.calls.length;

    const { clusterArns } = await ecsClient(3).send(new ListClustersCommand({}));

    expect(clusterArns).toEqual([CLUSTER]);
    expect(server.calls.length - before).toBe(3);
  });

  test('says so in the words of each service', async () => {
    for (const service of ['ecs', 'rds', 'cloudwatch', 'eks', 's3']) server.faults.throttle(service, '*');

    await expect(ecsClient().send(new ListClustersCommand({}))).rejects.toMatchObject({ name: 'ThrottlingException' });
    await expect(rdsClient().send(new DescribeDBInstancesCommand({}))).rejects.toMatchObject({ name: 'Throttling' });
    await expect(cloudwatchClient().send(new ListMetricsCommand({}))).rejects.toMatchObject({
      name: 'ThrottlingException',
    });
    await expect(eksClient().send(new DescribeClusterCommand({ name: 'a' }))).rejects.toMatchObject({
      name: 'ThrottlingException',
      $metadata: { httpStatusCode: 429 },
    });
    await expect(s3Client().send(new GetObjectCommand(object))).rejects.toMatchObject({
      name: 'SlowDown',
      $metadata: { httpStatusCode: 503 },
    });
  });

  test('leaves the other operations of its service alone', async () => {
    server.faults.throttle('ecs', 'ListServices');

    await expect(ecsClient().send(new ListServicesCommand({ cluster: 'prod' }))).rejects.toThrow('Rate exceeded');
    await expect(ecsClient().send(new ListClustersCommand({}))).resolves.toMatchObject({ clusterArns: [CLUSTER] });
  });
});

test.each([
  ['ecs:ListClusters', () => ecsClient().send(new ListClustersCommand({})), 'AccessDeniedException'],
  ['rds:DescribeDBInstances', () => rdsClient().send(new DescribeDBInstancesCommand({})), 'AccessDenied'],
  ['cloudwatch:ListMetrics', () => cloudwatchClient().send(new ListMetricsCommand({})), 'AccessDeniedException'],
  ['eks:DescribeCluster', () => eksClient().send(new DescribeClusterCommand({ name: 'a' })), 'AccessDeniedException'],
  ['s3:GetObject', () => s3Client().send(new GetObjectCommand(object)), 'AccessDenied'],
])('%s denied is an error of the service that names the action', async (action, call, name) => {
  server.faults.deny(action);

  await expect(call()).rejects.toMatchObject({ name, message: expect.stringContaining(action) });
});

test('any other refusal comes as it was said', async () => {
  server.faults.refuse(
    'rds',
    'DescribeDBInstances',
    { code: 'InternalFailure', message: 'of <our> own', status: 500 },
    1,
  );

  await expect(rdsClient().send(new DescribeDBInstancesCommand({}))).rejects.toMatchObject({
    name: 'InternalFailure',
    message: 'of <our> own',
    $metadata: { httpStatusCode: 500 },
  });
  await expect(rdsClient().send(new DescribeDBInstancesCommand({}))).resolves.toBeDefined();
});

test('a delayed answer comes too late for a client that waits less, and in time for one that waits', async () => {
  server.faults.delay('ecs', 'ListClusters', 500, 2);
  const impatient = new ECSClient({
    ...clientOf(server),
    requestHandler: { requestTimeout: 50, throwOnRequestTimeout: true },
  });

  await expect(impatient.send(new ListClustersCommand({}))).rejects.toMatchObject({ name: 'TimeoutError' });
  await expect(ecsClient().send(new ListClustersCommand({}))).resolves.toMatchObject({ clusterArns: [CLUSTER] });
});

test('a truncated answer is an error and never half a list', async () => {
  server.faults.truncate('ecs', 'ListClusters', 1);

  await expect(ecsClient().send(new ListClustersCommand({}))).rejects.toThrow();
  await expect(ecsClient().send(new ListClustersCommand({}))).resolves.toMatchObject({ clusterArns: [CLUSTER] });
});

test('a connection is reset before the call is made, or after it', async () => {
  let made = 0;
  const counting = await startAnswers({
    services: [
      serviceAnswers('ecs', '', [
        answer(ListClustersCommand, () => {
          made += 1;
          return {};
        }),
      ]),
    ],
  });
  const client = new ECSClient(clientOf(counting));

  counting.faults.reset('ecs', 'ListClusters', 1);
  await expect(client.send(new ListClustersCommand({}))).rejects.toThrow('ECONNRESET');
  expect(made).toBe(0);
  counting.faults.reset('ecs', 'ListClusters', 1, { after: true });
  await expect(client.send(new ListClustersCommand({}))).rejects.toThrow('ECONNRESET');
  expect(made).toBe(1);

  await counting.stop();
});
