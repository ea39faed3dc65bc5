/** The four answers a check can give, from best to worst. `unknown` is worse than `warn`: what was not seen may be anything. */
export const VERDICTS = ['pass', 'warn', 'unknown', 'fail'] as const;
export type Verdict = (typeof VERDICTS)[number];

export type VerdictCounts = Record<Verdict, number>;

/** The worst of the given verdicts; of none it is `unknown`, because nothing was seen. */
export function worstVerdict(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.length === 0) return 'unknown';
  return verdicts.reduce((worst, verdict) => (rank(verdict) > rank(worst) ? verdict : worst));
}

export function countVerdicts(verdicts: readonly Verdict[]): VerdictCounts {
  const counts: VerdictCounts = { pass: 0, warn: 0, unknown: 0, fail: 0 };
  for (const verdict of verdicts) counts[verdict] += 1;
  return counts;
}

/** Sorts worst first. */
export function byWorst(a: Verdict, b: Verdict): number {
  return rank(b) - rank(a);
}

function rank(verdict: Verdict): number {
  return VERDICTS.indexOf(verdict);
}
