import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { task as reindex } from '../../../lambdas/tasks/postgres/reindex.ts';
import { task as vacuum } from '../../../lambdas/tasks/postgres/vacuum.ts';
import { execute } from '../../../lib/demo/servers/postgres.ts';
import { openSession, tableWithDeadRows, valueOf } from '../../lambdas/tasks/postgres/_database.ts';
import { bloatedTable, invalidIndexes, notes } from '../../lambdas/tasks/postgres/_reindex-fixtures.ts';
import { beginRun, callStep, finishStep, forgetRuns, recordOf, until } from '../../lambdas/tasks/postgres/_run.ts';
import { startFaultProxy } from '../../servers/fault-proxy.ts';
import { startRestartablePostgres, type Restart, type RestartablePostgres } from './_restartable-postgres.ts';

const VACUUM = { task: vacuum, input: { minRows: 1_000, followAfter: '1s' } };
const REINDEX = { task: reindex, input: { minSize: '256kB' } };
const RESTARTS: readonly Restart[] = ['in good order', 'as by a crash'];

let server: RestartablePostgres;
beforeAll(async () => {
  server = await startRestartablePostgres();
});
afterAll(async () => {
  await server.end();
  await forgetRuns();
});

async function deadRows(): Promise<string> {
  const url = await server.database();
  await tableWithDeadRows(url, 'orders', 60_000, 30_000);
  return url;
}

/** From now on a vacuum of that database takes seconds. */
async function slowDown(url: string, delay = '25ms', limit = 10): Promise<void> {
  const name = decodeURIComponent(new URL(url).pathname.slice(1));
  await execute(
    url,
    `ALTER DATABASE "${name}" SET vacuum_cost_delay = '${delay}'`,
    `ALTER DATABASE "${name}" SET vacuum_cost_limit = ${limit}`,
  );
}

const running = (url: string) =>
  valueOf(url, 'SELECT count(*)::int FROM pg_stat_progress_vacuum WHERE datname = current_database()');
const vacuums = (url: string) =>
  valueOf(url, `SELECT vacuum_count::int FROM pg_stat_user_tables WHERE relname = 'orders'`);

describe('a server that is restarted in the middle of a vacuum', () => {
  async function restartedAt(url: string, how: Restart) {
    await slowDown(url);
    const run = await beginRun({ url, ...VACUUM, input: { ...VACUUM.input, followAfter: '60s' } });
    const calling = callStep(run, vacuum, await callStep(run, vacuum, {}));
    await until(async () => (await running(url)) === 1);
    await server.stop(how);
    expect((await calling).status).toBe('done');
    await server.start();
    await slowDown(url, '0ms');
    const record = await recordOf(run, vacuum);
    expect(record.verdict).toBe('fail');
    expect(record.actions).toMatchObject([
      { status: 'failed', detail: expect.stringContaining('whether it took effect could not be seen') },
    ]);
    expect(record.findings.map(({ kind }) => kind)).toEqual(['not-readable', 'action-failed']);
    return finishStep(await beginRun({ url, ...VACUUM }), vacuum);
  }

  test('in good order: the run says that it cannot tell the end, and the next one finishes it', async () => {
    const url = await deadRows();

    const next = await restartedAt(url, 'in good order');

    expect(next).toMatchObject({ verdict: 'pass', actions: [{ subject: 'public.orders', status: 'done' }] });
    expect(await vacuums(url)).toBe(2);
  });

  test('as by a crash, which forgets all counters: the next run says that too, and when they count again it is finished', async () => {
    const url = await deadRows();

    const next = await restartedAt(url, 'as by a crash');
    await execute(url, 'ANALYZE orders');
    const later = await finishStep(await beginRun({ url, ...VACUUM }), vacuum);

    expect(next).toMatchObject({ verdict: 'unknown', actions: [], findings: [{ kind: 'statistics-reset' }] });
    expect(later).toMatchObject({ verdict: 'pass', actions: [{ subject: 'public.orders', status: 'done' }] });
  });
});

describe('a server that is restarted in the middle of a rebuild', () => {
  test.each(RESTARTS)(
    '%s: nothing is taken for done, and the next run sweeps what is left and rebuilds',
    async (how) => {
      const url = await server.database();
      await bloatedTable(url, 'orders');
      const writer = await openSession(url, 'BEGIN', 'UPDATE orders SET id = id WHERE id = 5');
      writer.on('error', () => undefined);
      const run = await beginRun({ url, ...REINDEX });
      const calling = callStep(run, reindex, await callStep(run, reindex, {}));
      await until(async () => (await waiting(url)) === 1);
      await server.stop(how);

      const outcome = await calling;
      const record = outcome.status === 'done' ? await recordOf(run, reindex) : undefined;
      await server.start();
      const left = [await invalidIndexes(url), await notes(url)];
      const next = await finishStep(await beginRun({ url, ...REINDEX }), reindex);

      expect(record?.verdict).not.toBe('pass');
      expect(record?.actions.filter(({ status }) => status === 'done')).toEqual([]);
      expect(left).toEqual([['orders_key_ccnew'], 1]);
      expect(next.actions).toMatchObject([
        { verb: 'sweep', status: 'done' },
        { verb: 'reindex', status: 'done' },
      ]);
      expect([await invalidIndexes(url), await notes(url)]).toEqual([[], 0]);
    },
  );

  const waiting = (url: string) =>
    valueOf(
      url,
      `SELECT count(*)::int FROM pg_stat_activity
       WHERE datname = current_database() AND query LIKE 'REINDEX%' AND wait_event_type = 'Lock'`,
    );
});

