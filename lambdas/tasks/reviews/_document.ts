import type { Json } from '../../../core/json.ts';
import type { Recommendation, Verdict } from './_recommendation.ts';
import { rounded } from './_recommendation.ts';
import { verdictsOf, type Judged, type RegionReview } from './_review-region.ts';

/** The report of a month, over all regions. */
export function documentOf(
  now: Date,
  policy: string,
  regions: readonly { readonly target: string; readonly reviewed: RegionReview }[],
): Json {
  const verdicts = regions.flatMap(({ reviewed }) => verdictsOf(reviewed));
  const recommended = verdicts.flatMap(({ subject, recommendations }) =>
    recommendations.map((recommendation) => ({ subject, recommendation })),
  );
  const aimed = (aim: Recommendation['aim']): Json[] =>
    recommended
      .filter(({ recommendation }) => recommendation.aim === aim)
      .map(({ subject, recommendation: { text, why, price, confidence } }) => ({
        subject,
        recommendation: text,
        why,
        price: { ...price },
        confidence,
      }));
  const all = <Thing>(
    of: (reviewed: RegionReview) => readonly Judged<Thing>[],
    nameOf: (thing: Thing) => string[],
    entryOf: (judged: Judged<Thing>) => Json,
  ) =>
    keyed(
      regions.flatMap(({ target, reviewed }) =>
        of(reviewed).map((judged) => [[...nameOf(judged.thing), target], entryOf(judged)] as const),
      ),
    );
  return {
    generated_at: now.toISOString(),
    period: '30_days',
    services: all(
      ({ services }) => services,
      ({ name, cluster }) => [name, cluster],
      ({ thing, verdict }) => {
        const {
          cpu_average = null,
          cpu_maximum = null,
          memory_average = null,
          memory_maximum = null,
        } = verdict.figures;
        return {
          service: thing.name,
          cpu_average,
          cpu_maximum,
          memory_average,
          memory_maximum,
          cluster: thing.cluster,
          desired_count: thing.desired,
          containers_out_of_memory: thing.outOfMemory ?? null,
          ...saidOf(verdict),
        };
      },
    ),
    databases: all(
      ({ databases }) => databases,
      ({ id }) => [id],
      ({ thing, verdict }) => ({
        instance: thing.id,
        metrics: metricsOf(verdict.figures),
        cluster: thing.cluster ?? null,
        writer: thing.isWriter,
        engine: thing.engine,
        ...saidOf(verdict),
      }),
    ),
    caches: all(
      ({ caches }) => caches,
      ({ id }) => [id],
      ({ thing, verdict }) => ({
        cache: thing.id,
        replication_group: thing.group ?? null,
        figures: { ...verdict.figures },
        ...saidOf(verdict),
      }),
    ),
    summary: {
      total_recommendations: recommended.length,
      cost_optimization_opportunities: aimed('cost'),
      performance_improvements: aimed('performance'),
      usd_per_month: sumOf(recommended.map(({ recommendation }) => recommendation)),
    },
    policy,
    regions: regions.map(({ target, reviewed: { review, unread } }) => ({
      target,
      region: review.prices.region,
      from: review.interval.from.toISOString(),
      to: review.interval.to.toISOString(),
      prices_as_of: review.prices.asOf,
      unknown: unread.map(({ part, action, reason, isDenied }) => ({
        part,
        reason,
        missing_permission: isDenied ? action : null,
      })),
    })),
    predictions: regions.flatMap(({ reviewed }) =>
      reviewed.outcomes.map(({ subject, predictedAt, outcome, expected, seen, why = null }) => ({
        subject,
        predicted_at: predictedAt,
        outcome,
        expected: { ...expected },
        seen: { ...seen },
        why,
      })),
    ),
  };
}

/** The words of each recommendation, as the list that people know, and beside it everything that speaks for them. */
function saidOf({ recommendations, withheld, unknown, figures }: Verdict) {
  return {
    usage_percent: Object.fromEntries(
      ['cpu', 'memory'].flatMap((name) => (`${name}_p50` in figures ? [[name, usageOf(name, figures)]] : [])),
    ),
    recommendations: recommendations.map(({ text }) => text),
    details: recommendations.map(({ interval, evidence, lastMonth, now, proposed, price, ...rest }) => ({
      ...rest,
      now: { ...now },
      proposed: { ...proposed },
      last_month: { now: { ...lastMonth.now }, proposed: { ...lastMonth.proposed } },
      price: { ...price },
      samples: evidence.samples,
      expected_samples: evidence.expected,
      coverage: rounded(evidence.coverage),
      step: evidence.step,
      from: interval.from.toISOString(),
      to: interval.to.toISOString(),
    })),
    withheld: [...withheld],
    unknown: [...unknown],
  };
}

/** Percentiles of the maxima of the hours, or of the days where the review reads those. */
function usageOf(name: string, figures: Verdict['figures']): Json {
  const of = (mark: string) => figures[`${name}_${mark}`] ?? null;
  return { p50: of('p50'), p95: of('p95'), p99_5: of('p99_5'), maximum: of('maximum') };
}

const METRICS = {
  CPUUtilization: ['cpu_average', 'cpu_maximum'],
  DatabaseConnections: ['connections_average', 'connections_maximum'],
  FreeableMemory: ['free_memory_average', 'free_memory_minimum'],
  ReadLatency: ['read_latency_average', 'read_latency_maximum'],
  WriteLatency: ['write_latency_average', 'write_latency_maximum'],
} as const;

/** The figures under the names of their metrics; a metric without data is not there, and never zero. */
function metricsOf(figures: Verdict['figures']): Json {
  const metrics = Object.entries(METRICS).flatMap(([metric, [average, extreme]]) => {
    const mean = figures[average];
    const most = figures[extreme];
    if (mean === undefined || most === undefined) return [];
    // Of free memory the least is what counts.
    return [[metric, { average: mean, [extreme.endsWith('minimum') ? 'minimum' : 'maximum']: most }] as const];
  });
  const { max_connections, connections_percent } = figures;
  return {
    ...Object.fromEntries(metrics),
    ...(max_connections !== undefined && { max_connections }),
    ...(connections_percent !== undefined && { connections_percent }),
  };
}

/** Each entry under the shortest name that no other has. */
function keyed(entries: readonly (readonly [names: readonly string[], entry: Json])[]): {
  readonly [name: string]: Json;
} {
  const short = Map.groupBy(entries, ([[name = '']]) => name);
  return Object.fromEntries(
    entries.map(([names, entry]) => {
      const isOnly = (short.get(names[0] ?? '')?.length ?? 0) < 2;
      return [isOnly ? (names[0] ?? '') : names.toReversed().join('/'), entry];
    }),
  );
}

function sumOf(recommendations: readonly Recommendation[]): Json {
  let now = 0;
  let proposed = 0;
  let unpriced = 0;
  for (const { price } of recommendations) {
    if ('unknown' in price) unpriced += 1;
    else {
      now += price.usdPerMonthNow;
      proposed += price.usdPerMonthProposed;
    }
  }
  return { now: rounded(now), proposed: rounded(proposed), recommendations_without_price: unpriced };
}
