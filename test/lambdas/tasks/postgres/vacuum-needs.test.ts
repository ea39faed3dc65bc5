import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execute } from '../../../../lib/demo/servers/postgres.ts';
import { startSilentPort } from '../../../../lib/demo/servers/tls.ts';
import { task } from '../../../../lambdas/tasks/postgres/vacuum.ts';
import { inWords, needCalled, needsOf } from '../../../harness/needs-of.ts';
import { startLine, tableWithDeadRows, toEnd, valueOf } from './_database.ts';
import { ask, give, type NeedsServer, ROLE, startNeedsServer, unmet } from './_needs.ts';

let server: NeedsServer;
beforeAll(async () => {
  server = await startNeedsServer();
});
afterAll(() => server.end());

const MET = [
  'met be reached',
  'met log in',
  'met answer queries',
  'met be the server itself',
  'met see all sessions',
  'met take writes',
  'met count changes',
  'met maintain every table',
  'met count the rows of every table',
];

test('a role that may nothing is told the two grants that it lacks, and with them the task vacuums as that role', async () => {
  const { admin, url, name } = await server.database();
  await tableWithDeadRows(admin, 'users', 10_000, 5_000);
  await execute(admin, 'ALTER TABLE users OWNER TO app');
  const before = await ask(task, url);

  expect(unmet(before)).toEqual([
    {
      target: 'main',
      need: 'see all sessions',
      state: 'missing',
      detail: expect.stringMatching(/^fettle the 1st is no member of pg_read_all_stats; \d+ of \d+ other sessions/),
      grant: `GRANT pg_monitor TO "${ROLE}";`,
    },
    {
      target: 'main',
      need: 'maintain every table',
      state: 'missing',
      detail: 'fettle the 1st may not for 2 of 2 tables, of app in public',
      grant: `GRANT "app" TO "${ROLE}";`,
    },
  ]);
  for (const { need } of unmet(before)) await give(admin, before, need);
  const after = await ask(task, url);
  expect(inWords(after)).toEqual(MET);
  expect(needCalled(after, 'be reached').detail).toMatch(/^127\.0\.0\.1:\d+ answers in clear text on the loopback$/);
  expect(needCalled(after, 'log in').detail).toBe(`PostgreSQL 15.18, primary, database ${name} as ${ROLE}`);
  expect(needCalled(after, 'maintain every table').detail).toBe(`${ROLE} may for 2 of 2 tables`);

  const { actions, result } = await toEnd({ task, targets: { main: { url } }, input: { minRows: 1_000 } });
  expect(actions).toMatchObject([{ subject: 'public.users', status: 'done' }]);
  expect(result.findings).toEqual([]);
  await execute(admin, `REVOKE "app" FROM "${ROLE}"`, `REVOKE pg_monitor FROM "${ROLE}"`);
});

