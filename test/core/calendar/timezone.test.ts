import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { timezoneProblem } from '../../../core/calendar/timezone.ts';

test.each([
  'UTC',
  'Etc/UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Argentina/Buenos_Aires',
  'America/Port-au-Prince',
  'Australia/Lord_Howe',
  'Asia/Kolkata',
  'Asia/Calcutta',
  'Europe/Kyiv',
])('%s is a time zone', (text) => {
  expect(timezoneProblem(text)).toBeUndefined();
});

test.each([
  ['UTC+2', 'is an offset, which knows no summer time'],
  ['GMT-5', 'is an offset'],
  ['+02:00', 'is an offset'],
  ['-0500', 'is an offset'],
  ['EST5EDT', 'did you mean America/New_York'],
  ['GMT', 'did you mean UTC'],
  ['utc', 'did you mean UTC'],
  ['europe/berlin', 'did you mean Europe/Berlin'],
  ['EUROPE/BERLIN', 'did you mean Europe/Berlin'],
  ['Berlin', 'did you mean Europe/Berlin'],
  [' Europe/Berlin ', 'did you mean Europe/Berlin'],
  ['America/New York', 'did you mean America/New_York'],
  ['new york', 'did you mean America/New_York'],
  ['new  york', 'did you mean America/New_York'],
  ['europe/kyiv', 'did you mean Europe/Kyiv'],
])('%j is refused with a hint: %s', (text, hint) => {
  expect(timezoneProblem(text)).toContain(hint);
});

test.each([
  '',
  'Mars/Olympus',
  '2026-01-01T00:00[Europe/Berlin]',
  '2026-01-01T00:00Z',
  'Europe/',
  '🕰',
  'a'.repeat(100_000),
])('what is nothing near is refused with what is allowed, without a guess', (text) => {
  const problem = timezoneProblem(text);

  expect(problem).toMatch(/ is no IANA name; write UTC or an IANA name such as Europe\/Berlin$/);
  expect(problem).not.toContain('did you mean');
  expect(String(problem).length).toBeLessThan(200);
});

test('no text makes it throw, and what it takes is a zone to the runtime as well', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...Intl.supportedValuesOf('timeZone')));
  fc.assert(
    fc.property(text, (name) => {
      if (timezoneProblem(name) !== undefined) return;
      expect(new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone).toBeTruthy();
    }),
  );
});

test('every zone that the runtime lists is taken', () => {
  expect(Intl.supportedValuesOf('timeZone').filter((name) => timezoneProblem(name) !== undefined)).toEqual([]);
});
