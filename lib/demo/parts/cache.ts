import { join } from 'node:path';
import type { DemoPart, MissingPart, PartOptions } from '../part.ts';
import { obtain } from '../programs.ts';
import {
  CACHE_KEYS,
  CACHE_SETTINGS,
  plantRedis,
  REDIS_FINDINGS,
  SESSIONS_KEYS,
  SESSIONS_SETTINGS,
} from '../redis-data.ts';
import { startRedis, type RedisServer } from '../servers/redis.ts';

/** Two real Redis servers: a cache full of keys that nothing removes, and a healthy one for sessions. */
export async function startCaches({ folder, say }: PartOptions): Promise<DemoPart | MissingPart> {
  if (!(await obtain({ name: 'redis-server', debianPackage: 'redis-server' }, say))) return { missing: 'redis' };
  const servers: RedisServer[] = [];
  const stop = async () => {
    await Promise.all(servers.map((server) => server.stop()));
  };
  try {
    const cache = await startRedis({ folder: join(folder, 'redis', 'cache'), settings: CACHE_SETTINGS });
    servers.push(cache);
    const sessions = await startRedis({ folder: join(folder, 'redis', 'sessions'), settings: SESSIONS_SETTINGS });
    servers.push(sessions);
    await plantRedis(cache.url(), CACHE_KEYS);
    await plantRedis(sessions.url(), SESSIONS_KEYS);
    return {
      addresses: { cache: cache.url(), sessions: sessions.url() },
      places: { cache: cache.url(), sessions: sessions.url() },
      hints: [`redis-cli -u ${sessions.url()} config set maxmemory 0   # the sessions have no limit`],
      findings: REDIS_FINDINGS,
      actions: [],
      plantedAnew: false,
      stop,
    };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}
