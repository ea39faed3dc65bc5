import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { awsClientSettings } from '../../../lambdas/runtime/aws-client.ts';
import { errorCode } from '../error-code.ts';
import { startPair, withCloud, type Pair } from './pair.ts';
import type { Cloud } from './server.ts';

const BUCKETS = ['listed', 'unlisted'];
const STATEMENTS = [
  { Effect: 'Allow', Action: 's3:GetObject', Resource: BUCKETS.map((name) => `arn:aws:s3:::${name}/*`) },
  { Effect: 'Allow', Action: 's3:ListBucket', Resource: 'arn:aws:s3:::listed' },
];

/** Reads as a user of the account who may read in both buckets, and list one. */
async function readerOf({ client }: Cloud): Promise<S3Client> {
  const iam = new IAMClient({ ...client, ...awsClientSettings() });
  const root = new S3Client({ ...client, forcePathStyle: true, ...awsClientSettings() });
  for (const Bucket of BUCKETS) {
    await root.send(new CreateBucketCommand({ Bucket }));
    await root.send(new PutObjectCommand({ Bucket, Key: 'a/there.json', Body: '{}' }));
  }
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: STATEMENTS });
  await iam.send(new CreateUserCommand({ UserName: 'ann' }));
  await iam.send(new PutUserPolicyCommand({ UserName: 'ann', PolicyName: 'granted', PolicyDocument }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'ann' }));
  const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '' } = AccessKey ?? {};
  const credentials = { accessKeyId, secretAccessKey };
  return new S3Client({ ...client, credentials, forcePathStyle: true, ...awsClientSettings() });
}

async function answerTo(reader: S3Client, Bucket: string, Key: string): Promise<string | undefined> {
  try {
    await reader.send(new GetObjectCommand({ Bucket, Key }));
    return 'read';
  } catch (thrown) {
    return errorCode(thrown);
  }
}

withCloud('a key that is not there', () => {
  let pair: Pair;

  beforeAll(async () => {
    pair = await startPair('missing-keys', { auth: true });
  });
  afterAll(() => pair.stop());

  test('is missing to whoever may list its bucket, and forbidden to others; stock tells everybody', async () => {
    const [stock, patched] = await Promise.all([readerOf(pair.stock), readerOf(pair.patched)]);

    expect(await answerTo(stock, 'unlisted', 'a/gone.json')).toBe('NoSuchKey');
    expect(await answerTo(patched, 'unlisted', 'a/gone.json')).toBe('AccessDenied');
    expect(await answerTo(patched, 'listed', 'a/gone.json')).toBe('NoSuchKey');
    for (const bucket of BUCKETS) expect(await answerTo(patched, bucket, 'a/there.json')).toBe('read');
  });
});
