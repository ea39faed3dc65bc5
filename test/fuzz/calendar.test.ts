import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { daysOf, parseDays } from '../../core/calendar/cron-days.ts';
import { HOURS, MINUTES, MONTH, parseValue, parseValues } from '../../core/calendar/cron-field.ts';
import { isSix, meantBy } from '../../core/calendar/cron-suggestion.ts';
import { nextOccurrence, occurrencesBetween, parseSchedule } from '../../core/calendar/cron.ts';
import { quoted } from '../../core/calendar/problem.ts';
import { calendarProblem } from '../../core/calendar/satisfiable.ts';
import { timezoneProblem } from '../../core/calendar/timezone.ts';
import { firstInstantAt, formatWallTime, furthestWallTime, wallTimeOf } from '../../core/calendar/wall-time.ts';
import { closesAt, formatWindow, isOpen, parseWindow, windowSeconds } from '../../core/calendar/window.ts';
import { decideStart } from '../../lambdas/steps/_decide-start.ts';
import { procedureOf } from '../harness/run-records.ts';
import { anyText, holds } from './property.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const zone = fc.constantFrom(
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'America/Nuuk',
  'Africa/Casablanca',
);
const instant = fc.date({ min: new Date('2020-01-01'), max: new Date('2035-01-01'), noInvalidDate: true });
const window = fc
  .uniqueArray(fc.nat(1_439), { minLength: 2, maxLength: 2 })
  .map(([openMinute = 0, closeMinute = 1]) => ({ openMinute, closeMinute }));

test('the days of a month that a rule means are those that somebody with a calendar would mark', () => {
  const isWeekday = (date: Temporal.PlainDate) => date.dayOfWeek <= 5;
  const nearest = (date: Temporal.PlainDate) =>
    [0, -1, 1, -2, 2].map((days) => date.add({ days })).find((one) => isWeekday(one) && one.month === date.month)?.day;
  const rule = fc.oneof(
    fc.integer({ min: 1, max: 31 }).map((day) => ({
      text: [`${day}W`, '?'] as const,
      marks: (all: Temporal.PlainDate[]) => all.filter((one) => one.day === day).map(nearest),
    })),
    fc.constant({
      text: ['LW', '?'] as const,
      marks: (all: Temporal.PlainDate[]) =>
        all
          .filter(isWeekday)
          .slice(-1)
          .map(({ day }) => day),
    }),
    fc.constant({
      text: ['L', '?'] as const,
      marks: (all: Temporal.PlainDate[]) => all.slice(-1).map(({ day }) => day),
    }),
    fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 5 })).map(([of, nth]) => ({
      text: ['?', `${of}#${nth}`] as const,
      marks: (all: Temporal.PlainDate[]) =>
        all
          .filter((one) => (one.dayOfWeek % 7) + 1 === of)
          .slice(nth - 1, nth)
          .map(({ day }) => day),
    })),
    fc.integer({ min: 1, max: 7 }).map((of) => ({
      text: ['?', `${of}L`] as const,
      marks: (all: Temporal.PlainDate[]) =>
        all
          .filter((one) => (one.dayOfWeek % 7) + 1 === of)
          .slice(-1)
          .map(({ day }) => day),
    })),
  );
  holds(
    fc.property(
      rule,
      fc.integer({ min: 1970, max: 2199 }),
      fc.integer({ min: 1, max: 12 }),
      ({ text: [dayOfMonth, dayOfWeek], marks }, year, month) => {
        const parsed = parseDays(dayOfMonth, dayOfWeek);
        if ('problem' in parsed) throw new Error(parsed.problem);
        const first = Temporal.PlainDate.from({ year, month, day: 1 });
        const all = Array.from({ length: first.daysInMonth }, (_, days) => first.add({ days }));
        expect(daysOf(parsed.days, year, month)).toEqual(marks(all));
      },
    ),
    400,
  );
});

