import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execute } from '../../../../lib/demo/servers/postgres.ts';
import { task } from '../../../../lambdas/tasks/postgres/analyze.ts';
import { mayWorkOn, type OwnedTables } from '../../../../lambdas/tasks/postgres/_needs-tables.ts';
import { inWords } from '../../../harness/needs-of.ts';
import { tableWithDeadRows, toEnd } from './_database.ts';
import { ask, give, type NeedsServer, startNeedsServer, unmet } from './_needs.ts';

let server: NeedsServer;
beforeAll(async () => {
  server = await startNeedsServer();
});
afterAll(() => server.end());

test('a login that works does not hide that the role may nothing; with the grants the task analyzes as that role', async () => {
  const { admin, url } = await server.database();
  await tableWithDeadRows(admin, 'users', 10_000, 5_000);
  await execute(admin, 'ALTER TABLE users OWNER TO app');
  const before = await ask(task, url);

  expect(inWords(unmet(before))).toEqual(['missing see all sessions', 'missing maintain every table']);
  for (const { need } of unmet(before)) await give(admin, before, need);
  expect(inWords(await ask(task, url))).toEqual([
    'met be reached',
    'met log in',
    'met answer queries',
    'met be the server itself',
    'met see all sessions',
    'met take writes',
    'met count changes',
    'met maintain every table',
  ]);
  const { actions } = await toEnd({ task, targets: { main: { url } } });
  expect(actions).toMatchObject([{ subject: 'public.users', status: 'done' }]);
  expect(server.changes()).toMatchObject({ changing: [] });
});

const OF_APP: OwnedTables = {
  ...{ schema: 'sales', owner: 'app', ownerIsSuperuser: false, databaseOwner: null, tables: 3, permitted: 0 },
  ...{ usesSchema: true, ownerUsesSchema: true },
};
const grantOf = (owned: readonly OwnedTables[], version: number, inherits = true) =>
  mayWorkOn('maintain', owned, { role: 'f"1', database: 'shop', version, inherits, isHosted: false }).grant?.split(
    '\n',
  );

test('before version 17 it is a membership of each owner, from it on the one privilege that maintains and no more', () => {
  const owned = [OF_APP, { ...OF_APP, owner: 'postgres', ownerIsSuperuser: true, usesSchema: false }];

  expect(grantOf([OF_APP, { ...OF_APP, schema: 'x' }], 160_002)).toEqual(['GRANT "app" TO "f""1";']);
  expect(grantOf([OF_APP], 160_002, false)).toEqual(['GRANT "app" TO "f""1" WITH INHERIT TRUE;']);
  expect(grantOf(owned, 170_000)).toEqual(['GRANT pg_maintain TO "f""1";', 'GRANT USAGE ON SCHEMA "sales" TO "f""1";']);
  expect(grantOf([{ ...OF_APP, usesSchema: false }], 150_000)).toEqual(['GRANT "app" TO "f""1";']);
  expect(grantOf([{ ...OF_APP, permitted: 3 }], 150_000)).toBeUndefined();
});

test('a superuser is in no grant, and a name that a terminal would obey is in none either', () => {
  expect(grantOf([{ ...OF_APP, owner: 'postgres', ownerIsSuperuser: true }], 150_000)).toBeUndefined();
  expect(grantOf([{ ...OF_APP, owner: 'app\u001b[2J' }], 150_000)).toBeUndefined();
  const seen = mayWorkOn('maintain', [OF_APP], {
    role: 'f',
    database: 'd',
    version: 150_000,
    inherits: true,
    isHosted: false,
  });
  expect(JSON.stringify(seen)).not.toContain('SUPERUSER');
});
