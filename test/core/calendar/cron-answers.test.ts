import { describe, expect, test } from '@jest/globals';
import { parseSchedule } from '../../../core/calendar/cron.ts';
import { quoted } from '../../../core/calendar/problem.ts';

function problemOf(text: string): string {
  const parsed = parseSchedule(text);
  return 'problem' in parsed ? parsed.problem : 'none';
}

test.each([
  ['60 2 * * ? *', 'minutes "60" is out of range; allowed are 0-59'],
  ['0 24 * * ? *', 'hours "24" is out of range; allowed are 0-23'],
  ['0 2 0 * ? *', 'day-of-month "0" is out of range; allowed are 1-31'],
  ['0 2 1 13 ? *', 'month "13" is out of range; allowed are 1-12 or JAN-DEC, 1 is JAN'],
  ['0 2 ? * 0 *', 'day-of-week "0" is out of range; allowed are 1-7 or SUN-SAT, 1 is SUN; did you mean 1 or SUN'],
  ['0 2 ? * 8 *', 'day-of-week "8" is out of range; allowed are 1-7 or SUN-SAT, 1 is SUN'],
  ['0 2 * * ? 2200', 'year "2200" is out of range; allowed are 1970-2199'],
  ['00005 2 * * ? *', 'minutes "00005" is out of range; allowed are 0-59'],
  ['6x 2 * * ? *', 'minutes "6x" is unknown; allowed are 0-59'],
  ['x6 2 * * ? *', 'minutes "x6" is unknown; allowed are 0-59'],
  ['5- 2 * * ? *', 'minutes "5-" cannot be read; it takes forms such as *, 1, 1-5, 1,3, */2 or 1-5/2'],
  ['0 2 ? * 2- *', 'day-of-week "2-" cannot be read; it takes forms such as *, 1, 1-5 or 1,3'],
])('of cron(%s) the one wrong field is named with what it takes', (fields, problem) => {
  expect(problemOf(`cron(${fields})`)).toBe(`${problem}; found in "cron(${fields})"`);
});

test.each([
  ['cron(*/2,5 2 * * ? *)', 'minutes "*/2,5" has * in a list'],
  ['cron(0 2 1,15W * ? *)', 'day-of-month "1,15W" cannot be read; L, LW and 15W stand alone in the field'],
  ['cron(0 2 15W,3 * ? *)', 'day-of-month "15W,3" cannot be read; L, LW and 15W stand alone in the field'],
  ['cron(0 2 ? * 1,2L *)', 'day-of-week "1,2L" cannot be read; 1L and 1#2 stand alone in the field'],
  ['cron(0 2 ? * L-3 *)', 'day-of-week "L-3" cannot be read; 1L and 1#2 stand alone in the field'],
  ['cron(0 2 ? * 1#22 *)', 'day-of-week "1#22" never comes; after # are 1-5, 1L is the last SUN'],
  ['every rate(5 minutes)', 'is not a schedule'],
  ['rate(5 minutes) or so', 'is not a schedule'],
  ['rate(5 minutes or so)', 'cannot be read'],
  ['repeat(2026-11-21T02:00:00)', 'is not a schedule; write cron('],
  ['at(2026-11-21T02:00:00) sharp', 'is not a schedule; write cron('],
])('%j is not taken for what stands in a part of it', (text, problem) => {
  expect(problemOf(text)).toContain(problem);
});

test('a day of the month may come every so many days', () => {
  expect(problemOf('cron(0 2 1/5 * ? *)')).toBe('none');
});

describe('what is only spaced or wrapped oddly is suggested as it was meant', () => {
  test.each([
    ['cron(0  2 ? * * *)', 'cron(0 2 ? * * *)'],
    ['cron(0  2 * * ? *)', 'cron(0 2 * * ? *)'],
    ['cron(0  2 15 * ? *)', 'cron(0 2 15 * ? *)'],
    ['cron (0 2 ? * SUN *)', 'cron(0 2 ? * SUN *)'],
  ])('%j', (text, meant) => {
    expect(problemOf(text)).toMatch(/; did you mean cron\(.*\)$/);
    expect(problemOf(text)).toContain(`; did you mean ${meant}`);
  });
});

test('a text of sixty letters is quoted whole, and of a longer one the beginning', () => {
  expect(quoted('x'.repeat(60))).toBe(`"${'x'.repeat(60)}"`);
  expect(quoted('x'.repeat(61))).toBe(`"${'x'.repeat(60)}…"`);
});
