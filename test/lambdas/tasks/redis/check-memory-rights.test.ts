import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { task } from '../../../../lambdas/tasks/redis/check-memory.ts';
import { redisProgram, type RedisServer, startRedis } from '../../../../lib/demo/servers/redis.ts';
import { commandProblems } from '../../../harness/finding-commands.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import { commands } from './commands.ts';

const isMissing = (await redisProgram()) === undefined;
const withRedis = isMissing ? test.skip : test;
if (isMissing) process.stderr.write('skipped: no right is taken from Fettle, because redis-server is missing\n');

const HEALTHY = ['maxmemory 100mb', 'maxmemory-policy allkeys-lru'];
const USER = { name: 'fettle', password: 'of fettle' };
let folder = '';
let server: RedisServer;

beforeAll(async () => {
  if (isMissing) return;
  folder = await mkdtemp(join(tmpdir(), 'fettle-redis-'));
  server = await startRedis({ folder, password: 'of the default user', settings: HEALTHY });
  await commands(server.url(), ['SET', 'session:alice', 'a'], ['SELECT', '2'], ['SET', 'session:bob', 'b']);
});

afterAll(async () => {
  if (isMissing) return;
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Checks the server as a user who has these rights and no others. */
async function checkWith(...rights: readonly string[]) {
  await commands(server.url(), ['ACL', 'SETUSER', USER.name, 'reset', 'on', `>${USER.password}`, '-@all', ...rights]);
  return check(server.url(USER));
}

async function check(url: string) {
  const { findings } = await resultOf({ task, targets: { cache: { url } }, input: { answerSeconds: 3 } });
  expect(commandProblems(findings)).toEqual([]);
  return findings;
}

const ALL = ['+ping', '+info', '+select', '+scan', '+pttl', '+memory|usage', '%R~*'];

withRedis('a user with exactly the rights that this task names reads all of it', async () => {
  const findings = await checkWith(...ALL);

  expect(findings.map(({ kind }) => kind)).toEqual(['keys-without-expiry']);
  expect(findings[0]?.summary).toContain('2 of 2 keys have no expiry, 100 %; by 2 keys looked at (100 %)');
  expect(JSON.stringify(findings)).not.toMatch(/alice|bob/);
});

withRedis('the statement that it shows gives what was missing', async () => {
  const [finding] = await checkWith('+ping');

  expect(finding).toEqual({
    kind: 'command-refused',
    target: 'cache',
    summary: 'the server refused INFO: NOPERM, no right to use it',
    command: 'ACL SETUSER fettle +ping +info +select +scan +pttl +memory|usage ~*',
  });
  await commands(server.url(), finding?.command?.split(' ') ?? []);
  expect((await check(server.url(USER))).map(({ kind }) => kind)).toEqual(['keys-without-expiry']);
});

withRedis.each([
  ['+scan', 'SCAN: NOPERM, no right to use it'],
  ['+pttl', 'PTTL: NOPERM, no right to use it'],
  ['+memory|usage', 'MEMORY: NOPERM, no right to use it'],
  ['+select', 'SELECT: NOPERM, no right to use it'],
  ['%R~*', 'PTTL: NOPERM, no right to read these keys'],
])('without %s the numbers of INFO are judged and the sample is unknown', async (right, words) => {
  const findings = await checkWith(...ALL.filter((given) => given !== right));

  expect(findings.map(({ kind }) => kind)).toEqual(['keys-without-expiry', 'not-sampled']);
  expect(findings[0]?.summary).toMatch(/^2 of 2 keys have no expiry, 100 %/);
  expect(findings[1]?.summary).toContain(words);
  expect(findings[1]?.command).toBe('ACL SETUSER fettle +ping +info +select +scan +pttl +memory|usage %R~*');
});

withRedis('a wrong, a missing and a superfluous password are unknown, each with its reason', async () => {
  const open = await startRedis({ folder: join(folder, 'open'), password: '', settings: HEALTHY });
  const url = server.url({ name: 'fettle', password: 'wrong' });
  const texts = [
    await check(url),
    await check(`redis://127.0.0.1:${server.port}`),
    await check(`redis://:password@127.0.0.1:${open.port}`),
    await check(open.url()),
  ].map((findings) => findings.map(({ kind, summary }) => `${kind}: ${summary}`));
  await open.stop();

  expect(texts).toEqual([
    [`not-readable: 127.0.0.1:${server.port} refused the user or the password of its url`],
    [`not-readable: 127.0.0.1:${server.port} asks for a password and its url has none`],
    [expect.stringMatching(/its url has one: anyone may use it, or it is another server$/)],
    [],
  ]);
});

withRedis('commands that were renamed are named, without a statement that could not help', async () => {
  const rename = (...names: readonly string[]) => names.map((name) => `rename-command ${name} ""`);
  const infoless = await startRedis({ folder: join(folder, 'i'), password: 'p', settings: rename('INFO') });
  const scanless = await startRedis({
    folder: join(folder, 's'),
    password: 'p',
    settings: [...HEALTHY, ...rename('SCAN', 'CONFIG', 'CLIENT')],
  });
  await commands(scanless.url(), ['SET', 'a', 'b']);

  const [unread] = await check(infoless.url());
  const unsampled = await check(scanless.url());

  await Promise.all([infoless.stop(), scanless.stop()]);
  expect(unread).toEqual({
    kind: 'command-refused',
    target: 'cache',
    summary: 'the server refused INFO: unknown command (renamed, or not of this server)',
  });
  expect(unsampled.map(({ kind }) => kind)).toEqual(['keys-without-expiry', 'not-sampled']);
  expect(unsampled[1]?.command).toBeUndefined();
});
