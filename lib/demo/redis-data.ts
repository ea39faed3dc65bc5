import { createClient } from '@redis/client';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a run of the demo must find in the cache, where `plantRedis` has planted it. */
export const REDIS_FINDINGS: readonly string[] = [
  'redis-check-memory keys-only-grow cache',
  'redis-check-memory much-evicted cache',
  'redis-check-memory big-key cache database 0 report:*:*',
];

/** Settings of the cache that are a part of the problem: only keys with an expiry are evicted, and most have none. */
export const CACHE_SETTINGS: readonly string[] = ['maxmemory 256mb', 'maxmemory-policy volatile-lru'];

/** Settings of the healthy server beside it. */
export const SESSIONS_SETTINGS: readonly string[] = ['maxmemory 128mb', 'maxmemory-policy allkeys-lru'];

export interface PlantedKeys {
  /** Keys with an expiry of an hour or more. */
  readonly expiring: number;
  /** Keys that some import wrote and that nothing removes. */
  readonly permanent: number;
  /** Keys that were evicted for lack of memory since the server started. */
  readonly evicted: number;
  /** The size of the one large key; none is planted where it is 0. */
  readonly bigKeyBytes: number;
}

export const CACHE_KEYS: PlantedKeys = { expiring: 4_000, permanent: 5_400, evicted: 3_000, bigKeyBytes: 12_582_912 };
export const SESSIONS_KEYS: PlantedKeys = { expiring: 4_000, permanent: 200, evicted: 0, bigKeyBytes: 0 };

/**
 * Empties the server, which belongs to the demo, and plants what a cache has after a year without care.
 *
 * All keys together are fewer than the task looks at, so that it meets the large one each time.
 */
export async function plantRedis(url: string, keys: PlantedKeys): Promise<void> {
  const client = clientOf(url);
  const errors: Error[] = [];
  client.on('error', (error: Error) => errors.push(error));
  await client.connect();
  try {
    await client.flushAll();
    if (keys.evicted > 0) await evict(client, keys.evicted);
    await fill(client, keys.expiring, (place) => [
      place % 4 === 0 ? `page:${place}:html` : `session:${randomUUID()}`,
      3_600 + place,
    ]);
    await fill(client, keys.permanent, (place) => [`import:row:${place}`, undefined]);
    // A few more of its kind, so that its kind has a name.
    if (keys.bigKeyBytes > 0) {
      await fill(client, 200, (place) => [`report:${place}:summary`, 86_400]);
      await client.setRange('report:annual:rendered', keys.bigKeyBytes - 1, '.');
    }
  } finally {
    client.destroy();
  }
  if (errors[0]) throw errors[0];
}

function clientOf(url: string) {
  return createClient({ url, RESP: 2, disableClientInfo: true, socket: { reconnectStrategy: false } });
}
type Client = ReturnType<typeof clientOf>;

async function fill(client: Client, count: number, keyOf: (place: number) => [string, number | undefined]) {
  for (let from = 0; from < count; from += 1_000) {
    const places = Array.from({ length: Math.min(1_000, count - from) }, (_, place) => from + place);
    await Promise.all(
      places.map((place) => {
        const [key, seconds] = keyOf(place);
        const value = `value of ${place}`;
        return seconds === undefined ? client.set(key, value) : client.setEx(key, seconds, value);
      }),
    );
  }
}

/** Fills the server with so many keys and takes the memory away for a moment. */
async function evict(client: Client, count: number): Promise<void> {
  const { maxmemory = '0' } = await client.configGet('maxmemory');
  await fill(client, count, (place) => [`scratch:${place}`, 3_600]);
  await client.configSet('maxmemory', '1');
  // The server evicts in slices, by itself; a write that hurried it would be refused, and that is another finding.
  for (let waited = 0; (await client.dbSize()) > 0; waited += 20) {
    if (waited > 10_000) throw new Error('Redis did not evict the keys that were planted for it');
    await sleep(20);
  }
  await client.configSet('maxmemory', maxmemory);
}
