import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TaskResult } from '../../../../core/task.ts';
import { execute } from '../../../../lib/demo/servers/postgres.ts';
import { task } from '../../../../lambdas/tasks/postgres/check-connection.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import { openSession, startLine, startTestServer, type TestServer, valueOf } from './_database.ts';

let tests: TestServer;
beforeAll(async () => {
  tests = await startTestServer(['max_connections=15', 'superuser_reserved_connections=3']);
  await execute(
    tests.server.url(),
    `CREATE ROLE app LOGIN PASSWORD 'p'`,
    `CREATE ROLE fettle LOGIN PASSWORD 'p' IN ROLE pg_monitor`,
  );
});
afterAll(() => tests.end());

const FETTLE = { name: 'fettle', password: 'p' };

async function check(url: string, input = {}): Promise<TaskResult<string>> {
  return resultOf({ task, targets: { main: { url } }, input });
}

/** What is worth a look, of the role of Fettle. */
async function findingsOf(database: string, input = {}, role = FETTLE) {
  const { findings } = await check(tests.server.url(database, role), input);
  return findings.filter(({ kind }) => task.findings[kind]?.severity !== 'info');
}

async function withSessions<Result>(count: number, use: () => Promise<Result>, role = 'app'): Promise<Result> {
  const sessions: pg.Client[] = [];
  try {
    while (sessions.length < count)
      sessions.push(await openSession(tests.server.url('postgres', { name: role, password: 'p' })));
    return await use();
  } finally {
    await Promise.all(sessions.map((session) => session.end()));
  }
}

test('a healthy server is a pass with all that was measured', async () => {
  const idle = await openSession(tests.server.url(), 'BEGIN', 'SELECT 1');

  const { findings, measurements } = await check(tests.server.url('postgres', FETTLE));
  await idle.end();

  expect(findings).toMatchObject([
    { kind: 'logged-in', summary: 'PostgreSQL 15.18, primary, database postgres as fettle, clear text' },
  ]);
  const named = Object.fromEntries(measurements.map(({ name, value }) => [name, value]));
  expect(named).toMatchObject({ connections: 1, 'idle-in-transaction': 1 });
  expect(named['connections-used']).toBeCloseTo(100 / 12);
  for (const name of ['connect-time', 'round-trip-time', 'longest-transaction', 'longest-idle-in-transaction']) {
    expect(named[name]).toBeGreaterThanOrEqual(0);
  }
});

describe('connections that run out', () => {
  test('are a warning while some are left, and none before', async () => {
    expect(await withSessions(9, () => findingsOf('postgres'))).toEqual([]);

    const [finding] = await withSessions(10, () => findingsOf('postgres'));

    expect(finding).toMatchObject({ kind: 'connections-near-limit', value: 83, limit: 80, unit: 'percent' });
    expect(finding?.summary).toBe(
      '10 of 12 connections for ordinary roles are taken, 10 of them of the role app, limit 80 %',
    );
    expect(await valueOf(tests.server.url(), finding?.command ?? '')).not.toBeUndefined();
  });

  test('refuse an ordinary role, which is a failure and named so', async () => {
    const findings = await withSessions(12, () => findingsOf('postgres'));

    expect(findings).toMatchObject([{ kind: 'connections-full', summary: expect.stringContaining('(53300)') }]);
  });

  test('let in a superuser, who sees the failure of all the others', async () => {
    const { findings } = await withSessions(12, () => check(tests.server.url()));

    expect(findings).toMatchObject([{ kind: 'logged-in' }, { kind: 'connections-full', value: 100 }]);
  });

  test('of one role alone are found while the server has many to spare', async () => {
    await execute(tests.server.url(), `CREATE ROLE worker LOGIN PASSWORD 'p' CONNECTION LIMIT 3`);

    expect(await withSessions(2, () => findingsOf('postgres'), 'worker')).toEqual([]);
    expect(await withSessions(3, () => findingsOf('postgres'), 'worker')).toMatchObject([
      { kind: 'own-limit-reached', subject: 'role worker', value: 3, limit: 3 },
    ]);
  });

  test('of one database alone are found too', async () => {
    await execute(tests.server.url(), 'ALTER DATABASE postgres CONNECTION LIMIT 2');

    expect(await withSessions(2, () => findingsOf('template1'))).toMatchObject([
      { kind: 'own-limit-reached', subject: 'database postgres', value: 2, limit: 2 },
    ]);
    await execute(tests.server.url(), 'ALTER DATABASE postgres CONNECTION LIMIT -1');
  });
});

