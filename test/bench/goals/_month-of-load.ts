/** A month of load that every client sees alike: made from names and hours, with gaps, and with services that sent nothing. */

export const HOURS = 720;
export const HOUR_SECONDS = 3_600;
/** The end of the month, a whole day in seconds. */
export const END = Date.parse('2026-07-01T00:00:00Z') / 1_000;
const START = END - HOURS * HOUR_SECONDS;
/** Of 1,000: hours without a value. */
const GAPS = 30;
const SILENT_EVERY = 200;

/** The hours of one metric; NaN where there is none. */
export interface Month {
  readonly averages: Float64Array;
  readonly maxima: Float64Array;
}

export function serviceName(place: number): string {
  return `service-${String(place).padStart(4, '0')}`;
}

export function databaseName(place: number): string {
  return `database-${String(place).padStart(3, '0')}`;
}

/** Five of a thousand send nothing. */
export function isSilent(place: number): boolean {
  return place % SILENT_EVERY === SILENT_EVERY - 1;
}

/** Between 0 and 1, and always the same. */
function noise(seed: number, hour: number): number {
  let state = Math.imul(seed ^ (hour * 2_654_435_761), 2_246_822_519) >>> 0;
  state = Math.imul(state ^ (state >>> 15), 3_266_489_917) >>> 0;
  return ((state ^ (state >>> 16)) >>> 0) / 2 ** 32;
}

/** A month around a level; what is no percentage has no most. */
function monthAround(level: number, seed: number, most = 100): Month {
  const averages = new Float64Array(HOURS).fill(Number.NaN);
  const maxima = new Float64Array(HOURS).fill(Number.NaN);
  for (let hour = 0; hour < HOURS; hour += 1) {
    if (noise(seed, hour) * 1_000 < GAPS) continue;
    const swing = (noise(seed + 1, hour) - 0.5) * 0.1 * level;
    averages[hour] = level + swing;
    maxima[hour] = Math.min(most, level * 1.2 + swing);
  }
  return { averages, maxima };
}

/** Eighteen levels, each side of each threshold; the averages stay a point away from all of them, so that no rounding decides. */
function levelOf(place: number, stride: number): number {
  return 7.5 + ((place * stride) % 18) * 5;
}

/** The metrics of a service by their names; none where it is silent. */
export function serviceMonths(place: number): ReadonlyMap<string, Month> {
  if (isSilent(place)) return new Map();
  return new Map([
    ['CPUUtilization', monthAround(levelOf(place, 7), place * 4 + 1)],
    ['MemoryUtilization', monthAround(levelOf(place, 5), place * 4 + 2)],
  ]);
}

/** The metrics of a database by their names. */
export function databaseMonths(place: number): ReadonlyMap<string, Month> {
  const seed = 1_000_003 + place * 9;
  return new Map([
    ['CPUUtilization', monthAround(22.5 + ((place * 3) % 14) * 5, seed)],
    ['DatabaseConnections', monthAround(20 + ((place * 11) % 60), seed + 1)],
    ['FreeableMemory', monthAround(6e9, seed + 2, Infinity)],
    ['ReadLatency', monthAround(place % 4 === 0 ? 0.25 : 0.005, seed + 3)],
    ['WriteLatency', monthAround(0.004, seed + 4)],
  ]);
}

/** The values of a metric in a period of whole hours; undefined where no hour of it has one. */
export function valueIn(
  { averages, maxima }: Month,
  statistic: string,
  at: number,
  periodSeconds: number,
): number | undefined {
  const first = (at - START) / HOUR_SECONDS;
  let sum = 0;
  let most = Number.NEGATIVE_INFINITY;
  let least = Number.POSITIVE_INFINITY;
  let hours = 0;
  for (let hour = Math.max(0, first); hour < Math.min(HOURS, first + periodSeconds / HOUR_SECONDS); hour += 1) {
    const average = averages[hour] ?? Number.NaN;
    if (Number.isNaN(average)) continue;
    hours += 1;
    sum += average;
    most = Math.max(most, maxima[hour] ?? 0);
    least = Math.min(least, average);
  }
  if (hours === 0) return undefined;
  if (statistic === 'Average') return sum / hours;
  if (statistic === 'Minimum') return least;
  // One task, and one sample of it for each minute.
  return statistic === 'SampleCount' ? hours * 60 : most;
}
