import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { backupName, begunAt } from '../../../../lib/demo/backups.ts';
import type { Json } from '../../../../core/json.ts';
import { task } from '../../../../lambdas/tasks/backups/verify.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import { startS3Server, type S3Server } from '../../../servers/s3.ts';
import { fixture, folderFixture, hoursAgo, kindsOf, NOW, summaryOf, unzippedFixture } from './backup-folder.ts';

const ENVIRONMENT = { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
const before = { ...process.env };
let s3: S3Server;

function verify(url = 's3://acme/db/full/', input: Readonly<Record<string, Json>> = {}, timeoutSeconds = 60) {
  return resultOf({ task, now: NOW, input, timeoutSeconds, targets: { database: { url } } });
}

async function putDumps(bucket: string, prefix: string, count = 5): Promise<void> {
  for (let place = 0; place < count; place += 1) {
    const at = hoursAgo(1 + place * 6);
    s3.put(bucket, prefix + backupName(at), begunAt(await fixture('custom.dump'), at), { lastModified: at });
  }
}

beforeAll(async () => {
  s3 = await startS3Server();
  Object.assign(process.env, ENVIRONMENT, { AWS_ENDPOINT_URL: s3.endpoint });
});

afterAll(async () => {
  await s3.close();
  process.env = before;
});

beforeEach(() => {
  s3.onRequest = undefined;
});

describe('backups-verify on a bucket', () => {
  test('reads the newest object below the prefix to its end, and nothing beside the prefix', async () => {
    await putDumps('acme', 'db/full/');
    s3.put('acme', 'db/full-old/shop_20260302_055900.dump', 'not ours', { lastModified: hoursAgo(0.5) });
    s3.put('acme', 'db/full/', '', { lastModified: hoursAgo(0.1) });
    const result = await verify('s3://acme/db/full');
    expect(kindsOf(result)).toEqual(['verified']);
    expect(summaryOf(result, 'verified')).toContain('rungs held: 0, 1, 2, 3 of 10');
    expect(result.measurements).toContainEqual({ name: 'bytes-read', value: 8_858, unit: 'bytes', target: 'database' });
  });

  test('finds the newest on the last page of a list, with keys that need encoding', async () => {
    const at = hoursAgo(1);
    for (let i = 0; i < 1_100; i += 1)
      s3.put('many', `a/${String(i).padStart(4, '0')}.sql.gz`, 'old', { lastModified: hoursAgo(900) });
    s3.put('many', 'a/zz &+%41 ü\u0001.dump', begunAt(await fixture('custom.dump'), at), { lastModified: at });
    const result = await verify('s3://many/a/');
    expect(summaryOf(result, 'verified')).toMatch(/^zz &\+%41 ü\\u0001\.dump was read/);
    expect(result.measurements[0]).toMatchObject({ name: 'backups', value: 1_101 });
  });

  test('fails a prefix without objects', async () => {
    s3.createBucket('void');
    expect(kindsOf(await verify('s3://void/db/'))).toEqual(['no-backup']);
  });

  test.each([
    ['there is no such bucket', 's3://nobody/db/', 'NoSuchBucket', undefined],
    [
      'the list is denied',
      's3://acme/db/full/',
      '(s3:ListBucket): AccessDenied',
      { status: 403, code: 'AccessDenied' },
    ],
  ])('knows nothing where %s', async (_why, url, code, fault) => {
    await putDumps('acme', 'db/full/');
    s3.onRequest = () => fault;
    const result = await verify(url);
    expect(kindsOf(result)).toEqual(['not-readable']);
    expect(summaryOf(result, 'not-readable')).toContain(code);
  });

  test('judges age and size of an object that it may not read, and knows nothing of its contents', async () => {
    await putDumps('acme', 'db/full/');
    s3.onRequest = ({ method, key }) =>
      method === 'GET' && key !== '' ? { status: 403, code: 'AccessDenied' } : undefined;
    const result = await verify('s3://acme/db/full/', { maxAge: '30m' });
    expect(kindsOf(result)).toEqual(['too-old', 'cannot-be-opened']);
    expect(summaryOf(result, 'cannot-be-opened')).toContain('(s3:GetObject): AccessDenied');
  });

  test('says of an archive class that the object cannot be read now', async () => {
    await putDumps('acme', 'db/full/');
    s3.onRequest = ({ key }) => (key === '' ? undefined : { status: 403, code: 'InvalidObjectState' });
    expect(summaryOf(await verify(), 'cannot-be-opened')).toContain('archive class');
  });

  test('goes on where a connection broke, and gives up after a few that bring nothing', async () => {
    const at = hoursAgo(1);
    const script = await unzippedFixture('plain.sql.gz');
    const rowsAt = script.indexOf('1\tuser1@example.org');
    const rows = Buffer.alloc(600_000, 'a row of a table\n');
    const large = Buffer.concat([script.subarray(0, rowsAt), rows, script.subarray(rowsAt)]);
    s3.put('broken', 'shop.sql', large, { lastModified: at });
    let breaks = 3;
    s3.onRequest = ({ key }) => (key !== '' && breaks-- > 0 ? 'cut-body' : undefined);
    const resumed = await verify('s3://broken/');
    expect(breaks).toBeLessThan(0);
    const sha256 = createHash('sha256').update(large).digest('hex');
    expect(summaryOf(resumed, 'verified')).toContain(`sha256 ${sha256}`);

    s3.onRequest = ({ key }) => (key === '' ? undefined : 'reset');
    expect(kindsOf(await verify('s3://broken/'))).toEqual(['no-history', 'cannot-be-opened']);
  });

  test('does not join the halves of two objects when one replaces the other meanwhile', async () => {
    const at = hoursAgo(1);
    s3.put('swapped', 'shop.dump', begunAt(await fixture('custom.dump'), at), { lastModified: at });
    s3.onRequest = ({ key }) => {
      if (key !== '') s3.put('swapped', 'shop.dump', 'another body', { lastModified: at });
      return undefined;
    };
    expect(kindsOf(await verify('s3://swapped/'))).toEqual(['no-history', 'changed-while-read']);
  });

  test('says how far it came when its time is over', async () => {
    const at = hoursAgo(1);
    s3.put('slow', 'shop.dump', await fixture('custom.dump'), { lastModified: at });
    s3.onRequest = ({ key }) => (key === '' ? undefined : 'hang');
    const result = await verify('s3://slow/', {}, 2);
    expect(summaryOf(result, 'not-read-in-time')).toBe('shop.dump: not read to its end in time: 0 of 8858 bytes');
  });

  test('finds a copy by its ETag without reading the earlier one', async () => {
    const body = await fixture('plain.sql.gz');
    s3.put('copies', 'shop_20260301_050000.sql.gz', body, { lastModified: hoursAgo(25) });
    s3.put('copies', 'shop_20260302_050000.sql.gz', body, { lastModified: hoursAgo(1) });
    expect(kindsOf(await verify('s3://copies/'))).toEqual(['no-history', 'identical', 'verified']);
  });

  test('reads a dump of the directory format below its prefix', async () => {
    for (const [key, body] of Object.entries(await folderFixture('shop_20260302_050000')))
      s3.put('folders', key, body, { lastModified: hoursAgo(1) });
    expect(summaryOf(await verify('s3://folders/'), 'verified')).toContain('pg_dump directory; 4 tables');
  });
});
