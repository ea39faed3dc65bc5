import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execute } from '../../../../lib/demo/servers/postgres.ts';
import { startResettingPort } from '../../../../lib/demo/servers/tls.ts';
import { task } from '../../../../lambdas/tasks/postgres/check-connection.ts';
import { needsOfRefusal } from '../../../../lambdas/tasks/postgres/_needs-login.ts';
import { Secret } from '../../../../core/secret.ts';
import { inWords, needCalled, needsOf } from '../../../harness/needs-of.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import { openSession } from './_database.ts';
import { ask, give, type NeedsServer, ROLE, startNeedsServer, unmet } from './_needs.ts';

let server: NeedsServer;
beforeAll(async () => {
  server = await startNeedsServer(['max_connections=12', 'superuser_reserved_connections=3']);
});
afterAll(() => server.end());

const MET = ['met be reached', 'met log in', 'met answer queries', 'met see all sessions'];

test('who is connected is shown after the grant, and the check then knows it as that role', async () => {
  const { admin, url } = await server.database();
  const other = await openSession(admin);
  const before = await ask(task, url);

  expect(unmet(before)).toMatchObject([
    { need: 'see all sessions', state: 'missing', detail: expect.stringContaining('1 of 1 other sessions are hidden') },
  ]);
  await give(admin, before, 'see all sessions');
  expect(inWords(await ask(task, url))).toEqual(MET);
  const { findings } = await resultOf({ task, targets: { main: { url } } });
  await other.end();
  expect(findings.map(({ kind }) => kind)).toEqual(['logged-in']);
  await execute(admin, `REVOKE pg_monitor FROM "${ROLE}"`);
});

test('a view that was taken from everyone is given back to the role, with the membership', async () => {
  const { admin, url } = await server.database();
  await execute(admin, 'REVOKE SELECT ON pg_stat_activity FROM PUBLIC');
  const needs = await ask(task, url);

  expect(needCalled(needs, 'see all sessions')).toMatchObject({
    state: 'missing',
    grant: `GRANT SELECT ON pg_catalog.pg_stat_activity TO "${ROLE}";\nGRANT pg_monitor TO "${ROLE}";`,
  });
  await give(admin, needs, 'see all sessions');
  expect(inWords(await ask(task, url))).toEqual(MET);
  await execute(admin, `REVOKE pg_monitor FROM "${ROLE}"`);
});

describe('a login that is refused is missing, and its statement mends it', () => {
  test.each([
    ['the role may not log in', () => `ALTER ROLE "${ROLE}" NOLOGIN`],
    ['the database is closed to it', (name: string) => `REVOKE CONNECT ON DATABASE "${name}" FROM PUBLIC`],
    ['the database takes no connections', (name: string) => `ALTER DATABASE "${name}" ALLOW_CONNECTIONS false`],
  ])('where %s', async (_why, refuse) => {
    const { url, name } = await server.database();
    const elsewhere = server.tests.server.url();
    await execute(elsewhere, refuse(name));
    const needs = await ask(task, url);

    expect(inWords(needs)).toEqual(['met be reached', 'missing log in']);
    await give(elsewhere, needs, 'log in');
    expect(inWords(await ask(task, url))).toEqual([...MET.slice(0, 3), 'missing see all sessions']);
  });

  test('where the password is another one, by asking for it and never naming it', async () => {
    const { name } = await server.database();
    const needs = await ask(task, server.tests.server.url(name, { name: ROLE, password: 'hunter22' }));

    expect(needs[1]).toMatchObject({ need: 'log in', state: 'missing', grant: `\\password "${ROLE}"` });
    expect(JSON.stringify(needs)).not.toContain('hunter22');
  });

  test('where there is no such database, without a statement: the address is mistaken', async () => {
    const needs = await ask(task, server.tests.server.url('nowhere'));

    expect(inWords(needs)).toEqual(['met be reached', 'missing log in']);
    expect(needs[1]).not.toHaveProperty('grant');
  });

  test.each([
    ['127.0.0.1', 'no encryption', 'host "my db" "app" 127.0.0.1/32 scram-sha-256'],
    ['2001:db8::7', 'SSL encryption', 'hostssl "my db" "app" 2001:db8::7/128 scram-sha-256'],
  ])('where pg_hba.conf has no line for %s with %s', (host, encryption, line) => {
    const target = { name: 'main', url: new Secret('postgres://app:p@h/my%20db'), ca: undefined };
    const reason = `no pg_hba.conf entry for host "${host}", user "app", database "my db", ${encryption} (28000)`;

    const [, login] = needsOfRefusal(target, { kind: 'login-refused', reason });
    expect(login).toMatchObject({ state: 'missing', grant: `${line}\nSELECT pg_reload_conf();` });
    const hosted = { ...target, rds: 'shop-prod' };
    expect(needsOfRefusal(hosted, { kind: 'login-refused', reason })[1]).not.toHaveProperty('grant');
  });
});

describe('what was not seen is unknown, with the reason', () => {
  test('where no connection is left for the role', async () => {
    const { admin, url } = await server.database();
    const taken = await Promise.all(Array.from({ length: 9 }, () => openSession(admin)));
    const needs = await ask(task, url);
    await Promise.all(taken.map((session) => session.end()));

    expect(inWords(needs)).toEqual(['met be reached', 'unknown log in']);
    expect(needs[1]?.detail).toContain('(53300)');
  });

  test('where the catalogue does not answer', async () => {
    const { admin, url } = await server.database();
    const locker = await openSession(admin, 'BEGIN', 'LOCK TABLE pg_db_role_setting IN ACCESS EXCLUSIVE MODE');
    const needs = await needsOf({ task, targets: { main: { url } }, timeoutSeconds: 1 });
    await locker.end();

    expect(needs.map(({ state }) => state)).toContain('unknown');
    expect(needs.every(({ state }) => state !== 'missing')).toBe(true);
  });

  test('where nobody listens, and where the connection is cut', async () => {
    const cut = await startResettingPort();
    const targets = {
      gone: { url: 'postgres://u@127.0.0.1:1/d' },
      cut: { url: `postgres://u@127.0.0.1:${cut.port}/d` },
    };
    const needs = await needsOf({ task, targets });
    await cut.close();

    expect(inWords(needs)).toEqual(['unknown be reached', 'unknown be reached']);
    expect(needs[0]?.detail).toContain('ECONNREFUSED');
  });
});

test('what speaks no TLS where that is asked for, or is no PostgreSQL, shows it', async () => {
  const needs = await ask(task, `${server.tests.server.url()}?sslmode=verify-full`);
  const target = { name: 'main', url: new Secret('postgres://app:p@h/d'), ca: undefined };
  const stranger = needsOfRefusal(target, { kind: 'not-postgres', reason: 'the other side began with "SSH-2.0"' });

  expect(inWords(needs)).toEqual(['met be reached', 'missing be trusted over TLS']);
  expect(stranger).toMatchObject([{ need: 'be reached', state: 'missing', detail: expect.stringContaining('SSH') }]);
});

test('all that was run to look only reads', () => {
  expect(server.changes()).toMatchObject({ changing: [] });
});
