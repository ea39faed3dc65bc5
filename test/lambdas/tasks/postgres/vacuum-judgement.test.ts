import { describe, expect, test } from '@jest/globals';
import { judgeEffect } from '../../../../lambdas/tasks/postgres/_effect.ts';
import type { Holder } from '../../../../lambdas/tasks/postgres/_horizon.ts';
import { hasMoved } from '../../../../lambdas/tasks/postgres/_statement.ts';
import { hasLostStatistics } from '../../../../lambdas/tasks/postgres/_statistics.ts';
import { labelOf, type TableStats } from '../../../../lambdas/tasks/postgres/_tables.ts';
import { reasonsToVacuum, tablesToVacuum, vacuumStatement } from '../../../../lambdas/tasks/postgres/vacuum.ts';
import { tableStats } from './_table-stats.ts';

const LIMITS = { deadRowsAbove: 20, insertedRowsAbove: 20, minRows: 10_000, freezeAgeAbove: 75 };
const SETTINGS = { autovacuum_freeze_max_age: 200_000_000, autovacuum_multixact_freeze_max_age: 400_000_000 };

type Case = Partial<TableStats> & { readonly due: readonly string[]; readonly toastAge?: number };

function kinds(table: TableStats): string[] {
  return reasonsToVacuum(table, SETTINGS, LIMITS).map(({ kind }) => kind);
}

describe('a table is due for a vacuum', () => {
  test.each`
    n_live_tup | n_dead_tup | due
    ${0}       | ${10_000}  | ${[]}
    ${0}       | ${10_001}  | ${['dead-rows']}
    ${80_000}  | ${20_000}  | ${[]}
    ${80_000}  | ${20_001}  | ${['dead-rows']}
    ${1e9}     | ${2e8}     | ${[]}
    ${0}       | ${0}       | ${[]}
  `('with $n_dead_tup dead beside $n_live_tup live rows: $due', (row) => {
    const { due, ...counters } = row as unknown as Case;

    expect(kinds(tableStats(counters))).toEqual(due);
  });

  test.each`
    reloptions                                                                       | n_dead_tup | due
    ${{ autovacuum_vacuum_scale_factor: '0.01' }}                                    | ${1_050}   | ${[]}
    ${{ autovacuum_vacuum_scale_factor: '0.01' }}                                    | ${1_051}   | ${['dead-rows']}
    ${{ autovacuum_vacuum_threshold: '30000', autovacuum_vacuum_scale_factor: '0' }} | ${30_000}  | ${[]}
    ${{ autovacuum_vacuum_threshold: '30000', autovacuum_vacuum_scale_factor: '0' }} | ${30_001}  | ${['dead-rows']}
    ${{ autovacuum_vacuum_threshold: 'nonsense' }}                                   | ${25_001}  | ${['dead-rows']}
    ${{ fillfactor: '70' }}                                                          | ${20_000}  | ${[]}
  `('by its own storage parameters $reloptions with $n_dead_tup dead rows: $due', (row) => {
    const { due, ...table } = row as unknown as Case;

    expect(kinds(tableStats({ n_live_tup: 100_000, reltuples: 100_000, ...table }))).toEqual(due);
  });

  test.each`
    xid_age        | mxid_age       | toastAge       | reloptions                                     | due
    ${150_000_000} | ${300_000_000} | ${150_000_000} | ${{}}                                          | ${[]}
    ${150_000_001} | ${0}           | ${0}           | ${{}}                                          | ${['freeze-age']}
    ${0}           | ${300_000_001} | ${0}           | ${{}}                                          | ${['multixact-age']}
    ${0}           | ${0}           | ${150_000_001} | ${{}}                                          | ${['freeze-age']}
    ${75_000_001}  | ${0}           | ${0}           | ${{ autovacuum_freeze_max_age: '100000000' }}  | ${['freeze-age']}
    ${150_000_000} | ${0}           | ${0}           | ${{ autovacuum_freeze_max_age: '1000000000' }} | ${[]}
    ${null}        | ${null}        | ${null}        | ${{}}                                          | ${[]}
  `('by age: $xid_age, $mxid_age, TOAST $toastAge, $reloptions: $due', (row) => {
    const { due, toastAge = null, ...table } = row as unknown as Case;
    const toast = { n_live_tup: 0, n_dead_tup: 0, xid_age: toastAge, mxid_age: null };

    expect(kinds(tableStats({ ...table, toast }))).toEqual(due);
  });

  test.each`
    n_ins_since_vacuum | last_autovacuum | due
    ${20_000}          | ${null}         | ${[]}
    ${20_001}          | ${null}         | ${['inserted-rows']}
    ${null}            | ${1}            | ${[]}
    ${null}            | ${null}         | ${['inserted-rows']}
  `('of 100,000 rows with $n_ins_since_vacuum inserted, autovacuum at $last_autovacuum: $due', (row) => {
    const { due, ...table } = row as unknown as Case;

    expect(kinds(tableStats({ n_live_tup: 100_000, ...table }))).toEqual(due);
  });

  test('for the dead rows of its TOAST table', () => {
    const toast = { n_live_tup: 1_000, n_dead_tup: 10_001, xid_age: 3, mxid_age: 0 };

    expect(kinds(tableStats({ n_live_tup: 100, toast }))).toEqual(['dead-toast-rows']);
  });
});

