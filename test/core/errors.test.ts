import { expect, test } from '@jest/globals';
import { coded, ERROR_CODES, meaningOf } from '../../core/error-codes.ts';
import { chainOf, Corrupt, InvalidInput, messageOf, Refused, Unavailable } from '../../core/errors.ts';
import { shortened } from '../../core/shortened.ts';

test('what a person gave wrongly and what is not allowed now bear a code and their cause', () => {
  const cause = new Error('no such host');
  expect(new InvalidInput('CFG_NOT_FOUND', 'no profile', { cause })).toMatchObject({ code: 'CFG_NOT_FOUND', cause });
  expect(new Refused('RUN_DUPLICATE', 'there already', { cause })).toMatchObject({ code: 'RUN_DUPLICATE', cause });
});

test('an error of ours is told from others by its name, which a log keeps where a class is lost', () => {
  expect([new Corrupt('torn').name, new Unavailable('silent').name]).toEqual(['Fettle.Corrupt', 'Fettle.Unavailable']);
});

test('every code is explained, and what is no code is not', () => {
  for (const code of Object.keys(ERROR_CODES)) expect(meaningOf(code)?.remedy).toMatch(/\.$/);
  expect(meaningOf('CFG_UNHEARD_OF')).toBeUndefined();
  expect(meaningOf('constructor')).toBeUndefined();
});

test('the code stands behind the message', () => {
  expect(coded('there is no profile', 'CFG_NOT_FOUND')).toBe('there is no profile [CFG_NOT_FOUND]');
});

test('the chain of causes goes from the outermost inwards and ends where it bites its tail', () => {
  const inner = new Error('inner');
  const outer = new Unavailable('outer', { cause: inner });
  inner.cause = outer;
  expect(chainOf(outer)).toEqual([outer, inner]);
  expect(chainOf('only words')).toEqual(['only words']);
  expect(chainOf(null)).toEqual([null]);
});

test('a thing that has no text is told by its type', () => {
  expect(messageOf(Object.create(null))).toBe('object without a text');
});

test('a long text is cut at its limit and never in the middle of a letter', () => {
  expect(shortened('abcde', 5)).toBe('abcde');
  expect(shortened('abcdef', 5)).toBe('abcd…');
  expect(shortened('abc😀ef', 5)).toBe('abc…');
  expect(shortened('x'.repeat(3_000))).toHaveLength(2_000);
});

test('what is no error is told on one line too', () => {
  expect(messageOf('no answer\n  at all')).toBe('no answer at all');
});

test('a cause that is no error is told too', () => {
  expect(messageOf(new Unavailable('the cluster does not answer', { cause: 'reset' }))).toBe(
    'the cluster does not answer: reset',
  );
});

test('what a person gave and what is not allowed now are told apart by the names of their errors', () => {
  expect(new InvalidInput('CFG_NOT_FOUND', 'no profile').name).toBe('Fettle.InvalidInput');
  expect(new Refused('RUN_DUPLICATE', 'there already').name).toBe('Fettle.Refused');
});

test('an error of many lines is told on one, without blanks around it and with one between two words', () => {
  expect(messageOf(new Error('\n  no answer\n    at all \n'))).toBe('no answer at all');
});

test('a long text keeps the letters of two halves that it has room for', () => {
  expect(shortened('😀abcdef', 5)).toBe('😀ab…');
});
