import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import * as z from 'zod';
import { actionId, allowedBy, type RecordedAction } from '../../core/action.ts';
import { CapPercent, DurationSeconds, formatDuration, parseDuration, Percent } from '../../core/duration.ts';
import { effectsOfVerb } from '../../core/effect.ts';
import { messageOf } from '../../core/errors.ts';
import { verdictOf } from '../../core/finding.ts';
import { canonicalJson, sha256 } from '../../core/json.ts';
import { planOf } from '../../core/plan.ts';
import { countVerdicts, VERDICTS, worstVerdict } from '../../core/verdict.ts';

const anyVerdict = fc.constantFrom(...VERDICTS);

describe('verdicts', () => {
  test('of many the worst counts, whatever their order', () => {
    expect(worstVerdict(['pass', 'warn', 'pass'])).toBe('warn');
    expect(worstVerdict(['unknown', 'warn'])).toBe('unknown');
    expect(worstVerdict(['unknown', 'fail', 'pass'])).toBe('fail');
    fc.assert(
      fc.property(fc.array(anyVerdict, { minLength: 1 }), (verdicts) => {
        expect(worstVerdict(verdicts)).toBe(worstVerdict(verdicts.toReversed()));
      }),
    );
  });

  test('no number of passes absorbs an unknown', () => {
    fc.assert(
      fc.property(fc.array(anyVerdict), (verdicts) => {
        expect(['unknown', 'fail']).toContain(worstVerdict([...verdicts, 'unknown']));
      }),
    );
  });

  test('of none the answer is unknown', () => {
    expect(worstVerdict([])).toBe('unknown');
  });

  test('every verdict is counted once', () => {
    expect(countVerdicts(['pass', 'fail', 'pass'])).toEqual({ pass: 2, warn: 0, unknown: 0, fail: 1 });
  });

  test('a finding that only informs takes nothing away', () => {
    expect(verdictOf([])).toBe('pass');
    expect(verdictOf([{ severity: 'info' }])).toBe('pass');
    expect(verdictOf([{ severity: 'info' }, { severity: 'unknown' }, { severity: 'warn' }])).toBe('unknown');
  });
});

