import { describe, expect, test } from '@jest/globals';
import { intervalBetween, isSameHistory, type Snapshot } from '../../../../lambdas/tasks/postgres/_slow-interval.ts';
import { judgeInterval, slowQueries } from '../../../../lambdas/tasks/postgres/_slow-judgement.ts';
import { countersSql } from '../../../../lambdas/tasks/postgres/_slow-statements.ts';
import { secondsToWait, startOf } from '../../../../lambdas/tasks/postgres/check-slow-queries.ts';

const DAY = 86_400;
const MONTHS_AGO = -90 * DAY;

function snapshot(takenAt: number, statements: Snapshot['statements'], more: Partial<Snapshot> = {}): Snapshot {
  return { takenAt, databaseOid: 5, statsReset: MONTHS_AGO, dealloc: 0, statements, ...more };
}

const LIMITS = { meanMillisecondsAbove: 1_000, callsAbove: 10, queriesAbove: 5, minInterval: 60, ignoredQueryIds: [] };

describe('a query is judged by what it did between two snapshots', () => {
  test('so what was slow long ago is not slow, and what is slow now is not hidden by a fast past', () => {
    const before = snapshot(0, [
      ['10/1', 1_000, 9_000_000, 0],
      ['10/2', 1_000_000, 1_000_000, 0],
    ]);
    const after = snapshot(DAY, [
      ['10/1', 2_000, 9_001_000, 0],
      ['10/2', 1_000_020, 1_060_000, 0],
    ]);

    const interval = intervalBetween(before, after);

    expect(slowQueries(interval, LIMITS)).toEqual([
      { queryId: '2', calls: 20, milliseconds: 60_000, readMilliseconds: 0 },
    ]);
    expect(interval).toMatchObject({ seconds: DAY, isReset: false, restarted: 0, evictions: 0 });
  });

  test('with both limits to be exceeded', () => {
    const after = (calls: number, milliseconds: number) =>
      intervalBetween(snapshot(0, []), snapshot(DAY, [['10/1', calls, milliseconds, 0]]));

    expect(slowQueries(after(10, 50_000), LIMITS)).toEqual([]);
    expect(slowQueries(after(11, 11_000), LIMITS)).toEqual([]);
    expect(slowQueries(after(11, 11_001), LIMITS)).toHaveLength(1);
    expect(slowQueries(after(11, 11_001), { ...LIMITS, ignoredQueryIds: ['1'] })).toEqual([]);
  });

  test('all roles together, so that a query of a hundred roles is found', () => {
    const rows = Array.from({ length: 100 }, (_, role) => [`${role}/7`, 1, 2_000, 500] as Snapshot['statements'][0]);

    const [found] = slowQueries(intervalBetween(snapshot(0, []), snapshot(DAY, rows)), LIMITS);

    expect(found).toEqual({ queryId: '7', calls: 100, milliseconds: 200_000, readMilliseconds: 50_000 });
  });
});

