import type { ActOutcome } from '../../../core/action.ts';
import type { Finding, FindingKind, Measurement } from '../../../core/finding.ts';
import { isPredictionOff } from './_bloat.ts';
import { inBytes } from './_bytes.ts';
import { lockStatement, pasteable } from './_command.ts';
import type { IndexStats } from './_indexes.ts';
import { type After, dropStatement, type Item, type Remains } from './_reindex-step.ts';
import { labelOf } from './_tables.ts';

export const REINDEX_FINDINGS = {
  rebuilt: {
    severity: 'info',
    means: 'The index was rebuilt without locking anyone out; what it gave back stands beside what was predicted.',
    remedy: 'Nothing.',
  },
  'leftover-removed': {
    severity: 'info',
    means: 'A rebuild of Fettle had been cut off and had left an invalid index of its own, which was dropped.',
    remedy: 'Nothing; the index itself was valid all the time.',
  },
  busy: {
    severity: 'info',
    means: 'Autovacuum or another run of Fettle was at the table already, so its index was left alone.',
    remedy: 'Nothing; the next run looks at the index again.',
  },
  gone: {
    severity: 'info',
    means: 'The index was dropped, renamed, altered or rebuilt by someone else between its choice and its turn.',
    remedy: 'Nothing; the next run looks at what is there then.',
  },
  'prediction-off': {
    severity: 'warn',
    means: 'The rebuild gave back less than half of what was predicted.',
    matters: 'The work and the disk traffic of the rebuild were for little, and would be again.',
    remedy: 'See whether many rows were added in the meantime, and report it with the step record if none were.',
    prevention: 'Nothing more is needed: the size after this rebuild is what the next runs compare with.',
  },
  'indexes-left': {
    severity: 'warn',
    means: 'There were more bloated indexes than the time or the cap of one run allows; the largest gain came first.',
    matters: 'If every run leaves some, those at the end of the list bloat until queries and backups slow down.',
    remedy: 'Nothing if the next run catches up; if it repeats, give the procedure more time or raise maxIndexes.',
    prevention: 'Vacuum the tables concerned more often, so that their indexes bloat less.',
  },
  'no-room': {
    severity: 'warn',
    means: 'The rebuild may need more disk than is known to be free, and PostgreSQL itself does not know what is free.',
    matters:
      'A disk that fills up stops the whole database, so the index keeps its bloat until someone vouches for the room.',
    remedy: 'Look at the free space of the server, and set freeSpace of postgres-reindex to what is always free.',
    prevention: 'Keep an alarm on the free space that rings at twice the largest index.',
  },
  'not-rebuildable': {
    severity: 'warn',
    means: 'The index belongs to an exclusion constraint, which PostgreSQL cannot rebuild without locking the table.',
    matters: 'It keeps its bloat, and grows on, until it is rebuilt with the table locked.',
    remedy: 'Run the statement of the finding in a window in which nobody needs the table.',
    prevention: 'Vacuum the table more often, so that this index bloats less.',
  },
  'not-permitted': {
    severity: 'fail',
    means: 'The index is bloated, and the role of Fettle does not own its table.',
    matters: 'The index is never rebuilt, however often this runs.',
    remedy: 'Make the role a member of the owner of the table, or from PostgreSQL 17 on GRANT pg_maintain TO it.',
    prevention: 'Let migrations create tables as one owner role of which the role of Fettle is a member.',
  },
  'not-measurable': {
    severity: 'unknown',
    means: 'How large the index would be after a rebuild could not be measured, so nobody knows whether it is bloated.',
    matters: 'It may have bloated to a multiple of its size without anyone seeing it.',
    remedy:
      'Read the reason; for a btree, CREATE EXTENSION pgstattuple and GRANT pg_stat_scan_tables TO the role of Fettle.',
    prevention: 'Give the role of Fettle the right to read the table and to create temporary tables.',
  },
  'no-such-table': {
    severity: 'unknown',
    means: 'A table that the profile names is not in the database.',
    matters: 'The indexes that you mean are not looked at by anything in this report.',
    remedy: 'Correct the name in the profile; upper case and schema count.',
    prevention: 'Change the profile in the same commit as the migration that renames a table.',
  },
  'foreign-invalid-index': {
    severity: 'warn',
    means: 'An index is invalid and it cannot be proven that Fettle left it, so it was not touched.',
    matters: 'No query uses it, every write keeps it up to date, and a unique one may go on refusing rows.',
    remedy: 'Ask who built it; then DROP INDEX CONCURRENTLY, or REINDEX INDEX CONCURRENTLY where it is still wanted.',
    prevention: 'Let migrations check pg_index.indisvalid after CREATE INDEX CONCURRENTLY and clean up when it failed.',
  },
  'leftover-kept': {
    severity: 'warn',
    means: 'An invalid index that a rebuild of Fettle has left could not be dropped yet.',
    matters: 'Every write to its table keeps it up to date for nothing until it is dropped.',
    remedy: 'Look at who holds the table; the next run tries again, or drop it with the statement of the finding.',
    prevention: 'Set idle_in_transaction_session_timeout, and keep long transactions out of the maintenance window.',
  },
  locked: {
    severity: 'warn',
    means: 'Another session had a lock on the table for as long as this task waits, so its index was passed over.',
    matters: 'The index keeps its bloat, and queries that need a lock on the table wait as well.',
    remedy:
      'Look at the sessions with the statement of the finding; end one with pg_terminate_backend if nobody needs it.',
    prevention: 'Set idle_in_transaction_session_timeout, and run migrations outside of the maintenance window.',
  },
  'old-transaction': {
    severity: 'warn',
    means:
      'A transaction is open for so long that a rebuild, which must wait for its end, was not begun or not finished.',
    matters: 'The index keeps its bloat for as long as such a transaction is open at the time of every run.',
    remedy: 'Find out whose transaction it is, and end it with the statement in the summary once its owner agrees.',
    prevention: 'Set idle_in_transaction_session_timeout, and run reports and dumps at another time.',
  },
  'gave-way': {
    severity: 'warn',
    means:
      'Another session waited for a lock of the rebuild for longer than lockTimeout, so the rebuild was cancelled.',
    matters: 'The index keeps its bloat; nobody was held up.',
    remedy: 'Run the procedure at a time at which nobody alters the table.',
    prevention: 'Keep migrations and maintenance windows apart.',
  },
  'given-up': {
    severity: 'warn',
    means: 'The rebuild was begun more than once and never seen to end well.',
    matters: 'The index keeps its bloat, and each attempt costs the work of a rebuild.',
    remedy: 'Look at the log of the server for what ended it: a time-out, a cancel, a lack of disk.',
    prevention: 'Raise statementTimeout if the index is simply too large for it.',
  },
  'unsafe-version': {
    severity: 'fail',
    means: 'PostgreSQL 14.0 to 14.3 can corrupt an index that it rebuilds concurrently, so nothing was rebuilt.',
    matters: 'Indexes that were built concurrently on this version may already miss rows.',
    remedy:
      'Upgrade to the newest 14, then check the indexes with bt_index_check of amcheck and rebuild the broken ones.',
    prevention: 'Take minor versions of PostgreSQL within weeks of their release.',
  },
} as const satisfies Record<string, FindingKind>;
export type ReindexKind = keyof typeof REINDEX_FINDINGS;

