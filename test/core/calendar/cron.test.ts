import { describe, expect, test } from '@jest/globals';
import { nextOccurrence, occurrencesBetween, previousOccurrence } from '../../../core/calendar/cron.ts';
import { minutesOf, scheduleOf } from './parsed.ts';

const DAY_MS = 86_400_000;

function days(text: string, from: string, to: string): string[] {
  const found = occurrencesBetween(scheduleOf(text), new Date(from), new Date(to), 'UTC');
  return found.map((instant) => instant.toISOString().slice(0, 10));
}

describe('the day fields mean what AWS means', () => {
  test.each([
    ['cron(0 2 ? * 1 *)', '2026-11-01', '2026-11-16', ['2026-11-01', '2026-11-08', '2026-11-15']],
    ['cron(0 2 ? * L *)', '2026-11-01', '2026-11-16', ['2026-11-07', '2026-11-14']],
    ['cron(0 2 ? * 7,1 *)', '2026-11-01', '2026-11-09', ['2026-11-01', '2026-11-07', '2026-11-08']],
    ['cron(0 2 ? * 1#5 *)', '2026-10-01', '2027-02-01', ['2026-11-29', '2027-01-31']],
    ['cron(0 2 L * ? *)', '2027-12-01', '2028-04-01', ['2027-12-31', '2028-01-31', '2028-02-29', '2028-03-31']],
    // October 31st 2026 is a Saturday, January 31st 2027 a Sunday, November 30th and December 31st are weekdays.
    ['cron(0 2 LW * ? *)', '2026-10-01', '2027-02-01', ['2026-10-30', '2026-11-30', '2026-12-31', '2027-01-29']],
    ['cron(0 2 31W * ? *)', '2026-10-01', '2027-02-01', ['2026-10-30', '2026-12-31', '2027-01-29']],
    // August 1st 2026 is a Saturday, November 1st a Sunday, December 1st a Tuesday.
    ['cron(0 2 1W 8,11,12 ? 2026)', '2026-01-01', '2027-01-01', ['2026-08-03', '2026-11-02', '2026-12-01']],
    // November 14th 2026 is a Saturday, November 15th a Sunday.
    ['cron(0 2 14W 11 ? 2026)', '2026-01-01', '2027-01-01', ['2026-11-13']],
    ['cron(0 2 15W 11 ? 2026)', '2026-01-01', '2027-01-01', ['2026-11-16']],
    ['cron(0 2 31 * ? *)', '2026-01-01', '2026-06-01', ['2026-01-31', '2026-03-31', '2026-05-31']],
    ['cron(0 2 1 1/3 ? *)', '2026-01-01', '2027-01-01', ['2026-01-01', '2026-04-01', '2026-07-01', '2026-10-01']],
    ['cron(0 2 29 FEB ? *)', '2096-01-01', '2105-01-01', ['2096-02-29', '2104-02-29']],
    ['cron(0 2 1 JAN ? 2027/2)', '2026-01-01', '2032-01-01', ['2027-01-01', '2029-01-01', '2031-01-01']],
  ])('%s', (text, from, to, expected) => {
    expect(days(text, from, to)).toEqual(expected);
  });
});

test.each([
  ['cron(0/20 2 * * ? *)', ['02:00', '02:20', '02:40']],
  ['cron(50/5 2 * * ? *)', ['02:50', '02:55']],
  ['cron(1-10/4 2 * * ? *)', ['02:01', '02:05', '02:09']],
  ['cron(30,0,30 1,23 * * ? *)', ['01:00', '01:30', '23:00', '23:30']],
  ['cron(5 */12 * * ? *)', ['00:05', '12:05']],
])('%s comes in the order of the clock', (text, expected) => {
  const found = occurrencesBetween(scheduleOf(text), new Date('2026-11-21'), new Date('2026-11-22'), 'UTC');

  expect(found.map((instant) => instant.toISOString().slice(11, 16))).toEqual(expected);
});

describe.each(['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe'])(
  'over ten years in %s',
  (timezone) => {
    const from = new Date('2026-01-01T00:00:00Z');
    const to = new Date('2036-01-01T00:00:00Z');
    const dayIn = new Intl.DateTimeFormat('en-CA', { timeZone: timezone, dateStyle: 'short' });

    /** The Sundays of ten years by going through every day. */
    const sundays: string[] = [];
    for (let ms = from.getTime(); ms < to.getTime(); ms += DAY_MS) {
      const day = new Date(ms);
      if (day.getUTCDay() === 0) sundays.push(day.toISOString().slice(0, 10));
    }
    const firstSundays = sundays.filter((day) => Number(day.slice(8)) <= 7);
    const lastSundays = sundays.filter((day, i) => sundays[i + 1]?.slice(0, 7) !== day.slice(0, 7));

    test('the first Sunday of each month comes 120 times, less where the clocks leave it out', () => {
      const found = occurrencesBetween(scheduleOf('cron(0 2 ? * 1#1 *)'), from, to, timezone);

      // Lord Howe leaves out 02:00 to 02:30 on each first Sunday of October.
      const expected =
        timezone === 'Australia/Lord_Howe' ? firstSundays.filter((day) => day.slice(5, 7) !== '10') : firstSundays;
      expect(found.map((instant) => dayIn.format(instant))).toEqual(expected);
      expect(firstSundays).toHaveLength(120);
    });

    test('the last Sunday of each month comes 120 times, less where the clocks leave it out', () => {
      const found = occurrencesBetween(scheduleOf('cron(0 2 ? * 1L *)'), from, to, timezone);

      // Berlin leaves out 02:00 to 03:00 on each last Sunday of March.
      const expected =
        timezone === 'Europe/Berlin' ? lastSundays.filter((day) => day.slice(5, 7) !== '03') : lastSundays;
      expect(found.map((instant) => dayIn.format(instant))).toEqual(expected);
      expect(lastSundays).toHaveLength(120);
    });
  },
);

