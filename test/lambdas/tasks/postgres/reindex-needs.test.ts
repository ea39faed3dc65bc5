import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execute } from '../../../../lib/demo/servers/postgres.ts';
import { task } from '../../../../lambdas/tasks/postgres/reindex.ts';
import { inWords, needCalled, needsOf } from '../../../harness/needs-of.ts';
import { toEnd } from './_database.ts';
import { ask, give, type NeedsServer, ROLE, startNeedsServer, unmet } from './_needs.ts';

let server: NeedsServer;
beforeAll(async () => {
  server = await startNeedsServer();
});
afterAll(() => server.end());

const REBUILD = 'rebuild every index';
const MEASURE = 'measure every index';

test('with the grants that it is shown, a role that may nothing rebuilds an index as that role', async () => {
  const { admin, url, name } = await server.database();
  await execute(
    admin,
    'CREATE TABLE bloated (id int PRIMARY KEY)',
    'INSERT INTO bloated SELECT generate_series(1, 60000)',
  );
  await execute(admin, 'DELETE FROM bloated WHERE id % 10 <> 0', 'ALTER TABLE bloated OWNER TO app');
  await execute(admin, 'VACUUM ANALYZE bloated');
  const before = await ask(task, url);

  expect(unmet(before).map(({ need, grant }) => [need, grant])).toEqual([
    ['see all sessions', `GRANT pg_monitor TO "${ROLE}";`],
    [REBUILD, `GRANT "app" TO "${ROLE}";`],
  ]);
  await give(admin, before, 'see all sessions');
  await give(admin, before, REBUILD);
  const needs = await ask(task, url);
  expect(inWords(needs)).toEqual([
    'met be reached',
    'met log in',
    'met answer queries',
    'met be the server itself',
    'met see all sessions',
    'met take writes',
    `met ${REBUILD}`,
    `met ${MEASURE}`,
  ]);
  expect(needCalled(needs, REBUILD).detail).toBe(`${ROLE} may for 2 of 2 tables`);
  expect(needCalled(needs, MEASURE).detail).toContain('over a sample in a temporary table');

  const input = { minSize: '64kB' };
  const { actions } = await toEnd({ task, targets: { main: { url } }, input, sessionName: `fettle:${name}` });
  expect(actions.filter(({ status }) => status === 'done').map(({ subject }) => subject)).toEqual([
    'public.bloated_pkey',
  ]);
  await execute(admin, `REVOKE app, pg_monitor FROM "${ROLE}"`);
});

test('the owner of the database may vacuum every table and rebuild none, and is told so', async () => {
  const { admin, url, name } = await server.database();
  await execute(admin, `ALTER DATABASE "${name}" OWNER TO "${ROLE}"`);
  const needs = await ask(task, url);

  expect(needCalled(needs, REBUILD)).toMatchObject({
    state: 'missing',
    detail: `${ROLE} may not for 1 of 1 tables, of app in public`,
    grant: `GRANT "app" TO "${ROLE}";`,
  });
});

describe('a way to measure', () => {
  test('is missing where no temporary tables are allowed, until pgstattuple may be called', async () => {
    const { admin, url, name } = await server.database();
    await execute(admin, `GRANT app TO "${ROLE}"`, `REVOKE TEMPORARY ON DATABASE "${name}" FROM PUBLIC`);
    const without = await ask(task, url);
    expect(needCalled(without, MEASURE)).toMatchObject({
      state: 'missing',
      grant: expect.stringContaining('CREATE EXTENSION pgstattuple;'),
    });
    await give(admin, without, MEASURE);
    expect(needCalled(await ask(task, url), MEASURE)).toMatchObject({
      state: 'met',
      detail: 'pgstatindex counts what they hold',
    });

    await execute(admin, `REVOKE pg_stat_scan_tables FROM "${ROLE}"`);
    const closed = await ask(task, url);
    expect(needCalled(closed, MEASURE).grant).toBe(
      `GRANT EXECUTE ON FUNCTION public.pgstatindex(regclass) TO "${ROLE}";`,
    );
    await give(admin, closed, MEASURE);
    expect(needCalled(await ask(task, url), MEASURE).state).toBe('met');
    await execute(admin, `REVOKE app FROM "${ROLE}"`);
  });

  test('of an index that is no btree is a sample, for which it must make temporary tables', async () => {
    const { admin, url, name } = await server.database();
    await execute(admin, `GRANT app TO "${ROLE}"`, `REVOKE TEMPORARY ON DATABASE "${name}" FROM PUBLIC`);
    await execute(admin, 'CREATE EXTENSION pgstattuple', `GRANT pg_stat_scan_tables TO "${ROLE}"`);
    await execute(admin, 'CREATE INDEX ON orders USING hash (id)');
    const needs = await ask(task, url);

    expect(needCalled(needs, MEASURE).grant).toBe(`GRANT TEMPORARY ON DATABASE "${name}" TO "${ROLE}";`);
    await give(admin, needs, MEASURE);
    expect(needCalled(await ask(task, url), MEASURE).state).toBe('met');
    await execute(admin, `REVOKE app, pg_stat_scan_tables FROM "${ROLE}"`);
  });
});

test('only the tables of the entry count, a partitioned one for its partitions, and one that is not there is missing', async () => {
  const { admin, url } = await server.database();
  await execute(
    admin,
    'CREATE TABLE parted (id int) PARTITION BY RANGE (id)',
    'CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (9)',
    `ALTER TABLE parted OWNER TO "${ROLE}"`,
  );
  const [all, named] = [await ask(task, url), await ask(task, url, { tables: ['parted', 'public.gone'] })];

  expect(needCalled(all, REBUILD).detail).toMatch(/^fettle the 1st may not for 2 of 3 tables/);
  expect(needCalled(named, REBUILD).detail).toMatch(/^fettle the 1st may not for 1 of 2 tables, of postgres in public/);
  expect(needCalled(named, 'have the tables of the entry')).toMatchObject({
    state: 'missing',
    detail: expect.stringContaining('is without public.gone'),
  });
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