test('a field of a schedule is a set of numbers within its bounds, or a problem on one line', () => {
  const text = fc.oneof(anyText, fc.string({ unit: fc.constantFrom(...'0123456789,-/*?JANFEB'), maxLength: 9 }));
  holds(
    fc.property(fc.constantFrom(MINUTES, HOURS, MONTH), text, (field, written) => {
      const parsed = parseValues(field, written);
      if ('problem' in parsed) expect(parsed.problem).not.toMatch(/[\n\r\p{Cf}]/u);
      else {
        expect(parsed.values.length).toBeGreaterThan(0);
        expect(parsed.values).toEqual([...new Set(parsed.values)].toSorted((a, b) => a - b));
        expect(parsed.values.every((value) => value >= field.low && value <= field.high)).toBe(true);
        expect(parseValues(field, parsed.values.join(','))).toEqual(parsed);
      }
      const one = parseValue(field, written);
      if ('value' in one) expect(parsed).toEqual({ values: [one.value] });
      expect(quoted(written)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }),
    500,
  );
});

test('what is offered instead of a schedule that cannot be read can be read itself', () => {
  const field = fc.constantFrom('*', '?', '0', '5', '1-5', 'SUN', '*/2', '7', 'x');
  holds(
    fc.property(fc.array(field, { minLength: 4, maxLength: 8 }), (fields) => {
      const parsed = parseSchedule(`cron(${fields.join(' ')})`);
      if ('schedule' in parsed) expect(isSix(fields)).toBe(true);
      else {
        const meant = /did you mean (cron\(.*\)|rate\(.*\))/.exec(parsed.problem)?.[1];
        if (meant !== undefined) expect(parseSchedule(meant)).toHaveProperty('schedule');
      }
      const six = meantBy(fields);
      if (six) expect(six.length).toBe(6);
    }),
    300,
  );
});

test('a window is open exactly in the minutes between its ends, looked at minute by minute over the change of clocks', () => {
  const change = fc.constantFrom(
    ...([
      '2026-03-29 Europe/Berlin',
      '2026-10-25 Europe/Berlin',
      '2026-03-08 America/New_York',
      '2026-11-01 America/New_York',
    ] as const),
    ...(['2026-04-05 Australia/Lord_Howe', '2026-10-04 Australia/Lord_Howe', '2026-06-15 UTC'] as const),
  );
  holds(
    fc.property(window, change, (given, day) => {
      const [date = '', timezone = ''] = day.split(' ');
      const noon = Date.parse(`${date}T12:00:00Z`);
      // Each day's window goes from the first moment that shows its opening, or the first after, to that of its end.
      const spans = [-2, -1, 0, 1, 2].map((days) => {
        const at = Temporal.PlainDate.from(date).add({ days });
        const opening = at.toPlainDateTime().add({ minutes: given.openMinute });
        const closing = opening.add({ seconds: windowSeconds(given) });
        return [instantOf(opening, timezone), instantOf(closing, timezone)] as const;
      });
      for (let ms = noon - DAY_MS; ms < noon + DAY_MS; ms += 30 * MINUTE_MS) {
        const within = spans.filter(([from, until]) => from <= ms && ms < until);
        expect(isOpen(given, new Date(ms), timezone)).toBe(within.length > 0);
        const closes = closesAt(given, new Date(ms), timezone)?.getTime();
        if (within.length > 0) expect(within.map(([, until]) => until)).toContain(closes);
      }
    }),
    40,
  );
});

/** The first instant that shows a time, or at which the clocks jump over it. */
function instantOf(wall: Temporal.PlainDateTime, timezone: string): number {
  const [earlier, later] = (['earlier', 'later'] as const).map((disambiguation) =>
    wall.toZonedDateTime(timezone, { disambiguation }),
  );
  if (!earlier || !later) throw new TypeError('two readings of a time');
  if (earlier.toPlainDateTime().equals(wall)) return earlier.epochMilliseconds;
  return earlier.getTimeZoneTransition('next')?.epochMilliseconds ?? later.epochMilliseconds;
}

test("what clocks show and when they first show it are each other's answers", () => {
  holds(
    fc.property(instant, zone, (at, timezone) => {
      const ms = Math.floor(at.getTime() / MINUTE_MS) * MINUTE_MS;
      const wall = wallTimeOf(ms, timezone);
      const shown = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timezone).toPlainDateTime();
      expect(new Date(wall).toISOString().slice(0, 16)).toBe(shown.toString().slice(0, 16));
      const first = firstInstantAt(wall, timezone);
      expect(first.exists).toBe(true);
      expect(first.ms).toBeLessThanOrEqual(ms);
      expect(wallTimeOf(first.ms, timezone)).toBe(wall);
      expect(furthestWallTime(ms, timezone)).toBeGreaterThanOrEqual(wall);
      expect(formatWallTime(new Date(ms), timezone)).toBe(
        `${shown.toString().slice(0, 10)} ${shown.toString().slice(11, 16)} ${timezone}`,
      );
    }),
    200,
  );
});

