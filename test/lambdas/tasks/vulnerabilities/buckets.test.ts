import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { strToU8, zipSync } from 'fflate';
import type { Task } from '../../../../core/task.ts';
import { task as reviewDependencies } from '../../../../lambdas/tasks/vulnerabilities/review-dependencies/index.ts';
import { task as reviewImages } from '../../../../lambdas/tasks/vulnerabilities/review-images/index.ts';
import { task as reviewSecrets } from '../../../../lambdas/tasks/vulnerabilities/review-secrets/index.ts';
import { pointSdkAt } from '../../../contract/store-backends.ts';
import { needCalled, needsOf, inWords } from '../../../harness/needs-of.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import { startS3Server, type S3Server } from '../../../servers/s3.ts';
import { hoursAgo, NOW, trivy, wordsOf, written } from './_reports.ts';
import { MADE_UP } from './_secrets.ts';

const LEAKY = `const token = '${MADE_UP.github}';\n`;
const YOUNG = { lastModified: hoursAgo(1) };
const before = { ...process.env };
let s3: S3Server;

beforeAll(async () => {
  s3 = await startS3Server();
  pointSdkAt(s3.endpoint);
  s3.put('acme', 'trivy/shop.json', JSON.stringify(trivy('shop:1')), YOUNG);
  s3.put('acme', 'trivy-old/shop.json', '{"cut', YOUNG);
  s3.put('acme', 'trivy/', '', YOUNG);
  s3.put('acme', 'audits/clean/npm-audit.json', await written('npm-audit-clean.json'), YOUNG);
  const zip = Buffer.from(zipSync({ 'shop-1/a.ts': strToU8(LEAKY) }));
  s3.put('acme', 'code/shop.zip', zip, YOUNG);
  s3.put('acme', 'code/other.zip', 'not ours', YOUNG);
  s3.put('acme', 'tree/src/a b.ts', LEAKY, YOUNG);
  s3.put('acme', 'tree/node_modules/b.ts', LEAKY, YOUNG);
});
afterAll(async () => {
  await s3.close();
  process.env = before;
});
beforeEach(() => {
  s3.onRequest = undefined;
});

const review = (task: Task, url: string) =>
  resultOf({ task, now: NOW, timeoutSeconds: 60, targets: { here: { url } } });
const ask = (task: Task, url: string) => needsOf({ task, targets: { here: { url } } });

describe('in a bucket', () => {
  test('reports are read below the prefix and nowhere beside it, with the slash or without', async () => {
    expect((await review(reviewImages, 's3://acme/trivy')).findings).toEqual([]);
    expect((await review(reviewImages, 's3://acme/trivy/')).findings).toEqual([]);
    expect((await review(reviewDependencies, 's3://acme/audits/')).findings).toEqual([]);
  });

  test('an archive is searched, and a prefix like a folder', async () => {
    expect(wordsOf(await review(reviewSecrets, 's3://acme/code/shop.zip'))).toEqual([
      expect.stringMatching(/^secret-found a\.ts /),
    ]);
    const tree = await review(reviewSecrets, 's3://acme/tree/');
    expect(wordsOf(tree)).toEqual([expect.stringMatching(/^secret-found src\/a b\.ts /)]);
    expect(tree.measurements).toContainEqual({ name: 'folders-left-out', value: 1, unit: 'count', target: 'here' });
  });

  test('the newest report is found on the last page of a list', async () => {
    for (let place = 0; place < 1_050; place += 1) {
      s3.put('many', `a/shop-2026010${(place % 9) + 1}-${String(place).padStart(6, '0')}.json`, '{', {
        lastModified: hoursAgo(900),
      });
    }
    s3.put('many', 'a/zz shop &+%41.json', JSON.stringify(trivy('shop:1')), YOUNG);
    expect((await review(reviewImages, 's3://many/a/')).measurements).toContainEqual(
      expect.objectContaining({ name: 'report-age', subject: 'shop:1' }),
    );
  });

  test('an answer that breaks off goes on where it broke', async () => {
    let cuts = 0;
    s3.put('large', 'shop.json', JSON.stringify(trivy('shop:1', [], { Padding: 'x'.repeat(400_000) })), YOUNG);
    s3.onRequest = ({ key }) => (key !== '' && cuts++ < 2 ? 'cut-body' : undefined);
    expect((await review(reviewImages, 's3://large/')).findings).toEqual([]);
    expect(cuts).toBeGreaterThan(2);
  });

  test('a report that is another one by the time it is read is not taken for the one that was listed', async () => {
    s3.put('moving', 'shop.json', JSON.stringify(trivy('shop:1')), YOUNG);
    s3.onRequest = ({ key }) => {
      if (key !== '') s3.put('moving', 'shop.json', JSON.stringify(trivy('shop:2')), YOUNG);
      return undefined;
    };
    expect(wordsOf(await review(reviewImages, 's3://moving/'))).toEqual(['report-unreadable shop.json']);
  });

  test.each([
    ['there is no such bucket', 's3://nobody/', undefined, 'NoSuchBucket'],
    ['the list is denied', 's3://acme/trivy/', { status: 403, code: 'AccessDenied' }, '(s3:ListBucket)'],
    ['somebody in between answers', 's3://acme/trivy/', { answer: '<html>Log in</html>' }, 'the answer is no list'],
  ])('nothing is known where %s', async (_why, url, fault, words) => {
    s3.onRequest = () => fault;
    const result = await review(reviewImages, url);

    expect(result.findings).toEqual([
      expect.objectContaining({ kind: 'not-readable', summary: expect.stringContaining(words) }),
    ]);
    expect(result.document).toMatchObject({ unknown: [{ target: 'here' }] });
  });

  test('an archive that is denied or gone is unknown', async () => {
    expect((await review(reviewSecrets, 's3://acme/code/gone.zip')).findings[0]?.kind).toBe('not-readable');
    s3.onRequest = () => ({ status: 403, code: 'AccessDenied' });
    expect((await review(reviewSecrets, 's3://acme/code/shop.zip')).findings[0]?.summary).toContain('(s3:GetObject)');
  });
});

