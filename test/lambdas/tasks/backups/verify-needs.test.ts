import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { chmod, chown, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { task } from '../../../../lambdas/tasks/backups/verify.ts';
import { pointSdkAt } from '../../../contract/store-backends.ts';
import { inWords, needCalled, needsOf } from '../../../harness/needs-of.ts';
import { giveToPlainUser, isRoot, startPlainUser, type PlainUser } from '../../../harness/plain-user.ts';
import { startS3Server, type S3Server } from '../../../servers/s3.ts';
import { backupFolder, hoursAgo, NOW, type BackupFolder } from './backup-folder.ts';

const FILE = 'lambdas/tasks/backups/verify.ts';
const NEWEST = 'shop_20260302_050000.dump';
const OLDER = 'shop_20260301_050000.dump';
const MET = ['met be listed', 'met read the backups'];
const asRoot = isRoot ? test : test.skip;
if (!isRoot) process.stderr.write('skipped: no file is given to another user, because only root can\n');
const run = promisify(execFile);
const environment = { ...process.env };
let s3: S3Server;
let user: PlainUser;

beforeAll(async () => {
  s3 = await startS3Server();
  pointSdkAt(s3.endpoint);
  user = startPlainUser();
});
afterAll(async () => {
  await user.stop();
  await s3.close();
  process.env = environment;
});

const ask = (url: string, input = {}) => needsOf({ task, now: NOW, input, targets: { database: { url } } });

describe('a folder of backups', () => {
  let folder: BackupFolder;
  beforeEach(async () => {
    folder = await backupFolder();
    await folder.write(OLDER, 'PGDMP…', hoursAgo(25));
    await folder.write(NEWEST, 'PGDMP…', hoursAgo(1));
    for (const path of ['', OLDER, NEWEST]) await giveToPlainUser(join(folder.path, path));
  });
  afterEach(async () => {
    await folder[Symbol.asyncDispose]();
  });
  const url = () => `${pathToFileURL(folder.path).href}/`;
  const askPlainly = () => user.ask({ file: FILE, targets: { database: { url: url() } } });

  test('that can be listed does not hide that its newest cannot be read', async () => {
    await chmod(join(folder.path, NEWEST), 0o200);
    const found = needCalled(await askPlainly(), 'read the backups');

    expect(found).toMatchObject({ state: 'missing', detail: expect.stringContaining('EACCES') });
    expect(found.grant).toBe(`chmod -R u+rX ${folder.path}/`);
    await run('sh', ['-c', found.grant ?? '']);
    expect(inWords(await askPlainly())).toEqual(MET);
  });

  test('that is closed to its owner is opened by the command that it shows', async () => {
    await chmod(folder.path, 0o200);
    const found = needCalled(await askPlainly(), 'be listed');

    expect(found.state).toBe('missing');
    await run('sh', ['-c', found.grant ?? '']);
    expect(inWords(await askPlainly())).toEqual(MET);
  });

  asRoot('of a group that may read it makes the user one of that group', async () => {
    await chown(folder.path, 0, 34);
    await chmod(folder.path, 0o750);
    expect(needCalled(await askPlainly(), 'be listed').grant).toBe('usermod -aG backup nobody');

    const member = startPlainUser({ groups: [34] });
    const needs = await member.ask({ file: FILE, targets: { database: { url: url() } } });
    await member.stop();
    expect(inWords(needs)).toEqual(MET);
  });

  asRoot('of another user is opened to this very user', async () => {
    await chown(folder.path, 0, 0);
    await chmod(folder.path, 0o700);
    expect(needCalled(await askPlainly(), 'be listed').grant).toBe(
      `setfacl -R -m u:nobody:rX,d:u:nobody:rX ${folder.path}/`,
    );
  });

  test('is met with what it holds, and stays as it is', async () => {
    const facts = async () =>
      Promise.all((await readdir(folder.path)).map(async (name) => (await stat(join(folder.path, name))).ctimeMs));
    const before = await facts();
    const needs = await ask(url());

    expect(inWords(needs)).toEqual(MET);
    expect(needs[0]?.detail).toMatch(/: 2 files, 2 of them backups$/);
    expect(needs[1]?.detail).toBe(`the newest, ${NEWEST}, begins to come`);
    expect(await facts()).toEqual(before);
  });

  test('without a backup of the name is unknown, however well it can be read', async () => {
    const needs = await ask(url(), { match: 'database_*.sql.gz' });
    expect(needCalled(needs, 'read the backups')).toMatchObject({
      state: 'unknown',
      detail: 'there is no backup called database_*.sql.gz to try it with',
    });
  });

  test('that is not there is unknown with the reason', async () => {
    expect(await ask('file:///nonexistent/backups/')).toMatchObject([
      { need: 'be reached', state: 'unknown', detail: expect.stringContaining('ENOENT') },
    ]);
  });
});

describe('a bucket of backups', () => {
  beforeEach(() => {
    s3.onRequest = undefined;
    s3.put('acme', `db/full/${OLDER}`, 'PGDMP…', { lastModified: hoursAgo(25) });
    s3.put('acme', `db/full/${NEWEST}`, 'PGDMP…', { lastModified: hoursAgo(1) });
  });

  test('is met by one list and one byte of the newest, and nothing else is asked', async () => {
    const first = s3.requests.length;
    expect(inWords(await ask('s3://acme/db/full/'))).toEqual(MET);
    expect(s3.requests.slice(first).map(({ method, key }) => `${method} ${key}`)).toEqual([
      'GET ',
      `GET db/full/${NEWEST}`,
    ]);
  });

  test.each([
    ['s3:ListBucket', 'be listed', (key: string) => key === ''],
    ['s3:GetObject', 'read the backups', (key: string) => key !== ''],
  ])('without %s it must %s, and the policy that it shows gives it', async (action, need, isOfIt) => {
    let allowed: readonly string[] = [];
    s3.onRequest = ({ key }) =>
      isOfIt(key) && !allowed.includes(action) ? { status: 403, code: 'AccessDenied' } : undefined;
    const found = needCalled(await ask('s3://acme/db/full/'), need);

    expect(found.state).toBe('missing');
    const { Statement } = JSON.parse(found.grant ?? '') as { Statement: { Action: string[]; Resource: string[] }[] };
    expect(Statement).toEqual([
      { Effect: 'Allow', Action: ['s3:ListBucket'], Resource: ['arn:aws:s3:::acme'] },
      { Effect: 'Allow', Action: ['s3:GetObject'], Resource: ['arn:aws:s3:::acme/db/full/*'] },
    ]);
    allowed = Statement.flatMap(({ Action }) => Action);
    expect(inWords(await ask('s3://acme/db/full/'))).toEqual(MET);
  });

  test('in an archive class is missing, without a policy that could not help', async () => {
    s3.onRequest = ({ key }) => (key === '' ? undefined : { status: 403, code: 'InvalidObjectState' });
    const found = needCalled(await ask('s3://acme/db/full/'), 'read the backups');

    expect(found).toMatchObject({ state: 'missing', detail: expect.stringContaining('archive class') });
    expect(found.grant).toBeUndefined();
  });

  test('that does not exist is unknown with the reason', async () => {
    expect(await ask('s3://nobody/db/')).toMatchObject([
      { need: 'be reached', state: 'unknown', detail: expect.stringContaining('NoSuchBucket') },
    ]);
  });
});