const MOST_NAMED = 20;

/** Names what the run leaves undone. */
export function indexesLeft(target: string, left: readonly string[], why: string, limit: number): Finding<ReindexKind> {
  const more = left.length > MOST_NAMED ? ` and ${left.length - MOST_NAMED} more` : '';
  const summary = `${why}; left: ${left.slice(0, MOST_NAMED).join(', ')}${more}`;
  return { kind: 'indexes-left', target, summary, value: left.length, limit, unit: 'count' };
}

/** What a rebuild gave back, against what was predicted of it. */
export function judgeRebuild(target: string, { label, bloat }: Item, after: After): Finding<ReindexKind>[] {
  const actual = after.bytesBefore - after.bytesAfter;
  const predicted = after.bytesBefore - bloat.predictedBytes;
  const summary = `${label} went from ${inBytes(after.bytesBefore)} to ${inBytes(after.bytesAfter)}, predicted ${inBytes(bloat.predictedBytes)}`;
  const numbers = { value: actual, limit: predicted, unit: 'bytes' } as const;
  const rebuilt = { kind: 'rebuilt', target, subject: label, summary, ...numbers } as const;
  if (!isPredictionOff(predicted, actual)) return [rebuilt];
  const off = `${label} gave back ${inBytes(Math.max(0, actual))} of ${inBytes(predicted)} that were predicted`;
  return [rebuilt, { kind: 'prediction-off', target, subject: label, summary: off, ...numbers }];
}

