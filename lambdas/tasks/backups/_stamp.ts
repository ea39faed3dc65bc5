import { Temporal } from 'temporal-polyfill';

/** The time that the name of a backup says it is of. */
export interface Stamp {
  readonly at: Date;
  /** A name that has only a date leaves the rest of the day open. */
  readonly precisionSeconds: number;
}

const DATE = String.raw`(?<!\d)(20\d\d)([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])`;
const ZONE = String.raw`(Z|[+-](?:0\d|1[0-4]):?(?:00|15|30|45))`;
const TIME = String.raw`[T_\-. ]?([01]\d|2[0-3])([-:_.h]?)([0-5]\d)(?:\6([0-5]\d))?(?:\.\d+)?${ZONE}?`;
const STAMP = new RegExp(`${DATE}(?:${TIME})?(?!\\d)`);
const EPOCH_SECONDS = /(?<!\d)(1[5-9]\d{8})(?!\d)/;

/**
 * Finds the time in a name such as `shop_20260301_020000.dump` or `20260301T020000Z`, or in the folders around it.
 *
 * A time without a zone of its own is one of `timezone`.
 */
export function stampOf(path: string, timezone: string): Stamp | undefined {
  for (const part of path.split('/').toReversed()) {
    const stamp = calendarStamp(part, timezone) ?? epochStamp(part);
    if (stamp) return stamp;
  }
  return undefined;
}

/** The name without its times, which the backups of one database have in common. */
export function seriesOf(path: string): string {
  return path
    .split('/')
    .map((part) => part.replace(STAMP, '*').replace(EPOCH_SECONDS, '*'))
    .join('/');
}

function calendarStamp(part: string, timezone: string): Stamp | undefined {
  const match = STAMP.exec(part);
  if (!match) return undefined;
  const [, year, , month, day, hour, , minute, second, zone] = match;
  const fields = { year: Number(year), month: Number(month), day: Number(day) };
  const time = { hour: Number(hour ?? 0), minute: Number(minute ?? 0), second: Number(second ?? 0) };
  const precisionSeconds = hour === undefined ? 86_400 : second === undefined ? 60 : 1;
  try {
    const local = Temporal.PlainDateTime.from({ ...fields, ...time }, { overflow: 'reject' });
    const { epochMilliseconds } = local.toZonedDateTime(zoneName(zone) ?? timezone);
    return { at: new Date(epochMilliseconds), precisionSeconds };
  } catch (thrown) {
    // 31 February is no time, and the name has none.
    if (thrown instanceof RangeError) return undefined;
    throw thrown;
  }
}

function zoneName(zone: string | undefined): string | undefined {
  if (zone === undefined) return undefined;
  return zone === 'Z' ? 'UTC' : zone.replace(/^(.\d\d):?/, '$1:');
}

function epochStamp(part: string): Stamp | undefined {
  const seconds = EPOCH_SECONDS.exec(part)?.[1];
  return seconds === undefined ? undefined : { at: new Date(Number(seconds) * 1_000), precisionSeconds: 1 };
}