describe('a line that swallows everything in the middle of a vacuum', () => {
  async function through(url: string) {
    const line = await startFaultProxy(server.port);
    return { line, url: url.replace(`:${server.port}/`, `:${line.port}/`) };
  }

  test('and carries again: the statement at the server is followed to its end, and none is begun beside it', async () => {
    const url = await deadRows();
    await slowDown(url);
    const { line, url: over } = await through(url);
    line.fault = { kind: 'stall', onceAsked: /VACUUM \(/, times: 1 };
    const run = await beginRun({ url: over, ...VACUUM });
    const left = await callStep(run, vacuum, await callStep(run, vacuum, {}));

    expect(left).toMatchObject({ status: 'paused', waitSeconds: 30 });
    expect(await running(url)).toBe(1);
    const record = await finishStep(run, vacuum, left);
    line.close();

    expect(line.counts.faults).toBe(1);
    expect(record.actions).toMatchObject([{ status: 'done', reconciled: true }]);
    expect(await vacuums(url)).toBe(2);
  });

  test('for good: the run says so, and the next one finds the statement and leaves it its table', async () => {
    const url = await deadRows();
    await slowDown(url, '90ms', 1);
    const { line, url: over } = await through(url);
    const run = await beginRun({ url: over, ...VACUUM });
    const chosen = await callStep(run, vacuum, {});
    line.fault = { kind: 'stall', onceAsked: /VACUUM \(/ };
    const left = await callStep(run, vacuum, chosen);
    line.fault = { kind: 'stall' };

    const record = await finishStep(run, vacuum, left);
    const beside = await running(url);
    const next = await finishStep(await beginRun({ url, ...VACUUM }), vacuum);
    const inAll = await running(url);
    await execute(url, `SELECT pg_cancel_backend(pid) FROM pg_stat_progress_vacuum WHERE datname = current_database()`);
    line.close();

    expect(record.verdict).toBe('unknown');
    expect(record.findings.map(({ kind }) => kind).sort()).toEqual(['action-unfinished', 'not-readable']);
    expect(next.findings).toMatchObject([{ kind: 'busy', summary: expect.stringContaining('fettle:') }]);
    expect([beside, inAll]).toEqual([1, 1]);
  });
});

describe('what changes between the choice and the action', () => {
  test('a table that was given to somebody else is left alone, and said', async () => {
    const url = await server.database();
    await execute(url, 'CREATE ROLE keeper LOGIN PASSWORD $$keeper$$', 'GRANT ALL ON SCHEMA public TO keeper');
    const own = url.replace(/\/\/[^@]*@/, '//keeper:keeper@');
    await tableWithDeadRows(own, 'orders', 60_000, 30_000);
    const run = await beginRun({ url: own, ...VACUUM });
    const chosen = await callStep(run, vacuum, {});
    await execute(url, 'ALTER TABLE orders OWNER TO postgres');

    const record = await finishStep(run, vacuum, chosen);

    expect(record.actions).toMatchObject([{ status: 'skipped', detail: expect.stringContaining('not-permitted') }]);
    expect(record.verdict).not.toBe('pass');
    expect(await vacuums(url)).toBe(1);
  });

  test.each([
    ['read-only', async (url: string) => setForAll(url, 'default_transaction_read_only = on'), 'is read-only'],
    [
      'closed to more sessions',
      async (url: string) => execute(url, `ALTER DATABASE "${nameOf(url)}" CONNECTION LIMIT 0`),
      'too many connections',
    ],
    [
      'closed to the role',
      async (url: string) => execute(url, 'ALTER ROLE keeper NOLOGIN'),
      'is not permitted to log in',
    ],
  ])('a database that became %s is not changed and not passed, with the reason', async (_what, change, words) => {
    const url = await server.database();
    await execute(
      url,
      `DO $$BEGIN CREATE ROLE keeper LOGIN PASSWORD 'keeper'; EXCEPTION WHEN duplicate_object THEN NULL; END$$`,
    );
    await execute(url, 'ALTER ROLE keeper LOGIN', 'GRANT ALL ON SCHEMA public TO keeper');
    const own = url.replace(/\/\/[^@]*@/, '//keeper:keeper@');
    await tableWithDeadRows(own, 'orders', 60_000, 30_000);
    await execute(own, 'ANALYZE orders');
    const run = await beginRun({ url: own, ...VACUUM });
    const chosen = await callStep(run, vacuum, {});
    await change(url);

    const record = await finishStep(run, vacuum, chosen);

    expect(record.actions.filter(({ status }) => status === 'done')).toEqual([]);
    expect(record.verdict).not.toBe('pass');
    expect(JSON.stringify(record.findings)).toContain(words);
    expect(await vacuums(url)).toBe(1);
  });

  const nameOf = (url: string) => decodeURIComponent(new URL(url).pathname.slice(1));
  const setForAll = (url: string, setting: string) => execute(url, `ALTER DATABASE "${nameOf(url)}" SET ${setting}`);
});

test('a session that an administrator ends in the middle of its statement is a failed action, and the table is not passed', async () => {
  const url = await deadRows();
  await slowDown(url);
  const run = await beginRun({ url, ...VACUUM, input: { ...VACUUM.input, followAfter: '60s' } });
  const calling = callStep(run, vacuum, await callStep(run, vacuum, {}));
  await until(async () => (await running(url)) === 1);
  await execute(
    url,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_progress_vacuum WHERE datname = current_database()`,
  );

  await calling;
  const record = await recordOf(run, vacuum);

  expect(record.verdict).not.toBe('pass');
  expect(record.actions).toMatchObject([
    { status: 'failed', detail: expect.stringContaining('administrator command') },
  ]);
});