export function rebuiltMeasurements(target: string, { label, bloat }: Item, after: After): Measurement[] {
  const measure = (name: string, value: number): Measurement => ({
    name,
    value,
    unit: 'bytes',
    target,
    subject: label,
  });
  return [
    measure('index-size-before', after.bytesBefore),
    measure('index-size-after', after.bytesAfter),
    measure('index-size-predicted', bloat.predictedBytes),
    measure('reclaimed', after.bytesBefore - after.bytesAfter),
    measure('reclaim-predicted', after.bytesBefore - bloat.predictedBytes),
  ];
}

/** Why an index was passed over, by the first word of the detail. */
export function skippedFinding(target: string, { label, index }: Item, detail: string): Finding {
  const [, kind = '', why = ''] = /^([a-z-]+): (.*)$/s.exec(detail) ?? [];
  const command = kind === 'locked' || kind === 'old-transaction' ? pasteable(lockStatement(index.table)) : {};
  return { kind, target, subject: label, summary: `${label} ${labelOf(why)}`, ...command };
}

export function sweptFinding(
  target: string,
  { label, leftovers }: Remains,
  outcome: ActOutcome,
): Finding<ReindexKind>[] {
  if (outcome.status === 'planned' || outcome.status === 'refused' || outcome.status === 'failed') return [];
  return leftovers.map(({ relation, size_bytes }) => {
    const name = labelOf(relation);
    const found = { target, subject: name, value: size_bytes, unit: 'bytes' } as const;
    if (outcome.status === 'done') {
      const summary = `${name}, left by a rebuild of ${label}, was dropped: ${inBytes(size_bytes)}`;
      return { kind: 'leftover-removed', summary, ...found };
    }
    const why = outcome.status === 'skipped' ? outcome.detail.replace(/^[a-z-]+: /, '') : 'its drop has not ended';
    const summary = `${name}, left by a rebuild of ${label}, is still there: ${labelOf(why)}`;
    return { kind: 'leftover-kept', summary, ...found, ...pasteable(`${dropStatement(relation)};`) };
  });
}

/** An invalid index of someone else. */
export function foreignInvalid(
  target: string,
  index: Pick<IndexStats, 'relation' | 'size_bytes'>,
): Finding<ReindexKind> {
  const label = labelOf(index.relation);
  const sql = `SELECT indexrelid::regclass, indisvalid, indisready, indisunique, pg_get_indexdef(indexrelid) FROM pg_index WHERE indexrelid = `;
  const summary = `${label} is invalid and not known to be ours: ${inBytes(index.size_bytes)}`;
  const literal = `'${index.relation.replaceAll("'", "''")}'::regclass;`;
  const found = { kind: 'foreign-invalid-index', target, subject: label, summary, value: index.size_bytes } as const;
  return { ...found, unit: 'bytes', ...pasteable(sql + literal) };
}
