import { firstInstantAt, wallTimeOf } from '../../../core/calendar/wall-time.ts';

/** The time that a line begins with. */
export interface Timestamp {
  readonly atMs: number;
  /** Where in the text the rest of the line begins. */
  readonly end: number;
  /** True where the year is not in the line and was concluded. */
  readonly isYearless: boolean;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const RFC_3164 = new RegExp(
  String.raw`^(${MONTHS.join('|')}) {1,2}(\d{1,2}) (?:(\d{4}) )?(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?=\s|:|$)`,
);
const ISO_8601 =
  /^\[?(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?: ?(Z|[+-]\d\d:?\d\d))?\]?(?=[\s:,]|$)/;

/**
 * No two zones lie further apart. A log that is read in the wrong zone seems this far ahead at most, and must show as
 * such and not as one of last year.
 */
export const FURTHEST_ZONES_MS = 26 * 3_600_000;
// By how much clocks are set back: an hour, and half of one on Lord Howe Island.
const SET_BACK_MS = [3_600_000, 1_800_000];
// Lines of several processes are not quite in order; what is further back than this is the hour that is shown twice.
const DISORDER_MS = 60_000;
// Two leap years lie eight years apart where a century is none.
const LONGEST_LEAP_YEARS = 8;

/** Reads the times of one log, line after line: what a line leaves open, those before it and the log's own age say. */
export class TimestampReader {
  readonly #timezone: string;
  readonly #latestMs: number;
  #previousMs: number | undefined;
  #minute = '';
  #minuteMs = 0;

  /** `writtenMs` is when the log was last written to: no line is younger. */
  constructor({ timezone, writtenMs }: { readonly timezone: string; readonly writtenMs: number }) {
    this.#timezone = timezone;
    this.#latestMs = writtenMs + FURTHEST_ZONES_MS;
  }

  /** The time at the start of a text; undefined where there is none or it is none of the calendar. */
  read(text: string): Timestamp | undefined {
    const stamp = this.#iso8601(text) ?? this.#rfc3164(text);
    if (stamp) this.#previousMs = stamp.atMs;
    return stamp;
  }

  #iso8601(text: string): Timestamp | undefined {
    const match = ISO_8601.exec(text);
    if (!match) return undefined;
    const [whole, year, month, day, hour, minute, second, fraction = '', zone] = match;
    const wallMs = wallTime(Number(year), Number(month), Number(day), Number(hour), Number(minute));
    if (wallMs === undefined || Number(second) > 60) return undefined;
    const offsetMs = zone === undefined ? undefined : offsetOf(zone);
    if (zone !== undefined && offsetMs === undefined) return undefined;
    const startMs = offsetMs === undefined ? this.#instant(whole.slice(0, 17), () => wallMs) : wallMs - offsetMs;
    if (startMs === undefined) return undefined;
    const milliseconds = Math.trunc(Number(fraction.padEnd(3, '0').slice(0, 3)));
    return { atMs: startMs + Number(second) * 1_000 + milliseconds, end: whole.length, isYearless: false };
  }

  #rfc3164(text: string): Timestamp | undefined {
    const match = RFC_3164.exec(text);
    if (!match) return undefined;
    const [whole, name = '', day, year, hour, minute, second] = match;
    const month = MONTHS.indexOf(name) + 1;
    const wallIn = (inYear: number) => wallTime(inYear, month, Number(day), Number(hour), Number(minute));
    const key = `${name} ${day} ${year} ${hour}:${minute}`;
    const startMs = this.#instant(key, () =>
      year === undefined ? this.#latestWallTime(wallIn) : wallIn(Number(year)),
    );
    if (startMs === undefined || Number(second) > 60) return undefined;
    return { atMs: startMs + Number(second) * 1_000, end: whole.length, isYearless: year === undefined };
  }

  /** The wall time in the latest year in which it has been by now. */
  #latestWallTime(wallIn: (year: number) => number | undefined): number | undefined {
    const latestYear = new Date(this.#latestMs + FURTHEST_ZONES_MS).getUTCFullYear();
    for (let year = latestYear; year >= latestYear - LONGEST_LEAP_YEARS; year -= 1) {
      const wallMs = wallIn(year);
      if (wallMs !== undefined && firstInstantAt(wallMs, this.#timezone).ms <= this.#latestMs) return wallMs;
    }
    return undefined;
  }

  /** The instant of a minute on the wall. Most lines are of the same minute as the line before. */
  #instant(minute: string, wallTimeOfMinute: () => number | undefined): number | undefined {
    if (minute === this.#minute) return this.#minuteMs;
    const wallMs = wallTimeOfMinute();
    if (wallMs === undefined) return undefined;
    this.#minute = minute;
    this.#minuteMs = this.#inOrder(wallMs, firstInstantAt(wallMs, this.#timezone).ms);
    return this.#minuteMs;
  }

  /** Of the two instants at which clocks that are set back show a time, the one that follows the line before. */
  #inOrder(wallMs: number, firstMs: number): number {
    const backMs = this.#previousMs === undefined ? 0 : this.#previousMs - firstMs - DISORDER_MS;
    if (backMs <= 0) return firstMs;
    const shift = SET_BACK_MS.find((by) => backMs <= by && wallTimeOf(firstMs + by, this.#timezone) === wallMs);
    return firstMs + (shift ?? 0);
  }
}

/** Milliseconds since 1970 of a number in seconds, milliseconds, microseconds or nanoseconds; undefined where it is none. */
export function epochMs(value: number): number | undefined {
  if (!Number.isFinite(value) || value <= 0) return undefined;
  const scale = [1e11, 1e14, 1e17].findIndex((limit) => value < limit);
  return value * ([1e3, 1, 1e-3][scale] ?? 1e-6);
}

function wallTime(year: number, month: number, day: number, hour: number, minute: number): number | undefined {
  const date = new Date(Date.UTC(2000, 0, 1, hour, minute));
  // Date.UTC takes the years before 100 for those of the last century.
  const ms = date.setUTCFullYear(year, month - 1, day);
  const isReal = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60;
  return isReal ? ms : undefined;
}

/** Milliseconds from UTC; undefined where no day has such an offset. */
function offsetOf(zone: string): number | undefined {
  const [, sign, hours = '0', minutes = '0'] = /^([+-])(\d\d):?(\d\d)$/.exec(zone) ?? [];
  if (Number(hours) > 23 || Number(minutes) > 59) return undefined;
  return (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -60_000 : 60_000);
}
