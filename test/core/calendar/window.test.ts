import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { closesAt, formatWindow, isOpen, parseWindow, windowSeconds } from '../../../core/calendar/window.ts';
import { windowOf } from './parsed.ts';

describe('a window is read from its text', () => {
  test.each([
    ['02:00-04:00', 7_200],
    ['22:00-02:00', 14_400],
    ['22:00-00:00', 7_200],
    ['00:00-23:59', 86_340],
    ['00:01-00:00', 86_340],
    ['02:59-04:00', 3_660],
  ])('%s is %d seconds long and is written back the same', (text, seconds) => {
    expect(formatWindow(windowOf(text))).toBe(text);
    expect(windowSeconds(windowOf(text))).toBe(seconds);
  });

  test.each([
    ['02:00-02:00', 'its ends are equal'],
    ['00:00-24:00', 'write midnight as 00:00'],
    ['24:00-02:00', 'out of range'],
    ['02:00-25:00', 'out of range'],
    ['02:00-24:30', 'out of range'],
    ['02:60-04:00', 'out of range'],
    ['02:00-04:60', 'out of range'],
    ['2:00-4:00', 'did you mean 02:00-04:00'],
    ['02:00 – 04:00', 'did you mean 02:00-04:00'],
    ['02:00', 'cannot be read; allowed are such as 02:00-04:00'],
    ['02:00-04:00 ', 'did you mean 02:00-04:00'],
    ['at 02:00-04:00', 'cannot be read'],
    ['02:00-04:00 sharp', 'cannot be read'],
    ['2am-4am', 'cannot be read'],
    ['02:00:00-04:00:00', 'cannot be read'],
    ['', 'cannot be read'],
  ])('%j is refused with a reason', (text, reason) => {
    expect(parseWindow(text)).toEqual({ problem: expect.stringContaining(reason) });
  });

  test('no text makes the parser throw', () => {
    const nearly = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[0-9:]{4,6}[-– ]{1,3}[0-9:]{4,6}$/));
    fc.assert(
      fc.property(nearly, (text) => {
        const parsed = parseWindow(text);

        if ('window' in parsed) expect(formatWindow(parsed.window)).toBe(text);
        else expect(parsed.problem).toContain('window');
      }),
    );
  });
});

describe('minutes count, and the end is outside', () => {
  test.each([
    ['02:00-04:00', '2026-11-21T01:59:59.999Z', undefined],
    ['02:00-04:00', '2026-11-21T02:00:00Z', '2026-11-21T04:00:00.000Z'],
    ['02:00-04:00', '2026-11-21T03:59:59.999Z', '2026-11-21T04:00:00.000Z'],
    ['02:00-04:00', '2026-11-21T04:00:00Z', undefined],
    ['22:00-02:00', '2026-11-21T21:59:59Z', undefined],
    ['22:00-02:00', '2026-11-21T22:00:00Z', '2026-11-22T02:00:00.000Z'],
    ['22:00-02:00', '2026-11-22T00:00:00Z', '2026-11-22T02:00:00.000Z'],
    ['22:00-02:00', '2026-11-22T01:59:59Z', '2026-11-22T02:00:00.000Z'],
    ['22:00-02:00', '2026-11-22T02:00:00Z', undefined],
    ['22:00-00:00', '2026-11-21T23:59:59Z', '2026-11-22T00:00:00.000Z'],
    ['22:00-00:00', '2026-11-22T00:00:00Z', undefined],
  ])('%s at %s closes at %s', (text, at, closes) => {
    expect(closesAt(windowOf(text), new Date(at), 'UTC')?.toISOString()).toBe(closes);
    expect(isOpen(windowOf(text), new Date(at), 'UTC')).toBe(closes !== undefined);
  });

  test('in the zone of the procedure', () => {
    expect(isOpen(windowOf('02:00-04:00'), new Date('2026-11-21T02:30:00Z'), 'Asia/Kolkata')).toBe(false);
    expect(isOpen(windowOf('02:00-04:00'), new Date('2026-11-20T20:30:00Z'), 'Asia/Kolkata')).toBe(true);
  });

  test('no window is always open', () => {
    expect(isOpen(undefined, new Date('2026-11-21T12:00:00Z'), 'UTC')).toBe(true);
  });
});