describe('the right to every table', () => {
  test('is missing of a schema that the role may not use, although it may for its tables', async () => {
    const { admin, url } = await server.database();
    await execute(admin, `GRANT app TO "${ROLE}"`, 'CREATE SCHEMA "Big ""S"""');
    await execute(admin, 'CREATE TABLE "Big ""S""".t (id int)', 'ALTER TABLE "Big ""S""".t OWNER TO app');
    const needs = await ask(task, url);

    expect(needCalled(needs, 'maintain every table')).toMatchObject({
      state: 'missing',
      detail: `${ROLE} may not for 1 of 2 tables, of app in Big "S"`,
      grant: `GRANT USAGE ON SCHEMA "Big ""S""" TO "${ROLE}";`,
    });
    await give(admin, needs, 'maintain every table');
    expect(needCalled(await ask(task, url), 'maintain every table').state).toBe('met');
    await execute(url, 'VACUUM "Big ""S""".t');
    expect(await valueOf(admin, `SELECT vacuum_count::int FROM pg_stat_user_tables WHERE relname = 't'`)).toBe(1);
    await execute(admin, `REVOKE app FROM "${ROLE}"`);
  });

  test('counts where a membership is not inherited, and its grant is one that works', async () => {
    const { admin, url } = await server.database();
    await execute(admin, `ALTER ROLE "${ROLE}" NOINHERIT`, `GRANT app TO "${ROLE}"`);
    const needs = await ask(task, url);

    expect(needCalled(needs, 'maintain every table').grant).toBe(
      `GRANT "app" TO "${ROLE}";\nALTER ROLE "${ROLE}" INHERIT;`,
    );
    await give(admin, needs, 'maintain every table');
    expect(needCalled(await ask(task, url), 'maintain every table').state).toBe('met');
    await execute(admin, `REVOKE app FROM "${ROLE}"`);
  });

  test("of a superuser's tables is never a membership of the superuser", async () => {
    const { admin, url, name } = await server.database();
    await execute(admin, `GRANT app TO "${ROLE}"`, 'CREATE TABLE theirs (id int)');
    const needs = await ask(task, url);

    const need = needCalled(needs, 'maintain every table');
    expect(need).toMatchObject({ state: 'missing', detail: expect.stringContaining('postgres is a superuser') });
    expect(need.grant).toBeUndefined();

    await execute(admin, 'CREATE ROLE "owner of all"', `ALTER DATABASE "${name}" OWNER TO "owner of all"`);
    const owned = await ask(task, url);
    expect(needCalled(owned, 'maintain every table').grant).toBe(`GRANT "owner of all" TO "${ROLE}";`);
    await give(admin, owned, 'maintain every table');
    await execute(url, 'VACUUM theirs');
    expect(needCalled(await ask(task, url), 'maintain every table').state).toBe('met');
    expect(await valueOf(admin, `SELECT vacuum_count::int FROM pg_stat_user_tables WHERE relname = 'theirs'`)).toBe(1);
    await execute(admin, `REVOKE app, "owner of all" FROM "${ROLE}"`);
  });
});

describe('the server', () => {
  test.each([
    ['ALTER DATABASE', (name: string) => `ALTER DATABASE "${name}" SET track_counts = off`],
    ['ALTER ROLE', () => `ALTER ROLE "${ROLE}" SET track_counts = off`],
    ['ALTER ROLE … IN DATABASE', (name: string) => `ALTER ROLE "${ROLE}" IN DATABASE "${name}" SET track_counts = off`],
    ['ALTER SYSTEM', () => 'ALTER SYSTEM SET track_counts = off'],
  ])('that counts no changes is mended where %s has set it', async (_where, off) => {
    const { admin, url, name } = await server.database();
    await execute(admin, off(name));
    await execute(admin, 'SELECT pg_reload_conf()');
    await settled(admin);
    const needs = await ask(task, url);

    expect(needCalled(needs, 'count changes')).toMatchObject({ state: 'missing', grant: expect.any(String) });
    await give(admin, needs, 'count changes');
    await settled(admin);
    expect(needCalled(await ask(task, url), 'count changes').state).toBe('met');
  });

  test('of a service has no ALTER SYSTEM: its own parameters are to be set, of which there is no statement', async () => {
    const { admin, url } = await server.database();
    await execute(admin, 'CREATE ROLE rdsadmin', 'ALTER SYSTEM SET track_counts = off', 'SELECT pg_reload_conf()');
    await settled(admin);
    const need = needCalled(await ask(task, url), 'count changes');
    await execute(admin, 'DROP ROLE rdsadmin', 'ALTER SYSTEM RESET track_counts', 'SELECT pg_reload_conf()');
    await settled(admin);

    expect(need).toMatchObject({
      state: 'missing',
      detail: 'track_counts is off, set by: configuration file, to be set in the parameters of the service',
    });
    expect(need).not.toHaveProperty('grant');
  });

  test('that is read-only for all is for a person to look at, for the role alone it is mended', async () => {
    const { admin, url, name } = await server.database();
    await execute(admin, `ALTER DATABASE "${name}" SET default_transaction_read_only = on`);
    const [forAll] = unmet(await ask(task, url)).filter(({ need }) => need === 'take writes');
    expect(forAll).toMatchObject({ detail: 'default_transaction_read_only is on, set by: database' });
    expect(forAll?.grant).toBeUndefined();

    const alter = (text: string) => execute(server.tests.server.url(), text);
    await alter(`ALTER DATABASE "${name}" RESET default_transaction_read_only`);
    await alter(`ALTER ROLE "${ROLE}" SET default_transaction_read_only = on`);
    const needs = await ask(task, url);
    await give(server.tests.server.url(), needs, 'take writes');
    expect(needCalled(await ask(task, url), 'take writes').state).toBe('met');
  });

  test('behind a pooler is not the server itself, and nothing more is said of it', async () => {
    const { url } = await server.database();
    const BACKEND_KEY_DATA = Buffer.from([0x4b, 0, 0, 0, 12]);
    const pooler = await startLine(server.tests.server.port, (chunk) => {
      const at = chunk.indexOf(BACKEND_KEY_DATA);
      if (at >= 0) chunk.writeInt32BE(424_242, at + BACKEND_KEY_DATA.length);
    });
    const needs = await ask(task, url.replace(`:${server.tests.server.port}/`, `:${pooler.port}/`));
    await pooler.close();

    expect(inWords(needs)).toEqual([...MET.slice(0, 3), 'missing be the server itself']);
  });
});

