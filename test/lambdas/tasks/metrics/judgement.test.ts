import { describe, expect, test } from '@jest/globals';
import { secondsToFull } from '../../../../lambdas/tasks/metrics/_fill.ts';
import { quantileOf } from '../../../../lambdas/tasks/metrics/_histogram.ts';
import { judgePresence, nextHosts } from '../../../../lambdas/tasks/metrics/_presence.ts';
import { speaksOfErrors } from '../../../../lambdas/tasks/metrics/_status.ts';
import { worstFirst } from '../../../../lambdas/runtime/worst-first.ts';

const HOUR = 3_600;
const DAY = 24 * HOUR;

describe('a quantile', () => {
  const buckets = (...counts: number[]) => [0.1, 1, 2, Infinity].map((le, i) => ({ le, count: counts[i] ?? 0 }));

  test.each([
    { counts: [0, 100, 100, 100], expected: { state: 'estimated', value: 0.955 } },
    { counts: [100, 100, 100, 100], expected: { state: 'estimated', value: 0.095 } },
    { counts: [0, 90, 94, 100], expected: { state: 'above', value: 2 } },
    { counts: [0, 90, 95, 100], expected: { state: 'estimated', value: 2 } },
    { counts: [0, 0, 0, 100], expected: { state: 'above', value: 2 } },
    { counts: [0, 0, 0, 0], expected: { state: 'none', reason: 'no observation' } },
    { counts: [NaN, NaN, NaN, NaN], expected: { state: 'none', reason: 'no observation' } },
    { counts: [50, 20, 50, 100], expected: { state: 'none', reason: 'buckets of several layouts' } },
    // A scrape in between: one thousandth is no other layout.
    { counts: [0, 100.1, 100, 100], expected: { state: 'estimated', value: 0.1 + (0.9 * 95) / 100.1 } },
  ])('of $counts is $expected', ({ counts, expected }) => {
    const found = quantileOf(buckets(...counts), 0.95);

    expect(found.state).toBe(expected.state);
    if ('value' in expected) expect('value' in found && found.value).toBeCloseTo(expected.value, 6);
    else expect(found).toEqual(expected);
  });

  test('without its last bucket is not known', () => {
    expect(quantileOf([{ le: 1, count: 5 }], 0.95)).toEqual({ state: 'none', reason: 'no +Inf bucket' });
    expect(quantileOf([], 0.95)).toEqual({ state: 'none', reason: 'no +Inf bucket' });
  });
});

describe('the day on which a disk is full', () => {
  const now = 1_800_000_000;
  const points = (span: number, step: number, free: (secondsAgo: number) => number) =>
    Array.from({ length: span / step + 1 }, (_, i) => span - i * step).map((ago) => ({
      at: now - ago,
      value: free(ago),
    }));
  const space = (free: (secondsAgo: number) => number, days = 7 * DAY) => ({
    days: points(days, 3 * HOUR, free),
    hours: points(Math.min(days, 6 * HOUR), HOUR / 2, free),
  });

  test.each<{ title: string; free: (ago: number) => number; days: number }>([
    { title: 'a steady growth', free: (ago) => 50 + (10 * ago) / DAY, days: 5 },
    { title: 'a backup each night', free: (ago) => 50 + 10 * Math.ceil(ago / DAY), days: 5 },
    { title: 'what began five hours ago', free: (ago) => Math.min(100, 50 + (10 * ago) / HOUR), days: 5 / 24 },
  ])('$title is foreseen', ({ free, days }) => {
    expect((secondsToFull(space(free)) ?? NaN) / DAY).toBeCloseTo(days, 1);
  });

  test.each<{ title: string; free: (ago: number) => number }>([
    { title: 'nothing', free: () => 50 },
    { title: 'a purge each night', free: (ago) => 20 + (40 * (ago % DAY)) / DAY },
    { title: 'one large file', free: (ago) => (ago < 2 * DAY ? 20 : 60) },
    { title: 'a disk that was enlarged', free: (ago) => (ago < DAY ? 200 : 50) + ago / DAY },
    { title: 'a disk that empties', free: (ago) => 50 - (5 * ago) / DAY },
  ])('$title is no growth', ({ free }) => {
    expect(secondsToFull(space(free))).toBeUndefined();
  });

  test('too few data, or none, foretell nothing', () => {
    expect(secondsToFull(space((ago) => 50 + ago / HOUR, 3 * HOUR))).toBeUndefined();
    expect(secondsToFull({ days: [], hours: [] })).toBeUndefined();
    expect(secondsToFull(space(() => NaN))).toBeUndefined();
  });

  test('a gap in the middle costs nothing', () => {
    const whole = space((ago) => 50 + (10 * ago) / DAY);
    const days = whole.days.filter(({ at }) => at < now - 4 * DAY || at > now - 2 * DAY);

    expect((secondsToFull({ ...whole, days }) ?? NaN) / DAY).toBeCloseTo(5, 1);
  });
});

test.each([
  { pattern: '5..', statuses: ['200', '404'], speaks: true },
  { pattern: '5..', statuses: ['2xx', '4xx'], speaks: true },
  { pattern: '5', statuses: ['2', '4'], speaks: true },
  { pattern: '5..', statuses: ['2', '4'], speaks: false },
  { pattern: '5..', statuses: ['success', 'error'], speaks: false },
  { pattern: '5..', statuses: ['OK'], speaks: false },
  { pattern: 'Internal|Unavailable', statuses: ['OK'], speaks: true },
  { pattern: 'DEADLINE_EXCEEDED', statuses: ['OK', 'NOT_FOUND'], speaks: true },
  { pattern: 'SERVER_ERROR', statuses: ['SUCCESS'], speaks: true },
  { pattern: 'fail', statuses: ['success'], speaks: true },
  { pattern: 'oops', statuses: ['fine', 'oops'], speaks: true },
  { pattern: 'oops', statuses: ['fine'], speaks: false },
])('whether $pattern could match an error among $statuses: $speaks', ({ pattern, statuses, speaks }) => {
  expect(speaksOfErrors(pattern)(statuses)).toBe(speaks);
});

test('a machine that is down stays unknown for as long as it is to be scraped', () => {
  const now = new Date('2026-11-21T02:00:00Z');
  const presence = { present: ['a'], seen: new Map([['a', now.getTime() / 1_000]]), down: ['b'] };
  const hosts = nextHosts([{ name: 'b', lastSeen: '2026-10-01T00:00:00Z' }], presence, { now, forgetAfter: DAY });

  const findings = judgePresence('nodes', presence, hosts, { now, expectedHosts: 1, forgetAfter: DAY });

  expect(hosts.map(({ name }) => name)).toEqual(['a']);
  expect(findings.map(({ kind, subject }) => [kind, subject])).toEqual([['host-vanished', 'b']]);
});

test('of many findings of a kind the worst are kept, and the last one says how many more there are', () => {
  const finding = (value: number) => ({ kind: 'high', target: 't', summary: `is ${value}`, value, limit: 10 });

  const kept = worstFirst([finding(11), finding(40), finding(20), finding(15), { ...finding(1), kind: 'other' }], 2);

  expect(kept.map(({ summary }) => summary)).toEqual(['is 40', 'is 20; 2 more like it', 'is 1']);
});
