import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { task } from '../../../lambdas/tasks/redis/check-memory.ts';
import { redisProgram, startRedis, type RedisServer } from '../../../lib/demo/servers/redis.ts';
import { commands, eventually } from '../../lambdas/tasks/redis/commands.ts';
import { bulk, startProxy } from '../../lambdas/tasks/redis/stranger.ts';
import { startFaultProxy } from '../../servers/fault-proxy.ts';
import { BAD_LINES, see, seeOver, type Row, type Seen } from './_matrix.ts';

const isMissing = (await redisProgram()) === undefined;
const withRedis = isMissing ? test.skip : test;
if (isMissing) process.stderr.write('skipped: no line to a Redis is broken, because redis-server is missing\n');

const SETTINGS = ['maxmemory 200mb', 'maxmemory-policy allkeys-lru'];
const PASSWORD = 'a-password-of-redis';
let folder = '';
let server: RedisServer;
let seen: ReadonlyMap<string, Seen>;

beforeAll(async () => {
  if (isMissing) return;
  folder = await mkdtemp(join(tmpdir(), 'fettle-redis-'));
  server = await startRedis({ folder, password: PASSWORD, settings: SETTINGS });
  await commands(server.url(), ['DEBUG', 'POPULATE', '900', 'session', '10']);
  seen = await seeOver([...ROWS, ...BAD_LINES], server.port, check);
});
afterAll(async () => {
  if (isMissing) return;
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

function check(port: number): Promise<Seen> {
  const targets = { lost: { url: server.url().replace(/:\d+$/, `:${port}`) }, well: { url: server.url() } };
  return see({ task, targets, input: { answerSeconds: 4 } });
}

const ROWS: readonly Row[] = [
  { title: 'refuses the connection', refuses: true, words: /^not-readable: .* refused the connection$/ },
  {
    title: 'lets no connection through',
    isDeaf: true,
    words: /^not-readable: .* did not accept a connection within 4 s/,
  },
  { title: 'is reset at once', fault: { kind: 'reset' }, words: /^not-readable: .* ended the connection instead/ },
  { title: 'is closed at once', fault: { kind: 'end' }, words: /^not-readable: .* ended the connection instead/ },
  {
    title: 'is reset in the middle of the numbers',
    fault: { kind: 'reset', onceAsked: /INFO/, afterBytes: 700 },
    words: /^not-readable: .* ended the connection while it was being read$/,
  },
  {
    title: 'is closed in the middle of the numbers',
    fault: { kind: 'end', onceAsked: /INFO/, afterBytes: 700 },
    words: /^not-readable: .* ended the connection while it was being read$/,
  },
  {
    title: 'swallows everything',
    fault: { kind: 'stall' },
    words: /^not-readable: .* accepted the connection and did not answer a PING within 4 s$/,
  },
  {
    title: 'swallows everything from the middle of the numbers on',
    fault: { kind: 'stall', onceAsked: /INFO/, afterBytes: 700 },
    words: /^not-readable: .* did not answer INFO within 4 s; it may hang$/,
  },
  {
    title: 'loses its other end in the middle of the numbers',
    fault: { kind: 'half-open', onceAsked: /INFO/, afterBytes: 700 },
    words: /^not-readable: .* did not answer INFO within 4 s; it may hang$/,
  },
  {
    title: 'lets one byte through at a time',
    pace: { sliceBytes: 1, gapMs: 10 },
    words: /^not-readable: .* did not answer (INFO|CLIENT|a connection|a PING) within 4 s/,
  },
  {
    title: 'is reset while the keys are looked at, which leaves a part that is said to be one',
    fault: { kind: 'reset', onceAsked: /SCAN/, afterBytes: 5_000 },
    words: /^not-sampled: INFO was read, then the look at the keys ended: .* ended the connection/,
  },
  {
    title: 'swallows everything while the keys are looked at, which leaves a part that is said to be one',
    fault: { kind: 'stall', onceAsked: /SCAN/, afterBytes: 5_000 },
    words: /^not-sampled: INFO was read, then the look at the keys ended: .* did not answer (SCAN|PTTL) within 4 s/,
  },
];

withRedis.each(ROWS)('a Redis is unknown, and the one beside it judged, where the line $title', ({ title, words }) => {
  const { verdicts, said } = seen.get(title) ?? {};

  expect(verdicts).toEqual({ lost: 'unknown', well: 'pass' });
  expect(said?.['lost']).toMatch(words);
  expect(said?.['lost']).not.toContain(PASSWORD);
});

withRedis.each(BAD_LINES)('a Redis is judged as ever where the line $title', ({ title }) => {
  expect(seen.get(title)).toMatchObject({ verdicts: { lost: 'pass', well: 'pass' }, measured: ['lost', 'well'] });
});

withRedis('a Redis that is restarted while its keys are looked at is unknown, and judged by the next run', async () => {
  const place = await mkdtemp(join(tmpdir(), 'fettle-redis-'));
  const first = await startRedis({ folder: place, password: PASSWORD, settings: SETTINGS });
  await commands(first.url(), ['DEBUG', 'POPULATE', '900', 'session', '10']);
  const line = await startFaultProxy(first.port);
  line.fault = { kind: 'stall', onceAsked: /SCAN/, afterBytes: 5_000 };
  const targets = { cache: { url: first.url().replace(/:\d+$/, `:${line.port}`) } };
  const looking = see({ task, targets, input: { answerSeconds: 20 } });
  await eventually(() => line.counts.faults === 1);
  await first.stop();
  const again = await startRedis({ folder: place, password: PASSWORD, port: first.port, settings: SETTINGS });
  line.cut();

  const { verdicts, said } = await looking;
  await line.mend();
  const next = await see({ task, targets, input: { answerSeconds: 5 } });
  line.close();
  await again.stop();
  await rm(place, { recursive: true, force: true });

  expect(verdicts).toEqual({ cache: 'unknown' });
  expect(said['cache']).toMatch(/not-sampled: INFO was read, then the look at the keys ended/);
  expect(next).toMatchObject({ verdicts: { cache: 'pass' }, measured: ['cache'] });
});

const INFO = [
  ...['used_memory:1000', 'maxmemory:100000', 'maxmemory_policy:allkeys-lru', 'loading:0', 'role:master'],
  ...[
    'rdb_last_bgsave_status:ok',
    'evicted_keys:0',
    'uptime_in_seconds:9',
    'run_id:a',
    '# Keyspace',
    'db0:keys=2,expires=2',
  ],
].join('\r\n');

test.each(
  [
    '-LOADING Redis is loading',
    '-MOVED 3999 10.0.0.1:6379',
    '-MASTERDOWN Link is down',
    '-CLUSTERDOWN no slot',
    '-BUSY script',
  ].flatMap((error) => ['INFO', 'SCAN', 'PTTL'].map((command) => [error, command] as const)),
)('a server that answers «%s» to %s is unknown, and its words are given', async (error, command) => {
  const answers: Readonly<Record<string, string>> = {
    PING: '+PONG\r\n',
    INFO: bulk(INFO),
    SCAN: `*2\r\n${bulk('0')}*2\r\n${bulk('a:1')}${bulk('a:2')}`,
    PTTL: ':5000\r\n',
    MEMORY: ':60\r\n',
    [command]: `${error}\r\n`,
  };
  const stranger = await startProxy((asked) => answers[asked] ?? '-ERR unknown command\r\n');

  const { verdicts, said } = await see({ task, targets: { cache: { url: `redis://127.0.0.1:${stranger.port}` } } });
  await stranger.close();

  expect(verdicts).toEqual({ cache: 'unknown' });
  expect(said['cache']).toContain(error.slice(1));
});
