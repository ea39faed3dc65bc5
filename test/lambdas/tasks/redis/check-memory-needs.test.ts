import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Json } from '../../../../core/json.ts';
import { task } from '../../../../lambdas/tasks/redis/check-memory.ts';
import { redisProgram, type RedisServer, startRedis } from '../../../../lib/demo/servers/redis.ts';
import { startSilentPort } from '../../../../lib/demo/servers/tls.ts';
import { inWords, needCalled, needsOf } from '../../../harness/needs-of.ts';
import { commands } from './commands.ts';

const isMissing = (await redisProgram()) === undefined;
const withRedis = isMissing ? test.skip : test;
if (isMissing) process.stderr.write('skipped: no Redis is asked what it lets, because redis-server is missing\n');

const USER = { name: 'fettle', password: 'of fettle' };
const ALL = ['+ping', '+info', '+select', '+scan', '+pttl', '+memory|usage', '%R~*'];
const MET = [
  'met be reached',
  'met log in',
  'met read INFO',
  'met serve its data',
  'met run SCAN',
  'met select every database',
  'met read the expiry of keys',
  'met read the size of keys',
  'met read every key',
];
let folder = '';
let server: RedisServer;
let empty: RedisServer;

beforeAll(async () => {
  if (isMissing) return;
  folder = await mkdtemp(join(tmpdir(), 'fettle-redis-'));
  server = await startRedis({ folder: join(folder, 'full'), password: 'of the default user' });
  empty = await startRedis({ folder: join(folder, 'empty'), password: '' });
  await commands(server.url(), ['SET', 'session:alice', 'a'], ['SET', 'cart:alice', 'c', 'EX', '900']);
  await commands(server.url(), ['SELECT', '2'], ['SET', 'session:bob', 'b']);
});

afterAll(async () => {
  if (isMissing) return;
  await Promise.all([server.stop(), empty.stop()]);
  await rm(folder, { recursive: true, force: true });
});

const ask = (url: string, input: Readonly<Record<string, Json>> = {}) =>
  needsOf({ task, targets: { cache: { url } }, input: { answerSeconds: 2, ...input } });

/** Asks as a user who has these rights and no others. */
async function askWith(rights: readonly string[], at = server) {
  await commands(at.url(), ['ACL', 'SETUSER', USER.name, 'reset', 'on', `>${USER.password}`, '-@all', ...rights]);
  return ask(at.url(USER));
}

withRedis('a login that works and a server that is empty do not hide that most names are closed', async () => {
  const needs = await askWith([...ALL.slice(0, -1), '%R~session:*'], empty);

  expect(needs.filter(({ state }) => state !== 'met')).toEqual([
    {
      target: 'cache',
      need: 'read every key',
      state: 'missing',
      detail: 'it holds none, and not every name is allowed',
      grant: 'ACL SETUSER fettle +ping +info +select +scan +pttl +memory|usage %R~*',
    },
  ]);
});

withRedis('with exactly the rights of the grant everything is met, and told with version and whom', async () => {
  const needs = await askWith(ALL);

  expect(inWords(needs)).toEqual(MET);
  expect(needs.map(({ detail }) => detail)).toEqual([
    `127.0.0.1:${server.port} answers in clear text`,
    'as fettle',
    expect.stringMatching(/^(Redis|Valkey) \d+\.\d+\.\d+, master$/),
    '3 keys in databases 0, 2',
    'the keys of databases 0, 2 are listed',
    'databases 0, 2',
    'PTTL was answered for 3 keys',
    'MEMORY USAGE was answered for 3 keys',
    '3 of 3 that were tried',
  ]);
  expect(JSON.stringify(needs)).not.toMatch(/alice|bob|of fettle/);
});

withRedis.each([
  ['+scan', 'run SCAN', 'the server refused SCAN: NOPERM, no right to use it'],
  ['+select', 'select every database', 'the server refused SELECT: NOPERM, no right to use it'],
  ['+pttl', 'read the expiry of keys', 'the server refused PTTL: NOPERM, no right to use it'],
  ['+memory|usage', 'read the size of keys', 'the server refused MEMORY: NOPERM, no right to use it'],
  ['+info', 'read INFO', 'the server refused INFO: NOPERM, no right to use it'],
  ['%R~*', 'read every key', '3 of 3 that were tried are refused'],
])('without %s it must %s, and the statement that it shows gives it', async (right, need, detail) => {
  const needs = await askWith(ALL.filter((given) => given !== right));
  const missing = needs.filter(({ state }) => state === 'missing');

  expect(missing).toMatchObject([{ need, detail }]);
  await commands(server.url(), missing[0]?.grant?.split(' ') ?? []);
  expect(inWords(await ask(server.url(USER)))).toEqual(MET);
});

