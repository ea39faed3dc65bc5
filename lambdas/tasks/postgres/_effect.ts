import type { Finding, FindingKind } from '../../../core/finding.ts';
import { pasteable } from './_command.ts';
import { describeHolder, holderStatement } from './_horizon.ts';
import { inWords, type Reason } from './_reason.ts';
import type { After, Item } from './_statement.ts';

/** What a vacuum can fail to achieve although the server says it is done. */
export const EFFECT_FINDINGS = {
  'horizon-held': {
    severity: 'warn',
    means: 'An old snapshot forbids to remove the dead rows of the table, so its vacuum has not helped.',
    matters: 'All tables of the database bloat for as long as it is held, and the age of the transactions grows.',
    remedy:
      'Look at what holds the horizon with the statement of the finding, end it once its owner agrees, then vacuum again.',
    prevention: 'Set idle_in_transaction_session_timeout and max_slot_wal_keep_size, and watch prepared transactions.',
  },
  'holder-not-visible': {
    severity: 'unknown',
    means: 'The vacuum has not helped, and this role is not allowed to see the sessions that may be the reason.',
    matters: 'Whatever holds the dead rows goes on holding them, and nobody is told what it is.',
    remedy: 'GRANT pg_read_all_stats TO the role of Fettle, and run the procedure again.',
    prevention: 'Create the role of Fettle with pg_monitor, which has that right.',
  },
  'rows-kept': {
    severity: 'warn',
    means: 'The vacuum has not helped, and nothing was seen that holds the horizon: the rows may have died meanwhile.',
    matters: 'If it stays so, the table bloats although it is vacuumed.',
    remedy:
      'Look at the table again after the next run; if it stays, run the statement of the finding by hand and read its lines.',
    prevention: 'Run the procedure when few rows change, or let autovacuum come to this table more often.',
  },
} as const satisfies Record<string, FindingKind>;
export type EffectKind = keyof typeof EFFECT_FINDINGS;

/**
 * What a vacuum has not achieved: the worst reason that still holds after it, and who is to blame.
 *
 * Inserted rows do not count: a vacuum looks at them whatever the horizon is.
 */
export function judgeEffect(
  target: string,
  { label, before }: Pick<Item, 'label' | 'before'>,
  { table, holders, seesAllHolders }: Pick<After, 'table' | 'holders' | 'seesAllHolders'>,
  stillDue: readonly Reason[],
): Finding<EffectKind>[] {
  const worst = stillDue.find(({ kind }) => kind !== 'inserted-rows');
  if (!worst) return [];
  const [oldest, ...others] = holders;
  const removed = Math.max(0, before.n_dead_tup - table.n_dead_tup).toLocaleString('en');
  const finding = (kind: EffectKind, why: string, statement?: string): Finding<EffectKind>[] => [
    {
      kind,
      target,
      subject: label,
      summary: `${label} after its vacuum: ${inWords(worst)}, ${removed} dead rows removed; ${why}`,
      value: worst.value,
      limit: Math.floor(worst.limit),
      unit: worst.kind.endsWith('-age') ? 'transactions' : 'rows',
      ...(statement === undefined ? {} : pasteable(statement)),
    },
  ];
  if (oldest) {
    const more = others.length > 0 ? `, and by ${others.length} younger` : '';
    return finding('horizon-held', `held by the ${describeHolder(oldest)}${more}`, holderStatement(oldest));
  }
  if (seesAllHolders)
    return finding('rows-kept', 'nothing was seen that holds them', `VACUUM (VERBOSE) ${before.relation};`);
  return finding('holder-not-visible', 'this role cannot see the sessions that may hold them');
}
