import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execute } from '../../../../lib/demo/servers/postgres.ts';
import type { TableStats } from '../../../../lambdas/tasks/postgres/_tables.ts';
import { partitionedNotShown, shownTables, tablesToAnalyze, task } from '../../../../lambdas/tasks/postgres/analyze.ts';
import { performTask } from '../../../harness/perform-task.ts';
import { openSession, startTestServer, tableWithDeadRows, type TestServer, toEnd, valueOf } from './_database.ts';
import { beginRun, callStep, ended, finishStep, forgetRuns, spawnStep } from './_run.ts';
import { tableStats } from './_table-stats.ts';

let tests: TestServer;
beforeAll(async () => {
  tests = await startTestServer();
});
afterAll(async () => {
  await tests.end();
  await forgetRuns();
});

async function analyze(url: string, more: Record<string, string | number> = {}) {
  return toEnd({ task, targets: { main: { url } }, input: { lockTimeout: '1s', ...more } });
}

async function analyzeCount(url: string, table: string): Promise<unknown> {
  return valueOf(url, `SELECT analyze_count::int FROM pg_stat_user_tables WHERE relname = '${table}'`);
}

const DAY = 86_400;
const NOW = 1_000 * DAY;
const LIMITS = { changedRowsAbove: 10, minRows: 1_000, partitionedOlderThan: 7 * DAY };

test('before version 14 partitioned tables are left as they are, with a word, and from it on they are looked at', () => {
  const tables = [tableStats({ relkind: 'p' }), tableStats({ relkind: 'p' }), tableStats({ n_live_tup: 1 })];
  const [before, after] = [shownTables(tables, 130_014), shownTables(tables, 140_000)];

  expect(tablesToAnalyze(before.shown, LIMITS, NOW).map(({ table }) => table.relkind)).toEqual(['r']);
  expect(partitionedNotShown('main', before.partitioned)).toEqual([
    {
      kind: 'partitioned-not-shown',
      target: 'main',
      summary: '2 partitioned tables, of which this version does not show the last analyze',
    },
  ]);
  expect(tablesToAnalyze(after.shown, LIMITS, NOW)).toHaveLength(3);
  expect(partitionedNotShown('main', after.partitioned)).toEqual([]);
});

describe('a table is due for an analyze', () => {
  test.each([
    ['when a tenth has changed', { n_live_tup: 100_000, n_mod_since_analyze: 10_000, last_analyze: 1 }, []],
    [
      'when more has changed',
      { n_live_tup: 100_000, n_mod_since_analyze: 10_001, last_autoanalyze: 1 },
      ['changed-rows'],
    ],
    ['when few rows of few have changed', { n_live_tup: 100, n_mod_since_analyze: 1_000, last_analyze: 1 }, []],
    [
      'by its own storage parameters',
      {
        n_live_tup: 100_000,
        n_mod_since_analyze: 551,
        last_analyze: 1,
        reloptions: { autovacuum_analyze_scale_factor: '0.005' },
      },
      ['changed-rows'],
    ],
    [
      'not before its own storage parameters say so',
      {
        n_live_tup: 1_000,
        n_mod_since_analyze: 5_000,
        last_analyze: 1,
        reloptions: { autovacuum_analyze_threshold: '5000' },
      },
      [],
    ],
    ['when it has rows and was never analysed', { n_live_tup: 1 }, ['never-analysed']],
    ['when its rows are known to the catalogue alone', { reltuples: 5 }, ['never-analysed']],
    ['when its pages are all that is known', { size_pages: 1 }, ['never-analysed']],
    ['when it is empty', { reltuples: -1, size_pages: 0 }, []],
    ['when it is partitioned and was never analysed', { relkind: 'p', reltuples: -1 }, ['never-analysed']],
    ['when it is partitioned and was analysed a week ago', { relkind: 'p', last_analyze: NOW - 7 * DAY }, []],
    [
      'when it is partitioned and was analysed before',
      { relkind: 'p', last_analyze: NOW - 7 * DAY - 1 },
      ['old-analysis'],
    ],
  ])('%s', (_title, table, due) => {
    const stale = tablesToAnalyze([tableStats(table as Partial<TableStats>)], LIMITS, NOW);

    expect(stale.map(({ reason }) => reason.kind)).toEqual(due);
  });

  test('the never analysed first, then the most changed', () => {
    const tables = [
      tableStats({ oid: 1, n_mod_since_analyze: 2_000, last_analyze: 1 }),
      tableStats({ oid: 2, n_mod_since_analyze: 9_000, last_analyze: 1 }),
      tableStats({ oid: 3, n_live_tup: 1 }),
    ];

    expect(tablesToAnalyze(tables, LIMITS, NOW).map(({ table }) => table.oid)).toEqual([3, 2, 1]);
  });
});

