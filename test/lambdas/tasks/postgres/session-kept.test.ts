import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as z from 'zod';
import { Unavailable } from '../../../../core/errors.ts';
import { Secret } from '../../../../core/secret.ts';
import type { Target } from '../../../../core/target-kinds.ts';
import { type KeptSession, keepSession } from '../../../../lambdas/tasks/postgres/_kept-session.ts';
import type { Session } from '../../../../lambdas/tasks/postgres/_session.ts';
import { execute } from '../../../../lib/demo/servers/postgres.ts';
import { openSession, startTestServer, type TestServer, valueOf } from './_database.ts';

let tests: TestServer;
let url: string;
beforeAll(async () => {
  tests = await startTestServer();
  url = await tests.database();
  await execute(url, 'CREATE TABLE orders (id int)');
});
afterAll(() => tests.end());

const NAME = 'fettle:kept';
const options = {
  sessionName: NAME,
  allowAddresses: ['127.0.0.0/8', '::1/128'],
  lockTimeoutSeconds: 0.2,
  outlivesClient: true,
};
const times = { limitSeconds: 30, followSeconds: 20 };

function keep(): KeptSession {
  const target: Target<'postgres'> = { name: 'main', url: new Secret(url), ca: undefined, rds: undefined };
  return keepSession(target, options);
}

/** The session that is used now, by what the server says. */
async function pidOf(session: Session): Promise<number | undefined> {
  const [row] = await session.rows(z.object({ pid: z.number() }), 'SELECT pg_backend_pid() AS pid');
  expect(row?.pid).toBe(session.pid);
  return row?.pid;
}

async function openCount(): Promise<unknown> {
  return valueOf(url, `SELECT count(*)::int FROM pg_stat_activity WHERE application_name = '${NAME}'`);
}

async function untilClosed(): Promise<void> {
  while ((await openCount()) !== 0) continue;
}

test('what is done one after another is done in one session, which is closed at the end', async () => {
  {
    await using sessions = keep();
    const first = await sessions.use(pidOf);
    await sessions.use((session) => session.run('VACUUM public.orders', times));

    expect(await sessions.use(pidOf)).toBe(first);
    expect(await sessions.use((session) => session.rows(z.unknown(), 'SHOW statement_timeout'))).toEqual([
      { statement_timeout: '10s' },
    ]);
    expect(await openCount()).toBe(1);
  }
  await untilClosed();
});

test('a session in which a statement failed is not used again, even where its user went on', async () => {
  const locker = await openSession(url, 'BEGIN', 'LOCK TABLE orders IN SHARE MODE');
  await using sessions = keep();
  const first = await sessions.use(async (session) => {
    await expect(session.run('VACUUM public.orders', times)).rejects.toThrow('lock timeout');
    return pidOf(session);
  });
  await locker.end();

  expect(await sessions.use(pidOf)).not.toBe(first);
  expect(await openCount()).toBe(1);
});

test('a session whose use threw is closed at once and not used again', async () => {
  await using sessions = keep();
  const first = await sessions.use(pidOf);
  await expect(sessions.use(() => Promise.reject(new Unavailable('lost')))).rejects.toThrow('lost');
  await untilClosed();

  expect(await sessions.use(pidOf)).not.toBe(first);
});

test('a session that was left with its statement running is not used again, and the statement goes on', async () => {
  await using sessions = keep();
  const left = await sessions.use(async (session) => {
    const ran = await session.run('SELECT pg_sleep(20)', { limitSeconds: 30, followSeconds: 0.3 });
    return { ran, pid: session.pid };
  });

  expect(left.ran).toEqual({ state: 'running' });
  expect(await sessions.use(pidOf)).not.toBe(left.pid);
  expect(await valueOf(url, `SELECT state FROM pg_stat_activity WHERE pid = ${left.pid}`)).toBe('active');
  await execute(url, `SELECT pg_terminate_backend(${left.pid})`);
});

test('a session that was lost between two uses is replaced without a word', async () => {
  await using sessions = keep();
  const first = await sessions.use(pidOf);
  await execute(url, `SELECT pg_terminate_backend(${first})`);

  expect(await sessions.use(pidOf)).not.toBe(first);
});

test('whether the server may be changed is asked anew for each use', async () => {
  await using sessions = keep();
  const isReadOnly = (session: Session) => Promise.resolve(session.isReadOnly);
  expect(await sessions.use(isReadOnly)).toBe(false);
  await execute(url, 'ALTER SYSTEM SET default_transaction_read_only = on', 'SELECT pg_reload_conf()');
  while ((await valueOf(url, 'SHOW default_transaction_read_only')) !== 'on') continue;

  let seen = false;
  while (!seen) seen = await sessions.use(isReadOnly);
  expect(seen).toBe(true);
});
