import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execute } from '../../../../lib/demo/servers/postgres.ts';
import { task } from '../../../../lambdas/tasks/postgres/vacuum.ts';
import { openSession, startLine, startTestServer, tableWithDeadRows, type TestServer, valueOf } from './_database.ts';
import { beginRun, callStep, ended, finishStep, forgetRuns, recordOf, spawnStep, type TestRun, until } from './_run.ts';

let tests: TestServer;
beforeAll(async () => {
  tests = await startTestServer();
});
afterAll(async () => {
  await tests.end();
  await forgetRuns();
});

const input = { minRows: 1_000, followAfter: '1s' };

async function database(): Promise<string> {
  const url = await tests.database();
  await tableWithDeadRows(url, 'orders', 60_000, 30_000);
  return url;
}

/** From now on a vacuum of that database takes seconds. */
async function slowDown(url: string): Promise<void> {
  const name = decodeURIComponent(new URL(url).pathname.slice(1));
  await execute(
    url,
    `ALTER DATABASE "${name}" SET vacuum_cost_delay = '25ms'`,
    `ALTER DATABASE "${name}" SET vacuum_cost_limit = 10`,
  );
}

async function vacuumCount(url: string): Promise<unknown> {
  return valueOf(url, `SELECT vacuum_count::int FROM pg_stat_user_tables WHERE relname = 'orders'`);
}

async function runningVacuums(url: string): Promise<unknown> {
  return valueOf(url, 'SELECT count(*)::int FROM pg_stat_progress_vacuum WHERE datname = current_database()');
}

async function begun(url: string): Promise<{ run: TestRun; chosen: Awaited<ReturnType<typeof callStep>> }> {
  const run = await beginRun({ url, task, input });
  return { run, chosen: await callStep(run, task, {}) };
}

test('a vacuum that takes longer than it is followed goes on without us and is found again', async () => {
  const url = await database();
  await slowDown(url);
  const { run, chosen } = await begun(url);
  expect(chosen).toMatchObject({ status: 'paused', waitSeconds: 1 });

  const left = await callStep(run, task, chosen);
  expect(left).toMatchObject({ status: 'paused', waitSeconds: 30 });
  await until(async () => (await runningVacuums(url)) === 1);
  const record = await finishStep(run, task, left);

  expect(record.actions).toMatchObject([
    { subject: 'public.orders', status: 'done', reconciled: true, after: { table: { n_dead_tup: 0 } } },
  ]);
  expect(record).toMatchObject({ verdict: 'pass', findings: [] });
  expect(await vacuumCount(url)).toBe(2);
});

test('a new run does not start a second vacuum beside the one that was left running', async () => {
  const url = await database();
  await slowDown(url);
  const { run, chosen } = await begun(url);
  const left = await callStep(run, task, chosen);
  expect(left).toMatchObject({ waitSeconds: 30 });

  const next = await finishStep(await beginRun({ url, task, input }), task);
  await finishStep(run, task, left);

  expect(next.actions).toMatchObject([{ status: 'skipped', detail: expect.stringContaining('busy: pid') }]);
  expect(next.findings).toMatchObject([{ kind: 'busy', severity: 'info' }]);
  expect(await vacuumCount(url)).toBe(2);
});

