import { afterEach, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { task } from '../../../../lambdas/tasks/redis/check-memory.ts';
import { redisProgram, startRedis } from '../../../../lib/demo/servers/redis.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import { bulk, startProxy, startStranger, type Stranger } from './stranger.ts';

const isMissing = (await redisProgram()) === undefined;
if (isMissing) process.stderr.write('skipped: a Sentinel is not told from a Redis, because redis-server is missing\n');
const opened: Stranger[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((stranger) => stranger.close()));
});

async function check(stranger: Stranger | { readonly port: number }, allowAddresses?: readonly string[]) {
  if ('close' in stranger) opened.push(stranger);
  const targets = { cache: { url: `redis://127.0.0.1:${stranger.port}` } };
  const { findings, measurements } = await resultOf({
    task,
    targets,
    input: { answerSeconds: 1 },
    ...(allowAddresses && { allowAddresses }),
  });
  return { findings, measurements, kinds: findings.map(({ kind }) => kind) };
}

const INFO = [
  '# Memory',
  ...['used_memory:1000', 'maxmemory:100000', 'maxmemory_policy:allkeys-lru', 'loading:0', 'role:master'],
  ...['rdb_last_bgsave_status:ok', 'evicted_keys:0', 'uptime_in_seconds:9', 'run_id:a'],
  '# Keyspace',
  'db0:keys=3,expires=1,avg_ttl=9',
];

/** A proxy with three keys that answers everything; `changes` are what it answers otherwise. */
function proxyWith(info: readonly string[], changes: Readonly<Record<string, string | undefined>> = {}) {
  const answers: Readonly<Record<string, string | undefined>> = {
    PING: '+PONG\r\n',
    INFO: bulk(info.join('\r\n')),
    SCAN: `*2\r\n${bulk('0')}*3\r\n${bulk('a:1')}${bulk('a:2')}${bulk('a:3')}`,
    PTTL: ':-1\r\n',
    MEMORY: ':60\r\n',
    ...changes,
  };
  return startProxy((command) => (command in answers ? answers[command] : '-ERR unknown command\r\n'));
}

test('a proxy that answers all is judged like a server, though it knows no CLIENT', async () => {
  const { kinds } = await check(await proxyWith(INFO));

  expect(kinds).toEqual(['keys-without-expiry']);
});

test.each(['used_memory', 'maxmemory', 'maxmemory_policy', 'evicted_keys', 'role', 'rdb_last_bgsave_status'])(
  'an INFO without %s is unknown and names it',
  async (field) => {
    const { findings } = await check(await proxyWith(INFO.filter((line) => !line.startsWith(`${field}:`))));

    expect(findings[0]).toEqual({ kind: 'partial-answer', target: 'cache', summary: `INFO came without ${field}` });
  },
);

test('an INFO without anything is unknown, measures nothing and is no pass', async () => {
  const { kinds, measurements } = await check(await proxyWith([]));

  expect(kinds).toEqual(['partial-answer']);
  expect(measurements).toEqual([]);
});

test('a server that falls silent while its keys are looked at keeps what INFO said', async () => {
  const { findings } = await check(await proxyWith(INFO, { SCAN: undefined }));

  expect(findings.map(({ kind }) => kind)).toEqual(['not-sampled', 'keys-without-expiry']);
  expect(findings[0]?.summary).toMatch(/^INFO was read, then .* did not answer SCAN within 1 s; it may hang$/);
});

test('a server that ends the connection while its keys are looked at keeps what INFO said', async () => {
  const stranger = await startProxy((command, socket) => {
    if (command === 'SCAN') socket.destroy();
    return { PING: '+PONG\r\n', INFO: bulk(INFO.join('\r\n')) }[command] ?? '-ERR unknown command\r\n';
  });

  const { findings } = await check(stranger);

  expect(findings[0]).toMatchObject({ kind: 'not-sampled' });
  expect(findings[0]?.summary).toMatch(/ended the connection while it was being read$/);
});

