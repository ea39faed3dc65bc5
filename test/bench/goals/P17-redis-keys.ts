import { createClient } from '@redis/client';
import { task } from '../../../lambdas/tasks/redis/check-memory.ts';
import { startRedis } from '../../../lib/demo/servers/redis.ts';
import { resultOf } from '../../harness/perform-task.ts';
import { type Benchmark, inRounds, median } from '../benchmark.ts';
import { gate } from '../gate.ts';
import { perform, shell, temporaryFolder } from '../programs.ts';
import { SCALE, sized } from '../size.ts';
import { lookWithLoop, type Seen } from './_redis-loop.ts';

const KEYS = sized(1_000_000, 20_000);
const WITH_EXPIRY = KEYS * 0.3;
const LOOK_AT_ALL = { sampleKeys: 10_000_000, sampleSizes: 0, sampleSeconds: 600 };

export const benchmark: Benchmark = {
  goal: 'P17',
  what: 'looking at every key of a Redis, and what its other clients notice of it',
  needs: ['redis-server', 'redis-cli', 'redis-benchmark'],
  run: async () => {
    await using folder = await temporaryFolder();
    await using stack = new AsyncDisposableStack();
    const redis = stack.adopt(await startRedis({ folder: folder.path, password: '' }), (server) => server.stop());
    const client = stack.adopt(createClient({ url: redis.url(), RESP: 2 }), (one) => one.destroy());
    await client.connect();
    await client.sendCommand(['DEBUG', 'POPULATE', String(KEYS)]);
    await client.sendCommand(['EVAL', EXPIRE, '0', String(WITH_EXPIRY)]);
    const digest = await client.sendCommand(['DEBUG', 'DIGEST']);
    const ours = () => lookWithTask(redis.url());
    const theirs = () => lookWithLoop(redis.port);
    const [seen, loop] = [await ours(), await theirs()];
    for (const [side, { keys, withoutExpiry }] of Object.entries({ ours: seen, theirs: loop })) {
      gate(keys === KEYS, `${side} saw ${keys} keys, there are ${KEYS}`);
      gate(withoutExpiry === KEYS - WITH_EXPIRY, `${side} saw ${withoutExpiry} keys without an expiry`);
    }

    const { pairs, seconds } = await inRounds({
      sides: { ours, theirs, scan: () => shell(`redis-cli -p "$1" --scan > /dev/null`, String(redis.port)) },
    });
    const latency = await latencies(redis.port, ours);
    gate((await client.sendCommand(['DEBUG', 'DIGEST'])) === digest, 'the keys are not any more what they were');

    const what = `redis-check-memory with all of ${KEYS.toLocaleString('en-GB')} keys looked at`;
    const rate = { what, ours: KEYS / seconds.ours, unit: 'per second', better: 'more', pairs } as const;
    const because =
      'it looks at pages of half the size so that nobody waits for long, pauses where the server becomes slow, and uses a client for all of Redis';
    return [
      {
        ...{ goal: 'P17a', ...rate, peer: 'a bare loop of SCAN COUNT 1000 and pipelined PTTL' },
        ...{ theirs: KEYS / seconds.theirs, hold: 0.8, because },
      },
      {
        ...{ goal: 'P17b', ...rate, peer: '`redis-cli --scan`, which asks for no expiry' },
        ...{ theirs: KEYS / seconds.scan, hold: 1.5, because: `${because}; and it asks for the expiry of every key` },
      },
      {
        ...{ goal: 'P17c', what: `p99 of redis-benchmark (GET, 10 clients) during ${what}`, peer: 'p99 without it' },
        ...{ ...latency, unit: 'milliseconds', hold: 1.5, better: 'less', pairs: latency.pairs },
        because: 'on two processors server, benchmark and task share what one of them would need for itself',
      },
    ];
  },
};

// POPULATE names them `key:0` and so on.
const EXPIRE = `for n = 0, ARGV[1] - 1 do redis.call('PEXPIRE', 'key:' .. n, 86400000) end`;

async function lookWithTask(url: string): Promise<Seen> {
  const { findings, measurements } = await resultOf({ task, targets: { cache: { url } }, input: LOOK_AT_ALL });
  const cut = findings.find(({ kind }) => /sample|refused|unreachable/.test(kind));
  gate(cut === undefined, `not every key was looked at: ${cut?.summary ?? ''}`);
  const valueOf = (wanted: string) => measurements.find(({ name }) => name === wanted)?.value ?? 0;
  return { keys: valueOf('keys-sampled'), withoutExpiry: valueOf('keys-without-expiry') };
}

/** The medians of the p99 of a client's requests, in milliseconds, while the keys are looked at and while they are not. */
async function latencies(port: number, look: () => Promise<unknown>) {
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let pair = 0; pair < (SCALE < 1 ? 2 : 5); pair += 1) {
    theirs.push(await p99(port));
    let isOver = false;
    const looking = (async () => {
      // Again and again, so that there is no moment of the benchmark without it.
      while (!isOver) await look();
    })();
    ours.push(await p99(port));
    isOver = true;
    await looking;
  }
  return { ours: median(ours), theirs: median(theirs), pairs: ours.length };
}

async function p99(port: number): Promise<number> {
  const requests = String(sized(200_000, 5_000));
  const { stdout } = await perform(
    'redis-benchmark',
    ...['-p', String(port), '-t', 'get', '-c', '10', '-n', requests, '-r', String(KEYS), '--csv'],
  );
  const [head = '', line = ''] = stdout.trim().split('\n').slice(-2);
  const column = head.split(',').findIndex((name) => name.includes('p99'));
  const value = Number(line.split(',')[column]?.replaceAll('"', ''));
  gate(value > 0, `redis-benchmark says no p99: ${stdout}`);
  return value;
}
