import { describe, expect, test } from '@jest/globals';
import { calendarProblem } from '../../../core/calendar/satisfiable.ts';
import { scheduleOf, windowOf } from './parsed.ts';

const FROM = new Date('2026-11-01T00:00:00Z');

interface Calendar {
  readonly schedule: string;
  readonly window?: string;
  readonly timezone?: string;
  readonly budgetSeconds?: number;
}

function problemOf({ schedule, window, timezone = 'UTC', budgetSeconds = 1_800 }: Calendar): string | undefined {
  const opening = window === undefined ? undefined : windowOf(window);
  return calendarProblem({ schedule: scheduleOf(schedule), window: opening, timezone, budgetSeconds }, FROM);
}

describe('a calendar that can be kept has no problem', () => {
  test.each<Calendar>([
    { schedule: 'cron(0 2 * * ? *)', window: '02:00-04:00' },
    { schedule: 'cron(30 3 * * ? *)', window: '02:00-04:00' },
    { schedule: 'cron(0 2 * * ? *)', window: '02:00-04:00', budgetSeconds: 7_200 },
    { schedule: 'cron(30 23 * * ? *)', window: '22:00-02:00', budgetSeconds: 9_000 },
    { schedule: 'cron(0 1 * * ? *)', window: '22:00-02:00', budgetSeconds: 3_600 },
    { schedule: 'cron(0 12 * * ? *)' },
    { schedule: 'cron(0 2 ? * 1#1 *)', window: '02:00-06:00', budgetSeconds: 14_400 },
    { schedule: 'cron(0 2 1 1,4,7,10 ? *)', window: '02:00-06:00' },
    { schedule: 'cron(0/5 2-3 * * ? *)', window: '02:00-04:05', budgetSeconds: 300 },
    { schedule: 'cron(0 3 * * ? *)', window: '02:00-04:00', timezone: 'Europe/Berlin' },
    { schedule: 'cron(0 2 * * ? 2026)', window: '02:00-04:00' },
    { schedule: 'rate(5 minutes)' },
    { schedule: 'rate(5 minutes)', window: '02:00-04:00' },
    { schedule: 'rate(1 day)', window: '00:00-01:00' },
    { schedule: 'rate(1 day)', window: '02:00-04:00', timezone: 'Asia/Riyadh', budgetSeconds: 3_600 },
  ])('$schedule in $window $timezone', (calendar) => {
    expect(problemOf(calendar)).toBeUndefined();
  });
});

describe('one that cannot is told with its next offending date', () => {
  test('outside its window', () => {
    expect(problemOf({ schedule: 'cron(0 5 * * ? *)', window: '02:00-04:00' })).toBe(
      'cron(0 5 * * ? *) is due 2026-11-01 05:00 UTC, outside its window 02:00-04:00',
    );
  });

  test('at the minute at which its window closes', () => {
    expect(problemOf({ schedule: 'cron(0 4 * * ? *)', window: '02:00-04:00', budgetSeconds: 1 })).toContain(
      '2026-11-01 04:00 UTC, outside its window',
    );
  });

  test('one of several times outside', () => {
    expect(problemOf({ schedule: 'cron(0 2,14 * * ? *)', window: '02:00-04:00' })).toContain(
      '2026-11-01 14:00 UTC, outside',
    );
  });

  test('outside in its own zone, though inside in UTC', () => {
    expect(problemOf({ schedule: 'cron(0 5 * * ? *)', window: '04:00-05:00', timezone: 'Europe/Berlin' })).toContain(
      'is due 2026-11-01 05:00 Europe/Berlin, outside',
    );
  });

  test('too late for its budget, with both numbers', () => {
    expect(problemOf({ schedule: 'cron(45 3 * * ? *)', window: '02:00-04:00' })).toBe(
      'cron(45 3 * * ? *) is due 2026-11-01 03:45 UTC, which leaves 15m of its window 02:00-04:00; its budget is 30m',
    );
  });

  test('a budget longer than the window, even where a night an hour longer could hold it', () => {
    const problem = 'window 02:00-04:00 is 2h long, which cannot hold the budget 3h of';

    expect(problemOf({ schedule: 'cron(0 2 * * ? *)', window: '02:00-04:00', budgetSeconds: 10_800 })).toContain(
      problem,
    );
    expect(
      problemOf({
        schedule: 'rate(1 minute)',
        window: '02:00-04:00',
        timezone: 'Europe/Berlin',
        budgetSeconds: 10_800,
      }),
    ).toContain(problem);
  });

  test('only on the day on which the clocks shorten its window', () => {
    expect(
      problemOf({
        schedule: 'cron(30 1 * * ? *)',
        window: '01:00-03:00',
        timezone: 'Europe/Berlin',
        budgetSeconds: 5_400,
      }),
    ).toBe(
      'cron(30 1 * * ? *) is due 2027-03-28 01:30 Europe/Berlin, which leaves 30m of its window 01:00-03:00; its budget is 1h30m',
    );
  });

  test('a year and a month away, and no further', () => {
    expect(problemOf({ schedule: 'cron(0 5 30 11 ? 2027)', window: '02:00-04:00' })).toContain(
      '2027-11-30 05:00 UTC, outside',
    );
    expect(problemOf({ schedule: 'cron(0 2 1 12 ? 2027)' })).toContain('has no occurrence in the 13 months');
    expect(problemOf({ schedule: 'cron(0 0 1 12 ? 2027)' })).toContain('has no occurrence in the 13 months');
  });

  test('no occurrence in 13 months, with the next there is', () => {
    expect(problemOf({ schedule: 'cron(0 2 29 FEB ? *)' })).toBe(
      'cron(0 2 29 FEB ? *) has no occurrence in the 13 months from 2026-11-01 00:00 UTC; the next is 2028-02-29 02:00 UTC',
    );
    expect(problemOf({ schedule: 'rate(3650 days)' })).toMatch(
      /has no occurrence in the 13 months .*; the next is 20\d\d-/,
    );
  });

  test.each([
    { schedule: 'cron(0 2 29 FEB ? 2024)' },
    { schedule: 'cron(30 2 ? 3 1L *)', timezone: 'Europe/Berlin' }, // always in the hour that is left out
  ])('no occurrence ever again: $schedule', (calendar) => {
    expect(problemOf(calendar)).toMatch(/has no occurrence in the 13 months .*, and none after$/);
  });

  test('a rate that never meets its window', () => {
    expect(problemOf({ schedule: 'rate(1 day)', window: '02:00-04:00' })).toBe(
      'rate(1 day) is never due in its window 02:00-04:00 in 13 months; it is next due 2026-11-01 00:00 UTC',
    );
  });

  test('a rate that meets its window in the moment in which the 13 months have passed', () => {
    const schedule = scheduleOf('rate(7207 hours)');
    const calendar = { schedule, window: windowOf('10:00-11:00'), timezone: 'UTC', budgetSeconds: 1_800 };
    // Due 2026-09-24 03:00 and 2027-07-21 10:00.
    expect(calendarProblem(calendar, new Date('2026-06-21T10:00:00Z'))).toContain('is never due in its window');
    expect(calendarProblem(calendar, new Date('2026-06-21T10:01:00Z'))).toBeUndefined();
  });

  test('a rate that meets its window too late, with both numbers', () => {
    expect(problemOf({ schedule: 'rate(1 day)', window: '23:00-00:15', budgetSeconds: 1_800 })).toBe(
      'rate(1 day) is never due in its window 23:00-00:15 with time for its budget 30m; at most 15m are left, when due 2026-11-01 00:00 UTC',
    );
  });
});
