import { afterEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { patternOf, sharedPatterns } from '../../../../lambdas/tasks/redis/_key-pattern.ts';
import { task } from '../../../../lambdas/tasks/redis/check-memory.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import { bulk, startProxy, type Stranger } from './stranger.ts';

const opened: Stranger[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((stranger) => stranger.close()));
});

describe('names of keys', () => {
  const hundred = Array.from({ length: 100 }, (_, place) => place);
  const names = [
    ...hundred.map(() => `session:${randomUUID()}:cart`),
    ...hundred.map((place) => `user:person${place}@example.com`),
    ...hundred.map((place) => `v2/pages/${place}/html`),
    ...hundred.map((place) => `key${place}`),
    ...hundred.map((place) => `{order}.${place}.lines_of_${place}`),
  ];
  const shared = sharedPatterns(names);

  test.each([
    ['session:123e4567-e89b-12d3-a456-426614174000:cart', 'session:*-*-*-*-*:*'],
    ['user:person7@example.com', 'user:person*@example.*'],
    ['v2/pages/7/html', 'v2/pages/*/*'],
    ['key17', 'key*'],
    ['{order}.7.lines_of_7', '{order}.*.lines_of_*'],
    ['alice:secret', '*:*'],
    ['session', '*'],
    ['', '*'],
    ['\u001b[2J\u0000', '*[*'],
    ['日本:鍵', '*:*'],
  ])('%j is shown as %s', (name, pattern) => {
    expect(patternOf(name, shared)).toBe(pattern);
  });

  test('none is ever shown whole, and none is longer than a line', () => {
    const long = Array.from({ length: 60 }, () => 'session').join(':');
    const all = [...names, 'config', 'config:flags', long];
    const learned = sharedPatterns([...all, ...all]);

    for (const name of all) expect(patternOf(name, learned)).not.toBe(name);
    expect(patternOf(long, learned).length).toBeLessThanOrEqual(80);
  });

  test('words that few keys share are not shown, wherever they stand', () => {
    const few = Array.from({ length: 9 }, (_, place) => `tenant:acme:${place}`);
    const rare = sharedPatterns([...names, ...few]);
    const common = sharedPatterns([...names, ...few, 'tenant:acme:10']);

    expect(patternOf('tenant:acme:1', rare)).toBe('*:*:*');
    expect(patternOf('tenant:acme:1', common)).toBe('tenant:acme:*');
  });
});

describe('load', () => {
  const info = [
    ...['used_memory:1000', 'maxmemory:100000', 'maxmemory_policy:allkeys-lru', 'loading:0', 'role:master'],
    ...['rdb_last_bgsave_status:ok', 'evicted_keys:0', 'uptime_in_seconds:9', 'run_id:a'],
    'db0:keys=50000,expires=0,avg_ttl=0',
  ];
  const page = `*2\r\n${bulk('7')}*1\r\n${bulk('a:1')}`;

  async function findingsOf(serverMilliseconds: number, input: Record<string, number>) {
    let pages = 0;
    const stranger = await startProxy((command, socket) => {
      // The first, and the PINGs before it, are the server at rest.
      if (command === 'SCAN') pages += 1;
      const late = { SCAN: page, PING: '+PONG\r\n' }[command];
      if (late !== undefined && pages > 1) {
        setTimeout(() => socket.write(late), serverMilliseconds);
        return undefined;
      }
      const answers: Record<string, string> = { PING: '+PONG\r\n', INFO: bulk(info.join('\r\n')), SCAN: page };
      return answers[command] ?? { PTTL: ':-1\r\n', MEMORY: ':60\r\n' }[command] ?? '-ERR unknown command\r\n';
    });
    opened.push(stranger);
    const targets = { cache: { url: `redis://127.0.0.1:${stranger.port}` } };
    const { findings } = await resultOf({ task, targets, input });
    const sent = (wanted: string) => stranger.commands.filter((command) => command === wanted).length;
    return { findings, scans: sent('SCAN'), pings: sent('PING') };
  }

  test('a server whose answers slow down is left alone, and the sample is unknown', async () => {
    const { findings, scans } = await findingsOf(120, {});

    expect(scans).toBeLessThanOrEqual(7);
    expect(findings.find(({ kind }) => kind === 'not-sampled')?.summary).toBe(
      'of 50,000 keys 5 could be looked at, then its answers slowed down',
    );
  });

  test('a server that answers as before is not asked how it is after each page', async () => {
    const { scans, pings } = await findingsOf(0, { sampleKeys: 20 });

    expect(scans).toBeGreaterThanOrEqual(20);
    expect(pings).toBeLessThan(scans);
  });

  test('a scan that never ends is ended by its time', async () => {
    const { findings } = await findingsOf(0, { sampleSeconds: 1, sampleKeys: 1_000_000 });

    expect(findings.find(({ kind }) => kind === 'keys-without-expiry')?.summary).toMatch(/, then the time was over\)/);
  });

  test('a scan that gives the same keys again and again is ended by its number', async () => {
    const { findings } = await findingsOf(0, { sampleKeys: 20 });

    expect(findings.map(({ kind }) => kind)).toEqual(['keys-without-expiry']);
  });
});
