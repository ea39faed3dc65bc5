import type { Backup } from './_catalogue.ts';
import type { Created } from './_contents.ts';

/** What is wrong with a backup, without yet saying of which target. */
export interface Observation<Kind extends string = string> {
  readonly kind: Kind;
  readonly summary: string;
  readonly value?: number;
  readonly limit?: number;
  readonly unit?: 'hours' | 'bytes' | 'count';
}

export interface Earlier {
  readonly backup: Backup;
  readonly created: Created | undefined;
}

// From UTC-12 to UTC+14 no clock is further off, and an hour is left for the dump itself.
const FURTHEST_ZONE_SECONDS = 15 * 3_600;
const FEWEST_TO_COMPARE = 3;
const MOST_NAMED = 5;

/** When a backup was made: the older of what its name says and when it was last written, for either can be too young. */
export function madeAt({ stamp, lastModified }: Pick<Backup, 'stamp' | 'lastModified'>): Date {
  if (!stamp) return lastModified;
  // A date without a time says nothing within its day.
  const stamped = stamp.at.getTime() + (stamp.precisionSeconds >= 86_400 ? stamp.precisionSeconds * 1_000 : 0);
  return new Date(Math.min(stamped, lastModified.getTime()));
}

/** When a backup claims to be of: what a person who looks for the newest goes by. The time of writing fills what the name leaves open. */
function claimedAt({ stamp, lastModified }: Backup): number {
  if (!stamp) return lastModified.getTime();
  const from = stamp.at.getTime();
  return Math.min(Math.max(from, lastModified.getTime()), from + stamp.precisionSeconds * 1_000);
}

/**
 * Newest first by what they claim, so that an old file under a new name is the one that is judged.
 *
 * Never by the text of the names, which sorts `shop-10` before `shop-9`.
 */
export function newestFirst(backups: readonly Backup[]): Backup[] {
  return backups.toSorted(
    (a, b) =>
      claimedAt(b) - claimedAt(a) || b.lastModified.getTime() - a.lastModified.getTime() || (a.name < b.name ? -1 : 1),
  );
}

export function judgeAge(backup: Backup, now: Date, maxAgeSeconds: number): Observation<'too-old'>[] {
  const ageSeconds = secondsBetween(madeAt(backup), now);
  if (ageSeconds <= maxAgeSeconds) return [];
  const age = hours(ageSeconds);
  const limit = hours(maxAgeSeconds);
  const summary = `the newest backup, ${backup.name}, is ${age} h old; at most ${limit} h is allowed`;
  return [{ kind: 'too-old', summary, value: age, limit, unit: 'hours' }];
}

/** Says where the name, the time of writing and the time inside of a backup cannot all be true. */
export function judgeDates(
  { backup, created }: Earlier,
  earlier: readonly Earlier[],
  now: Date,
  toleranceSeconds: number,
): Observation<'misdated' | 'rewritten'>[] {
  const name = backup.name;
  const { stamp, lastModified } = backup;
  const misdated = (summary: string) => ({ kind: 'misdated', summary }) as const;

  const aheadSeconds = secondsBetween(now, new Date(Math.max(lastModified.getTime(), stamp?.at.getTime() ?? 0)));
  if (aheadSeconds > toleranceSeconds) return [misdated(`${name} is dated ${hours(aheadSeconds)} h after now`)];

  const afterWritingSeconds = stamp ? secondsBetween(lastModified, stamp.at) : 0;
  if (stamp && afterWritingSeconds > toleranceSeconds) {
    const written = `was last written at ${iso(lastModified)}, ${hours(afterWritingSeconds)} h before that`;
    return [misdated(`${name} is named for ${iso(stamp.at)} and ${written}`)];
  }
  const twin = earlier.find((other) => created && other.created?.at.getTime() === created.at.getTime());
  if (twin)
    return [misdated(`${name} was begun in the same second as ${twin.backup.name}: one is a copy of the other`)];

  if (created) {
    const lagSeconds = secondsBetween(created.at, stamp?.at ?? lastModified);
    const allowedSeconds = usualLag(created, stamp !== undefined, earlier) + toleranceSeconds;
    if (lagSeconds > allowedSeconds) {
      const inside = `says inside that it was begun at ${created.at.toISOString().slice(0, 19).replace('T', ' ')}`;
      return [misdated(`${name} ${inside}, ${hours(lagSeconds)} h before the time that it claims`)];
    }
  }
  const lateSeconds = stamp ? secondsBetween(stamp.at, lastModified) - stamp.precisionSeconds : 0;
  if (lateSeconds <= toleranceSeconds) return [];
  const summary = `${name} was last written ${hours(lateSeconds)} h after the time in its name; its age counts from the name`;
  return [{ kind: 'rewritten', summary }];
}

/** How far the clock inside of honest backups lies before the time that they claim: the zone of the machine, mostly. */
function usualLag(created: Created, hasStamp: boolean, earlier: readonly Earlier[]): number {
  if (created.inUtc && hasStamp) return 0;
  const lags = earlier.flatMap(({ backup, created: other }) =>
    other ? [secondsBetween(other.at, backup.stamp?.at ?? backup.lastModified)] : [],
  );
  if (lags.length < 2) return FURTHEST_ZONE_SECONDS;
  return Math.min(median(lags), FURTHEST_ZONE_SECONDS);
}

export interface Band {
  /** A share of the median, in percent. */
  readonly shrunkBelow: number;
  /** A multiple of the median. */
  readonly grownBeyond: number;
}

/** Holds the size against the median of the earlier ones; undefined where they are too few to say. */
export function judgeSize(
  backup: Backup,
  earlierSizes: readonly number[],
  { shrunkBelow, grownBeyond }: Band,
): Observation<'shrunken' | 'grown'>[] | undefined {
  const sizes = earlierSizes.filter((size) => size > 0);
  if (sizes.length < FEWEST_TO_COMPARE) return undefined;
  const usual = median(sizes);
  const least = Math.ceil((usual * shrunkBelow) / 100);
  const most = Math.floor(usual * grownBeyond);
  const { sizeBytes: value } = backup;
  if (value >= least && value <= most) return [];
  const kind = value < least ? 'shrunken' : 'grown';
  const limit = value < least ? least : most;
  const summary = `${backup.name} has ${value} bytes; the last ${sizes.length} before it had ${usual} (median), the limit is ${limit}`;
  return [{ kind, summary, value, limit, unit: 'bytes' }];
}

/** Names what the backup before had in its schema and this one has not. */
export function judgeObjects(
  name: string,
  objects: readonly string[],
  before: { readonly name: string; readonly objects: readonly string[] },
): Observation<'lost-objects'>[] {
  const present = new Set(objects);
  const lost = before.objects.filter((object) => !present.has(object));
  if (lost.length === 0) return [];
  const named = lost.slice(0, MOST_NAMED).join(', ');
  const more = lost.length > MOST_NAMED ? ` and ${lost.length - MOST_NAMED} more` : '';
  const summary = `${name} lacks what ${before.name} had: ${named}${more}`;
  return [{ kind: 'lost-objects', summary, value: lost.length, limit: 0, unit: 'count' }];
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : Math.round(((sorted[middle - 1] ?? 0) + upper) / 2);
}

export function secondsBetween(from: Date, to: Date): number {
  return (to.getTime() - from.getTime()) / 1_000;
}

/** Hours with one decimal. */
export function hours(seconds: number): number {
  return Math.round(seconds / 360) / 10;
}

function iso(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}
