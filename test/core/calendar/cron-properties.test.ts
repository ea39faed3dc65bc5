import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { nextOccurrence, occurrencesBetween, parseSchedule, previousOccurrence } from '../../../core/calendar/cron.ts';
import { scheduleOf } from './parsed.ts';

type Moment = Temporal.PlainDateTime;

/** A field as text beside what it means, made together so that the meaning owes nothing to the parser. */
interface Field {
  readonly text: string;
  readonly matches: (moment: Moment) => boolean;
}

function numbers(low: number, high: number, numberOf: (moment: Moment) => number): fc.Arbitrary<Field> {
  const value = fc.integer({ min: low, max: high });
  return fc.oneof(
    fc.constant({ text: '*', matches: () => true }),
    value.map((n) => ({ text: String(n), matches: (moment: Moment) => numberOf(moment) === n })),
    fc.tuple(value, value).map(([a, b]) => ({
      text: `${Math.min(a, b)}-${Math.max(a, b)}`,
      matches: (moment: Moment) => numberOf(moment) >= Math.min(a, b) && numberOf(moment) <= Math.max(a, b),
    })),
    fc.tuple(value, fc.integer({ min: 1, max: high - low })).map(([start, step]) => ({
      text: `${start}/${step}`,
      matches: (moment: Moment) => numberOf(moment) >= start && (numberOf(moment) - start) % step === 0,
    })),
    fc.array(value, { minLength: 1, maxLength: 4 }).map((list) => ({
      text: list.join(','),
      matches: (moment: Moment) => list.includes(numberOf(moment)),
    })),
  );
}

/** AWS counts from Sunday, 1; ISO from Monday, 1. */
const awsDay = (moment: Moment) => (moment.dayOfWeek % 7) + 1;
const NAMES = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const dayOfWeek = fc.integer({ min: 1, max: 7 });

const dayFields: fc.Arbitrary<Field> = fc.oneof(
  numbers(1, 31, (moment) => moment.day).map(({ text, matches }) => ({ text: `${text} M ?`, matches })),
  fc.constant({ text: 'L M ?', matches: (moment: Moment) => moment.day === moment.daysInMonth }),
  dayOfWeek.map((day) => ({ text: `? M ${NAMES[day - 1]}`, matches: (moment: Moment) => awsDay(moment) === day })),
  dayOfWeek.map((day) => ({
    text: `? M ${day}L`,
    matches: (moment: Moment) => awsDay(moment) === day && moment.day + 7 > moment.daysInMonth,
  })),
  fc.tuple(dayOfWeek, fc.integer({ min: 1, max: 5 })).map(([day, nth]) => ({
    text: `? M ${day}#${nth}`,
    matches: (moment: Moment) => awsDay(moment) === day && Math.ceil(moment.day / 7) === nth,
  })),
);

const cron: fc.Arbitrary<Field> = fc
  .tuple(
    numbers(0, 59, (moment) => moment.minute),
    numbers(0, 23, (moment) => moment.hour),
    dayFields,
    numbers(1, 12, (moment) => moment.month),
    fc.constantFrom('*', '2020-2040', '2020/1'),
  )
  .map(([minute, hour, day, month, year]) => ({
    text: `cron(${minute.text} ${hour.text} ${day.text.replace('M', month.text)} ${year})`,
    matches: (moment: Moment) => [minute, hour, day, month].every((field) => field.matches(moment)),
  }))
  .filter(({ text }) => 'schedule' in parseSchedule(text));

const timezone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata');
const instant = fc.date({ min: new Date('2020-01-01'), max: new Date('2039-01-01'), noInvalidDate: true });
const rate = fc.integer({ min: 2, max: 3_000 }).map((count) => `rate(${count} minutes)`);
const text = fc.oneof({ weight: 4, arbitrary: cron.map((field) => field.text) }, { weight: 1, arbitrary: rate });

function wallTime(at: Date, zone: string): Moment {
  return Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(zone).toPlainDateTime();
}