describe('when clocks are set forward, a window loses what they leave out', () => {
  test.each([
    // Berlin, 2026-03-29: 02:00 to 03:00 are left out, at 01:00Z.
    ['02:00-04:00', '2026-03-29T00:59:59Z', undefined],
    ['02:00-04:00', '2026-03-29T01:00:00Z', '2026-03-29T02:00:00.000Z'],
    ['01:30-02:30', '2026-03-29T00:59:59Z', '2026-03-29T01:00:00.000Z'],
    ['01:30-02:30', '2026-03-29T01:00:00Z', undefined],
    ['02:00-03:00', '2026-03-29T00:59:59Z', undefined],
    ['02:00-03:00', '2026-03-29T01:00:00Z', undefined],
    ['22:00-02:30', '2026-03-29T00:30:00Z', '2026-03-29T01:00:00.000Z'],
  ])('%s at %s closes at %s', (text, at, closes) => {
    expect(closesAt(windowOf(text), new Date(at), 'Europe/Berlin')?.toISOString()).toBe(closes);
  });
});

describe('when clocks are set back, a window opens once and closes once', () => {
  test.each([
    // Berlin, 2026-10-25: 02:00 to 03:00 come twice, the second time from 01:00Z on.
    ['02:00-04:00', '2026-10-25T00:00:00Z', '2026-10-25T03:00:00.000Z'],
    ['02:00-04:00', '2026-10-25T02:59:59Z', '2026-10-25T03:00:00.000Z'],
    ['02:00-04:00', '2026-10-25T03:00:00Z', undefined],
    ['02:00-03:00', '2026-10-25T01:30:00Z', '2026-10-25T02:00:00.000Z'],
    ['01:30-02:30', '2026-10-25T00:15:00Z', '2026-10-25T00:30:00.000Z'],
    ['01:30-02:30', '2026-10-25T00:30:00Z', undefined],
    ['01:30-02:30', '2026-10-25T01:15:00Z', undefined],
  ])('%s at %s closes at %s', (text, at, closes) => {
    expect(closesAt(windowOf(text), new Date(at), 'Europe/Berlin')?.toISOString()).toBe(closes);
  });

  test('even where they are set back over midnight', () => {
    // St. John's, 2010-11-07: 00:01 became 23:01 of the day before, at 02:31Z; the new day had already begun once.
    const window = windowOf('00:00-01:00');

    expect(closesAt(window, new Date('2010-11-07T02:30:30Z'), 'America/St_Johns')).toEqual(
      new Date('2010-11-07T04:30Z'),
    );
    expect(closesAt(window, new Date('2010-11-07T03:00:00Z'), 'America/St_Johns')).toEqual(
      new Date('2010-11-07T04:30Z'),
    );
  });
});

test('on any day without a change a window is open exactly when the clock of the zone is between its ends', () => {
  const minute = fc.integer({ min: 0, max: 1_439 });
  const windows = fc
    .tuple(minute, minute)
    .filter(([open, close]) => open !== close)
    .map(([openMinute, closeMinute]) => ({ openMinute, closeMinute }));
  const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu');
  const instants = fc.date({ min: new Date('2020-01-01'), max: new Date('2035-01-01'), noInvalidDate: true });
  fc.assert(
    fc.property(windows, zones, instants, (window, zone, at) => {
      const moment = Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(zone);
      fc.pre([-1, 0, 1].every((days) => moment.add({ days }).hoursInDay === 24));
      const now = moment.hour * 60 + moment.minute;
      const { openMinute: open, closeMinute: close } = window;

      const expected = open < close ? open <= now && now < close : open <= now || now < close;

      expect(isOpen(window, at, zone)).toBe(expected);
      const closes = closesAt(window, at, zone);
      if (closes) {
        expect(closes > at).toBe(true);
        expect(closes.getTime() - at.getTime()).toBeLessThanOrEqual(windowSeconds(window) * 1_000);
        expect(isOpen(window, new Date(closes.getTime() - 1), zone)).toBe(true);
        expect(isOpen(window, closes, zone)).toBe(false);
      }
    }),
    { numRuns: 500 },
  );
});
