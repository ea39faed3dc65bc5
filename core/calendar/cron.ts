import { daysOf, parseDays, type DayRule } from './cron-days.ts';
import { HOURS, MINUTES, MONTH, parseValues, YEAR } from './cron-field.ts';
import { isSix, meantBy } from './cron-suggestion.ts';
import { quoted, type Problem } from './problem.ts';
import { firstInstantAt, furthestWallTime, wallTimeOf, type WallTimeMs } from './wall-time.ts';

/** `cron(0 2 ? * SUN *)`: moments on the clocks of a time zone. */
export interface CronSchedule {
  readonly kind: 'cron';
  readonly text: string;
  readonly years: readonly number[];
  readonly months: readonly number[];
  readonly days: DayRule;
  readonly minutesOfDay: readonly number[];
}

/** `rate(5 minutes)`: every so many seconds, whatever the clocks show. */
export interface RateSchedule {
  readonly kind: 'rate';
  readonly text: string;
  readonly periodSeconds: number;
}

export type Schedule = CronSchedule | RateSchedule;
type Parsed<Kind extends Schedule> = { readonly schedule: Kind } | Problem;

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const END_MS = Date.UTC(2200, 0);
// EventBridge Scheduler takes no longer expression.
const LONGEST_TEXT = 256;
const LONGEST_RATE_DAYS = 3_650;
const UNIT_SECONDS = { minute: 60, hour: 3_600, day: 86_400 } as const;
const SIX_FIELDS = 'minutes hours day-of-month month day-of-week year';

/** A schedule in the dialect of EventBridge Scheduler, or what is wrong with its text; never throws. */
export function parseSchedule(text: string): Parsed<Schedule> {
  if (text.length > LONGEST_TEXT) {
    return { problem: `schedule ${quoted(text)} has ${text.length} characters; at most ${LONGEST_TEXT} are allowed` };
  }
  if (/^cron\([^()]*\)$/.test(text)) return parseCron(text, text.slice('cron('.length, -1));
  if (/^rate\([^()]*\)$/.test(text)) return parseRate(text, text.slice('rate('.length, -1));
  if (/^at\([^()]*\)$/.test(text)) {
    return { problem: `${quoted(text)} happens once, which is not a schedule here; use cron(…) or rate(…)` };
  }
  const meant = suggestion(fieldsOf(text.trim().replace(/^cron\s*\(|\)$/gi, '')));
  return { problem: `${quoted(text)} is not a schedule; write cron(${SIX_FIELDS}) or rate(5 minutes)${meant}` };
}

function parseRate(text: string, body: string): Parsed<RateSchedule> {
  const match = /^(0|[1-9]\d{0,8}) (minute|hour|day)(s?)$/.exec(body);
  if (!match) {
    return {
      problem: `${quoted(text)} cannot be read; allowed are such as rate(1 minute), rate(12 hours), rate(7 days)`,
    };
  }
  const count = Number(match[1]);
  const unit = match[2] as keyof typeof UNIT_SECONDS;
  const periodSeconds = count * UNIT_SECONDS[unit];
  if (count === 0 || periodSeconds > LONGEST_RATE_DAYS * UNIT_SECONDS.day) {
    return { problem: `${quoted(text)} is out of range; allowed are 1 minute to ${LONGEST_RATE_DAYS} days` };
  }
  const unitOfCount = count === 1 ? unit : `${unit}s`;
  if (`${unit}${match[3]}` !== unitOfCount) {
    return { problem: `${quoted(text)} is not how AWS counts; did you mean rate(${count} ${unitOfCount})` };
  }
  return { schedule: { kind: 'rate', text, periodSeconds } };
}

function fieldsOf(body: string): readonly string[] {
  return body.split(/\s+/).filter((field) => field !== '');
}

function parseCron(text: string, body: string): Parsed<CronSchedule> {
  const fields = fieldsOf(body);
  const read = readFields(text, fields);
  if ('problem' in read) return { problem: `${read.problem}${suggestion(fields)}` };
  if (fields.join(' ') === body) return read;
  return { problem: `${quoted(text)} is spaced oddly, one space goes between two fields${suggestion(fields)}` };
}

