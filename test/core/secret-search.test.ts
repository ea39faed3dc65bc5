import { expect, test } from '@jest/globals';
import { hider } from '../../core/secret-search.ts';

const hide = (...texts: readonly string[]) =>
  hider(
    texts.map((text) => ({ text, tellsInPart: true })),
    '#',
  );

test.each([
  [
    'a blank before it and a line end behind it',
    ' hunter22\n',
    'the password hunter22 is wrong',
    'the password # is wrong',
  ],
  ['a line end that became a blank', 'a1b2c3\nd4e5f6', 'tried a1b2c3 d4e5f6 twice', 'tried # twice'],
  ['a line end that became a line end and an indent', 'a1b2c3\nd4e5f6', 'a1b2c3\r\n    d4e5f6.', '#.'],
  ['a line end before an indent', 'a1b2c3\nd4e5f6', 'a1b2c3\n    d4e5f6.', '#.'],
  ['a line end that went', 'a1b2c3\nd4e5f6', 'tried a1b2c3d4e5f6 twice', 'tried # twice'],
  ['a line end among its first letters', 'a\nbcdefgh', 'tried a bcdefgh twice', 'tried # twice'],
  ['several blanks among its first letters', 'a  bcdefgh', 'tried a bcdefgh twice', 'tried # twice'],
  ['more blanks among its first letters', 'a bcdefgh', 'tried a   bcdefgh twice', 'tried # twice'],
  ['no blank left among its first letters', 'ab\ncdefgh', 'tried abcdefgh twice', 'tried # twice'],
])('a hidden text with %s is found', (_, wanted, text, expected) => {
  expect(hide(wanted)(text)).toBe(expected);
});

test.each([
  ['touch', 'tried abcdefghijkl twice'],
  ['overlap', 'tried abcdefhijkl twice'],
])('two hidden texts that %s are one hidden place', (_, text) => {
  expect(hide('abcdef', 'ghijkl', 'fhijkl')(text)).toBe('tried # twice');
});

test.each([
  ['nine letters of twelve, and the end', 'tried abcdefghi', 'tried #'],
  ['nine letters of twelve, and an ellipsis', 'tried abcdefghi…', 'tried #…'],
  ['nine letters of twelve, and three dots', 'tried abcdefghi...', 'tried #...'],
  ['nine letters of twelve, and a closing quote', 'tried "abcdefghi"', 'tried "#"'],
  ['nine letters of twelve, and others', 'tried abcdefghi as well', 'tried abcdefghi as well'],
  ['eight letters of twelve, and the end', 'tried abcdefgh', 'tried abcdefgh'],
])('of a text of twelve letters that may have been cut is there: %s', (_, text, expected) => {
  expect(hide('abcdefghijkl')(text)).toBe(expected);
});

test('of what does not tell in part a beginning stays, unless the same text tells elsewhere', () => {
  const text = 'abcdefghijklmnopqrstuvwxyz';
  const [tells, keeps] = [
    { text, tellsInPart: true },
    { text, tellsInPart: false },
  ];
  const cut = 'tried abcdefghijklmnopqrst…';
  expect(hider([keeps], '#')(cut)).toBe(cut);
  expect(hider([tells, keeps], '#')(cut)).toBe('tried #…');
  expect(hider([keeps, tells], '#')(cut)).toBe('tried #…');
});
