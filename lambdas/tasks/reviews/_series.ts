/** One value of a metric; `at` is the begin of its period in seconds. */
export interface Point {
  readonly at: number;
  readonly value: number;
}

/** The points of a metric in the order of time, or why they cannot be trusted. */
export type Reading = { readonly points: readonly Point[] } | { readonly unreadable: string };

/** The time that a review looks back over, and in what steps. */
export interface Interval {
  readonly from: Date;
  readonly to: Date;
  readonly step: Step;
}

export type Step = 'hour' | 'day';

export const STEP_SECONDS: Readonly<Record<Step, number>> = { hour: 3_600, day: 86_400 };

/** How much is known of a month: hours or days with a value, out of those in which there could have been one. */
export interface Evidence {
  readonly samples: number;
  readonly expected: number;
  /** From 0 to 1. */
  readonly coverage: number;
  readonly step: Step;
}

export type Confidence = 'high' | 'medium' | 'low';

/** What the evidence allows to be said. Nobody may be made smaller where a part of the month is not known. */
export type Ground =
  | { readonly confidence: Confidence; readonly mayShrink: boolean; readonly gap: string | undefined }
  | { readonly unknown: string };

const STEPS_A_DAY: Readonly<Record<Step, number>> = { hour: 24, day: 1 };
const DAY_MINUTES = 1_440;
/** As many hours as the recommenders of the field ask for points. */
const FEWEST_SAMPLES: Readonly<Record<Step, number>> = { hour: 100, day: 5 };
const HALF = 0.5;
const WHOLE = 0.9;
const WEEK_DAYS = 7;

/** The first metric of a load that cannot be trusted, and why; undefined where all can. */
export function unreadableIn(load: object): string | undefined {
  for (const [name, reading] of Object.entries(load) as [string, Reading][]) {
    if ('unreadable' in reading) return `${name} cannot be read: ${reading.unreadable}`;
  }
  return undefined;
}

/** The points from a moment on; all where there is none. */
export function pointsSince<Of extends Reading>(reading: Of, since: Date | undefined): Of {
  if (since === undefined || 'unreadable' in reading) return reading;
  return { ...reading, points: reading.points.filter(({ at }) => at * 1_000 >= since.getTime()) };
}

/** The ground of a month in which the thing had two sizes: its shares are of neither alone. */
export function groundOfTwoSizes(ground: Ground): Ground {
  if ('unknown' in ground) return ground;
  return {
    confidence: 'low',
    mayShrink: false,
    gap: 'its size changed since the last review, and its shares are of both',
  };
}

/**
 * The hours or days of which there could be a value: those since the thing exists. A day counts where it was seen whole,
 * by how many minutes sent a sample: a day of one hour says little of the others.
 */
export function evidenceOf(
  points: readonly Point[],
  { from, to, step }: Interval,
  createdAt: Date | undefined,
  minutes: readonly Point[],
): Evidence {
  const since = Math.max(from.getTime(), createdAt?.getTime() ?? 0);
  const expected = Math.max(0, Math.floor((to.getTime() - since) / 1_000 / STEP_SECONDS[step]));
  const seen = step === 'day' ? wholeDays(points, minutes) : points;
  const samples = Math.min(seen.length, expected);
  return { samples, expected, coverage: expected === 0 ? 0 : samples / expected, step };
}

function wholeDays(points: readonly Point[], minutes: readonly Point[]): readonly Point[] {
  const seen = new Map(minutes.map(({ at, value }) => [at, value]));
  return points.filter(({ at }) => (seen.get(at) ?? 0) >= DAY_MINUTES * WHOLE);
}

/** What may be said on this evidence; gaps lower the confidence, and too many of them leave nothing to say. */
export function groundOf({ samples, expected, coverage, step }: Evidence): Ground {
  const known = `${samples} of ${expected} ${step}s have a value`;
  if (samples === 0) return { unknown: `no ${step} has a value` };
  if (coverage < HALF) return { unknown: `${known}, fewer than half` };
  if (samples < FEWEST_SAMPLES[step]) return { unknown: `${known}, and ${FEWEST_SAMPLES[step]} are needed` };
  if (coverage < WHOLE) return { confidence: 'low', mayShrink: false, gap: `${known}, below 90 %` };
  const days = expected / STEPS_A_DAY[step];
  // Before every weekday was seen once, the busiest may still come.
  if (days < WEEK_DAYS) return { confidence: 'low', mayShrink: false, gap: undefined };
  if (days < 2 * WEEK_DAYS) return { confidence: 'low', mayShrink: true, gap: undefined };
  return { confidence: days < 4 * WEEK_DAYS ? 'medium' : 'high', mayShrink: true, gap: undefined };
}

/** The value that this share (0 to 1) of all values does not exceed, interpolated; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? below;
  return below + (above - below) * (place - Math.floor(place));
}

/** The highest value; NaN of none. */
export function highest(points: readonly Point[]): number {
  return points.reduce((most, { value }) => (value > most || Number.isNaN(most) ? value : most), Number.NaN);
}

/** The shares of a month in figures; those of nothing are NaN. */
export function usageFigures(name: string, points: readonly Point[]): Record<string, number> {
  const values = points.map(({ value }) => value);
  return {
    [`${name}_p50`]: percentile(values, 0.5),
    [`${name}_p95`]: percentile(values, 0.95),
    [`${name}_p99_5`]: percentile(values, 0.995),
    [`${name}_maximum`]: highest(points),
  };
}

/** The lowest value; NaN of none. */
export function lowest(points: readonly Point[]): number {
  return -highest(points.map(({ at, value }) => ({ at, value: -value })));
}

/** The mean; NaN of none. */
export function mean(points: readonly Point[]): number {
  return points.reduce((sum, { value }) => sum + value, 0) / points.length;
}

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;

/** What a load needs of its machine, in the unit of the points. */
export interface Demand {
  /** The 95th percentile of the busiest weekday. */
  readonly peak: number;
  readonly peakDay: string;
  /** The 99.5th percentile of the highest minutes: one spike in a month does not count. */
  readonly tail: number;
}

/** Sizes a load by its busiest weekday and its tail. `usual` are hourly 95th percentiles, `highestMinutes` hourly maxima. */
export function demandOf(usual: readonly Point[], highestMinutes: readonly Point[]): Demand {
  let peak = Number.NaN;
  let peakDay = '';
  for (const [day, points] of Map.groupBy(usual, ({ at }) => new Date(at * 1_000).getUTCDay())) {
    const value = percentile(
      points.map((point) => point.value),
      0.95,
    );
    if (value > peak || Number.isNaN(peak)) [peak, peakDay] = [value, WEEKDAYS[day] ?? ''];
  }
  const values = highestMinutes.map(({ value }) => value);
  return { peak, peakDay, tail: percentile(values, 0.995) };
}