test('the previous of the next is the next, and none lies between the two around an instant', () => {
  fc.assert(
    fc.property(text, timezone, instant, (expression, zone, at) => {
      const schedule = scheduleOf(expression);

      const next = nextOccurrence(schedule, at, zone);
      const previous = previousOccurrence(schedule, at, zone);

      if (next) {
        expect(next > at).toBe(true);
        expect(previousOccurrence(schedule, next, zone)).toEqual(next);
        expect(previousOccurrence(schedule, new Date(next.getTime() - 1), zone)).toEqual(previous);
      }
      if (previous) {
        expect(previous <= at).toBe(true);
        expect(nextOccurrence(schedule, new Date(previous.getTime() - 1), zone)).toEqual(previous);
        expect(nextOccurrence(schedule, previous, zone)).toEqual(next);
      }
    }),
    { numRuns: 150 },
  );
});

test('every occurrence matches its fields on the clock of the zone, and each comes after the one before', () => {
  fc.assert(
    fc.property(cron, timezone, instant, ({ text: expression, matches }, zone, at) => {
      const schedule = scheduleOf(expression);

      let last = at;
      for (let i = 0; i < 20; i += 1) {
        const next = nextOccurrence(schedule, last, zone);
        if (!next) break;
        expect(next > last).toBe(true);
        expect(matches(wallTime(next, zone))).toBe(true);
        expect(next.getTime() % 60_000).toBe(0);
        last = next;
      }
    }),
    { numRuns: 150 },
  );
});

test('the days on which clocks change have exactly the minutes that somebody watching the clock would count', () => {
  const changes = fc.constantFrom(
    ['Europe/Berlin', '2026-03-29'],
    ['Europe/Berlin', '2026-10-25'],
    ['America/New_York', '2026-03-08'],
    ['America/New_York', '2026-11-01'],
    ['Australia/Lord_Howe', '2026-04-05'],
    ['Australia/Lord_Howe', '2026-10-04'],
  ) as fc.Arbitrary<[string, string]>;
  // Every day, so that the day of the change is always among them.
  const everyDay = fc
    .tuple(
      numbers(0, 59, (moment) => moment.minute),
      numbers(0, 5, (moment) => moment.hour),
    )
    .map(([minute, hour]) => ({
      text: `cron(${minute.text} ${hour.text} * * ? *)`,
      matches: (moment: Moment) => minute.matches(moment) && hour.matches(moment),
    }));
  fc.assert(
    fc.property(everyDay, changes, ({ text: expression, matches }, [zone, day]) => {
      const from = new Date(Date.parse(day) - 86_400_000);
      const to = new Date(Date.parse(day) + 86_400_000);

      const watched: string[] = [];
      const shown = new Set<string>();
      for (let ms = from.getTime() - 7_200_000; ms < to.getTime(); ms += 60_000) {
        const moment = wallTime(new Date(ms), zone);
        const seenBefore = shown.has(moment.toString());
        shown.add(moment.toString());
        if (ms >= from.getTime() && !seenBefore && matches(moment)) watched.push(new Date(ms).toISOString());
      }

      const found = occurrencesBetween(scheduleOf(expression), from, to, zone);
      expect(found.map((at) => at.toISOString())).toEqual(watched);
    }),
    { numRuns: 30 },
  );
});

test('no text makes the parser throw, and a problem is one line', () => {
  const alphabet = fc.constantFrom(...'0123456789*?/,-#LW() \nJANSUNcronrateat@'.split(''));
  const nearly = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.string({ unit: alphabet, maxLength: 40 }),
    fc
      .array(fc.string({ unit: alphabet, maxLength: 5 }), { minLength: 4, maxLength: 8 })
      .map((fields) => `cron(${fields.join(' ')})`),
    fc.tuple(fc.integer(), fc.string({ maxLength: 8 })).map(([count, unit]) => `rate(${count} ${unit})`),
  );
  fc.assert(
    fc.property(nearly, (any) => {
      const parsed = parseSchedule(any);

      if ('schedule' in parsed) expect(parsed.schedule.text).toBe(any);
      else expect(parsed.problem).toMatch(/^[^\n\r]{10,700}$/);
    }),
    { numRuns: 2_000 },
  );
});
