import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  DescribeLogGroupsCommand,
  FilterLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { CreateBucketCommand, PutBucketPolicyCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { awsClientSettings } from '../../../lambdas/runtime/aws-client.ts';
import { errorCode } from '../error-code.ts';
import { startPair, withCloud, type Pair } from './pair.ts';
import { ACCOUNT, REGION, type Cloud } from './server.ts';

const LOGS = `arn:aws:logs:${REGION}:${ACCOUNT}:log-group`;
const STATEMENTS = [
  {
    Effect: 'Allow',
    Action: 'cloudwatch:PutMetricData',
    Resource: '*',
    Condition: { StringEquals: { 'cloudwatch:namespace': 'Fettle' } },
  },
  { Effect: 'Allow', Action: 'logs:DescribeLogGroups', Resource: `${LOGS}:*` },
  { Effect: 'Allow', Action: 'logs:FilterLogEvents', Resource: `${LOGS}:/shop/app:*` },
  { Effect: 'Allow', Action: 's3:PutObject', Resource: 'arn:aws:s3:::tls-only/*' },
];

type Settings = Cloud['client'];

/** A user of the account who may do what the statements say. */
async function userOf({ client }: Cloud): Promise<Settings> {
  const iam = new IAMClient({ ...client, ...awsClientSettings() });
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: STATEMENTS });
  await iam.send(new CreateUserCommand({ UserName: 'ann' }));
  await iam.send(new PutUserPolicyCommand({ UserName: 'ann', PolicyName: 'granted', PolicyDocument }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'ann' }));
  const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '' } = AccessKey ?? {};
  return { ...client, credentials: { accessKeyId, secretAccessKey } };
}

/** `allowed`, or what the call was answered instead. */
async function answerTo(call: Promise<unknown>): Promise<string | undefined> {
  try {
    await call;
    return 'allowed';
  } catch (thrown) {
    return errorCode(thrown);
  }
}

withCloud('with signatures and policies enforced', () => {
  let pair: Pair;
  let stock: Settings;
  let patched: Settings;

  beforeAll(async () => {
    pair = await startPair('policies', { auth: true });
    [stock, patched] = await Promise.all([userOf(pair.stock), userOf(pair.patched)]);
  });
  afterAll(() => pair.stop());

  test('metrics of the namespace that a condition names are taken, and of no other; stock takes none', async () => {
    const put = (client: Settings, Namespace: string) =>
      answerTo(
        new CloudWatchClient({ ...client, ...awsClientSettings() }).send(
          new PutMetricDataCommand({ Namespace, MetricData: [{ MetricName: 'RunsEnded', Value: 1 }] }),
        ),
      );

    expect(await put(stock, 'Fettle')).toMatch(/^AccessDenied/);
    expect(await put(patched, 'Fettle')).toBe('allowed');
    expect(await put(patched, 'Billing')).toMatch(/^AccessDenied/);
  });

  test('log groups are listed and read by a policy in the form that AWS asks for; stock denies it', async () => {
    for (const { client } of [pair.stock, pair.patched]) {
      const logs = new CloudWatchLogsClient({ ...client, ...awsClientSettings() });
      await logs.send(new CreateLogGroupCommand({ logGroupName: '/shop/app' }));
      await logs.send(new CreateLogGroupCommand({ logGroupName: '/shop/audit' }));
    }
    const list = (client: Settings) =>
      answerTo(new CloudWatchLogsClient({ ...client, ...awsClientSettings() }).send(new DescribeLogGroupsCommand({})));
    const read = (client: Settings, logGroupName: string) =>
      answerTo(
        new CloudWatchLogsClient({ ...client, ...awsClientSettings() }).send(
          new FilterLogEventsCommand({ logGroupName }),
        ),
      );

    expect([await list(stock), await read(stock, '/shop/app')]).toEqual(Array(2).fill('AccessDeniedException'));
    expect([await list(patched), await read(patched, '/shop/app')]).toEqual(['allowed', 'allowed']);
    expect(await read(patched, '/shop/audit')).toBe('AccessDeniedException');
  });

  test('a bucket for TLS alone takes what comes over the loopback; stock refuses all of it', async () => {
    const s3Of = (client: Settings) => new S3Client({ ...client, forcePathStyle: true, ...awsClientSettings() });
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:*',
          Resource: ['arn:aws:s3:::tls-only', 'arn:aws:s3:::tls-only/*'],
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        },
        { Effect: 'Deny', Principal: '*', Action: 's3:PutObject', Resource: 'arn:aws:s3:::tls-only/sealed/*' },
      ],
    });
    for (const { client } of [pair.stock, pair.patched]) {
      await s3Of(client).send(new CreateBucketCommand({ Bucket: 'tls-only' }));
      await s3Of(client).send(new PutBucketPolicyCommand({ Bucket: 'tls-only', Policy }));
    }
    const put = (client: Settings, Key: string) =>
      answerTo(s3Of(client).send(new PutObjectCommand({ Bucket: 'tls-only', Key, Body: 'x' })));

    expect(await put(stock, 'open.json')).toBe('AccessDenied');
    expect(await put(patched, 'open.json')).toBe('allowed');
    expect(await put(patched, 'sealed/x.json')).toBe('AccessDenied');
  });
});
