import type { Finding, FindingKind } from '../../../core/finding.ts';
import { describeHolder } from './_horizon.ts';
import { inWords, type Reason } from './_reason.ts';
import type { After, Item } from './_statement.ts';

/** What a vacuum can fail to achieve although the server says it is done. */
export const EFFECT_FINDINGS = {
  'horizon-held': {
    severity: 'warn',
    means: 'An old snapshot forbids to remove the dead rows of the table, so its vacuum has not helped.',
    remedy: 'End what holds the horizon, with the statement in the finding, once its owner agrees; then vacuum again.',
  },
  'holder-not-visible': {
    severity: 'unknown',
    means: 'The vacuum has not helped, and this role is not allowed to see the sessions that may be the reason.',
    remedy: 'GRANT pg_read_all_stats TO the role of Fettle, and run the procedure again.',
  },
  'rows-kept': {
    severity: 'warn',
    means: 'The vacuum has not helped, and nothing was seen that holds the horizon: the rows may have died meanwhile.',
    remedy: 'Look at the table again after the next run; if it stays, run VACUUM (VERBOSE) on it by hand.',
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
  const finding = (kind: EffectKind, why: string): Finding<EffectKind>[] => [
    {
      kind,
      target,
      subject: label,
      summary: `${label} after its vacuum: ${inWords(worst)}, ${removed} dead rows removed; ${why}`,
      value: worst.value,
      limit: Math.floor(worst.limit),
      unit: worst.kind.endsWith('-age') ? 'transactions' : 'rows',
    },
  ];
  if (oldest) {
    const more = others.length > 0 ? `, and by ${others.length} younger` : '';
    return finding('horizon-held', `held by the ${describeHolder(oldest)}${more}`);
  }
  if (seesAllHolders) return finding('rows-kept', 'nothing was seen that holds them');
  return finding('holder-not-visible', 'this role cannot see the sessions that may hold them');
}
