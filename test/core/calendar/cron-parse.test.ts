import { describe, expect, test } from '@jest/globals';
import { parseSchedule } from '../../../core/calendar/cron.ts';
import { quoted } from '../../../core/calendar/problem.ts';

function problemOf(text: string): string {
  const parsed = parseSchedule(text);
  return 'problem' in parsed ? parsed.problem : 'none';
}

describe('a schedule that AWS takes is taken', () => {
  test.each([
    'cron(0 2 * * ? *)',
    'cron(0 2 ? * SUN *)',
    'cron(0 2 ? * sun *)',
    'cron(00 02 ? * 1 *)',
    'cron(0/15 8-17 ? * MON-FRI *)',
    'cron(*/10 * * * ? *)',
    'cron(1-30/10 * * * ? *)',
    'cron(0,30 2,14 1,15 JAN,apr,7 ? *)',
    'cron(0 2 L * ? *)',
    'cron(0 2 LW * ? *)',
    'cron(0 2 15W * ? *)',
    'cron(0 2 ? * L *)',
    'cron(0 2 ? * 1L *)',
    'cron(0 2 ? * 1#1 *)',
    'cron(0 2 ? * SUN#5 *)',
    'cron(0 2 29 2 ? *)',
    'cron(0 2 1 1/3 ? 2026-2030)',
    'cron(59 23 31 12 ? 2199)',
    'rate(1 minute)',
    'rate(5 minutes)',
    'rate(1 hour)',
    'rate(12 hours)',
    'rate(1 day)',
    'rate(3650 days)',
  ])('%s', (text) => {
    expect(parseSchedule(text)).toEqual({ schedule: expect.objectContaining({ text }) });
  });
});