test.each([
  ['nonsense', '*1\r\n:5\r\n'],
  ['a number', ':5\r\n'],
  ['nothing', '$-1\r\n'],
])('an answer to SCAN that is %s is unknown', async (_, answer) => {
  const { kinds } = await check(await proxyWith(INFO, { SCAN: answer }));

  expect(kinds).toEqual(['keys-without-expiry', 'not-sampled']);
});

test.each([
  ['an SSH server', 'SSH-2.0-OpenSSH_9.6\r\n', /is not a Redis: it answered a PING with "SSH-2.0-OpenSSH_9.6"$/],
  ['a line with escapes', '\x1b[2Jboo\r\n', /answered a PING with "\?\[2Jboo"$/],
  ['a Redis in protected mode', '-DENIED Redis is running in protected mode\r\n', /is in protected mode/],
  ['a full Redis', '-ERR max number of clients reached\r\n', /has reached its maxclients/],
])('%s is unknown, and said to be what it is', async (_, greeting, reason) => {
  const { findings } = await check(await startStranger((socket) => socket.end(greeting)));

  expect(findings).toMatchObject([{ kind: 'not-readable' }]);
  expect(findings[0]?.summary).toMatch(reason);
});

test('an HTTP server is no Redis', async () => {
  const server = createHttpServer((_, response) => response.end('hello'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const { findings } = await check(server.address() as AddressInfo);

  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  expect(findings[0]?.summary).toMatch(/is not a Redis: it answered a PING with "HTTP\/1.1 400 Bad Request"$/);
});

test.each([
  ['says nothing', () => undefined, /accepted the connection and did not answer a PING within 1 s$/],
  ['hangs up', (stranger: { destroy(): void }) => stranger.destroy(), /ended the connection instead of answering/],
])('a port that %s is unknown', async (_, act, reason) => {
  const { findings } = await check(await startStranger(act));

  expect(findings).toMatchObject([{ kind: 'not-readable' }]);
  expect(findings[0]?.summary).toMatch(reason);
});

test('a line without an end is not read to its end', async () => {
  let sent = 0;
  const stranger = await startStranger((socket) => {
    const pour = () => {
      while (!socket.destroyed && socket.write('+'.padEnd(65_536, 'A'))) sent += 65_536;
    };
    socket.on('drain', pour);
    pour();
  });

  const { findings } = await check(stranger);

  expect(findings[0]?.summary).toMatch(/is not a Redis: it answered a PING with "\+A{39}"$/);
  expect(sent).toBeLessThan(64 * 1_048_576);
});

test('a port where nobody listens, and an address that may not be called, are unknown', async () => {
  const stranger = await startStranger(() => undefined);
  await stranger.close();
  const { port } = stranger;

  expect((await check({ port })).findings[0]?.summary).toBe(`127.0.0.1:${port} refused the connection`);
  expect((await check({ port }, ['10.0.0.0/8'])).findings[0]?.summary).toMatch(/is not called: is a loopback address/);
});

test('one that cannot be read takes nothing from its neighbour', async () => {
  const healthy = await proxyWith(INFO);
  opened.push(healthy);
  const targets = { gone: { url: 'redis://127.0.0.1:1' }, cache: { url: `redis://127.0.0.1:${healthy.port}` } };

  const { findings } = await resultOf({ task, targets, input: { answerSeconds: 1 } });

  expect(findings.map(({ kind, target }) => `${target} ${kind}`)).toEqual([
    'gone not-readable',
    'cache keys-without-expiry',
  ]);
});

(isMissing ? test.skip : test)('a Sentinel holds no keys and is unknown', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fettle-redis-'));
  const sentinel = await startRedis({ folder, password: '', isSentinel: true });

  const { kinds } = await check({ port: sentinel.port });

  await sentinel.stop();
  await rm(folder, { recursive: true, force: true });
  expect(kinds).toEqual(['not-a-data-server']);
});
