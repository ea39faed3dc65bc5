import { join } from 'node:path';
import pg from 'pg';
import { Secret } from '../../core/secret.ts';
import { redisProgram, startRedis } from '../../lib/demo/servers/redis.ts';
import { connectionOf } from '../../lambdas/tasks/postgres/_connection.ts';
import { commands } from '../lambdas/tasks/redis/commands.ts';
import { startTestServer } from '../lambdas/tasks/postgres/_database.ts';
import { HOSTILE, longText } from './_texts.ts';
import type { Scene } from './_run.ts';

const quoted = pg.escapeIdentifier;
export const CANARY_TABLE = 'victim';
export const PASSWORD_IN_A_STATEMENT = 'RcWq7TnEx2VbKd93hLpZ';

export interface ServedScene {
  readonly scene: Scene;
  stop(): Promise<void>;
}

export interface PostgresScene extends ServedScene {
  /** Runs one statement as a person would who pastes it. */
  run(statement: string): Promise<pg.QueryResult>;
}

/** A real PostgreSQL whose database, schemas, tables, indexes, roles, sessions and queries have hostile names and texts. */
export async function hostilePostgres(): Promise<PostgresScene> {
  const tests = await startTestServer();
  try {
    const url = await tests.server.createDatabase(`shop ${HOSTILE[14]}`);
    const admin = await plant(url);
    const loose = { minRows: 1, lockTimeout: '1s' };
    const inputs = {
      'postgres-vacuum': loose,
      'postgres-analyze': loose,
      'postgres-check-slow-queries': { callsAbove: 0, queriesAbove: 0, runningAbove: '1s', minInterval: '1s' },
      'postgres-check-wraparound': { holderAgeAbove: '0.001%' },
    };
    return {
      scene: { targets: { main: { url } }, inputs },
      run: (statement) => admin.query(statement),
      stop: () => tests.end(),
    };
  } catch (thrown) {
    await tests.end();
    throw thrown;
  }
}

async function open(url: string, name: string): Promise<pg.Client> {
  const client = new pg.Client({
    ...connectionOf({ name: 'hostile', url: new Secret(url), ca: undefined }),
    application_name: name.replace(/[^\x20-\x7e]/g, '?').slice(0, 60),
  });
  // The end of the server ends its sessions.
  client.on('error', (gone) => gone);
  await client.connect();
  return client;
}

async function plant(url: string): Promise<pg.Client> {
  const admin = await open(url, 'admin');
  await admin.query('CREATE EXTENSION pg_stat_statements');
  await admin.query(`CREATE TABLE ${CANARY_TABLE} (id int)`);
  for (const [place, text] of HOSTILE.entries()) {
    const bytes = Buffer.from(`${place} ${text}`).subarray(0, 60);
    const name = bytes.toString('utf8').replace(/\ufffd/g, '');
    const table = `public.${quoted(name)}`;
    const columns = `id int PRIMARY KEY, ${quoted(text.slice(0, 20))} text`;
    await admin.query(`CREATE TABLE ${table} (${columns}) WITH (autovacuum_enabled = off)`);
    await admin.query(`INSERT INTO ${table} SELECT generate_series(1, 1500)`);
    await admin.query(`DELETE FROM ${table} WHERE id <= 1000`);
    await admin.query(`CREATE ROLE ${quoted(`role ${name}`.slice(0, 30))} LOGIN CONNECTION LIMIT 0`);
    await admin.query(`SELECT pg_sleep(0.005) AS ${quoted(name)} /* ${text.replace(/[*/]/g, '')} */`);
    if (place % 6 > 0) continue;
    const holder = await open(url, text);
    await holder.query(`BEGIN; LOCK TABLE ${table} IN SHARE UPDATE EXCLUSIVE MODE; SELECT ${pg.escapeLiteral(text)}`);
  }
  const busy = await open(url, HOSTILE[0] ?? 'busy');
  const statement = `PERFORM pg_sleep(600); EXECUTE 'ALTER ROLE app PASSWORD ''${PASSWORD_IN_A_STATEMENT}'''`;
  busy
    .query(`DO $do$ BEGIN ${statement}; END $do$ /* ${longText(HOSTILE[0] ?? '', 100_000)} */`)
    .catch((ended: Error) => ended);
  await admin.query(`CREATE ROLE app PASSWORD '${PASSWORD_IN_A_STATEMENT}'`);
  return admin;
}

/** A real Redis with hostile keys of every size; undefined where this machine has no server. */
export async function hostileRedis(folder: string): Promise<ServedScene | undefined> {
  if ((await redisProgram()) === undefined) return undefined;
  const server = await startRedis({ folder: join(folder, 'redis') });
  const keys = HOSTILE.flatMap((text) => [text, `${text}:1`, `shop:${text}:2`, longText(text, 200_000)]);
  await commands(
    server.url(),
    ...keys.map((key) => ['SET', key, 'x']),
    ...HOSTILE.map((text) => ['SET', `large:${text}`, 'y'.repeat(40_000)]),
    ['EVAL', "for i = 1, 50000 do redis.call('SET', KEYS[1] .. i, 'z') end", '1', HOSTILE[4] ?? 'x'],
  );
  return {
    scene: { targets: { cache: { url: server.url() } }, inputs: { 'redis-check-memory': { bigKeyBytes: 10_000 } } },
    stop: () => server.stop(),
  };
}
