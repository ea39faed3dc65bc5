import type { FindingKind } from '../../../core/finding.ts';

export const SCALING_FINDINGS = {
  'too-small': {
    severity: 'warn',
    means: 'The load of the last month needs more than this has.',
    matters: 'At its next peak it answers slowly, is killed for lack of memory, or refuses connections.',
    remedy:
      'Read `now`, `proposed` and `lastMonth` of its recommendation in the report and make the change in a window.',
    prevention: 'Let autoscaling follow the load, and look at this review each month.',
  },
  'too-large': {
    severity: 'info',
    means: 'The load of the last month would have fitted into something smaller.',
    remedy: 'Read what last month would have looked like in the report, and make the change if the price is worth it.',
  },
  'not-known': {
    severity: 'unknown',
    means: 'What is known of the last month is not enough to say whether this has the right size.',
    matters: 'It may be too small or too large, and nobody would hear of it from this review.',
    remedy: 'Read the reason, close the gap in its metrics or the missing right, and run the review again.',
    prevention: 'Watch that metrics arrive, and give new things a month before they are judged.',
  },
  'part-not-readable': {
    severity: 'unknown',
    means: 'A part of the account could not be read; the other parts were reviewed.',
    matters: 'Nothing of this part is in the report, so what is wrong there stays unseen.',
    remedy: 'Give the role of the function the action that the summary names, or wait where AWS itself failed.',
    prevention: 'Deploy the stack of Fettle after each change of the profile, and let `fettle doctor` look.',
  },
  'nothing-found': {
    severity: 'unknown',
    means: 'The account has no service, database or cache in this region, as far as it lets itself be read.',
    matters: 'A review of the wrong account or region says nothing of yours.',
    remedy: 'Check the region of the target and the clusters in the profile.',
    prevention: 'Take the review out of the profile where there is nothing to review.',
  },
  'prediction-missed': {
    severity: 'info',
    means: 'The last review expected another load of this size than the one that was seen.',
    remedy: 'Read both numbers in the report and look what else changed in that month.',
  },
} as const satisfies Record<string, FindingKind>;

export type ScalingKind = keyof typeof SCALING_FINDINGS;