test('those near a forced freeze come first, then those that exceed their limit most', () => {
  const tables = [
    tableStats({ oid: 1, n_dead_tup: 20_000 }),
    tableStats({ oid: 2, n_dead_tup: 90_000 }),
    tableStats({ oid: 3, xid_age: 150_000_001 }),
    tableStats({ oid: 4, n_live_tup: 5 }),
    tableStats({ oid: 5, n_dead_tup: 20_000 }),
  ];

  expect(tablesToVacuum(tables, SETTINGS, LIMITS).map(({ table }) => table.oid)).toEqual([3, 2, 1, 5]);
  expect(tablesToVacuum([...tables].reverse(), SETTINGS, LIMITS).map(({ table }) => table.oid)).toEqual([3, 2, 1, 5]);
});

test.each`
  kind            | version    | statement
  ${'dead-rows'}  | ${120_000} | ${'VACUUM s.t'}
  ${'dead-rows'}  | ${130_000} | ${'VACUUM (PARALLEL 0) s.t'}
  ${'freeze-age'} | ${120_000} | ${'VACUUM (FREEZE) s.t'}
  ${'freeze-age'} | ${180_000} | ${'VACUUM (FREEZE, PARALLEL 0) s.t'}
`('for $kind on $version it is $statement', ({ kind, version, statement }) => {
  expect(vacuumStatement('s.t', [{ kind: kind as 'dead-rows', value: 2, limit: 1 }], Number(version))).toBe(statement);
});

describe('the counters of a table', () => {
  test.each`
    title                                  | table                                                   | lost
    ${'zero beside many known rows'}       | ${{ reltuples: 100_000 }}                               | ${true}
    ${'less than half of the known rows'}  | ${{ reltuples: 100_000, n_live_tup: 49_999 }}           | ${true}
    ${'half of the known rows'}            | ${{ reltuples: 100_000, n_live_tup: 50_000 }}           | ${false}
    ${'zero beside pages of a known size'} | ${{ reltuples: 100, relpages: 5_000, n_live_tup: 100 }} | ${true}
    ${'zero of one never counted'}         | ${{ reltuples: -1, size_pages: 128 }}                   | ${true}
    ${'zero of a small one'}               | ${{ reltuples: -1, size_pages: 127 }}                   | ${false}
    ${'zero of one that is locked'}        | ${{ reltuples: -1, size_pages: null }}                  | ${true}
    ${'counted again by an analyze'}       | ${{ reltuples: 100_000, last_analyze: 5 }}              | ${false}
    ${'counted again by an autovacuum'}    | ${{ reltuples: 100_000, last_autovacuum: 5 }}           | ${false}
    ${'of a partitioned table'}            | ${{ relkind: 'p', reltuples: 100_000 }}                 | ${false}
  `('$title: lost is $lost', ({ table, lost }) => {
    expect(hasLostStatistics(tableStats(table as Partial<TableStats>), 10_000)).toBe(lost);
  });
});