withRedis('what the input leaves out is not needed', async () => {
  expect(inWords(await ask(empty.url(), { sampleKeys: 0 }))).toEqual(MET.slice(0, 4));
  expect(inWords(await ask(empty.url(), { sampleSizes: 0 }))).not.toContain('met read the size of keys');
});

withRedis('a password that is wrong, missing or superfluous is a missing login, without a statement', async () => {
  const urls = [server.url({ ...USER, password: 'wrong' }), `redis://127.0.0.1:${server.port}`];
  const needs = await Promise.all([...urls, `redis://:secret@127.0.0.1:${empty.port}`].map((url) => ask(url)));

  expect(needs.map(inWords)).toEqual([['missing log in'], ['missing log in'], ['missing log in']]);
  expect(needs.flat().map(({ detail }) => detail)).toEqual([
    expect.stringContaining('refused the user or the password of its url'),
    expect.stringContaining('asks for a password and its url has none'),
    expect.stringContaining('anyone may use it, or it is another server'),
  ]);
  expect(JSON.stringify(needs)).not.toMatch(/grant|wrong|secret@/);
});

withRedis('a renamed command is missing without a statement that could not help', async () => {
  const settings = ['rename-command SCAN ""'];
  const renamed = await startRedis({ folder: join(folder, 'renamed'), password: '', settings });
  const needs = await ask(renamed.url());
  await renamed.stop();

  expect(needCalled(needs, 'run SCAN')).toEqual({
    target: 'cache',
    need: 'run SCAN',
    state: 'missing',
    detail: 'the server refused SCAN: unknown command (renamed, or not of this server)',
  });
  expect(needCalled(needs, 'read every key').state).toBe('unknown');
});

withRedis('a Sentinel lets us in and holds no data', async () => {
  const sentinel = await startRedis({ folder: join(folder, 'sentinel'), password: '', isSentinel: true });
  const needs = await ask(sentinel.url());
  await sentinel.stop();

  expect(needCalled(needs, 'serve its data')).toMatchObject({
    state: 'missing',
    detail: 'a Sentinel answers, not a server that holds keys',
  });
});

test('a server that is gone or silent is unknown with the reason, and one that may not be called is not allowed yet', async () => {
  const silent = await startSilentPort();
  const gone = await startSilentPort();
  await gone.close();
  const targets = {
    silent: { url: `redis://127.0.0.1:${silent.port}` },
    gone: { url: `redis://127.0.0.1:${gone.port}` },
    private: { url: 'redis://10.0.0.1' },
  };
  const needs = await needsOf({ task, targets, input: { answerSeconds: 1 } });
  await silent.close();

  expect(needs.map(({ target, need, state }) => `${target} ${state} ${need}`)).toEqual([
    'silent unknown be reached',
    'gone unknown be reached',
    'private missing be allowed by allowAddresses',
  ]);
  expect(needs.map(({ detail }) => detail)).toEqual([
    expect.stringContaining('did not answer a PING within 1 s'),
    expect.stringContaining('refused the connection'),
    expect.stringContaining('10.0.0.1'),
  ]);
  expect(needs[2]?.grant).toContain('10.0.0.1/32');
});

withRedis('it asks for nothing but what reads, and every key stays as it was', async () => {
  await commands(server.url(), ['ACL', 'SETUSER', USER.name, 'reset', 'on', `>${USER.password}`, '-@all', ...ALL]);
  const [before] = await commands(server.url(), ['DEBUG', 'DIGEST'], ['CONFIG', 'RESETSTAT']);
  await ask(server.url(USER));
  const [after, stats] = await commands(server.url(), ['DEBUG', 'DIGEST'], ['INFO', 'commandstats']);

  const names = [...String(stats).matchAll(/^cmdstat_([^:|]+)/gm)].map(([, name]) => name);
  const reading = ['auth', 'client', 'config', 'debug', 'info', 'memory', 'ping', 'pttl', 'scan', 'select', 'hello'];
  expect(names).toEqual(expect.arrayContaining(['pttl', 'scan', 'memory']));
  expect(names.filter((name) => !reading.includes(name ?? ''))).toEqual([]);
  expect(after).toEqual(before);
});
