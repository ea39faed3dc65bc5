import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createClient } from '@redis/client';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { task } from '../../../../lambdas/tasks/redis/check-memory.ts';
import {
  CACHE_KEYS,
  CACHE_SETTINGS,
  plantRedis,
  REDIS_FINDINGS,
  SESSIONS_KEYS,
  SESSIONS_SETTINGS,
} from '../../../../lib/demo/redis-data.ts';
import { redisProgram, type RedisServer, startRedis } from '../../../../lib/demo/servers/redis.ts';
import { commandProblems } from '../../../harness/finding-commands.ts';
import { resultOf } from '../../../harness/perform-task.ts';

const isMissing = (await redisProgram()) === undefined;
const withRedis = isMissing ? test.skip : test;
if (isMissing) process.stderr.write('skipped: the memory of Redis is not checked, because redis-server is missing\n');

let folder = '';
let cache: RedisServer;
let sessions: RedisServer;
let client: ReturnType<typeof clientOf>;
/** One run on both servers as they were planted. */
let seen: Awaited<ReturnType<typeof resultOf>>;

beforeAll(async () => {
  if (isMissing) return;
  folder = await mkdtemp(join(tmpdir(), 'fettle-redis-'));
  cache = await startRedis({ folder: join(folder, 'cache'), settings: CACHE_SETTINGS });
  sessions = await startRedis({ folder: join(folder, 'sessions'), settings: SESSIONS_SETTINGS });
  await plantRedis(cache.url(), CACHE_KEYS);
  await plantRedis(sessions.url(), SESSIONS_KEYS);
  client = clientOf(cache.url());
  await client.connect();
  seen = await resultOf({ task, targets: targets() });
});

afterAll(async () => {
  if (isMissing) return;
  client.destroy();
  await Promise.all([cache.stop(), sessions.stop()]);
  await rm(folder, { recursive: true, force: true });
});

function clientOf(url: string) {
  // What a test stops under its client is no failure of the test.
  return createClient({ url, RESP: 2, socket: { reconnectStrategy: false } }).on('error', (error: Error) => error);
}

const targets = () => ({ cache: { url: cache.url() }, sessions: { url: sessions.url() } });

withRedis('finds exactly what the demo plants, and accuses the healthy server beside it of nothing', () => {
  const { findings } = seen;

  const accused = findings.filter(({ kind }) => kind !== 'keys-without-expiry');
  const words = accused.map(({ kind, target, subject }) =>
    [task.name, kind, target, subject].filter(Boolean).join(' '),
  );
  expect(words.sort()).toEqual([...REDIS_FINDINGS].sort());
  expect(findings.filter(({ target }) => target === 'sessions').map(({ kind }) => kind)).toEqual([
    'keys-without-expiry',
  ]);
});

withRedis('names the exact number of keys without an expiry and their prefixes, never a whole key', () => {
  const { findings } = seen;

  const finding = findings.find(({ kind }) => kind === 'keys-only-grow');
  expect(finding).toMatchObject({ target: 'cache', value: 56.3, limit: 50, unit: 'percent' });
  expect(finding?.summary).toContain('5,401 of 9,601 keys have no expiry, 56.3 %, limit 50 %');
  expect(finding?.summary).toContain('import:row:* 5,400');
  expect(JSON.stringify(findings)).not.toMatch(/row:\d|rendered|scratch/);
});

withRedis('shows how to find the large key without giving the password away', () => {
  const { findings } = seen;

  const finding = findings.find(({ kind }) => kind === 'big-key');
  expect(finding?.value).toBeGreaterThanOrEqual(CACHE_KEYS.bigKeyBytes);
  expect(finding?.command).toBe(`redis-cli -h 127.0.0.1 -p ${cache.port} -n 0 --memkeys --askpass`);
  expect(commandProblems(findings)).toEqual([]);
  expect(JSON.stringify(findings)).not.toContain(cache.password);
});