test('rows whose statistics are lost are counted only with pgstattuple, and its grants give it', async () => {
  const { admin, url } = await server.database();
  await tableWithDeadRows(admin, 'users', 10_000, 5_000);
  await execute(admin, 'ALTER TABLE users OWNER TO app', `GRANT app TO "${ROLE}"`, 'SELECT pg_stat_reset()');
  const words = 'count the rows of every table';
  const first = await ask(task, url, { minRows: 1_000 });

  expect(needCalled(first, words)).toMatchObject({
    state: 'missing',
    detail: expect.stringMatching(
      /^1 of 2 tables have lost their statistics, and database .* is without the extension/,
    ),
    grant: `CREATE EXTENSION pgstattuple;\nGRANT pg_stat_scan_tables TO "${ROLE}";`,
  });
  await give(admin, first, words);
  expect(needCalled(await ask(task, url, { minRows: 1_000 }), words).state).toBe('met');

  await execute(admin, `REVOKE pg_stat_scan_tables FROM "${ROLE}"`);
  const second = await ask(task, url, { minRows: 1_000 });
  expect(needCalled(second, words)).toMatchObject({
    state: 'missing',
    grant: `GRANT EXECUTE ON FUNCTION public.pgstattuple_approx(regclass) TO "${ROLE}";`,
  });
  await give(admin, second, words);
  expect(needCalled(await ask(task, url, { minRows: 1_000 }), words).state).toBe('met');

  const { actions, result } = await toEnd({ task, targets: { main: { url } }, input: { minRows: 1_000 } });
  expect(actions).toMatchObject([{ subject: 'public.users', status: 'done' }]);
  expect(result.findings.filter(({ kind }) => kind === 'statistics-reset')).toEqual([]);
  await execute(admin, `REVOKE app FROM "${ROLE}"`);
});

test('a server that is gone or silent is unknown with the reason, beside one that is fine', async () => {
  const silent = await startSilentPort();
  const { url } = await server.database();
  const targets = {
    gone: { url: 'postgres://u:hunter22@127.0.0.1:1/d' },
    silent: { url: `postgres://u:hunter22@127.0.0.1:${silent.port}/d` },
    main: { url },
  };
  const needs = await needsOf({ task, targets, timeoutSeconds: 1 });
  await silent.close();

  expect(needs.filter(({ target }) => target !== 'main')).toMatchObject([
    { target: 'gone', need: 'be reached', state: 'unknown', detail: expect.stringContaining('ECONNREFUSED') },
    {
      target: 'silent',
      need: 'be reached',
      state: 'unknown',
      detail: expect.stringContaining('within the time of a look'),
    },
  ]);
  expect(needs.some(({ target, state }) => target === 'main' && state === 'met')).toBe(true);
  expect(JSON.stringify(needs)).not.toContain('hunter22');
});

test('all that was run to look only reads', () => {
  const { ran, changing } = server.changes();

  expect(ran).toBeGreaterThan(50);
  expect(changing).toEqual([]);
});

/** Waits until new sessions see what was reloaded. */
async function settled(admin: string): Promise<void> {
  await valueOf(admin, 'SELECT pg_sleep(0.3)');
}
