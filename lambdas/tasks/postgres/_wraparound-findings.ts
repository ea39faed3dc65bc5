import type { FindingKind } from '../../../core/finding.ts';

/** What can be found of the ages of databases and tables, and of what keeps them old. */
export const WRAPAROUND_FINDINGS = {
  'wraparound-near': {
    severity: 'fail',
    means: 'So many transaction or multixact ids are used that the server will soon refuse every write.',
    matters:
      'At the date in the summary, or without one at any time, the server takes no more writes until a vacuum ends.',
    remedy:
      'End what holds the horizon, then run the VACUUM of the findings, the oldest table first; not FULL and not FREEZE.',
    prevention: 'Alarm on freeze-overdue, which comes weeks before, and let autovacuum work faster on large tables.',
  },
  'freeze-overdue': {
    severity: 'warn',
    means:
      'A database or table is older than the age at which autovacuum has to freeze it, so autovacuum fails or is too slow.',
    matters: 'Its age grows with each transaction until the server refuses every write to prevent data loss.',
    remedy: 'End what holds the horizon, then run the VACUUM of the finding and see what it says.',
    prevention: 'Raise autovacuum_vacuum_cost_limit and autovacuum_max_workers, and drop what nobody consumes.',
  },
  'horizon-held': {
    severity: 'warn',
    means: 'An old transaction, slot or standby forbids to freeze what is younger than it, whatever vacuum does.',
    matters: 'Ages grow and dead rows stay for as long as it exists, up to the limit at which writes are refused.',
    remedy: 'Ask its owner, and end it with the statement of the finding.',
    prevention: 'Set idle_in_transaction_session_timeout and max_slot_wal_keep_size, and watch prepared transactions.',
  },
  'holders-hidden': {
    severity: 'unknown',
    means: 'The role of Fettle may not see the transactions of other roles.',
    matters: 'An old transaction that forbids to freeze would not be seen before the ages have grown by it.',
    remedy: 'Run the statement of this finding as a superuser or as the administrator of the service.',
    prevention: 'Give the role of Fettle pg_monitor where it is created.',
  },
} as const satisfies Record<string, FindingKind>;
export type WraparoundKind = keyof typeof WRAPAROUND_FINDINGS;