describe('a schedule that AWS refuses gets an answer that helps', () => {
  test.each([
    ['cron(0 2 * * 0)', 'AWS cron has six fields', 'found 5', 'did you mean cron(0 2 ? * SUN *)'],
    ['cron(0 2 * * 7)', 'six fields', 'did you mean cron(0 2 ? * SUN *)'],
    ['cron(*/5 2 * * 1-5)', 'six fields', 'did you mean cron(*/5 2 ? * MON-FRI *)'],
    ['cron(0 2 1 * *)', 'six fields', 'did you mean cron(0 2 1 * ? *)'],
    ['cron(0 2 * * ?)', 'found 5', 'did you mean cron(0 2 * * ? *)'],
    ['cron(0 0 2 ? * SUN *)', 'found 7', 'did you mean cron(0 2 ? * SUN *)'],
    ['0 2 * * 0', 'is not a schedule', 'did you mean cron(0 2 ? * SUN *)'],
    ['CRON(0 2 ? * SUN *)', 'is not a schedule', 'did you mean cron(0 2 ? * SUN *)'],
    [' cron(0 2 ? * SUN *)', 'is not a schedule', 'did you mean cron(0 2 ? * SUN *)'],
    ['cron(0  2 ? * SUN *)', 'spaced oddly', 'did you mean cron(0 2 ? * SUN *)'],
    ['cron(0 2 * * * *)', 'exactly one', 'found "*" and "*"', 'did you mean cron(0 2 * * ? *)'],
    ['cron(0 2 ? * ? *)', 'exactly one', 'found "?" and "?"', 'did you mean cron(0 2 * * ? *)'],
    ['cron(0 2 * * MON *)', 'exactly one', 'did you mean cron(0 2 ? * MON *)'],
    ['cron(0 2 15 * * *)', 'exactly one', 'did you mean cron(0 2 15 * ? *)'],
    ['cron(60 2 * * ? *)', 'minutes "60" is out of range', 'allowed are 0-59'],
    ['cron(0 24 * * ? *)', 'hours "24" is out of range', 'allowed are 0-23'],
    ['cron(0 2 32 * ? *)', 'day-of-month "32" is out of range', 'allowed are 1-31'],
    ['cron(0 2 32W * ? *)', 'day-of-month "32" is out of range', 'allowed are 1-31'],
    ['cron(0 2 1 13 ? *)', 'month "13" is out of range', '1-12 or JAN-DEC'],
    ['cron(0 2 1 FOO ? *)', 'month "FOO" is unknown', '1-12 or JAN-DEC'],
    ['cron(0 2 1 JAN-FOO ? *)', 'month "FOO" is unknown'],
    ['cron(0 2 ? * 0 *)', 'day-of-week "0" is out of range', '1-7 or SUN-SAT, 1 is SUN', 'did you mean 1 or SUN'],
    ['cron(0 2 ? * 8 *)', 'day-of-week "8" is out of range', '1-7 or SUN-SAT, 1 is SUN'],
    ['cron(0 2 ? * 8L *)', 'day-of-week "8" is out of range'],
    ['cron(0 2 ? * 8#1 *)', 'day-of-week "8" is out of range'],
    ['cron(0 2 * * ? 2200)', 'year "2200" is out of range', 'allowed are 1970-2199'],
    ['cron(0 2 ? * SUN#6 *)', 'never comes', 'after # are 1-5', '1L is the last SUN'],
    ['cron(0 2 ? * SUN#0 *)', 'never comes'],
    ['cron(0 2 ? * 2#1,3#2 *)', '"2#1,3#2" cannot be read', 'stand alone'],
    ['cron(0 2 ? * 1L,2 *)', '"1L,2" cannot be read', 'stand alone'],
    ['cron(0 2 ? * SUNL *)', 'a name before L', 'did you mean 1L'],
    ['cron(0 2 1,L * ? *)', '"1,L" cannot be read', 'stand alone'],
    ['cron(0 2 L-3 * ? *)', '"L-3" cannot be read', 'stand alone'],
    ['cron(0 2 30 FEB ? *)', 'never fires'],
    ['cron(0 2 31W 2,4 ? *)', 'never fires'],
    ['cron(0 2 29 FEB ? 2027)', 'never fires'],
    ['cron(0 22-2 * * ? *)', 'runs backwards', '22-23,0-2'],
    ['cron(0 2 ? * FRI-MON *)', 'runs backwards', 'FRI-SAT,SUN-MON'],
    ['cron(*/0 2 * * ? *)', 'has the step "0"', 'allowed are 1-59'],
    ['cron(*/x 2 * * ? *)', 'has the step "x"'],
    ['cron(0 */24 * * ? *)', 'has the step "24"', 'allowed are 1-23'],
    ['cron(0 2 ? * MON-FRI/2 *)', 'has a step', 'write 2,4,6'],
    ['cron(0 2 ? * MON+TUE *)', 'cannot be read', '*, 1, 1-5 or 1,3'],
    ['cron(5- 2 * * ? *)', 'minutes "5-" cannot be read'],
    ['cron(*-5 2 * * ? *)', 'minutes "*-5" cannot be read'],
    ['cron(1,,2 2 * * ? *)', 'minutes "" cannot be read'],
    ['cron(*,5 2 * * ? *)', 'has * in a list'],
    ['cron(? 2 * * ? *)', 'minutes "?" has ?'],
    ['cron()', 'found 0'],
    ['', 'is not a schedule', 'cron(', 'rate('],
    ['@daily', 'is not a schedule'],
    ['rate(0 days)', 'out of range', '1 minute to 3650 days'],
    ['rate(3651 days)', 'out of range'],
    ['rate(1 hours)', 'did you mean rate(1 hour)'],
    ['rate(5 minute)', 'did you mean rate(5 minutes)'],
    ['rate(5 seconds)', 'cannot be read', 'rate(12 hours)'],
    ['rate(-5 minutes)', 'cannot be read'],
    ['rate(1.5 hours)', 'cannot be read'],
    ['at(2026-11-21T02:00:00)', 'happens once', 'cron(…) or rate(…)'],
  ])('%j', (text, ...parts) => {
    for (const part of parts) expect(problemOf(text)).toContain(part);
  });

  test.each([
    'cron(0 2 1 * 1-5)', // Unix means either day, which AWS cannot say
    'cron(0 2 1 * MON *)',
    'cron(0 2 * * */2)',
    'cron(0 2 * * MON#1)',
    'cron(0 2 * * 10)',
    'cron(a b c d e f)',
  ])('without a guess where none is near: %s', (text) => {
    expect(problemOf(text)).not.toBe('none');
    expect(problemOf(text)).not.toContain('did you mean');
  });

  test('with the text cut where it is long', () => {
    const problem = problemOf(`cron(${'0,'.repeat(200)}0 2 * * ? *)`);

    expect(problem).toContain('at most 256');
    expect(problem.length).toBeLessThan(200);
  });
});

test.each([
  ['a\nb', '"a\\nb"'],
  ['a\u202eb', '"a\\u{202e}b"'],
  ['a\u2028b', '"a\\u{2028}b"'],
  ['a\u{e0001}b', '"a\\u{e0001}b"'],
  ['a\ud800b', '"a\\ud800b"'],
])('what does not show is shown by its code: %j', (text, shown) => {
  expect(quoted(text)).toBe(shown);
});
