import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { task } from '../../../../lambdas/tasks/redis/check-memory.ts';
import { type RedisOptions, redisProgram, type RedisServer, startRedis } from '../../../../lib/demo/servers/redis.ts';
import { createAuthority, issue } from '../../../../lib/demo/servers/tls.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import { commands, eventually } from './commands.ts';

const isMissing = (await redisProgram()) === undefined;
const withRedis = isMissing ? test.skip : test;
if (isMissing) process.stderr.write('skipped: no Redis is broken in real ways, because redis-server is missing\n');

const HEALTHY = ['maxmemory 100mb', 'maxmemory-policy allkeys-lru'];
const started: RedisServer[] = [];
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fettle-redis-'));
});

afterAll(async () => {
  await Promise.all(started.map((server) => server.stop()));
  await rm(folder, { recursive: true, force: true });
});

async function start(options: Omit<RedisOptions, 'folder'>): Promise<RedisServer> {
  const server = await startRedis({ folder: join(folder, String(started.length)), ...options });
  started.push(server);
  return server;
}

async function check(url: string, input: Record<string, number> = {}, settings: Record<string, string> = {}) {
  const targets = { cache: { url, ...settings } };
  const { findings } = await resultOf({ task, targets, input: { answerSeconds: 3, ...input } });
  return findings;
}

const kindsOf = (findings: readonly { readonly kind: string }[]) => findings.map(({ kind }) => kind);

withRedis('a replica is well while its primary lives, and detached when that was killed', async () => {
  const primary = await start({ settings: HEALTHY });
  const replica = await start({ settings: [...HEALTHY, 'repl-ping-replica-period 1'], replicaOf: primary });
  await eventually(async () => String(await commands(replica.url(), ['INFO'])).includes('master_link_status:up'));
  const before = await check(replica.url());
  primary.signal('SIGKILL');
  await eventually(async () => String(await commands(replica.url(), ['INFO'])).includes('master_link_status:down'));

  const after = await check(replica.url());

  expect(kindsOf(before)).toEqual(['is-replica']);
  expect(kindsOf(after)).toEqual(['replica-detached']);
  expect(after[0]?.summary).toMatch(
    new RegExp(`its primary 127.0.0.1:${primary.port} is down (for \\d+ s|since its start), up`),
  );
  // One that serves nothing without its primary answers even a PING with MASTERDOWN.
  await commands(replica.url(), ['CONFIG', 'SET', 'replica-serve-stale-data', 'no']);
  expect(kindsOf(await check(replica.url()))).toEqual(['replica-detached']);
});

withRedis('a server that loads its data is unknown, and is judged when it is loaded', async () => {
  const settings = [...HEALTHY, 'dbfilename dump.rdb'];
  const place = join(folder, 'loading');
  const first = await startRedis({ folder: place, password: 'p', settings });
  await commands(first.url(), ['DEBUG', 'POPULATE', '5000', 'key', '10'], ['SAVE']);
  await first.stop();
  // Each key takes a millisecond now.
  const slow = [...settings, 'key-load-delay 1000', 'loading-process-events-interval-bytes 1024'];
  const loading = await startRedis({ folder: place, password: 'p', settings: slow, until: 'listening' });
  started.push(loading);

  const findings = await check(loading.url());

  expect(kindsOf(findings)).toEqual(['loading']);
  expect(findings[0]?.summary).toMatch(/^the server loads its data, [\d.]+ % so far, about \d+ s to go$/);
  await loading.stop();
  const loaded = await startRedis({ folder: place, password: 'p', settings });
  started.push(loaded);
  expect(kindsOf(await check(loaded.url()))).toEqual(['keys-without-expiry']);
});

withRedis('a server without room fails where nothing may be evicted, with the writes that it refused', async () => {
  const settings = ['maxmemory 12mb', 'maxmemory-policy noeviction'];
  const full = await start({ settings });
  const roomy = await start({ settings });
  await commands(roomy.url(), ['SETRANGE', 'blob', '1000000', '.']);
  await commands(full.url(), ['SETRANGE', 'blob', '7000000', '.'], ['SETRANGE', 'other', '3500000', '.']);
  const before = await check(full.url());
  await commands(full.url(), ['SETRANGE', 'third', '2000000', '.'], ['SET', 'fourth', '.']);

  const findings = await check(full.url());

  expect(kindsOf(before)).toContain('memory-full');
  expect(kindsOf(findings)).toEqual(['memory-full', 'writes-refused', 'keys-without-expiry']);
  expect(findings[0]).toMatchObject({ limit: 90, unit: 'percent' });
  expect(kindsOf(await check(roomy.url()))).toEqual(['keys-without-expiry']);
});

withRedis('a server without a limit is warned of', async () => {
  const server = await start({});

  const findings = await check(server.url());

  expect(kindsOf(findings)).toEqual(['no-memory-limit']);
  expect(findings[0]?.summary).toMatch(/^maxmemory is 0, [\d.]+ \wiB used of [\d.]+ GiB that the host has$/);
});

withRedis('a server that could not save its snapshot fails', async () => {
  const server = await start({ settings: HEALTHY });
  await commands(server.url(), ['SET', 'a', 'b']);
  await rm(join(folder, String(started.length - 1)), { recursive: true });
  await commands(server.url(), ['BGSAVE']);
  await eventually(() => server.log().includes('Background saving error'));

  expect(kindsOf(await check(server.url()))).toEqual(['snapshot-failed', 'keys-without-expiry']);
});

withRedis('a server that hangs is unknown within its time, and said to', async () => {
  const server = await start({ settings: HEALTHY });
  server.signal('SIGSTOP');

  const findings = await check(server.url(), { answerSeconds: 1 });

  expect(findings).toEqual([
    {
      kind: 'not-readable',
      target: 'cache',
      summary: `127.0.0.1:${server.port} accepted the connection and did not answer a PING within 1 s`,
    },
  ]);
});

withRedis('TLS is verified: with its authority it is read, without it or in clear text it is unknown', async () => {
  const authority = await createAuthority({ name: 'Test authority' });
  const { certificate, privateKey } = await issue({ authority, names: ['127.0.0.1'] });
  const foreign = await issue({ authority, names: ['cache.example.org'] });
  const [server, other] = [
    await start({ settings: HEALTHY, tls: { certificate, privateKey } }),
    await start({ settings: HEALTHY, tls: { certificate: foreign.certificate, privateKey: foreign.privateKey } }),
  ];
  const ca = { ca: authority.certificate };

  expect(await check(server.url(), {}, ca)).toEqual([]);
  expect((await check(server.url()))[0]?.summary).toMatch(
    /has a certificate that is not trusted; give its authority as ca$/,
  );
  expect((await check(other.url(), {}, ca))[0]?.summary).toMatch(/has a certificate for another name$/);
  expect((await check(server.url().replace('rediss:', 'redis:')))[0]?.summary).toMatch(/write rediss:/);
});

withRedis('a server whose maxclients is reached is unknown for that reason', async () => {
  const server = await start({ password: '', settings: [...HEALTHY, 'maxclients 1'] });
  const socket = createConnection({ host: '127.0.0.1', port: server.port });
  await new Promise((resolve) => socket.once('connect', resolve));

  const findings = await check(server.url());

  socket.destroy();
  expect(findings).toMatchObject([{ kind: 'not-readable' }]);
  expect(findings[0]?.summary).toMatch(/has reached its maxclients and takes no further connection$/);
});