test('a window is written back as it was read, and no other text is taken for one', () => {
  holds(
    fc.property(window, anyText, (given, text) => {
      expect(parseWindow(formatWindow(given))).toEqual({ window: given });
      const parsed = parseWindow(text);
      if ('window' in parsed) expect(formatWindow(parsed.window)).toBe(text);
      const problem = timezoneProblem(text);
      expect(problem === undefined).toBe(text === 'UTC' || (problem === undefined && text.includes('/')));
    }),
    200,
  );
});

test('a calendar that is called sound has no occurrence in thirteen months that its window or budget would refuse', () => {
  const schedule = fc
    .tuple(fc.nat(59), fc.nat(23), fc.constantFrom('* * ?', '? * SUN', '1 * ?', '? 3 1#1'))
    .map(([minute, hour, days]) => `cron(${minute} ${hour} ${days} *)`);
  holds(
    fc.property(
      schedule,
      window,
      zone,
      fc.integer({ min: 60, max: 14_400 }),
      instant,
      (text, open, timezone, budgetSeconds, from) => {
        const parsed = parseSchedule(text);
        if ('problem' in parsed) throw new Error(parsed.problem);
        const { schedule: read } = parsed;
        const until = new Date(from.getTime() + 390 * DAY_MS);
        const misfit = occurrencesBetween(read, from, until, timezone).find((at) => {
          const closes = closesAt(open, at, timezone);
          return closes === undefined || closes.getTime() - at.getTime() < budgetSeconds * 1_000;
        });
        const problem = calendarProblem({ schedule: read, window: open, timezone, budgetSeconds }, from);
        if (problem === undefined) expect(misfit).toBeUndefined();
        if (misfit !== undefined) expect(problem).toBeDefined();
      },
    ),
    25,
  );
});

test('a start of any input becomes a run with a name of its own, within its window or without the right to change', () => {
  const input = fc.oneof(
    fc.anything(),
    fc.record(
      {
        trigger: fc.constantFrom('schedule', 'person', 'alarm'),
        mode: fc.constantFrom('plan', 'execute'),
        scheduledTime: anyText,
        reason: anyText,
        override: fc.constantFrom('window', 'freeze'),
      },
      { requiredKeys: [] },
    ),
  );
  const procedure = procedureOf({ window: '02:00-04:00', schedule: 'cron(0 2 * * ? *)' });
  holds(
    fc.property(
      input,
      instant,
      fc.oneof(
        anyText,
        instant.map((at) => at.toISOString()),
      ),
      (given, now, executionStartedAt) => {
        const { run, started } = decideStart({ input: given, executionStartedAt }, procedure, now);
        expect(run.key).toBe(`runs/daily/${run.id}`);
        expect(run.id).toMatch(/^daily-[\w.+-]+$/);
        const inWindow = isOpen({ openMinute: 120, closeMinute: 240 }, now, 'UTC');
        if (run.mode === 'execute') expect(inWindow || started.override === 'window').toBe(true);
        if (run.mode === 'execute' && started.override !== 'window')
          expect(Date.parse(started.deadline)).toBeLessThanOrEqual(
            (closesAt({ openMinute: 120, closeMinute: 240 }, now, 'UTC') ?? now).getTime(),
          );
        expect(Date.parse(started.deadline)).toBeGreaterThanOrEqual(now.getTime());
        if (started.trigger === 'person' && started.requestedMode === 'plan') expect(run.mode).toBe('plan');
      },
    ),
    200,
  );
  const schedule = parseSchedule('cron(0 2 * * ? *)');
  holds(
    fc.property(instant, fc.integer({ min: 0, max: 3_600 }), (at, lateSeconds) => {
      if ('problem' in schedule) return;
      const due = nextOccurrence(schedule.schedule, at, 'UTC') ?? at;
      const start = (seconds: number) =>
        decideStart(
          { input: { trigger: 'schedule', scheduledTime: due.toISOString() }, executionStartedAt: '' },
          procedure,
          new Date(due.getTime() + seconds * 1_000),
        );
      expect(start(lateSeconds).run.id).toBe(start(0).run.id);
    }),
    60,
  );
});