withRedis(
  'touches no key: the same keys are left, none counts as used, and KEYS, GET and DEL were never sent',
  async () => {
    await client.sendCommand(['CONFIG', 'RESETSTAT']);
    await client.sendCommand(['DEBUG', 'SLEEP', '1.1']);
    const before = [await client.dbSize(), await client.objectIdleTime('import:row:7')];

    await resultOf({ task, targets: targets() });

    const after = [await client.dbSize(), await client.objectIdleTime('import:row:7')];
    expect(after[0]).toBe(before[0]);
    // The clock of the server for this counts in seconds and begins anew at each use.
    expect(after[1]).toBeGreaterThanOrEqual(Math.max(1, before[1] ?? 0));
    const sent = [...(await client.info('commandstats')).matchAll(/^cmdstat_([^:]+):/gm)].map((match) => match[1]);
    const ours = [
      'auth',
      'info',
      'scan',
      'pttl',
      'memory|usage',
      'ping',
      'client|setname',
      'client|no-touch',
      'client',
    ];
    const tests = ['config|resetstat', 'debug', 'dbsize', 'object|idletime', 'select'];
    expect(sent.filter((name) => name !== undefined && ![...ours, ...tests].includes(name))).toEqual([]);
  },
);

withRedis('looks at no more keys than it may, and says which part that was', async () => {
  const input = { sampleKeys: 1_000 };

  const { findings, measurements } = await resultOf({ task, targets: targets(), input });

  const sampled = measurements.filter(({ name }) => name === 'keys-sampled').map(({ value }) => value);
  expect(sampled).toEqual([1_000, 1_000]);
  expect(findings.find(({ kind }) => kind === 'keys-only-grow')?.summary).toMatch(
    /5,401 of 9,601 .*by 1,000 keys looked at \(10\.4 %\): import:row:\* about 5,\d{3}/,
  );
});

withRedis('looks at no key where sampleKeys is 0, and counts all the same', async () => {
  const { findings, measurements } = await resultOf({ task, targets: targets(), input: { sampleKeys: 0 } });

  expect(measurements.map(({ name }) => name)).not.toContain('keys-sampled');
  expect(measurements).toContainEqual({ name: 'keys-without-expiry', value: 5_401, unit: 'count', target: 'cache' });
  expect(findings.find(({ kind }) => kind === 'keys-only-grow')?.summary).toMatch(/limit 50 %$/);
});

withRedis('looks at every logical database', async () => {
  const other = clientOf(cache.url());
  await other.connect();
  await other.select(3);
  await other.setRange('blob:1', 15_000_000, '.');

  const { findings } = await resultOf({ task, targets: { cache: { url: cache.url() } } });

  expect(
    findings
      .filter(({ kind }) => kind === 'big-key')
      .map(({ subject }) => subject)
      .sort(),
  ).toEqual(['database 0 report:*:*', 'database 3 *:*']);
  await other.flushDb();
  other.destroy();
});

withRedis('reports evictions of the time since the last run only, and a counter that began again as such', async () => {
  const input = { sampleKeys: 0 };
  const first = await resultOf({ task, targets: targets(), input });
  const second = await resultOf({ task, targets: targets(), input, baseline: first.baseline });
  await plantRedis(cache.url(), CACHE_KEYS);
  const third = await resultOf({ task, targets: targets(), input, baseline: second.baseline });
  const restarted = { ...(first.baseline as Record<string, object>) };
  restarted['cache'] = { ...restarted['cache'], runId: 'of another process' };
  const fourth = await resultOf({ task, targets: targets(), input, baseline: restarted });

  const kinds = [second, third, fourth].map(({ findings }) =>
    findings.map(({ kind }) => kind).filter((kind) => kind === 'much-evicted' || kind === 'counters-restarted'),
  );
  expect(kinds).toEqual([[], ['much-evicted'], ['counters-restarted', 'much-evicted']]);
  expect(third.findings.find(({ kind }) => kind === 'much-evicted')?.summary).toMatch(
    /^3,000 keys evicted since the last run/,
  );
});

withRedis('remembers the counters of servers that this run did not look at', async () => {
  const counters = { at: '2026-01-01T00:00:00.000Z', runId: 'a', evictedKeys: 1, refusedWrites: 2 };

  const { baseline } = await resultOf({
    task,
    targets: targets(),
    input: { sampleKeys: 0 },
    baseline: { elsewhere: counters },
  });

  expect(baseline).toMatchObject({ elsewhere: counters, cache: { refusedWrites: 0 } });
});
