import { afterAll, describe, expect, test } from '@jest/globals';
import { epochMs, TimestampReader } from '../../../../lambdas/tasks/logs/_timestamp.ts';
import { check, failed, folderWith, hoursAgo, removeFolders, syslogTime } from './failed-logins-folder.ts';

afterAll(removeFolders);

function read(text: string, { timezone = 'UTC', written = '2026-11-21T12:00:00Z' } = {}): string | undefined {
  const stamp = new TimestampReader({ timezone, writtenMs: Date.parse(written) }).read(text);
  return stamp && new Date(stamp.atMs).toISOString();
}

test.each([
  ['Nov 21 02:00:01', 'UTC', '2026-11-21T12:00:00Z', '2026-11-21T02:00:01.000Z'],
  ['Nov  1 02:00:01', 'UTC', '2026-11-21T12:00:00Z', '2026-11-01T02:00:01.000Z'],
  // New Year: last year's lines, and those of today.
  ['Dec 31 23:59:59', 'UTC', '2027-01-01T00:00:05Z', '2026-12-31T23:59:59.000Z'],
  ['Jan  1 00:00:01', 'UTC', '2027-01-01T00:00:05Z', '2027-01-01T00:00:01.000Z'],
  // It is the new year in Berlin already, and in Honolulu still the old one.
  ['Jan  1 00:30:00', 'Europe/Berlin', '2026-12-31T23:40:00Z', '2026-12-31T23:30:00.000Z'],
  ['Dec 31 23:30:00', 'Pacific/Honolulu', '2027-01-01T10:00:00Z', '2027-01-01T09:30:00.000Z'],
  // A log of last year is dated by when it was written to.
  ['Dec 24 10:00:00', 'UTC', '2025-12-24T10:00:01Z', '2025-12-24T10:00:00.000Z'],
  ['Dec 24 10:00:00', 'UTC', '2026-11-21T12:00:00Z', '2025-12-24T10:00:00.000Z'],
  // Only a leap year has this day.
  ['Feb 29 10:00:00', 'UTC', '2026-11-21T12:00:00Z', '2024-02-29T10:00:00.000Z'],
  ['Feb 29 10:00:00', 'UTC', '2028-02-29T12:00:00Z', '2028-02-29T10:00:00.000Z'],
  ['Feb 29 10:00:00', 'UTC', '2103-11-21T12:00:00Z', '2096-02-29T10:00:00.000Z'],
  // A clock that is ahead, or another time zone, shows as such and not as a year ago.
  ['Nov 22 10:00:00', 'UTC', '2026-11-21T12:00:00Z', '2026-11-22T10:00:00.000Z'],
  ['Nov 23 15:00:00', 'UTC', '2026-11-21T12:00:00Z', '2025-11-23T15:00:00.000Z'],
  ['2026-11-21 02:00:01,123', 'America/New_York', '2026-11-21T12:00:00Z', '2026-11-21T07:00:01.123Z'],
  ['2026-11-21T02:00:01.123456789+05:45', 'UTC', '2026-11-21T12:00:00Z', '2026-11-20T20:15:01.123Z'],
  ['[2026-11-21T02:00:01Z] INFO', 'UTC', '2026-11-21T12:00:00Z', '2026-11-21T02:00:01.000Z'],
  ['2026-11-21 02:00:01 -0500 x', 'UTC', '2026-11-21T12:00:00Z', '2026-11-21T07:00:01.000Z'],
])('reads %s of %s, written by %s, as %s', (text, timezone, written, expected) => {
  expect(read(text, { timezone, written })).toBe(expected);
});

test.each([
  'Nov 31 02:00:01',
  'Nov 21 24:00:00',
  'Nov 21 02:60:00',
  '2026-13-01T00:00:00Z',
  '2026-02-30T00:00:00Z',
  '2026-11-21T02:00:61Z',
  'Nov 21',
  '20261121',
])('takes "%s" for no time', (text) => {
  expect(read(text)).toBeUndefined();
});

test('tells the hour that clocks show twice apart by the lines before', () => {
  const reader = new TimestampReader({ timezone: 'Europe/Berlin', writtenMs: Date.parse('2026-10-25T12:00:00Z') });
  const times = ['01:59:00', '02:10:00', '02:59:59', '02:00:01', '02:30:00', '02:29:58', '03:00:00'];

  expect(times.map((time) => new Date(reader.read(`Oct 25 ${time}`)?.atMs ?? 0).toISOString().slice(11, 19))).toEqual([
    '23:59:00',
    '00:10:00',
    '00:59:59',
    '01:00:01',
    '01:30:00',
    '01:29:58',
    '02:00:00',
  ]);
});

test('takes a time that clocks skip in spring for the moment at which they do', () => {
  expect(read('Mar 29 02:30:00', { timezone: 'Europe/Berlin' })).toBe('2026-03-29T01:00:00.000Z');
});

test.each([
  [1_795_226_401, 1_795_226_401_000],
  [1_795_226_401_000, 1_795_226_401_000],
  [1_795_226_401_000_000, 1_795_226_401_000],
  [1_795_226_401_000_000_000, 1_795_226_401_000],
  [0, undefined],
  [Number.NaN, undefined],
])('reads %d as milliseconds, whatever its unit', (value, expected) => {
  expect(epochMs(value)).toBe(expected);
});

describe('the last day', () => {
  // The clock of the host shows its own time, and the log has no year.
  const shownIn = (offsetHours: number, at: Date) => new Date(at.getTime() + offsetHours * 3_600_000);
  const living = (now: Date, offsetHours: number) =>
    Array.from(
      { length: 40 },
      (_, i) =>
        `${syslogTime(shownIn(offsetHours, hoursAgo(40 - i, now)))} web1 CRON[${i}]: pam_unix(cron:session): session opened for user root`,
    );

  test.each([
    ['UTC', 0, '2027-01-01T00:30:00Z'],
    ['Europe/Berlin', 1, '2026-12-31T23:30:00Z'],
    ['Asia/Kathmandu', 5.75, '2026-12-31T18:30:00Z'],
    ['America/New_York', -5, '2027-01-01T05:30:00Z'],
    ['UTC', 0, '2028-02-29T12:00:00Z'],
    ['UTC', 0, '2028-03-01T12:00:00Z'],
  ])('ends now and began a day ago in %s (%d h), seen from %s', async (timezone, offsetHours, moment) => {
    const now = new Date(moment);
    const at = [25, 23, 1].map((hours) => failed(shownIn(offsetHours, hoursAgo(hours, now))));
    const lines = living(now, offsetHours);
    const log = [
      ...lines.slice(0, 16),
      at[0] ?? '',
      ...lines.slice(16, 18),
      at[1] ?? '',
      ...lines.slice(18),
      at[2] ?? '',
    ];

    const { words, counted } = await check(
      await folderWith({ 'auth.log': { content: log, written: now } }),
      { timezone },
      now,
    );

    expect(words).toEqual([]);
    expect(counted['failed-logins']).toBe(2);
  });

  test('is not that of a log that is read in the wrong time zone: its lines are of the future', async () => {
    const now = new Date('2026-11-21T12:00:00Z');

    const { words } = await check(await folderWith({ 'auth.log': living(now, 9) }), {}, now);

    expect(words).toEqual(['future-lines auth.log']);
  });
});
