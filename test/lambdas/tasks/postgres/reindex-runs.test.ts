import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execute } from '../../../../lib/demo/servers/postgres.ts';
import { task } from '../../../../lambdas/tasks/postgres/reindex.ts';
import { openSession, startLine, startTestServer, type TestServer, valueOf } from './_database.ts';
import { bloatedTable, invalidIndexes, notes, sizeOf } from './_reindex-fixtures.ts';
import { beginRun, callStep, ended, finishStep, forgetRuns, spawnStep, type TestRun, until } from './_run.ts';

let tests: TestServer;
beforeAll(async () => {
  tests = await startTestServer();
});
afterAll(async () => {
  await tests.end();
  await forgetRuns();
});

const input = { minSize: '256kB' };

async function database(): Promise<string> {
  const url = await tests.database();
  await bloatedTable(url, 'orders');
  return url;
}

async function begun(url: string): Promise<{ run: TestRun; chosen: Awaited<ReturnType<typeof callStep>> }> {
  const run = await beginRun({ url, task, input });
  return { run, chosen: await callStep(run, task, {}) };
}

const OURS = `FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'REINDEX%' AND state = 'active'`;

async function waits(url: string): Promise<boolean> {
  return (await valueOf(url, `SELECT count(*)::int ${OURS} AND wait_event_type = 'Lock'`)) === 1;
}

/** A session that keeps a rebuild waiting: one that wrote while it is built, one that only read when the old index is dropped. */
async function keepWaiting(url: string, statement = 'UPDATE orders SET id = id WHERE id = 5') {
  const session = await openSession(url, 'BEGIN', statement);
  return { release: () => session.end() };
}

const rebuilds = `SELECT oid::int FROM pg_class WHERE relname = 'orders_key'`;

describe('a rebuild that is cancelled on the server leaves nothing behind', () => {
  test('while the new index is built: the action failed, and what it left is swept', async () => {
    const url = await database();
    const oid = await valueOf(url, rebuilds);
    const { release } = await keepWaiting(url);
    const { run, chosen } = await begun(url);
    const calling = callStep(run, task, chosen);
    await until(() => waits(url));
    await execute(url, `SELECT pg_cancel_backend(pid) ${OURS}`);
    await release();

    const record = await finishStep(run, task, await calling);

    expect(record.actions).toMatchObject([
      { verb: 'reindex', status: 'failed', detail: expect.stringContaining('canceling statement') },
      { verb: 'sweep', status: 'done' },
    ]);
    expect(record).toMatchObject({
      verdict: 'fail',
      findings: [{ kind: 'leftover-removed', subject: 'public.orders_key_ccnew' }, { kind: 'action-failed' }],
    });
    expect(await valueOf(url, rebuilds)).toBe(oid);
    expect([await invalidIndexes(url), await notes(url)]).toEqual([[], 0]);
  });

  test('while the old index is to be dropped: the rebuild is done, and the old one is swept', async () => {
    const url = await database();
    const size = await sizeOf(url, 'orders_key');
    const { release } = await keepWaiting(url, 'SELECT FROM orders LIMIT 1');
    const { run, chosen } = await begun(url);
    const calling = callStep(run, task, chosen);
    await until(() => waits(url));
    await execute(url, `SELECT pg_cancel_backend(pid) ${OURS}`);
    await release();

    const record = await finishStep(run, task, await calling);

    expect(record.actions).toMatchObject([
      { verb: 'reindex', status: 'done', reconciled: true },
      { verb: 'sweep', status: 'done', statement: expect.stringContaining('orders_key_ccold') },
    ]);
    expect(record.verdict).toBe('pass');
    expect(await sizeOf(url, 'orders_key')).toBeLessThan(size / 3);
    expect([await invalidIndexes(url), await notes(url)]).toEqual([[], 0]);
  });
});

