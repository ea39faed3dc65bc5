import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { chmod, chown, lstat, mkdir, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { task } from '../../../../lambdas/tasks/logs/enforce-retention.ts';
import { inWords, needCalled, needsOf } from '../../../harness/needs-of.ts';
import { giveToPlainUser, isRoot, startPlainUser, type PlainUser } from '../../../harness/plain-user.ts';
import { enforce, makeLogs, type Logs } from './_log-folder.ts';

const FILE = 'lambdas/tasks/logs/enforce-retention.ts';
const OWNERS = 'belong to the user of Fettle';
const asRoot = isRoot ? test : test.skip;
if (!isRoot) process.stderr.write('skipped: no file is given to another user, because only root can\n');
const MET = ['lie on Linux', 'be listed', 'read every file', 'be written', OWNERS, 'show whether a file is open'];
const platform = process.platform;
const run = promisify(execFile);
let logs: Logs;
let user: PlainUser;

beforeAll(async () => {
  logs = await makeLogs();
  await chmod(logs.folder, 0o755);
  user = startPlainUser();
});
afterEach(async () => {
  Object.defineProperty(process, 'platform', { value: platform });
  await logs.remove();
  await mkdir(logs.folder);
});
afterAll(async () => {
  await user.stop();
  await logs.remove();
});

const targetOf = (folder = logs.folder) => ({ app: { url: pathToFileURL(folder).href } });
const ask = (folder?: string) => needsOf({ task, targets: targetOf(folder) });
const askPlainly = (by = user) => by.ask({ file: FILE, targets: targetOf() });

/** Asks as another plain user, in a process of its own. */
async function askOnce(options: Parameters<typeof startPlainUser>[0]) {
  const other = startPlainUser(options);
  try {
    return await askPlainly(other);
  } finally {
    await other.stop();
  }
}

/** A folder of the plain user with two logs, one of them below. */
async function ownLogs(): Promise<void> {
  const paths = [await logs.write('app.log', 1), await logs.write('api/api.log.1', 40)];
  for (const path of [logs.folder, join(logs.folder, 'api'), ...paths]) await giveToPlainUser(path);
}

asRoot('a folder that may be written is no help where it is sticky: the files of others keep their names', async () => {
  await logs.write('app.log.1', 40);
  await chmod(logs.folder, 0o1777);
  const needs = await askPlainly();

  expect(needCalled(needs, 'be written')).toEqual({
    target: 'app',
    need: 'be written',
    state: 'missing',
    detail: `no file may be renamed in ${logs.folder}: it is sticky (chmod +t), so only the owner of a file may rename it`,
  });
  expect(needCalled(needs, OWNERS)).toMatchObject({
    state: 'missing',
    detail: expect.stringContaining('1 of 1 are of root and Fettle runs as nobody'),
  });
});

test('the owner of the logs has all that it takes, and the look leaves everything as it was', async () => {
  await ownLogs();
  const facts = async () =>
    Promise.all(
      (await logs.names()).map(async (name) => {
        const { ino, mtimeMs, ctimeMs, nlink } = await lstat(join(logs.folder, name));
        return [name, ino, mtimeMs, ctimeMs, nlink];
      }),
    );
  const before = [await facts(), (await lstat(logs.folder)).mtimeMs];
  const needs = await askPlainly();

  expect(inWords(needs)).toEqual(MET.map((need) => `met ${need}`));
  expect(needCalled(needs, 'be listed').detail).toMatch(/ as \S+: 2 logs$/);
  expect(needCalled(needs, 'be written').detail).toBe('files may be renamed in 2 folders');
  expect(needCalled(needs, 'show whether a file is open').detail).toMatch(/^(perl|python3) asks the kernel$/);
  expect([await facts(), (await lstat(logs.folder)).mtimeMs]).toEqual(before);
});

test.each([
  ['the folder', '', 0o300, 'be listed', /^chmod -R u\+rX \S+$/],
  ['a folder in it', 'api', 0o300, 'read every file', /^chmod -R u\+rX \S+$/],
  ['a file', 'app.log', 0o000, 'read every file', /^chmod -R u\+rX \S+$/],
  ['the names of a folder', 'api', 0o500, 'be written', /^chmod u\+rwx \S+\/api$/],
])('where %s is closed to its owner, the command that it shows opens it', async (_what, name, mode, need, command) => {
  await ownLogs();
  await chmod(join(logs.folder, name), mode);
  const found = needCalled(await askPlainly(), need);

  expect(found).toMatchObject({ state: 'missing', grant: expect.stringMatching(command) });
  await run('sh', ['-c', found.grant ?? '']);
  expect(inWords(await askPlainly())).toEqual(MET.map((met) => `met ${met}`));
});

asRoot('where it is of another user, the grant is for the very user of this process', async () => {
  await logs.write('app.log', 1);
  await chmod(logs.folder, 0o750);

  expect(needCalled(await askPlainly(), 'be listed')).toMatchObject({
    state: 'missing',
    grant: `setfacl -R -m u:nobody:rX,d:u:nobody:rX ${logs.folder}`,
  });
  await chmod(logs.folder, 0o755);
  expect(needCalled(await askPlainly(), 'be written').grant).toBe(`setfacl -m u:nobody:rwx ${logs.folder}`);
});

asRoot('where a group has the right already, the grant makes the user one of it, which gives the right', async () => {
  const adm = 4;
  await logs.write('app.log', 1);
  await chown(logs.folder, 0, adm);
  await chmod(logs.folder, 0o750);
  expect(needCalled(await askPlainly(), 'be listed').grant).toBe('usermod -aG adm nobody');

  const needs = await askOnce({ groups: [adm] });

  expect(needCalled(needs, 'be listed').state).toBe('met');
});

test('without perl and python3, whoever may not look into every process cannot prove anything', async () => {
  await ownLogs();
  const needs = await askOnce({ environment: { PATH: logs.folder } });
  const witness = needCalled(needs, 'show whether a file is open');

  expect(witness.state).toBe('missing');
  expect(witness.detail).toMatch(/^neither perl nor python3 works here, and \d+ processes may not be looked into/);
  expect(witness.grant ?? 'no installer here').toMatch(/perl|no installer/);
});

test('a machine that is not Linux is missing, and is not looked at further', async () => {
  Object.defineProperty(process, 'platform', { value: 'darwin' });
  expect(await ask()).toMatchObject([{ need: 'lie on Linux', state: 'missing' }]);
});

test('a folder that is not there, is a link, or is one of the system is unknown with the reason', async () => {
  const link = join(logs.folder, 'link');
  await symlink(tmpdir(), link);
  const needs = await Promise.all([ask(join(logs.folder, 'absent')), ask(link), ask('/var'), ask()]);

  expect(needs.slice(0, 3).map(inWords)).toEqual(Array.from({ length: 3 }, () => ['unknown be reached']));
  expect(needs.map(([first]) => first?.detail)).toEqual([
    expect.stringContaining('ENOENT'),
    expect.stringContaining('is a link; name the folder that it leads to'),
    expect.stringContaining('is a folder of the system'),
    expect.stringMatching(/^Linux /),
  ]);
});

test('what is met is enough: the task then compresses and deletes', async () => {
  await logs.write('app.log.1', 10);
  await logs.write('old.log.1.gz', 60);
  expect(inWords(await ask())).toEqual(MET.map((need) => `met ${need}`));

  expect((await enforce(logs.folder)).measured).toMatchObject({ 'logs-compressed': 1, 'logs-deleted': 1 });
});