describe('killed with kill -9, the next call settles what happened by looking', () => {
  test('after the intent and before the statement: it is done once', async () => {
    const url = await database();
    const locker = await openSession(url, 'BEGIN', 'LOCK TABLE orders IN SHARE MODE');
    const { run, chosen } = await begun(url);
    const child = spawnStep(run, task, chosen);
    await until(
      async () =>
        (await valueOf(url, `SELECT count(*)::int FROM pg_stat_activity WHERE application_name LIKE 'fettle:%'`)) === 1,
    );
    child.kill('SIGKILL');
    await ended(child);
    await locker.end();

    const record = await finishStep(run, task, chosen);

    expect(record.actions).toMatchObject([{ subject: 'public.orders', status: 'done' }]);
    expect(record.actions[0]).not.toHaveProperty('reconciled', true);
    expect(await vacuumCount(url)).toBe(2);
  });

  test('inside the statement: the server’s own is followed to its end and none started beside it', async () => {
    const url = await database();
    await slowDown(url);
    const { run, chosen } = await begun(url);
    const child = spawnStep(run, task, chosen);
    await until(async () => (await runningVacuums(url)) === 1);
    child.kill('SIGKILL');
    expect(await ended(child)).toBe('SIGKILL');

    const seen = await callStep(run, task, chosen);
    expect(seen).toMatchObject({ status: 'paused', waitSeconds: 30 });
    expect(await runningVacuums(url)).toBe(1);
    const record = await finishStep(run, task, seen);

    expect(record.actions).toMatchObject([{ status: 'done', reconciled: true }]);
    expect(record.verdict).toBe('pass');
    expect(await vacuumCount(url)).toBe(2);
  });

  test('after the effect and before its record: it is found done and not repeated', async () => {
    const url = await database();
    const { run, chosen } = await begun(url);
    expect(await ended(spawnStep(run, task, chosen, '.outcome.json'))).toBe('SIGKILL');
    expect(await vacuumCount(url)).toBe(2);

    const record = await finishStep(run, task, chosen);

    expect(record.actions).toMatchObject([{ subject: 'public.orders', status: 'done', reconciled: true }]);
    expect(record.measurements).toContainEqual(expect.objectContaining({ name: 'tables-vacuumed', value: 1 }));
    expect(await vacuumCount(url)).toBe(2);
  });

  test('after the record: the outcome is read and nothing is repeated', async () => {
    const url = await database();
    const { run, chosen } = await begun(url);
    expect(await ended(spawnStep(run, task, chosen, '/steps/01-postgres-vacuum.json'))).toBe('SIGKILL');

    const record = await finishStep(run, task, chosen);

    expect(record.actions).toMatchObject([{ subject: 'public.orders', status: 'done' }]);
    expect(record.actions[0]).not.toHaveProperty('reconciled', true);
    expect(await vacuumCount(url)).toBe(2);
  });
});

test('a connection lost inside the statement is not taken for its end: the vacuum goes on and is followed', async () => {
  const url = await database();
  await slowDown(url);
  const line = await startLine(tests.server.port);
  const run = await beginRun({ url: url.replace(`:${tests.server.port}/`, `:${line.port}/`), task, input });
  const chosen = await callStep(run, task, {});
  const calling = callStep(run, task, chosen);
  await until(async () => (await runningVacuums(url)) === 1);
  line.cut();

  const followed = await calling;
  expect(followed).toMatchObject({ status: 'paused', waitSeconds: 30 });
  const record = await finishStep(run, task, followed);
  await line.close();

  expect(record.actions).toMatchObject([{ status: 'done', reconciled: true }]);
  expect(await vacuumCount(url)).toBe(2);
});

test('the session cancelled on the server is a failed action, and the target is not passed', async () => {
  const url = await database();
  await slowDown(url);
  const { run, chosen } = await begun(url);
  const calling = callStep(run, task, chosen);
  await until(async () => (await runningVacuums(url)) === 1);
  await execute(url, `SELECT pg_cancel_backend(pid) FROM pg_stat_progress_vacuum WHERE datname = current_database()`);

  expect(await calling).toMatchObject({ status: 'done', verdict: 'fail' });
  const { findings } = await recordOf(run, task);
  expect(findings).toMatchObject([{ kind: 'action-failed', summary: expect.stringContaining('canceling statement') }]);
});

test('tables for which the run has no time left are named', async () => {
  const url = await database();
  const run = await beginRun({ url, task, input, deadlineSeconds: 12 });

  const record = await finishStep(run, task);

  expect(record.actions).toEqual([]);
  expect(record.findings).toMatchObject([
    { kind: 'tables-left', severity: 'warn', summary: expect.stringContaining('left: public.orders') },
  ]);
  expect(await vacuumCount(url)).toBe(1);
});
