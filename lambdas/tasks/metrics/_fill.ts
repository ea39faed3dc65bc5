import type { Point } from './_prometheus-answer.ts';

const HOUR = 3_600;
const DAY = 24 * HOUR;

/** A period that is looked at in parts: how many there must be, and in which share of them space must shrink. */
interface Horizon {
  readonly partSeconds: number;
  readonly minParts: number;
  readonly shrinkingShare: number;
}

/** Days for what grows slowly: a nightly purge or backup lies within each part. */
const LONG: Horizon = { partSeconds: DAY, minParts: 3, shrinkingShare: 0.66 };
/** Hours for what began today; nearly every one must shrink, for a temporary file does that, too. */
const SHORT: Horizon = { partSeconds: HOUR, minParts: 5, shrinkingShare: 0.8 };

/** Free space over the last days, and finer over the last hours, each in the order of time. */
export interface FreeSpace {
  readonly days: readonly Point[];
  readonly hours: readonly Point[];
}

/**
 * Seconds until nothing is free, by the faster of the two paces; undefined where it does not shrink steadily or the
 * data are too few to say.
 *
 * The pace is the smaller of the median part and of the whole period. One large file moves the whole and not the
 * median; a purge at the end of a week moves the whole back; both together leave only what goes on.
 */
export function secondsToFull({ days, hours }: FreeSpace): number | undefined {
  const free = (hours.at(-1) ?? days.at(-1))?.value;
  if (free === undefined || !Number.isFinite(free)) return undefined;
  const today = isLowerThanBefore(free, { days, hours }) ? paceOf(hours, SHORT) : undefined;
  const paces = [paceOf(days, LONG), today].filter((pace) => pace !== undefined);
  if (paces.length === 0) return undefined;
  return free / Math.max(...paces);
}

/** What fills by day and is purged by night has been as low yesterday; something new has not. */
function isLowerThanBefore(free: number, { days, hours }: FreeSpace): boolean {
  const began = hours[0]?.at ?? Infinity;
  const before = days.filter(({ at, value }) => at < began && Number.isFinite(value)).map(({ value }) => value);
  return free < 0.95 * Math.min(...before);
}

/** How much less is free each second; undefined where it does not shrink, or not steadily. */
function paceOf(points: readonly Point[], { partSeconds, minParts, shrinkingShare }: Horizon): number | undefined {
  const finite = points.filter(({ value }) => Number.isFinite(value));
  const first = finite[0];
  const last = finite.at(-1);
  if (first === undefined || last === undefined) return undefined;
  // A scrape more or less must not cost a part.
  const parts = Math.floor((last.at - first.at) / partSeconds + 0.02);
  if (parts < minParts) return undefined;
  const bounds = Array.from({ length: parts + 1 }, (_, i) => valueAt(finite, last.at - (parts - i) * partSeconds));
  const shrunk = bounds.slice(1).map((value, i) => (bounds[i] ?? value) - value);
  if (shrunk.filter((change) => change > 0).length < parts * shrinkingShare) return undefined;
  const whole = ((bounds[0] ?? 0) - last.value) / parts;
  const pace = Math.min(median(shrunk), whole) / partSeconds;
  return pace > 0 ? pace : undefined;
}

function valueAt(points: readonly Point[], at: number): number {
  const after = points.findIndex((point) => point.at >= at);
  const right = points[after] ?? points.at(-1);
  const left = points[after - 1] ?? right;
  if (left === undefined || right === undefined) return Number.NaN;
  if (right.at === left.at) return right.value;
  return left.value + ((right.value - left.value) * (at - left.at)) / (right.at - left.at);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? high) + high) / 2;
}