describe('what is needed', () => {
  test('is met where the place can be listed and its newest read', async () => {
    expect(inWords(await ask(reviewImages, 's3://acme/trivy/'))).toEqual(['met be listed', 'met read the reports']);
    expect(inWords(await ask(reviewDependencies, 's3://acme/audits/'))).toEqual([
      'met be listed',
      'met read the reports',
    ]);
    expect(inWords(await ask(reviewSecrets, 's3://acme/code/shop.zip'))).toEqual(['met read the archive']);
    expect(inWords(await ask(reviewSecrets, 's3://acme/tree/'))).toEqual(['met be listed', 'met read the files']);
  });

  test('is unknown where there is nothing to try it with', async () => {
    s3.createBucket('void');
    expect(inWords(await ask(reviewImages, 's3://void/'))).toEqual(['met be listed', 'unknown read the reports']);
    expect(inWords(await ask(reviewSecrets, 's3://acme/code/gone.zip'))).toEqual(['unknown read the archive']);
  });

  test('is missing where it is denied, with the policy that gives it', async () => {
    s3.onRequest = () => ({ status: 403, code: 'AccessDenied' });
    const list = needCalled(await ask(reviewImages, 's3://acme/trivy/'), 'be listed');
    const archive = needCalled(await ask(reviewSecrets, 's3://acme/code/shop.zip'), 'read the archive');

    expect([list.state, archive.state]).toEqual(['missing', 'missing']);
    expect(list.grant).toContain('arn:aws:s3:::acme/trivy/*');
    expect(archive.grant).toContain('"arn:aws:s3:::acme/code/shop.zip"');
  });

  test('is missing where only the reading is denied, which the list does not show', async () => {
    s3.onRequest = ({ key }) => (key === '' ? undefined : { status: 403, code: 'AccessDenied' });
    expect(inWords(await ask(reviewImages, 's3://acme/trivy/'))).toEqual(['met be listed', 'missing read the reports']);
  });
});

test('the rights are those of the prefix, or of the one archive', () => {
  const platform = (kind: string, url: string) =>
    ({
      platform: 'x',
      environment: 'prod',
      region: 'cn-north-1',
      targets: { [kind]: { here: { url } } },
      procedures: {},
    }) as never;
  expect(reviewImages.permissions(platform('buckets', 's3://acme/trivy'))).toEqual([
    { actions: ['s3:ListBucket'], resources: ['arn:aws-cn:s3:::acme'] },
    { actions: ['s3:GetObject'], resources: ['arn:aws-cn:s3:::acme/trivy/*'] },
  ]);
  expect(reviewSecrets.permissions(platform('repositories', 's3://acme/code/shop.tar.gz'))[1]?.resources).toEqual([
    'arn:aws-cn:s3:::acme/code/shop.tar.gz',
  ]);
});

test('an archive in gzip that is none inside is unknown', async () => {
  s3.put('acme', 'code/strange.tar.gz', gzipSync('only text, and no tar'.repeat(100)), YOUNG);
  expect((await review(reviewSecrets, 's3://acme/code/strange.tar.gz')).findings[0]).toMatchObject({
    kind: 'not-readable',
  });
});