function readFields(text: string, fields: readonly string[]): Parsed<CronSchedule> {
  if (!isSix(fields)) {
    return { problem: `AWS cron has six fields, ${SIX_FIELDS}; found ${fields.length} in ${quoted(text)}` };
  }
  const [minutesText, hoursText, dayOfMonth, monthText, dayOfWeek, yearText] = fields;
  const inText = ({ problem }: Problem) => ({ problem: `${problem}; found in ${quoted(text)}` });

  const minutes = parseValues(MINUTES, minutesText);
  if ('problem' in minutes) return inText(minutes);
  const hours = parseValues(HOURS, hoursText);
  if ('problem' in hours) return inText(hours);
  const days = parseDays(dayOfMonth, dayOfWeek);
  if ('problem' in days) return inText(days);
  const months = parseValues(MONTH, monthText);
  if ('problem' in months) return inText(months);
  const years = parseValues(YEAR, yearText);
  if ('problem' in years) return inText(years);

  const minutesOfDay = hours.values.flatMap((hour) => minutes.values.map((minute) => hour * 60 + minute));
  const schedule = { kind: 'cron', text, years: years.values, months: months.values, ...days, minutesOfDay } as const;
  if (everFires(schedule)) return { schedule };
  return { problem: `${quoted(text)} never fires: no month and year that it names has such a day` };
}

function everFires({ years, months, days }: CronSchedule): boolean {
  return years.some((year) => months.some((month) => daysOf(days, year, month).length > 0));
}

function suggestion(fields: readonly string[]): string {
  const meant = meantBy(fields);
  if (!meant || 'problem' in readFields('', meant)) return '';
  return `; did you mean cron(${meant.join(' ')})`;
}

/**
 * The moments of a schedule from an instant on, that instant included, as far as AWS's calendar goes: through 2199.
 *
 * They are EventBridge Scheduler's: a time that the clocks leave out when they are set forward is skipped, one that
 * they show twice when they are set back comes once, the first time. A `rate` counts whole periods from the epoch
 * (1970-01-01T00:00Z), so that its moments do not depend on who looks when; its days have 24 hours.
 */
export function* occurrencesFrom(schedule: Schedule, from: Date, timezone: string): Generator<Date, void, undefined> {
  const fromMs = from.getTime();
  if (schedule.kind === 'rate') {
    const periodMs = schedule.periodSeconds * 1_000;
    for (let ms = Math.ceil(fromMs / periodMs) * periodMs; ms < END_MS; ms += periodMs) yield new Date(ms);
    return;
  }
  for (const wallMs of wallTimes(schedule, wallTimeOf(fromMs, timezone), 'later')) {
    const { ms, exists } = firstInstantAt(wallMs, timezone);
    if (exists && ms >= fromMs) yield new Date(ms);
  }
}

/** The first moment of a schedule after an instant; undefined where there is none. */
export function nextOccurrence(schedule: Schedule, after: Date, timezone: string): Date | undefined {
  const [next] = occurrencesFrom(schedule, new Date(after.getTime() + 1), timezone);
  return next;
}

/** The last moment of a schedule up to an instant, that instant included; undefined where there is none. */
export function previousOccurrence(schedule: Schedule, atOrBefore: Date, timezone: string): Date | undefined {
  const untilMs = atOrBefore.getTime();
  if (schedule.kind === 'rate') {
    const periodMs = schedule.periodSeconds * 1_000;
    return new Date(Math.floor(Math.min(untilMs, END_MS - 1) / periodMs) * periodMs);
  }
  for (const wallMs of wallTimes(schedule, furthestWallTime(untilMs, timezone), 'earlier')) {
    const { ms, exists } = firstInstantAt(wallMs, timezone);
    if (exists && ms <= untilMs) return new Date(ms);
  }
  return undefined;
}

/** Every moment of a schedule from an instant up to, and without, another. */
export function occurrencesBetween(schedule: Schedule, from: Date, to: Date, timezone: string): Date[] {
  const occurrences: Date[] = [];
  for (const occurrence of occurrencesFrom(schedule, from, timezone)) {
    if (occurrence >= to) break;
    occurrences.push(occurrence);
  }
  return occurrences;
}

/** The times on the clock that the fields match, in order from one on; months without a match cost nothing. */
function* wallTimes(
  { years, months, days, minutesOfDay }: CronSchedule,
  startMs: WallTimeMs,
  direction: 'later' | 'earlier',
): Generator<WallTimeMs, void, undefined> {
  const later = direction === 'later';
  const inOrder = (values: readonly number[]) => (later ? values : values.toReversed());
  /** Whether all of a stretch of time lies on the wrong side of the start. */
  const isPassed = (fromMs: WallTimeMs, untilMs: WallTimeMs) => (later ? untilMs <= startMs : fromMs > startMs);

  const minutesInOrder = inOrder(minutesOfDay);
  for (const year of inOrder(years)) {
    if (isPassed(Date.UTC(year, 0), Date.UTC(year + 1, 0))) continue;
    for (const month of inOrder(months)) {
      if (isPassed(Date.UTC(year, month - 1), Date.UTC(year, month))) continue;
      for (const day of inOrder(daysOf(days, year, month))) {
        const dayMs = Date.UTC(year, month - 1, day);
        if (isPassed(dayMs, dayMs + DAY_MS)) continue;
        for (const minute of minutesInOrder) yield dayMs + minute * MINUTE_MS;
      }
    }
  }
}
