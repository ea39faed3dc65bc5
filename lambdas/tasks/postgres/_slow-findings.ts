import type { FindingKind } from '../../../core/finding.ts';

/** What can be found of the statements of a database, and of how they are counted. */
export const SLOW_FINDINGS = {
  'slow-queries': {
    severity: 'warn',
    means: 'More queries than allowed were slow on average in the interval since the last snapshot.',
    matters: 'Users wait for them, and each holds a connection meanwhile, until no connection is left for the others.',
    remedy: 'Begin with the first of the slow-query findings: EXPLAIN (ANALYZE, BUFFERS) it with values of today.',
    prevention: 'Look at the plan of each new query on data of real size before it is released, and keep ANALYZE up.',
  },
  'slow-query': {
    severity: 'info',
    means: 'The query was slow on average and ran often enough in the interval for that to count.',
    remedy: 'Read its full text with the statement of this finding, and EXPLAIN (ANALYZE, BUFFERS) it.',
  },
  'long-running': {
    severity: 'warn',
    means: 'A statement has been running for longer than allowed; until it ends no counter shows it.',
    matters: 'As long as it runs, vacuum removes nothing that died since its start, and its locks stop others.',
    remedy: 'Ask the owner of its application; if nobody needs it, cancel it with the statement of this finding.',
    prevention: 'Give the roles of applications a statement_timeout, and run reports on a replica.',
  },
  'first-interval': {
    severity: 'warn',
    means: 'There was no earlier snapshot, so only the short interval within this run was judged.',
    matters: 'A query that is slow at another time of the day was not seen by this run.',
    remedy: 'Run the procedure again, not as a plan: the interval then begins with the snapshot of this run.',
    prevention: 'Keep the procedure on its schedule, and the state of Fettle in its bucket.',
  },
  'interval-too-short': {
    severity: 'unknown',
    means: 'The counters began so short a time ago that they say nothing yet.',
    matters: 'Whether queries are slow is not known.',
    remedy: 'Run the procedure again after the time that minInterval gives.',
    prevention: 'Let nobody reset the statistics just before this procedure is due.',
  },
  'statistics-reset': {
    severity: 'unknown',
    means: 'Counters of pg_stat_statements began again within the interval: a reset, a crash or a failover.',
    matters: 'What was slow before that moment is lost, so this run has judged only what came after it.',
    remedy:
      'Find out who calls pg_stat_statements_reset(), or whether the server crashed; the next run is whole again.',
    prevention: 'REVOKE EXECUTE on pg_stat_statements_reset from whoever needs none, and compare snapshots instead.',
  },
  'statements-evicted': {
    severity: 'unknown',
    means: 'The server evicted the least used statements within the interval, and their counters with them.',
    matters: 'A slow query that runs seldom is the first to be evicted, so it may be missing here.',
    remedy: 'Raise pg_stat_statements.max, which needs a restart.',
    prevention: 'Write lists of values as arrays (= ANY ($1)), so that not every length is a statement of its own.',
  },
  'extension-missing': {
    severity: 'unknown',
    means: 'The extension pg_stat_statements is not created in this database.',
    matters: 'Nobody can say which queries are slow, neither now nor later of today.',
    remedy:
      'Run the statement of this finding in this database, as a superuser or as the administrator of the service.',
    prevention: 'Create the extension in template1 and in the migrations of each database.',
  },
  'library-not-loaded': {
    severity: 'unknown',
    means: 'The server was started without pg_stat_statements in shared_preload_libraries.',
    matters: 'Nobody can say which queries are slow, neither now nor later of today.',
    remedy: 'Add pg_stat_statements to shared_preload_libraries, and restart the server in the next window.',
    prevention: 'Keep the setting in the configuration or parameter group that new servers are made from.',
  },
  'tracking-off': {
    severity: 'unknown',
    means: 'The statements of all or some roles are not counted (pg_stat_statements.track, compute_query_id).',
    matters: 'Their slow queries appear nowhere, while everything that is counted looks well.',
    remedy: 'Set pg_stat_statements.track = top and compute_query_id = auto, and RESET what roles have of their own.',
    prevention: 'Keep both settings in the configuration of the server, and review ALTER ROLE … SET in migrations.',
  },
  'statements-hidden': {
    severity: 'unknown',
    means: 'The role of Fettle may not see the statements or the sessions of other roles.',
    matters: 'What is slow or runs for hours in an application of another role is not seen.',
    remedy: 'Run the statement of this finding as a superuser or as the administrator of the service.',
    prevention: 'Give the role of Fettle pg_monitor where it is created.',
  },
} as const satisfies Record<string, FindingKind>;
export type SlowKind = keyof typeof SLOW_FINDINGS;
