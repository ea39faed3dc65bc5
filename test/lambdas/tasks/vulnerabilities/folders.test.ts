import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { giveToPlainUser, isRoot, startPlainUser, type PlainUser } from '../../../harness/plain-user.ts';
import { inWords, needCalled } from '../../../harness/needs-of.ts';
import { folder, trivy, type Folder } from './_reports.ts';

const IMAGES = 'lambdas/tasks/vulnerabilities/review-images/index.ts';
const SECRETS = 'lambdas/tasks/vulnerabilities/review-secrets/index.ts';
const asRoot = isRoot ? test : test.skip;
if (!isRoot) process.stderr.write('skipped: no file is given to another user, because only root can\n');
let user: PlainUser;
let place: Folder;

beforeAll(() => {
  user = startPlainUser();
});
afterAll(async () => {
  await user.stop();
});
beforeEach(async () => {
  place = await folder();
  await place.write('shop.json', trivy('shop:1'));
  for (const path of ['', 'shop.json']) await giveToPlainUser(join(place.path, path));
});
afterEach(async () => {
  await place[Symbol.asyncDispose]();
});

const ask = (file: string) => user.ask({ file, targets: { here: { url: place.url } } });

test('a folder whose files can be read has what is needed', async () => {
  expect(inWords(await ask(IMAGES))).toEqual(['met be listed', 'met read the reports']);
  expect(inWords(await ask(SECRETS))).toEqual(['met be listed', 'met read the files']);
});

test('a folder that can be listed does not hide that its newest report cannot be read', async () => {
  await chmod(join(place.path, 'shop.json'), 0o200);
  const found = needCalled(await ask(IMAGES), 'read the reports');

  expect(found).toMatchObject({ state: 'missing', detail: expect.stringContaining('EACCES') });
  expect(found.grant).toBe(`chmod -R u+rX ${place.path}/`);
});

asRoot('a folder of somebody else is missing, with the command that opens it', async () => {
  await chmod(place.path, 0o700);
  const { chown } = await import('node:fs/promises');
  await chown(place.path, 0, 0);
  const found = needCalled(await ask(SECRETS), 'be listed');

  expect(found.state).toBe('missing');
  expect(found.grant).toContain('setfacl');
});