describe('on a server', () => {
  test('analyzes what is stale or was never analysed, and leaves the healthy twin alone', async () => {
    const url = await tests.database();
    await tableWithDeadRows(url, 'stale', 10_000, 5_000);
    await tableWithDeadRows(url, 'healthy', 10_000, 100);
    await execute(url, 'CREATE TABLE "Never ""seen""" AS SELECT 1 AS id', 'CREATE TABLE empty (id int)');

    const { result, actions } = await analyze(url);

    expect(actions).toMatchObject([
      { verb: 'analyze', subject: 'public."Never ""seen"""', status: 'done' },
      { verb: 'analyze', subject: 'public.stale', status: 'done' },
    ]);
    expect(result.findings).toEqual([]);
    expect(result.measurements).toContainEqual({ name: 'changed-rows', value: 5_101, unit: 'rows', target: 'main' });
    expect(result.measurements).toContainEqual({ name: 'tables-analyzed', value: 2, unit: 'count', target: 'main' });
    expect(await analyzeCount(url, 'healthy')).toBe(1);
    expect((await analyze(url)).actions).toEqual([]);
  });

  test('analyzes a partitioned table, which autovacuum never does, once', async () => {
    const url = await tests.database();
    await execute(url, 'CREATE TABLE parted (id int) PARTITION BY RANGE (id)');
    await execute(url, 'CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (1000)');
    await execute(url, 'INSERT INTO parted SELECT generate_series(1, 500)');

    const { actions } = await analyze(url);

    expect(actions.map(({ subject }) => subject).sort()).toEqual(['public.parted', 'public.parted_1']);
    expect(await valueOf(url, `SELECT count(*)::int FROM pg_stats WHERE tablename = 'parted'`)).toBe(1);
    expect((await analyze(url)).actions).toEqual([]);
  });

  test('counters that were reset do not make a table look fresh', async () => {
    const url = await tests.database();
    await tableWithDeadRows(url, 'orders', 10_000, 5_000);
    await execute(url, 'SELECT pg_stat_reset()');

    const { actions } = await analyze(url);

    expect(actions).toMatchObject([{ subject: 'public.orders', status: 'done' }]);
    expect(await valueOf(url, 'SELECT n_dead_tup::int FROM pg_stat_user_tables')).toBe(5_000);
  });

  test('a plan changes nothing', async () => {
    const url = await tests.database();
    await tableWithDeadRows(url, 'stale', 10_000, 5_000);

    const { actions } = await performTask({ task, targets: { main: { url } }, mode: 'plan' });

    expect(actions).toMatchObject([{ subject: 'public.stale', status: 'planned' }]);
    expect(await analyzeCount(url, 'stale')).toBe(1);
  });

  test('a locked table is passed over and its holder named', async () => {
    const url = await tests.database();
    await tableWithDeadRows(url, 'stale', 10_000, 5_000);
    const locker = await openSession(url, 'BEGIN', 'LOCK TABLE stale IN ACCESS EXCLUSIVE MODE');

    const { result } = await analyze(url);
    await locker.end();

    expect(result.findings).toMatchObject([
      { kind: 'locked', subject: 'public.stale', summary: expect.stringContaining('test-session') },
    ]);
  });

  test('a table that the server passes over for a role that may not is a failure', async () => {
    const url = await tests.database();
    await tableWithDeadRows(url, 'theirs', 10_000, 5_000);
    await execute(url, `CREATE ROLE reader LOGIN PASSWORD 'correct horse'`);
    const role = { name: 'reader', password: 'correct horse' };

    const { result } = await analyze(tests.server.url(decodeURIComponent(new URL(url).pathname.slice(1)), role));

    expect(result.findings).toMatchObject([{ kind: 'not-permitted', subject: 'public.theirs' }]);
    expect(task.findings['not-permitted']?.severity).toBe('fail');
  });

  test('without counters nothing is known', async () => {
    const url = await tests.database();
    await tableWithDeadRows(url, 'stale', 10_000, 5_000);
    await execute(url, `ALTER DATABASE "${decodeURIComponent(new URL(url).pathname.slice(1))}" SET track_counts = off`);

    const { result } = await analyze(url);

    expect(result.findings).toMatchObject([{ kind: 'statistics-off' }]);
    expect(task.findings['statistics-off']?.severity).toBe('unknown');
  });

  test('killed after the effect and before its record, it is found done and not repeated', async () => {
    const url = await tests.database();
    await tableWithDeadRows(url, 'stale', 10_000, 5_000);
    const run = await beginRun({ url, task });
    const chosen = await callStep(run, task, {});
    expect(await ended(spawnStep(run, task, chosen, '.outcome.json'))).toBe('SIGKILL');

    const record = await finishStep(run, task, chosen);

    expect(record.actions).toMatchObject([{ subject: 'public.stale', status: 'done', reconciled: true }]);
    expect(await analyzeCount(url, 'stale')).toBe(2);
  });
});