test.each`
  before                                    | after                                                                          | moved
  ${{ vacuum_count: 1, last_vacuum: 10 }}   | ${{ vacuum_count: 2, last_vacuum: 20 }}                                        | ${true}
  ${{ vacuum_count: 1, last_vacuum: 10 }}   | ${{ vacuum_count: 1, last_vacuum: 10 }}                                        | ${false}
  ${{ vacuum_count: 0, last_vacuum: null }} | ${{ vacuum_count: 0, last_vacuum: null }}                                      | ${false}
  ${{ vacuum_count: 9, last_vacuum: 10 }}   | ${{ vacuum_count: 1, last_vacuum: 20 }}                                        | ${true}
  ${{ vacuum_count: 9, last_vacuum: 10 }}   | ${{ vacuum_count: 0, last_vacuum: null }}                                      | ${false}
  ${{ vacuum_count: 1, last_vacuum: 10 }}   | ${{ vacuum_count: 1, last_vacuum: 10, last_autovacuum: 20, analyze_count: 3 }} | ${false}
`('from $before to $after a vacuum was seen: $moved', ({ before, after, moved }) => {
  expect(hasMoved('vacuum', tableStats(before as object), tableStats(after as object))).toBe(moved);
});

describe('after a vacuum that left its reason standing', () => {
  const item = { label: 's.t', before: tableStats({ n_dead_tup: 50_000 }) };
  const table = tableStats({ n_dead_tup: 50_000 });
  const due = [{ kind: 'dead-rows', value: 50_000, limit: 10_000 }] as const;
  const holder: Holder = {
    kind: 'session',
    id: '7',
    age: 3,
    seconds: 60.2,
    application_name: 'psql',
    state: 'idle in transaction',
  };

  test('the oldest holder is named with what ends it', () => {
    const [finding] = judgeEffect('main', item, { table, holders: [holder, holder], seesAllHolders: true }, due);

    expect(finding).toMatchObject({ kind: 'horizon-held', subject: 's.t', value: 50_000, limit: 10_000, unit: 'rows' });
    expect(finding?.summary).toBe(
      's.t after its vacuum: 50,000 dead rows, limit 10,000, 0 dead rows removed; held by the session with pid 7 (psql, ' +
        'idle in transaction, open for 60 s, 3 transactions old; end it with SELECT pg_terminate_backend(7)), and by 1 younger',
    );
  });

  test.each`
    kind                      | remedy
    ${'prepared transaction'} | ${`ROLLBACK PREPARED 'it''s'`}
    ${'replication slot'}     | ${`SELECT pg_drop_replication_slot('it''s')`}
    ${'standby'}              | ${'hot_standby_feedback = off on the standby'}
  `('a $kind is ended with $remedy', ({ kind, remedy }) => {
    const holders: Holder[] = [{ ...holder, kind: kind as Holder['kind'], id: "it's", seconds: null }];

    expect(judgeEffect('main', item, { table, holders, seesAllHolders: true }, due)[0]?.summary).toContain(
      remedy as string,
    );
  });

  test('it is unknown who holds them where the role may not see', () => {
    expect(judgeEffect('main', item, { table, holders: [], seesAllHolders: false }, due)).toMatchObject([
      { kind: 'holder-not-visible' },
    ]);
  });

  test('it says that nobody was seen where the role sees all', () => {
    expect(judgeEffect('main', item, { table, holders: [], seesAllHolders: true }, due)).toMatchObject([
      { kind: 'rows-kept' },
    ]);
  });

  test('inserted rows are nobody’s fault', () => {
    const inserted = [{ kind: 'inserted-rows', value: 50_000, limit: 10_000 }] as const;

    expect(judgeEffect('main', item, { table, holders: [holder], seesAllHolders: true }, inserted)).toEqual([]);
  });
});

test('a name with a line break or a terminal’s control characters is legible on one line', () => {
  expect(labelOf('public."a\nb\u001b[2Jc"')).toBe('public."a\\u{a}b\\u{1b}[2Jc"');
});
