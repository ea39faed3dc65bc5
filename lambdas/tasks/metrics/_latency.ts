import type { Prometheus } from './_prometheus.ts';
import type { Labels, Sample } from './_prometheus-answer.ts';
import { byGroup, keyOf } from './_groups.ts';
import { quantileOf, type Bucket, type Quantile } from './_histogram.ts';
import { grown, selector, type Matchers } from './_promql.ts';

/** What one group's requests took within the period, in seconds. */
export interface GroupLatency {
  readonly labels: Labels;
  readonly requests: number;
  readonly meanSeconds: number;
  readonly tail: Tail;
}

/** `worst-instance` is the quantile of a summary, which no arithmetic joins over instances: the largest of them. */
export type Tail =
  | Quantile
  | { readonly state: 'worst-instance'; readonly value: number }
  | { readonly state: 'not-exposed' }
  | { readonly state: 'not-asked' };

export interface LatencyQuery extends Matchers {
  readonly metric: string;
  readonly unit: 'seconds' | 'milliseconds';
  readonly by: readonly string[];
  readonly within: number;
  readonly quantile: number;
  /** Undefined where no quantile is judged. */
  readonly quantileAbove: number | undefined;
}

/** Reads a histogram, classic or native, or a summary; which of them it is shows in what the metric has. */
export async function readLatency(prometheus: Prometheus, query: LatencyQuery): Promise<readonly GroupLatency[]> {
  const { metric, by, within } = query;
  const base = selector(`${metric}_count`, query);
  const sum = (suffix: string, labels = by) =>
    `sum by (${labels.join(', ')}) (${grown(selector(`${metric}${suffix}`, query), base, within)})`;
  const [requests, seconds, buckets] = await Promise.all([
    prometheus.instant(sum('_count')),
    prometheus.instant(sum('_sum')),
    query.quantileAbove === undefined ? [] : prometheus.instant(sum('_bucket', [...by, 'le'])),
  ]);
  if (requests.length === 0) return readNative(prometheus, query);
  const tails = buckets.length > 0 ? tailsOfBuckets(buckets, query) : await tailsOfSummary(prometheus, query);
  return join({ requests, seconds, tails }, query);
}

/** A native histogram is one series without suffixes. */
async function readNative(prometheus: Prometheus, query: LatencyQuery): Promise<readonly GroupLatency[]> {
  const { by, within, quantile, quantileAbove } = query;
  const whole = `sum by (${by.join(', ')}) (increase(${selector(query.metric, query)}[${within}s]))`;
  const [requests, seconds, quantiles] = await Promise.all([
    prometheus.instant(`histogram_count(${whole})`),
    prometheus.instant(`histogram_sum(${whole})`),
    quantileAbove === undefined ? [] : prometheus.instant(`histogram_quantile(${quantile}, ${whole})`),
  ]);
  const tails = new Map<string, Tail>();
  for (const { labels, value } of quantiles) {
    const tail: Tail = Number.isNaN(value)
      ? { state: 'none', reason: 'no observation' }
      : { state: 'estimated', value };
    tails.set(keyOf(labels, by), tail);
  }
  return join({ requests, seconds, tails }, query);
}

function tailsOfBuckets(samples: readonly Sample[], { by, quantile }: LatencyQuery): ReadonlyMap<string, Tail> {
  const groups = Map.groupBy(samples, ({ labels }) => keyOf(labels, by));
  return new Map(
    [...groups].map(([key, its]) => {
      const buckets = its.map(({ labels, value }): Bucket => ({ le: boundOf(labels['le'] ?? ''), count: value }));
      return [key, quantileOf(buckets, quantile)];
    }),
  );
}

function boundOf(le: string): number {
  return le === '+Inf' ? Infinity : Number(le);
}

async function tailsOfSummary(prometheus: Prometheus, query: LatencyQuery): Promise<ReadonlyMap<string, Tail>> {
  const { metric, by, quantile, quantileAbove } = query;
  if (quantileAbove === undefined) return new Map();
  const series = selector(metric, query, `quantile="${quantile}"`);
  // NaN is the quantile of an instance without requests: the comparison leaves it out.
  const samples = await prometheus.instant(`max by (${by.join(', ')}) (${series} >= 0)`);
  return new Map(
    samples.map(({ labels, value }) => [keyOf(labels, by), { state: 'worst-instance', value } satisfies Tail]),
  );
}

interface Parts {
  readonly requests: readonly Sample[];
  readonly seconds: readonly Sample[];
  readonly tails: ReadonlyMap<string, Tail>;
}

function join({ requests, seconds, tails }: Parts, { by, unit, quantileAbove }: LatencyQuery): GroupLatency[] {
  const sums = byGroup(seconds, by);
  const perSecond = unit === 'milliseconds' ? 1_000 : 1;
  const missing: Tail = quantileAbove === undefined ? { state: 'not-asked' } : { state: 'not-exposed' };
  return requests.map(({ labels, value }) => {
    const key = keyOf(labels, by);
    const tail = tails.get(key) ?? missing;
    return {
      labels,
      requests: value,
      meanSeconds: (sums.get(key) ?? Number.NaN) / value / perSecond,
      tail: 'value' in tail ? { ...tail, value: tail.value / perSecond } : tail,
    };
  });
}
