import type { TableStats } from '../../../../lambdas/tasks/postgres/_tables.ts';

/** A table of which nothing is due, changed as a test needs it. */
export function tableStats(changes: Partial<TableStats>): TableStats {
  return {
    oid: 16_384,
    relation: 's.t',
    relkind: 'r',
    reltuples: 0,
    relpages: 0,
    n_live_tup: 0,
    n_dead_tup: 0,
    n_mod_since_analyze: 0,
    n_ins_since_vacuum: 0,
    last_vacuum: null,
    last_autovacuum: null,
    last_analyze: null,
    last_autoanalyze: null,
    vacuum_count: 0,
    analyze_count: 0,
    xid_age: 3,
    mxid_age: 0,
    reloptions: {},
    toast: null,
    size_pages: null,
    ...changes,
  };
}
