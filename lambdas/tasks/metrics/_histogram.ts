/** A cumulative bucket of a histogram: how many observations were at most `le`. */
export interface Bucket {
  /** Upper bound, in the unit of the metric; Infinity for the last one. */
  readonly le: number;
  readonly count: number;
}

/** A quantile, or that it lies above the largest bucket that has a bound, or why there is none. */
export type Quantile =
  | { readonly state: 'estimated'; readonly value: number }
  | { readonly state: 'above'; readonly value: number }
  | { readonly state: 'none'; readonly reason: 'no +Inf bucket' | 'no observation' | 'buckets of several layouts' };

/** Counts of parallel scrapes differ by a little; more than this share is another thing. */
const TOLERANCE = 0.01;

/**
 * The quantile of a histogram, interpolated within its bucket as Prometheus does.
 *
 * Where it lies in the last bucket Prometheus answers with the largest bound, which is only the least that it can
 * be; and where instances have different bounds it sums what does not belong together. Both are told apart here.
 */
export function quantileOf(buckets: readonly Bucket[], quantile: number): Quantile {
  const sorted = [...buckets].sort((a, b) => a.le - b.le);
  const last = sorted.at(-1);
  if (last?.le !== Infinity) return { state: 'none', reason: 'no +Inf bucket' };
  const total = last.count;
  if (!(total > 0)) return { state: 'none', reason: 'no observation' };
  let least = 0;
  for (const { count } of sorted) {
    if (!(count >= least - total * TOLERANCE)) return { state: 'none', reason: 'buckets of several layouts' };
    least = Math.max(least, count);
  }
  const rank = quantile * total;
  const at = sorted.findIndex(({ count }) => count >= rank);
  const bucket = sorted[at];
  const below = at > 0 ? sorted[at - 1] : undefined;
  if (!bucket || bucket.le === Infinity) return { state: 'above', value: below?.le ?? 0 };
  const start = { le: below?.le ?? Math.min(0, bucket.le), count: below?.count ?? 0 };
  const within = bucket.count - start.count;
  const share = within > 0 ? (rank - start.count) / within : 1;
  return { state: 'estimated', value: start.le + (bucket.le - start.le) * share };
}
