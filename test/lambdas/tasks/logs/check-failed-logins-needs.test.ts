import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { chmod, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { task } from '../../../../lambdas/tasks/logs/check-failed-logins.ts';
import { pointSdkAt } from '../../../contract/store-backends.ts';
import { inWords, needCalled, needsOf } from '../../../harness/needs-of.ts';
import { giveToPlainUser, isRoot, startPlainUser, type PlainUser } from '../../../harness/plain-user.ts';
import { logGroup } from '../../../servers/cloudwatch-logs-groups.ts';
import { startCloudWatchLogs, type CloudWatchLogsServer } from '../../../servers/cloudwatch-logs.ts';
import { alive, folderWith, hoursAgo, NOW, removeFolders } from './failed-logins-folder.ts';

const FILE = 'lambdas/tasks/logs/check-failed-logins.ts';
const GROUP = '/hosts/auth';
const asRoot = isRoot ? test : test.skip;
if (!isRoot) process.stderr.write('skipped: no file is given to another user, because only root can\n');
const run = promisify(execFile);
let server: CloudWatchLogsServer;
let user: PlainUser;

beforeAll(async () => {
  server = await startCloudWatchLogs({ clock: () => NOW });
  pointSdkAt(server.endpoint);
  user = startPlainUser();
});
beforeEach(() => {
  server.groups.clear();
  server.onRequest = undefined;
  server.groups.set(
    GROUP,
    logGroup(GROUP, { streams: { web1: [{ timestamp: hoursAgo(1).getTime(), message: 'x' }] } }),
  );
});
afterEach(removeFolders);
afterAll(async () => {
  await user.stop();
  await server.close();
});

const ask = (url: string, input = {}) => needsOf({ task, now: NOW, input, targets: { auth: { url } } });
const askFolder = (folder: string) => ask(pathToFileURL(folder).href);
const askPlainly = (folder: string) => user.ask({ file: FILE, targets: { auth: { url: pathToFileURL(folder).href } } });

/** Logs of the plain user, in a folder that is its own. */
async function ownLogs(): Promise<string> {
  const folder = await folderWith({ 'auth.log': alive(3), 'auth.log.1': alive(3) });
  for (const path of [folder, join(folder, 'auth.log'), join(folder, 'auth.log.1')]) await giveToPlainUser(path);
  return folder;
}

test('a folder that can be read and holds other logs is no folder of logins', async () => {
  const folder = await folderWith({ 'access.log': alive(3) });

  expect(await askFolder(folder)).toEqual([
    {
      target: 'auth',
      need: 'hold logs of logins',
      state: 'missing',
      detail: `${folder} holds no file called auth.log* or secure*`,
    },
  ]);
});

test('logs that can be opened are all that it takes', async () => {
  const folder = await ownLogs();
  const needs = await askPlainly(folder);

  expect(needs).toMatchObject([
    {
      need: 'be listed',
      state: 'met',
      detail: expect.stringMatching(/ as \S+: 2 files called auth\.log\* or secure\*$/),
    },
    { need: 'read every file', state: 'met', detail: '2 of 2 can be opened' },
  ]);
});

test.each([
  ['the folder', '', 'be listed'],
  ['one of its logs', 'auth.log.1', 'read every file'],
])('where %s is closed to its owner, the command that it shows opens it', async (_what, name, need) => {
  const folder = await ownLogs();
  await chmod(join(folder, name), 0o200);
  const found = needCalled(await askPlainly(folder), need);

  expect(found).toMatchObject({ state: 'missing', grant: `chmod -R u+rX ${folder}` });
  await run('sh', ['-c', found.grant ?? '']);
  expect(inWords(await askPlainly(folder))).toEqual(['met be listed', 'met read every file']);
});

asRoot('a log of root alone is opened to this user alone, and those that the rotation will make with it', async () => {
  const folder = await folderWith({ 'auth.log': alive(3), 'auth.log.1': alive(3) });
  await chmod(folder, 0o755);
  await chmod(join(folder, 'auth.log'), 0o600);

  expect(needCalled(await askPlainly(folder), 'read every file')).toMatchObject({
    state: 'missing',
    detail: '1 of 2 cannot be opened, such as auth.log: permission denied',
    grant: `setfacl -R -m u:nobody:rX,d:u:nobody:rX ${folder}`,
  });
});

test('a link that leads out of the folder is missing, without a command', async () => {
  const folder = await folderWith({ 'auth.log': alive(3) });
  await symlink('/etc/passwd', join(folder, 'auth.log.1'));

  const found = needCalled(await askFolder(folder), 'read every file');
  expect(found.detail).toContain('auth.log.1: it is a link that leads out of the folder');
  expect(found.grant).toBeUndefined();
});

test('a log group that can be read is told with what came, and nothing of it is changed', async () => {
  const before = structuredClone(server.groups.get(GROUP));
  const first = server.requests.length;
  const needs = await ask(`cloudwatch-logs:${GROUP}`);

  expect(inWords(needs)).toEqual(['met be listed', 'met read its events', 'met list its streams']);
  expect(server.requests.slice(first).map(({ operation }) => operation)).toEqual([
    'DescribeLogGroups',
    'FilterLogEvents',
    'DescribeLogStreams',
  ]);
  expect(server.requests.at(-2)?.input['limit']).toBe(1);
  expect(server.groups.get(GROUP)).toEqual(before);
});

test.each([
  ['DescribeLogGroups', 'be listed'],
  ['FilterLogEvents', 'read its events'],
  ['DescribeLogStreams', 'list its streams'],
])('without logs:%s it must %s, and the policy that it shows gives it', async (operation, need) => {
  let allowed: readonly string[] = [];
  const message = `User: arn:aws:sts::111122223333:assumed-role/fettle/x is not authorized to perform: logs:${operation} on resource: arn:aws:logs:eu-west-1:111122223333:log-group:${GROUP}:log-stream:`;
  server.onRequest = (request) =>
    request.operation === operation && !allowed.includes(`logs:${operation}`)
      ? { status: 400, code: 'AccessDeniedException', message }
      : undefined;
  const found = needCalled(await ask(`cloudwatch-logs:${GROUP}`), need);

  expect(found.state).toBe('missing');
  const { Statement } = JSON.parse(found.grant ?? '') as { Statement: { Action: string[]; Resource: string[] }[] };
  expect(Statement.map(({ Resource }) => Resource)).toEqual([
    ['arn:aws:logs:eu-west-1:111122223333:log-group:*'],
    [`arn:aws:logs:eu-west-1:111122223333:log-group:${GROUP}:*`],
  ]);
  allowed = Statement.flatMap(({ Action }) => Action);
  expect(allowed).toEqual(['logs:DescribeLogGroups', 'logs:DescribeLogStreams', 'logs:FilterLogEvents']);
  expect(needCalled(await ask(`cloudwatch-logs:${GROUP}`), need).state).toBe('met');
});

test('what is not there, or does not answer as it should, is unknown with the reason', async () => {
  const needs = [
    await ask('cloudwatch-logs:/hosts'),
    await askFolder('/nonexistent/logs'),
    await ask('https://example.com'),
  ];
  server.onRequest = () => ({ status: 400, code: 'InvalidParameterException', message: 'no' });
  needs.push(await ask(`cloudwatch-logs:${GROUP}`));

  expect(needs.map((its) => its.map(({ state }) => state))).toEqual(Array.from({ length: 4 }, () => ['unknown']));
  expect(needs.flat().map(({ detail }) => detail)).toEqual([
    'there is no log group /hosts',
    expect.stringContaining('/nonexistent/logs is no folder'),
    expect.stringContaining('neither file:///folder/ nor cloudwatch-logs:group'),
    expect.stringContaining('InvalidParameterException'),
  ]);
});
