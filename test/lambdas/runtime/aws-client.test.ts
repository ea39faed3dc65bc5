import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeClusterCommand, EKSClient } from '@aws-sdk/client-eks';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { glob, readFile } from 'node:fs/promises';
import net, { type AddressInfo, type Server } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { awsClientSettings } from '../../../lambdas/runtime/aws-client.ts';
import { createS3Client } from '../../../lambdas/runtime/s3-client.ts';

const LIMITS = { requestTimeoutSeconds: 0.3, maxAttempts: 1 };
const ROOT = path.resolve(fileURLToPath(new URL('../../..', import.meta.url)));
const before = { ...process.env };
const open = new Set<net.Socket>();
/** What the server says to whoever connects; it says no more afterwards. */
let firstWords = '';
let connections = 0;
let server: Server;

beforeAll(async () => {
  server = net.createServer((socket) => {
    connections += 1;
    open.add(socket.on('error', () => socket.destroy()));
    if (firstWords) socket.once('data', () => socket.write(firstWords));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.env['AWS_ENDPOINT_URL'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.env['AWS_REGION'] = 'eu-west-1';
  process.env['AWS_ACCESS_KEY_ID'] = 'test';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'test';
});

afterAll(async () => {
  process.env = before;
  for (const socket of open) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const calls: Readonly<Record<string, () => Promise<unknown>>> = {
  CloudWatch: () =>
    new CloudWatchClient(awsClientSettings(LIMITS)).send(
      new PutMetricDataCommand({ Namespace: 'Fettle', MetricData: [{ MetricName: 'RunsEnded', Value: 1 }] }),
    ),
  EKS: () => new EKSClient(awsClientSettings(LIMITS)).send(new DescribeClusterCommand({ name: 'shop' })),
  S3: () => createS3Client(LIMITS).send(new GetObjectCommand({ Bucket: 'b', Key: 'k' })),
  'Secrets Manager': () =>
    new SecretsManagerClient(awsClientSettings(LIMITS)).send(new GetSecretValueCommand({ SecretId: 's' })),
  SNS: () => new SNSClient(awsClientSettings(LIMITS)).send(new PublishCommand({ TopicArn: 'arn:t', Message: 'm' })),
};

describe.each(Object.entries(calls))('a call to %s', (_service, call) => {
  test('ends where the server accepts the connection and stays silent', async () => {
    firstWords = '';
    const earlier = connections;
    await expect(call()).rejects.toThrow(/timed? ?out|timeout/i);
    expect(connections).toBe(earlier + 1);
  });

  test('ends where the server begins its answer and stays silent', async () => {
    firstWords = 'HTTP/1.1 500 Internal Server Error\r\ncontent-length: 100\r\n\r\n<E';
    await expect(call()).rejects.toThrow();
  });
});

test('every client of AWS is made with such settings', async () => {
  const made: string[] = [];
  const bare: string[] = [];
  for await (const file of glob('{bin,lambdas,lib}/**/*.ts', { cwd: ROOT })) {
    const text = await readFile(path.join(ROOT, file), 'utf8');
    for (const { 0: client, index } of text.matchAll(/new [A-Z]\w*Client\(/g)) {
      if (!text.includes("from '@aws-sdk/")) continue;
      made.push(file);
      const argument = text.slice(index, index + 400);
      // One that has limits of its own has all of them.
      const own = ['connectionTimeout:', 'requestTimeout:', 'throwOnRequestTimeout: true', 'socketTimeout:'];
      const isLimited = argument.includes('awsClientSettings(') || own.every((setting) => argument.includes(setting));
      if (!isLimited) bare.push(`${file}: ${client}`);
    }
  }
  expect(bare).toEqual([]);
  expect(made).toEqual(expect.arrayContaining(['lambdas/runtime/references.ts', 'lambdas/runtime/s3-client.ts']));
});