describe('killed with kill -9, the next call settles what happened by looking', () => {
  test('inside the statement: the server’s own is followed to its end and none started beside it', async () => {
    const url = await database();
    const { release } = await keepWaiting(url);
    const { run, chosen } = await begun(url);
    const child = spawnStep(run, task, chosen);
    await until(() => waits(url));
    child.kill('SIGKILL');
    expect(await ended(child)).toBe('SIGKILL');
    expect(await waits(url)).toBe(true);

    const following = finishStep(run, task, chosen);
    await until(
      async () =>
        (await valueOf(url, `SELECT count(*)::int FROM pg_stat_activity WHERE application_name LIKE 'fettle:%'`)) === 2,
    );
    await release();
    const record = await following;

    expect(record.actions[0]).toMatchObject({ verb: 'reindex', status: 'done', reconciled: true });
    expect(record.verdict).toBe('pass');
    expect([await invalidIndexes(url), await notes(url)]).toEqual([[], 0]);
  });

  test('after the effect and before its record: it is found done and not repeated', async () => {
    const url = await database();
    const { run, chosen } = await begun(url);
    expect(await ended(spawnStep(run, task, chosen, '.outcome.json'))).toBe('SIGKILL');
    const oid = await valueOf(url, rebuilds);

    const record = await finishStep(run, task, chosen);

    expect(record.actions).toMatchObject([{ verb: 'reindex', status: 'done', reconciled: true }]);
    expect(record.measurements).toContainEqual(expect.objectContaining({ name: 'indexes-rebuilt', value: 1 }));
    expect(await valueOf(url, rebuilds)).toBe(oid);
  });

  test('with its whole run and its session on the server: a later run proves the leftover ours and sweeps it', async () => {
    const url = await database();
    const { release } = await keepWaiting(url);
    const { run, chosen } = await begun(url);
    const child = spawnStep(run, task, chosen);
    await until(() => waits(url));
    child.kill('SIGKILL');
    await execute(url, `SELECT pg_terminate_backend(pid) ${OURS}`);
    await ended(child);
    await release();
    expect([await invalidIndexes(url), await notes(url)]).toEqual([['orders_key_ccnew'], 1]);

    const record = await finishStep(await beginRun({ url, task, input }), task);

    expect(record.actions).toMatchObject([
      { verb: 'sweep', status: 'done' },
      { verb: 'reindex', status: 'done' },
    ]);
    expect(record.findings).toMatchObject([{ kind: 'leftover-removed' }, { kind: 'rebuilt' }]);
    expect([await invalidIndexes(url), await notes(url)]).toEqual([[], 0]);
  });
});

test('a new run neither begins a second rebuild beside one that was left running, nor takes its index for a leftover', async () => {
  const url = await database();
  const { release } = await keepWaiting(url);
  const { run, chosen } = await begun(url);
  const child = spawnStep(run, task, chosen);
  await until(() => waits(url));
  child.kill('SIGKILL');
  await ended(child);

  const next = await finishStep(await beginRun({ url, task, input }), task);
  await release();
  const record = await finishStep(run, task, chosen);

  expect(next.actions).toMatchObject([
    { verb: 'reindex', status: 'skipped', detail: expect.stringContaining('busy:') },
  ]);
  expect(next).toMatchObject({ verdict: 'pass', findings: [{ kind: 'busy', severity: 'info' }] });
  expect(record.actions[0]).toMatchObject({ status: 'done', reconciled: true });
  expect([await invalidIndexes(url), await notes(url)]).toEqual([[], 0]);
});

test('a connection lost inside the statement is not taken for its end: the rebuild goes on and is followed', async () => {
  const url = await database();
  const line = await startLine(tests.server.port);
  const { release } = await keepWaiting(url);
  const run = await beginRun({ url: url.replace(`:${tests.server.port}/`, `:${line.port}/`), task, input });
  const calling = finishStep(run, task, await callStep(run, task, {}));
  await until(() => waits(url));
  line.cut();
  await release();

  const record = await calling;
  await line.close();

  expect(record.actions[0]).toMatchObject({ verb: 'reindex', status: 'done', reconciled: true });
  expect([await invalidIndexes(url), await notes(url)]).toEqual([[], 0]);
});

test('indexes for which the run has no time left are named', async () => {
  const url = await database();
  const record = await finishStep(await beginRun({ url, task, input, deadlineSeconds: 12 }), task);

  expect(record.actions).toEqual([]);
  expect(record.findings).toMatchObject([
    { kind: 'indexes-left', severity: 'warn', summary: expect.stringContaining('left: public.orders_key') },
  ]);
});

test('what a rebuild reached is remembered, and the same index is not rebuilt again', async () => {
  const url = await database();
  const run = await beginRun({ url, task, input });
  await finishStep(run, task);
  const oid = await valueOf(url, rebuilds);

  const again = await finishStep(await beginRun({ url, task, input }), task);

  expect(again).toMatchObject({ verdict: 'pass', actions: [], findings: [] });
  expect(await valueOf(url, rebuilds)).toBe(oid);
});