describe('canonical JSON', () => {
  test('equal values give equal text, whatever the order of their keys', () => {
    expect(canonicalJson({ b: [{ d: 1, c: undefined }], a: null })).toBe('{"a":null,"b":[{"d":1}]}');
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const turned = Object.fromEntries(Object.entries(value).toReversed());
        expect(canonicalJson(turned)).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test('a text and its bytes have the same hash', () => {
    expect(sha256(Buffer.from('äbc'))).toBe(sha256('äbc'));
    expect(sha256('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });
});

describe('durations', () => {
  test('are read as they are written', () => {
    expect(['30m', '1h30m', '14d', '90s', '1d1h1m1s'].map(parseDuration)).toEqual([
      1_800, 5_400, 1_209_600, 90, 90_061,
    ]);
  });

  test.each(['', '0s', '30', '30 m', '-5m', '30m1h', '1.5h', '1w', 'm'])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  test('what is formatted is read back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9_999 * 86_400 }), (seconds) => {
        expect(parseDuration(formatDuration(seconds))).toBe(seconds);
      }),
    );
  });

  test('a wrong one in a profile is named with the right form', () => {
    expect(() => DurationSeconds.parse('30')).toThrow('write it as 30m, 1h30m or 14d');
  });
});

test('a share is a number from 0 to 100', () => {
  expect(['0%', '30%', '99.5%', '100%'].map((text) => Percent.parse(text))).toEqual([0, 30, 99.5, 100]);
  for (const text of ['30', '101%', '-1%', '%', '1e2%']) expect(Percent.safeParse(text).success).toBe(false);
  expect(CapPercent.parse('0.5%')).toBe(0.5);
  expect(CapPercent.safeParse('0%').error?.issues[0]?.message).toMatch(/^must be above 0%/);
});

test.each([
  ['30%x', '"30%x" is not a share; write it as 30%'],
  ['x30%', '"x30%" is not a share; write it as 30%'],
  ['101%', '"101%" is not a share; write it as 30%'],
])('the share %j is refused in words that say how it is written', (text, words) => {
  expect(Percent.safeParse(text).error?.issues).toMatchObject([{ message: words }]);
});

test('a share may have three places behind the point', () => {
  expect(Percent.parse('99.125%')).toBe(99.125);
});

test('the verb of a name tells what the task may do', () => {
  expect(effectsOfVerb('check-pods')).toEqual(['read-only']);
  expect(effectsOfVerb('run-probe')).toEqual(['read-only']);
  expect(effectsOfVerb('vacuum')).toEqual(['mutating']);
  expect(effectsOfVerb('expire-objects')).toEqual(['destructive', 'mutating']);
  expect(effectsOfVerb('checkout')).toEqual(['mutating']);
});

test('a cap allows at least one of a population that is not empty, and nothing of an empty one', () => {
  const cap = { absolute: 10, percent: 25 };
  expect([0, 1, 3, 8, 39, 40, 1_000].map((population) => allowedBy(cap, population))).toEqual([0, 1, 1, 2, 9, 10, 10]);
  expect(allowedBy({ absolute: 0, percent: 100 }, 5)).toBe(0);
});

describe('errors', () => {
  test('are told on one line with their causes, each once', () => {
    const cause = new AggregateError([new Error('refused'), new Error('timed\nout')], 'all failed');
    expect(messageOf(new Error('no answer', { cause }))).toBe('no answer: all failed: refused: timed out');
    expect(messageOf(new Error('twice', { cause: new Error('twice') }))).toBe('twice');
    expect(messageOf(new Error('lost: reset', { cause: new Error('reset') }))).toBe('lost: reset');
  });

  test('whose causes go round in a circle are told to the end of the circle', () => {
    const first = new Error('first');
    const second = new AggregateError([first], 'second', { cause: first });
    first.cause = second;
    second.errors.push(second);
    expect(messageOf(first)).toBe('first: second');
  });

  test('that are none are told too', () => {
    expect(['text', 7, undefined, null].map(messageOf)).toEqual(['text', '7', 'undefined', 'null']);
    expect(messageOf(new TypeError())).toBe('TypeError');
  });
});

describe('actions and plans', () => {
  const action = {
    verb: 'vacuum',
    target: 'main',
    subject: 'orders',
    summary: 'a',
    scope: { planned: 1, population: 1 },
  };
  const recorded = (over: Partial<RecordedAction> = {}): RecordedAction => {
    const { verb, target, subject, summary } = action;
    return { verb, target, subject, summary, id: 'a1', task: 't', status: 'planned', ...over };
  };

  test('an action is named by what it does, not by its words or its numbers', () => {
    const other = { ...action, summary: 'b', before: { rows: 7 }, scope: { planned: 2, population: 9 } };
    expect(actionId('t', other)).toBe(actionId('t', action));
    const names = [action, { ...action, subject: 'users' }, { ...action, statement: 'VACUUM' }].map((one) =>
      actionId('t', one),
    );
    expect(new Set([...names, actionId('u', action)]).size).toBe(4);
  });

  test('a new wording keeps the hash of a plan, anything that will be done changes it', () => {
    const { sha256: hash } = planOf([recorded()]);
    expect(planOf([recorded({ summary: 'in other words' })]).sha256).toBe(hash);
    const changes = [
      { statement: 'VACUUM FULL' },
      { before: 1 },
      { after: 1 },
      { target: 'copy' },
      { subject: 'users' },
    ];
    for (const change of changes) expect(planOf([recorded(change)]).sha256).not.toBe(hash);
    expect(planOf([recorded(), recorded({ id: 'a2' })]).sha256).not.toBe(hash);
  });

  test('what was refused is no part of a plan', () => {
    const plan = planOf([recorded(), recorded({ id: 'a2', status: 'refused' })]);
    expect(plan).toEqual(planOf([recorded()]));
    expect(z.string().length(64).safeParse(plan.sha256).success).toBe(true);
  });
});