describe('a database that takes no writes', () => {
  test('is a failure where it is set for all, until the command of the finding is run', async () => {
    const url = await tests.database();
    const name = decodeURIComponent(new URL(url).pathname.slice(1));
    await execute(tests.server.url(), `ALTER DATABASE "${name}" SET default_transaction_read_only = on`);

    const [finding] = await findingsOf(name);
    expect(finding).toMatchObject({ kind: 'read-only' });

    await execute(tests.server.url(), finding?.command ?? '');
    expect(await findingsOf(name)).toEqual([]);
  });

  test('is found although a setting of our own role hides it from us', async () => {
    const url = await tests.database();
    const name = decodeURIComponent(new URL(url).pathname.slice(1));
    await execute(url, `ALTER ROLE fettle SET default_transaction_read_only = off`);
    await execute(url, `ALTER DATABASE "${name}" SET default_transaction_read_only = on`);

    expect(await findingsOf(name)).toMatchObject([{ kind: 'read-only' }]);
    await execute(tests.server.url(), 'ALTER ROLE fettle RESET default_transaction_read_only');
  });

  test('is none where our own role alone may not write, as is wise for one that only looks', async () => {
    await execute(tests.server.url(), 'ALTER ROLE fettle SET default_transaction_read_only = on');

    expect(await findingsOf('postgres')).toEqual([]);
    await execute(tests.server.url(), 'ALTER ROLE fettle RESET default_transaction_read_only');
  });
});

test('a primary is a warning where a standby is expected, and welcome where either is', async () => {
  expect(await findingsOf('postgres', { serverRole: 'standby' })).toMatchObject([{ kind: 'not-standby' }]);
  expect(await findingsOf('postgres', { serverRole: 'any' })).toEqual([]);
});

describe('a server that logs us in and does not let us read', () => {
  test('fails, although the login worked', async () => {
    // The connection ends where the server answers the first question of what it is.
    const line = await startLine(tests.server.port, (chunk) => {
      if (chunk.includes('maxConnections')) line.cut();
    });
    const url = tests.server.url('postgres', FETTLE).replace(`:${tests.server.port}/`, `:${line.port}/`);

    const { findings, measurements } = await check(url);
    await line.close();

    expect(measurements).toEqual([]);
    expect(findings).toMatchObject([
      { kind: 'reads-fail', summary: expect.stringMatching(/^the login worked and a read did not: /) },
    ]);
  });

  test('is a failure of the login where the catalogue itself is locked, although the port answers', async () => {
    const session = await openSession(tests.server.url(), 'BEGIN', 'LOCK TABLE pg_class IN ACCESS EXCLUSIVE MODE');

    const findings = await findingsOf('postgres', { connectTimeout: '1s' });
    await session.end();

    expect(findings).toMatchObject([
      { kind: 'silent', summary: expect.stringContaining('the login was not answered') },
    ]);
  });

  test('is unknown where other sessions are hidden from the role, until the command of the finding is run', async () => {
    const role = { name: 'the viewer', password: 'p' };
    await execute(tests.server.url(), `CREATE ROLE "the viewer" LOGIN PASSWORD 'p'`);
    const result = await withSessions(1, () => check(tests.server.url('postgres', role)));

    const finding = result.findings[1];
    expect(finding).toMatchObject({ kind: 'rights-missing', value: 1, command: 'GRANT pg_monitor TO "the viewer"' });
    expect(result.measurements.map(({ name }) => name)).not.toContain('longest-transaction');

    await execute(tests.server.url(), finding?.command ?? '');
    expect(await withSessions(1, () => findingsOf('postgres', {}, role))).toEqual([]);
  });

  test('is unknown where a view may not be read, with its name', async () => {
    const url = await tests.database();
    await execute(url, 'REVOKE SELECT ON pg_stat_activity FROM PUBLIC');

    const { findings, measurements } = await check(
      tests.server.url(decodeURIComponent(new URL(url).pathname.slice(1)), { name: 'app', password: 'p' }),
    );

    expect(findings).toMatchObject([
      { kind: 'logged-in' },
      { kind: 'rights-missing', summary: expect.stringContaining('permission denied for view pg_stat_activity') },
    ]);
    expect(measurements.map(({ name }) => name)).toEqual(['connect-time', 'round-trip-time']);
  });
});
