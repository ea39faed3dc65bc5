import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { pointSdkAt } from '../contract/store-backends.ts';
import { startS3Server, type S3Server } from './s3.ts';

const Bucket = 'backups';
let server: S3Server;
let client: S3Client;
beforeAll(async () => {
  server = await startS3Server();
  server.createBucket(Bucket);
  pointSdkAt(server.endpoint);
  client = new S3Client({ forcePathStyle: true, maxAttempts: 1 });
});
afterAll(async () => {
  client.destroy();
  await server.close();
});

test('takes a streamed upload out of its framing, and streams it back', async () => {
  const body = randomBytes(12 * 1024 * 1024 + 7);
  const pieces = [body.subarray(0, 1_000_003), body.subarray(1_000_003)];
  await client.send(
    new PutObjectCommand({ Bucket, Key: 'full/a', Body: Readable.from(pieces), ContentLength: body.length }),
  );

  expect(server.get(Bucket, 'full/a')?.body.equals(body)).toBe(true);
  const { Body, ContentLength } = await client.send(new GetObjectCommand({ Bucket, Key: 'full/a' }));
  expect(ContentLength).toBe(body.length);
  expect(Buffer.from((await Body?.transformToByteArray()) ?? []).equals(body)).toBe(true);
});

test('refuses an upload whose checksum is another', async () => {
  const wrong = new PutObjectCommand({ Bucket, Key: 'wrong', Body: Buffer.from('body'), ChecksumCRC32: 'AAAAAA==' });

  await expect(client.send(wrong)).rejects.toMatchObject({ name: 'BadDigest' });
  expect(server.get(Bucket, 'wrong')).toBeUndefined();
});

test.each([
  ['bytes=2-4', 'cde', 'bytes 2-4/10'],
  ['bytes=7-', 'hij', 'bytes 7-9/10'],
  ['bytes=-3', 'hij', 'bytes 7-9/10'],
  ['bytes=8-99', 'ij', 'bytes 8-9/10'],
])('answers the range %s with its bytes', async (Range, text, ContentRange) => {
  server.put(Bucket, 'letters', 'abcdefghij');

  const answer = await client.send(new GetObjectCommand({ Bucket, Key: 'letters', Range }));

  expect(await answer.Body?.transformToString()).toBe(text);
  expect(answer.ContentRange).toBe(ContentRange);
});

test('refuses a range behind the end', async () => {
  server.put(Bucket, 'letters', 'abcdefghij');

  await expect(client.send(new GetObjectCommand({ Bucket, Key: 'letters', Range: 'bytes=10-' }))).rejects.toMatchObject(
    { name: 'InvalidRange' },
  );
});

test('tells when an object was written, as the test has set it', async () => {
  const lastModified = new Date('2026-01-02T03:04:05Z');
  server.put(Bucket, 'dated', 'body', { lastModified });

  const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'dated' }));
  const { Contents } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'dated' }));

  expect(head).toMatchObject({ LastModified: lastModified, ContentLength: 4, ETag: server.get(Bucket, 'dated')?.etag });
  expect(Contents).toMatchObject([{ Key: 'dated', LastModified: lastModified, Size: 4 }]);
});

test('lists objects and folders page by page, each once', async () => {
  for (let day = 1; day <= 7; day += 1) {
    server.put(Bucket, `tree/day-${day}/a`, '');
    server.put(Bucket, `tree/day-${day}/b`, '');
    server.put(Bucket, `tree/file-${day}`, '');
  }

  const found: (string | undefined)[] = [];
  let ContinuationToken: string | undefined;
  let pages = 0;
  do {
    const page = await client.send(
      new ListObjectsV2Command({ Bucket, Prefix: 'tree/', Delimiter: '/', MaxKeys: 3, ContinuationToken }),
    );
    found.push(
      ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix),
      ...(page.Contents ?? []).map(({ Key }) => Key),
    );
    ContinuationToken = page.NextContinuationToken;
    pages += 1;
  } while (ContinuationToken !== undefined);

  const days = [1, 2, 3, 4, 5, 6, 7];
  expect(found).toEqual([...days.map((day) => `tree/day-${day}/`), ...days.map((day) => `tree/file-${day}`)]);
  expect(pages).toBe(5);
});

test('gives at most 1,000 keys a page, whatever is asked for', async () => {
  for (let n = 0; n < 1_001; n += 1) server.put('large', `key-${n}`, '');

  const page = await client.send(new ListObjectsV2Command({ Bucket: 'large', MaxKeys: 5_000 }));

  expect(page.Contents).toHaveLength(1_000);
  expect(page.IsTruncated).toBe(true);
});
