import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execute } from '../../../../lib/demo/servers/postgres.ts';
import { task } from '../../../../lambdas/tasks/postgres/check-slow-queries.ts';
import { preloadGrant } from '../../../../lambdas/tasks/postgres/_needs-grants.ts';
import { inWords, needCalled, needsOf } from '../../../harness/needs-of.ts';
import { toEnd, valueOf } from './_database.ts';
import { ask, give, type NeedsServer, ROLE, startNeedsServer } from './_needs.ts';

let server: NeedsServer;
beforeAll(async () => {
  server = await startNeedsServer();
});
afterAll(() => server.end());

const COUNT = 'count statements';
const READ = 'read pg_stat_statements';
const MET = [
  'met be reached',
  'met log in',
  'met answer queries',
  'met be the server itself',
  'met see all sessions',
  `met ${COUNT}`,
  `met ${READ}`,
];

test('grant after grant a role that may nothing comes to see the statements of all, and the check does as that role', async () => {
  const { admin, url, name } = await server.database();
  const without = await ask(task, url);
  expect(needCalled(without, READ)).toMatchObject({
    state: 'missing',
    detail: `database ${name} is without the extension pg_stat_statements`,
    grant: 'CREATE EXTENSION pg_stat_statements;',
  });

  await give(admin, without, READ);
  const hidden = await ask(task, url);
  expect(needCalled(hidden, READ)).toMatchObject({
    state: 'missing',
    detail: expect.stringMatching(/^of \d+ statements of database .*, \d+ are hidden from fettle the 1st/),
    grant: `GRANT pg_monitor TO "${ROLE}";`,
  });
  await give(admin, hidden, READ);
  const needs = await ask(task, url);
  expect(inWords(needs)).toEqual(MET);
  expect(needCalled(needs, READ).detail).toMatch(/^\d+ statements of database /);

  await sleep(1_100);
  const { result } = await toEnd({ task, targets: { main: { url } }, input: { minInterval: '1s' } });
  expect(result.findings.filter(({ kind }) => task.findings[kind]?.severity === 'unknown')).toEqual([]);
  await execute(admin, `REVOKE pg_monitor FROM "${ROLE}"`);
});

test('an extension that was closed to everyone is opened to the role: its schema, views and functions', async () => {
  const { admin, url } = await server.database();
  await execute(
    admin,
    'CREATE SCHEMA "Watch"',
    'CREATE EXTENSION pg_stat_statements SCHEMA "Watch"',
    'REVOKE ALL ON "Watch".pg_stat_statements, "Watch".pg_stat_statements_info FROM PUBLIC',
    'REVOKE ALL ON ALL FUNCTIONS IN SCHEMA "Watch" FROM PUBLIC',
  );
  const needs = await ask(task, url);

  expect(needCalled(needs, READ).grant?.split('\n')).toEqual([
    `GRANT USAGE ON SCHEMA "Watch" TO "${ROLE}";`,
    `GRANT SELECT ON "Watch".pg_stat_statements TO "${ROLE}";`,
    `GRANT SELECT ON "Watch".pg_stat_statements_info TO "${ROLE}";`,
    `GRANT EXECUTE ON FUNCTION "Watch".pg_stat_statements(boolean) TO "${ROLE}";`,
    `GRANT EXECUTE ON FUNCTION "Watch".pg_stat_statements_info() TO "${ROLE}";`,
    `GRANT pg_monitor TO "${ROLE}";`,
  ]);
  await give(admin, needs, READ);
  expect(inWords(await ask(task, url))).toEqual(MET);
  await execute(admin, `REVOKE pg_monitor FROM "${ROLE}"`);
});

describe('statements that nobody counts', () => {
  test.each<{ set: (name: string) => string; grants: (name: string) => string[] }>([
    {
      set: () => `ALTER SYSTEM SET pg_stat_statements.track = 'none'`,
      grants: () => [`ALTER SYSTEM SET pg_stat_statements.track = 'top';`, 'SELECT pg_reload_conf();'],
    },
    {
      set: () => `ALTER SYSTEM SET compute_query_id = off`,
      grants: () => [`ALTER SYSTEM SET compute_query_id = 'auto';`, 'SELECT pg_reload_conf();'],
    },
    {
      set: () => `ALTER ROLE app SET pg_stat_statements.track = none`,
      grants: (name) => [
        'ALTER ROLE "app" RESET pg_stat_statements.track;',
        `ALTER ROLE "app" IN DATABASE "${name}" RESET pg_stat_statements.track;`,
      ],
    },
    {
      set: (name) => `ALTER DATABASE "${name}" SET pg_stat_statements.track = none`,
      grants: (name) => [
        'ALTER ROLE ALL RESET pg_stat_statements.track;',
        `ALTER DATABASE "${name}" RESET pg_stat_statements.track;`,
      ],
    },
  ])('are counted again after the grant', async ({ set, grants }) => {
    const { admin, url, name } = await server.database();
    await execute(admin, 'CREATE EXTENSION pg_stat_statements', set(name));
    await reload(admin);
    const needs = await ask(task, url);

    expect(needCalled(needs, COUNT)).toMatchObject({ state: 'missing', grant: grants(name).join('\n') });
    await give(admin, needs, COUNT);
    await reload(admin);
    expect(needCalled(await ask(task, url), COUNT).state).toBe('met');
  });

  test('of a role of which that is known are no reason to act', async () => {
    const { admin, url } = await server.database();
    await execute(admin, `ALTER ROLE app SET pg_stat_statements.track = none`);

    expect(needCalled(await ask(task, url, { uncountedRoles: ['app'] }), COUNT).state).toBe('met');
    await execute(admin, `ALTER ROLE app RESET pg_stat_statements.track`);
  });
});

test.each([
  { loaded: '', line: `'pg_stat_statements'` },
  { loaded: 'auto_explain, "odd, one"', line: `'auto_explain', 'odd, one', 'pg_stat_statements'` },
])('the line that loads the library keeps what is loaded: "$loaded"', async ({ loaded, line }) => {
  const [statement = ''] = preloadGrant('pg_stat_statements', loaded);
  expect(statement).toBe(`ALTER SYSTEM SET shared_preload_libraries = ${line};`);

  const { admin } = await server.database();
  await execute(admin, statement);
  const kept = `SELECT setting FROM pg_file_settings WHERE name = 'shared_preload_libraries'`;
  expect(await valueOf(admin, kept)).toBe([...(loaded ? [loaded] : []), 'pg_stat_statements'].join(', '));
  await execute(admin, 'ALTER SYSTEM RESET shared_preload_libraries');
});

test('a server that is gone is unknown with the reason', async () => {
  const needs = await needsOf({ task, targets: { gone: { url: 'postgres://u@127.0.0.1:1/d' } } });

  expect(needs).toMatchObject([
    { need: 'be reached', state: 'unknown', detail: expect.stringContaining('ECONNREFUSED') },
  ]);
});

test('all that was run to look only reads', () => {
  expect(server.changes()).toMatchObject({ changing: [] });
});

async function reload(admin: string): Promise<void> {
  await execute(admin, 'SELECT pg_reload_conf()');
  await sleep(300);
}
