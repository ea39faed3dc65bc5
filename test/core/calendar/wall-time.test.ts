import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { firstInstantAt, formatWallTime, furthestWallTime, wallTimeOf } from '../../../core/calendar/wall-time.ts';

const MINUTE_MS = 60_000;

/** What the runtime's own tables say that the clock shows, a second opinion. */
function shownByRuntime(instantMs: number, timezone: string): string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: timezone, dateStyle: 'short', timeStyle: 'medium' });
  return format.format(new Date(instantMs)).replace(' ', 'T');
}

const zones = fc.constantFrom(
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Pacific/Apia',
  'Africa/Casablanca',
  'Antarctica/Troll',
);
const instants = fc
  .date({ min: new Date('1990-01-01'), max: new Date('2060-01-01'), noInvalidDate: true })
  .map((date) => Math.floor(date.getTime() / 1_000) * 1_000);

test('a clock shows what the runtime says', () => {
  fc.assert(
    fc.property(zones, instants, (zone, instantMs) => {
      const shown = new Date(wallTimeOf(instantMs, zone)).toISOString().slice(0, 19);

      expect(shown).toBe(shownByRuntime(instantMs, zone));
    }),
    { numRuns: 500 },
  );
});

test('the first instant of what a clock shows now is now or, where it shows it again, earlier', () => {
  fc.assert(
    fc.property(zones, instants, (zone, instantMs) => {
      const wallMs = wallTimeOf(instantMs, zone);

      const first = firstInstantAt(wallMs, zone);

      expect(first.exists).toBe(true);
      expect(first.ms).toBeLessThanOrEqual(instantMs);
      expect(wallTimeOf(first.ms, zone)).toBe(wallMs);
      expect(furthestWallTime(instantMs, zone)).toBeGreaterThanOrEqual(wallMs);
    }),
    { numRuns: 500 },
  );
});

describe('on the night that the clocks of Berlin are set', () => {
  const at = (text: string) => Date.parse(`${text}:00Z`);

  test('forward, what they leave out is the moment of the change and marked', () => {
    expect(firstInstantAt(at('2026-03-29T01:59'), 'Europe/Berlin')).toEqual({
      ms: at('2026-03-29T00:59'),
      exists: true,
    });
    expect(firstInstantAt(at('2026-03-29T02:00'), 'Europe/Berlin')).toEqual({
      ms: at('2026-03-29T01:00'),
      exists: false,
    });
    expect(firstInstantAt(at('2026-03-29T02:59'), 'Europe/Berlin')).toEqual({
      ms: at('2026-03-29T01:00'),
      exists: false,
    });
    expect(firstInstantAt(at('2026-03-29T03:00'), 'Europe/Berlin')).toEqual({
      ms: at('2026-03-29T01:00'),
      exists: true,
    });
  });

  test('back, they had been further than they show', () => {
    const changed = at('2026-10-25T01:00');

    expect(wallTimeOf(changed - MINUTE_MS, 'Europe/Berlin')).toBe(at('2026-10-25T02:59'));
    expect(wallTimeOf(changed, 'Europe/Berlin')).toBe(at('2026-10-25T02:00'));
    expect(furthestWallTime(changed, 'Europe/Berlin')).toBe(at('2026-10-25T03:00'));
    expect(firstInstantAt(at('2026-10-25T02:00'), 'Europe/Berlin')).toEqual({
      ms: at('2026-10-25T00:00'),
      exists: true,
    });
  });
});

test('an instant is written as the people of the zone read it', () => {
  expect(formatWallTime(new Date('2026-11-20T23:30:00Z'), 'Europe/Berlin')).toBe('2026-11-21 00:30 Europe/Berlin');
});