describe('the edges', () => {
  const daily = scheduleOf('cron(0 2 * * ? *)');
  const due = new Date('2026-11-21T02:00:00Z');

  test('next is strictly after, previous is up to and with', () => {
    expect(nextOccurrence(daily, new Date(due.getTime() - 1), 'UTC')).toEqual(due);
    expect(nextOccurrence(daily, due, 'UTC')).toEqual(new Date('2026-11-22T02:00:00Z'));
    expect(previousOccurrence(daily, due, 'UTC')).toEqual(due);
    expect(previousOccurrence(daily, new Date(due.getTime() - 1), 'UTC')).toEqual(new Date('2026-11-20T02:00:00Z'));
  });

  test('between has its start and not its end', () => {
    expect(occurrencesBetween(daily, due, new Date('2026-11-22T02:00:00Z'), 'UTC')).toEqual([due]);
    expect(occurrencesBetween(daily, due, due, 'UTC')).toEqual([]);
  });

  test('a schedule of one moment has nothing before and nothing after it', () => {
    const once = scheduleOf('cron(0 2 21 NOV ? 2026)');

    expect(nextOccurrence(once, due, 'UTC')).toBeUndefined();
    expect(previousOccurrence(once, due, 'UTC')).toEqual(due);
    expect(previousOccurrence(once, new Date(due.getTime() - 1), 'UTC')).toBeUndefined();
  });

  test('a leap day is found years away, in both directions', () => {
    const leapDay = scheduleOf('cron(0 2 29 FEB ? *)');

    expect(nextOccurrence(leapDay, due, 'UTC')).toEqual(new Date('2028-02-29T02:00:00Z'));
    expect(previousOccurrence(leapDay, due, 'UTC')).toEqual(new Date('2024-02-29T02:00:00Z'));
  });

  test('a time zone that is none is an error, not an empty calendar', () => {
    expect(() => nextOccurrence(daily, due, 'Mars/Olympus')).toThrow(RangeError);
  });
});

describe('a rate counts whole periods from the epoch', () => {
  test.each([
    ['rate(5 minutes)', '2026-11-21T02:03:00Z', '2026-11-21T02:00:00.000Z', '2026-11-21T02:05:00.000Z'],
    ['rate(5 minutes)', '2026-11-21T02:05:00Z', '2026-11-21T02:05:00.000Z', '2026-11-21T02:10:00.000Z'],
    ['rate(12 hours)', '2026-11-21T13:00:00Z', '2026-11-21T12:00:00.000Z', '2026-11-22T00:00:00.000Z'],
    ['rate(1 day)', '2026-11-21T13:00:00Z', '2026-11-21T00:00:00.000Z', '2026-11-22T00:00:00.000Z'],
    // The epoch was a Thursday.
    ['rate(7 days)', '2026-11-21T13:00:00Z', '2026-11-19T00:00:00.000Z', '2026-11-26T00:00:00.000Z'],
  ])('%s at %s', (text, at, previous, next) => {
    expect(previousOccurrence(scheduleOf(text), new Date(at), 'Europe/Berlin')?.toISOString()).toBe(previous);
    expect(nextOccurrence(scheduleOf(text), new Date(at), 'Europe/Berlin')?.toISOString()).toBe(next);
  });

  test('whatever the clocks do', () => {
    const night = occurrencesBetween(
      scheduleOf('rate(1 hour)'),
      new Date('2026-10-24T23:00:00Z'),
      new Date('2026-10-25T03:00:00Z'),
      'Europe/Berlin',
    );

    expect(minutesOf(night)).toEqual([
      '2026-10-24T23:00Z',
      '2026-10-25T00:00Z',
      '2026-10-25T01:00Z',
      '2026-10-25T02:00Z',
    ]);
  });

  test('through 2199, where the calendar of AWS ends', () => {
    const hourly = scheduleOf('rate(1 hour)');
    const last = new Date('2199-12-31T23:00:00Z');

    expect(nextOccurrence(hourly, last, 'UTC')).toBeUndefined();
    expect(previousOccurrence(hourly, new Date('2300-01-01T00:00:00Z'), 'UTC')).toEqual(last);
  });
});