describe('counters that began again are said to have, and what they count since is still judged', () => {
  const before = snapshot(0, [
    ['10/1', 1_000, 10_000, 0],
    ['10/2', 50, 100, 0],
  ]);

  test('after a reset of all', () => {
    const after = snapshot(DAY, [['10/1', 20, 40_000, 0]], { statsReset: DAY - 600 });

    const interval = intervalBetween(before, after);

    expect(interval).toMatchObject({ seconds: 600, isReset: true, restarted: 0 });
    expect(slowQueries(interval, LIMITS)).toMatchObject([{ queryId: '1', calls: 20 }]);
    expect(judgeInterval('main', interval, false, 60)).toMatchObject([
      { kind: 'statistics-reset', summary: 'all counters began again 10m ago, so only this time was judged' },
    ]);
  });

  test('after a reset of one statement, which the server notes nowhere', () => {
    const lower = snapshot(DAY, [
      ['10/1', 20, 40_000, 0],
      ['10/2', 60, 110, 0],
    ]);

    const interval = intervalBetween(before, lower);

    expect(interval).toMatchObject({ isReset: false, restarted: 1, evictions: 0 });
    expect(slowQueries(interval, LIMITS)).toMatchObject([{ queryId: '1', calls: 20, milliseconds: 40_000 }]);
    expect(judgeInterval('main', interval, false, 60)).toMatchObject([
      { kind: 'statistics-reset', value: 1, limit: 0 },
    ]);
  });

  test('after evictions, which explain what went away', () => {
    const interval = intervalBetween(before, snapshot(DAY, [['10/2', 60, 110, 0]], { dealloc: 3 }));

    expect(interval).toMatchObject({ restarted: 0, evictions: 3 });
    expect(judgeInterval('main', interval, false, 60)).toMatchObject([{ kind: 'statements-evicted', value: 3 }]);
  });

  test('of an extension that notes neither resets nor evictions', () => {
    const old = { statsReset: null, dealloc: null };
    const earlier = { ...before, ...old };

    expect(intervalBetween(earlier, snapshot(DAY, [['10/3', 1, 1, 0]], old))).toMatchObject({ isReset: true });
    expect(intervalBetween(earlier, snapshot(DAY, [['10/2', 60, 110, 0]], old))).toMatchObject({
      isReset: false,
      evictions: 1,
    });
    expect(intervalBetween(earlier, snapshot(DAY, earlier.statements, old))).toMatchObject({
      isReset: false,
      evictions: 0,
      restarted: 0,
    });
  });
});

describe('an interval begins', () => {
  const now = snapshot(DAY, []);
  const kept = snapshot(0, []);
  const taken = snapshot(DAY - 61, []);

  test('with the snapshot of the last run', () => {
    expect(startOf(now, { kept, taken })).toEqual({ before: kept, isFirst: false });
    expect(secondsToWait(now, kept, 60)).toBe(0);
  });

  test('without one with a recent reset, when every counter was zero', () => {
    const fresh = snapshot(DAY, [], { statsReset: DAY - 300 });

    expect(startOf(fresh, { kept: undefined, taken: undefined })).toMatchObject({
      before: { takenAt: DAY - 300, statements: [] },
      isFirst: false,
    });
    expect(secondsToWait(snapshot(DAY, [], { statsReset: DAY - 20 }), undefined, 60)).toBe(41);
  });

  test('else with a snapshot of the same run, and not before it is old enough', () => {
    expect(secondsToWait(now, undefined, 60)).toBe(61);
    expect(startOf(now, { kept: undefined, taken })).toEqual({ before: taken, isFirst: true });
    expect(startOf(now, { kept: undefined, taken: undefined })).toBeUndefined();
    expect(judgeInterval('main', undefined, true, 60)).toMatchObject([
      { kind: 'interval-too-short', value: 0, limit: 60 },
    ]);
  });

  test.each([
    ['another database of the name', { databaseOid: 6 }],
    ['another server, which was reset long before', { statsReset: MONTHS_AGO - DAY }],
    ['a clock that went back', { takenAt: -1 }],
  ])('never with the snapshot of %s', (_title, more) => {
    expect(isSameHistory(kept, { ...now, ...more })).toBe(false);
  });
});

test.each([
  ['1.7', ['total_time', 'blk_read_time'], 's.total_time AS milliseconds', 's.blk_read_time', false],
  [
    '1.10',
    ['toplevel', 'total_exec_time', 'blk_read_time'],
    's.total_exec_time AS milliseconds',
    's.blk_read_time',
    true,
  ],
  [
    '1.11 of PostgreSQL 17',
    ['toplevel', 'total_exec_time', 'shared_blk_read_time', 'local_blk_read_time'],
    's.total_exec_time AS milliseconds',
    's.shared_blk_read_time',
    true,
  ],
])('the columns of version %s are read by their names', (_version, columns, total, read, topLevel) => {
  const sql = countersSql({ schema: 'public', columns });

  expect(sql).toContain(total);
  expect(sql).toContain(`${read} AS "readMilliseconds"`);
  expect(sql.includes('s.toplevel')).toBe(topLevel);
});
