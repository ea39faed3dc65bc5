import { describe, expect, test } from '@jest/globals';
import { nextOccurrence, occurrencesBetween, previousOccurrence } from '../../../core/calendar/cron.ts';
import { minutesOf, scheduleOf } from './parsed.ts';

// What the zones do: Berlin 02:00 to 03:00 on 2026-03-29 and 03:00 to 02:00 on 2026-10-25, both at 01:00Z; New York 02:00
// to 03:00 on 2026-03-08 at 07:00Z and 02:00 to 01:00 on 2026-11-01 at 06:00Z; Lord Howe, by half an hour, 02:00 to 01:30
// on 2026-04-05 at 15:00Z of the 4th and 02:00 to 02:30 on 2026-10-04 at 15:30Z of the 3rd.
const CHANGES = [
  {
    timezone: 'Europe/Berlin',
    skipped: {
      text: 'cron(30 2 * * ? *)',
      from: '2026-03-28',
      to: '2026-03-31',
      due: ['2026-03-28T01:30Z', '2026-03-30T00:30Z'],
    },
    twice: {
      text: 'cron(30 2 * * ? *)',
      from: '2026-10-24',
      to: '2026-10-27',
      due: ['2026-10-24T00:30Z', '2026-10-25T00:30Z', '2026-10-26T01:30Z'],
    },
  },
  {
    timezone: 'America/New_York',
    skipped: {
      text: 'cron(30 2 * * ? *)',
      from: '2026-03-07',
      to: '2026-03-10',
      due: ['2026-03-07T07:30Z', '2026-03-09T06:30Z'],
    },
    twice: {
      text: 'cron(30 1 * * ? *)',
      from: '2026-10-31',
      to: '2026-11-03',
      due: ['2026-10-31T05:30Z', '2026-11-01T05:30Z', '2026-11-02T06:30Z'],
    },
  },
  {
    timezone: 'Australia/Lord_Howe',
    skipped: {
      text: 'cron(15 2 * * ? *)',
      from: '2026-10-02',
      to: '2026-10-05',
      due: ['2026-10-02T15:45Z', '2026-10-04T15:15Z'],
    },
    twice: {
      text: 'cron(45 1 * * ? *)',
      from: '2026-04-03',
      to: '2026-04-06',
      due: ['2026-04-03T14:45Z', '2026-04-04T14:45Z', '2026-04-05T15:15Z'],
    },
  },
];

describe.each(CHANGES)('in $timezone', ({ timezone, skipped, twice }) => {
  test('a time that the clocks leave out is skipped, not moved', () => {
    const due = occurrencesBetween(scheduleOf(skipped.text), new Date(skipped.from), new Date(skipped.to), timezone);

    expect(minutesOf(due)).toEqual(skipped.due);
  });

  test('a time that the clocks show twice comes once, the first time', () => {
    const due = occurrencesBetween(scheduleOf(twice.text), new Date(twice.from), new Date(twice.to), timezone);

    expect(minutesOf(due)).toEqual(twice.due);
  });

  test.each([skipped, twice])('one by one is the same as all together, forth and back', ({ text, from, to, due }) => {
    const schedule = scheduleOf(text);

    const forth: Date[] = [];
    let next = nextOccurrence(schedule, new Date(from), timezone);
    while (next && next < new Date(to)) {
      forth.push(next);
      next = nextOccurrence(schedule, next, timezone);
    }
    const back: Date[] = [];
    let previous = previousOccurrence(schedule, new Date(to), timezone);
    while (previous && previous >= new Date(from)) {
      back.unshift(previous);
      previous = previousOccurrence(schedule, new Date(previous.getTime() - 1), timezone);
    }

    expect(minutesOf(forth)).toEqual(due);
    expect(minutesOf(back)).toEqual(due);
  });
});

describe('in the hour that the clocks of Berlin show twice', () => {
  const schedule = scheduleOf('cron(*/30 * * * ? *)');
  const halfPastFirst = '2026-10-25T00:30Z';

  test('the second pass is silent, and nothing is lost after it', () => {
    const due = occurrencesBetween(
      schedule,
      new Date('2026-10-25T00:00Z'),
      new Date('2026-10-25T02:31Z'),
      'Europe/Berlin',
    );

    expect(minutesOf(due)).toEqual(['2026-10-25T00:00Z', halfPastFirst, '2026-10-25T02:00Z', '2026-10-25T02:30Z']);
  });

  test.each(['2026-10-25T00:59Z', '2026-10-25T01:00Z', '2026-10-25T01:10Z', '2026-10-25T01:45Z', '2026-10-25T01:59Z'])(
    'at %s the last moment was half past two, the first time',
    (at) => {
      expect(minutesOf([previousOccurrence(schedule, new Date(at), 'Europe/Berlin') ?? new Date(0)])).toEqual([
        halfPastFirst,
      ]);
      expect(minutesOf([nextOccurrence(schedule, new Date(at), 'Europe/Berlin') ?? new Date(0)])).toEqual([
        '2026-10-25T02:00Z',
      ]);
    },
  );
});

test('a whole day that a zone leaves out is skipped', () => {
  // Samoa went from December 29th to December 31st 2011.
  const due = occurrencesBetween(
    scheduleOf('cron(0 12 * * ? *)'),
    new Date('2011-12-29T00:00Z'),
    new Date('2012-01-01T00:00Z'),
    'Pacific/Apia',
  );

  expect(minutesOf(due)).toEqual(['2011-12-29T22:00Z', '2011-12-30T22:00Z', '2011-12-31T22:00Z']);
});

test('a schedule that lies wholly in times left out never comes, and that is found out', () => {
  const schedule = scheduleOf('cron(30 2 ? 3 1L *)');

  expect(nextOccurrence(schedule, new Date('2026-01-01T00:00Z'), 'Europe/Berlin')).toBeUndefined();
  expect(nextOccurrence(schedule, new Date('2026-01-01T00:00Z'), 'UTC')).toEqual(new Date('2026-03-29T02:30Z'));
});
