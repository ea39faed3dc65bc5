import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openStore } from '../../lambdas/runtime/open-store.ts';
import { linkKey } from '../../lambdas/runtime/evidence.ts';
import type { Store } from '../../lambdas/runtime/store.ts';
import { verificationText } from '../../lib/evidence/verification-text.ts';
import { pointSdkAt } from '../contract/store-backends.ts';
import { type S3Server, startS3Server } from '../servers/s3.ts';
import { endedRuns, flawTexts, verified } from './_ended-runs.ts';

const BUCKET = 'fettle-state';
let server: S3Server;
let store: Store;
let firstRun: string;

beforeAll(async () => {
  server = await startS3Server();
  server.createBucket(BUCKET);
  pointSdkAt(server.endpoint);
  store = openStore(`s3://${BUCKET}`);
  firstRun = (await endedRuns(store))[0]?.run.key ?? '';
});
afterAll(() => server.close());

test('runs in a bucket are proven by reading alone: every write is forbidden and none is tried', async () => {
  const before = server.requests.length;
  server.onRequest = ({ method }) =>
    method === 'GET' || method === 'HEAD' ? undefined : { status: 403, code: 'AccessDenied' };
  expect(await verified(store)).toMatchObject({ isProven: true, checked: { links: 5, runs: 5 } });
  server.onRequest = undefined;
  expect(new Set(server.requests.slice(before).map(({ method }) => method))).toEqual(new Set(['GET']));
});

test('a record that was changed in a bucket is named, with the command that lists its earlier versions', async () => {
  const key = `${firstRun}/steps/01-postgres-vacuum.json`;
  const sealed = server.get(BUCKET, key)?.body ?? '';
  server.put(BUCKET, key, Buffer.from(sealed).toString().replace('"pass"', '"fail"'));
  const verification = await verified(store);
  server.put(BUCKET, key, sealed);
  expect(verification.flaws).toMatchObject([{ kind: 'altered', key, link: 1 }]);
  expect(verificationText(verification)).toContain(
    `aws s3api list-object-versions --bucket ${BUCKET} --prefix ${key}\n`,
  );
});

test('a link that was added to a bucket is named', async () => {
  server.put(BUCKET, linkKey(7), server.get(BUCKET, linkKey(5))?.body ?? '');
  const said = flawTexts(await verified(store));
  expect(said).toContain(`missing ${linkKey(6)}`);
  expect(said).toContain(`${linkKey(7)} calls itself link 5`);
});

test('a bucket that cannot be read is not proven and not accused: the verification fails with the reason', async () => {
  server.onRequest = ({ key }) => (key.endsWith('/profile.json') ? { status: 403, code: 'AccessDenied' } : undefined);
  await expect(verified(store)).rejects.toThrow(/profile\.json.*AccessDenied|AccessDenied/);
  server.onRequest = undefined;
});
