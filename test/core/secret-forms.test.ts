import { describe, expect, test } from '@jest/globals';
import { redact, Secret } from '../../core/secret.ts';
import { hiddenTextsOf, isSecretParameter, isWebScheme } from '../../core/secret-forms.ts';

const shown = (value: string, text: string) => redact(text, [new Secret(value)]);
const base64 = (text: string) => Buffer.from(text).toString('base64');

test.each([
  ...['pass', 'password', 'PassWord', 'passwd', 'passphrase', 'sslpassword', 'pwd'],
  ...['token', 'access_token', 'auth-token', 'apitoken', 'secret', 'client_secret', 'client-secret', 'clientsecret'],
  ...['api_key', 'apikey', 'access_key', 'accesskey', 'sig', 'signature', 'X-Amz-Signature', 'x-amz-security-token'],
])('the parameter %s carries a credential', (name) => {
  expect(isSecretParameter(name)).toBe(true);
});

test.each(['bypass', 'passport', 'max_token', 'tokens', 'monkey', 'secretary', 'design', 'x-amz-date'])(
  'the parameter %s carries none',
  (name) => {
    expect(isSecretParameter(name)).toBe(false);
  },
);

test.each([
  ['http', true],
  ['HTTPS', true],
  ['tls', true],
  ['ws', true],
  ['wss', true],
  ['git+https', false],
  ['http+unix', false],
  ['postgres', false],
])('whether the user of a %s address is a token: %s', (scheme, expected) => {
  expect(isWebScheme(scheme)).toBe(expected);
});

test('a plain word is hidden as it stands, within base64 wherever it begins there, and in hexadecimal, and nothing else is', () => {
  const texts = hiddenTextsOf('hunter22').map(({ text }) => text);
  expect([...new Set(texts)]).toEqual([
    'hunter22',
    'aHVudGVyMj',
    'h1bnRlcjIy',
    'odW50ZXIyM',
    '68756e7465723232',
    '68756E7465723232',
  ]);
});

test.each([
  ['ab', []],
  ['abc', ['abc']],
  ['abcde', ['abcde']],
  ['https://shop.example/?page=2', []],
])('%j is hidden as %j: too short a text is found in too many others', (value, expected) => {
  expect(hiddenTextsOf(value).map(({ text }) => text)).toEqual(expected);
});

test.each([
  ['with lower-case escapes of a URL', 'p@ss/word', 'p%40ss%2fword'],
  ['by a URL that escapes every mark', 'abc*defgh', 'abc%2Adefgh'],
  ['by JSON of ASCII alone', 'pässwörd', String.raw`p\u00e4ssw\u00f6rd`],
  ['by HTML with a decimal quote', `it's "so" secret`, 'it&#39;s &quot;so&quot; secret'],
  ['by HTML with a hexadecimal quote', `it's "so" secret`, 'it&#x27;s &quot;so&quot; secret'],
  ['by HTML with a named quote', `it's "so" secret`, 'it&apos;s &quot;so&quot; secret'],
  ['by SQL', "it's secret", "it''s secret"],
  ['by a shell', `it's "so" secret`, String.raw`it'\''s "so" secret`],
  ['by a program that escapes both quotes', `it's "so" secret`, String.raw`it\'s \"so\" secret`],
  ['by a program that escapes its own quote', `it's "so" secret`, String.raw`it\'s "so" secret`],
  ['by a terminal without its letters', 'pässwörd', 'p?ssw?rd'],
  ['in base64', 'abcdef', 'YWJjZGVm'],
  ['in base64 for URLs, with an underline', 'ab?cd?efg', 'YWI_Y2Q_ZWZn'],
  ['in base64 for URLs, with a dash', 'ab>cd>efg', 'YWI-Y2Q-ZWZn'],
  ['in hexadecimal of capitals', 'nopqrs', '6E6F70717273'],
])('a secret that was written %s is hidden', (_, value, text) => {
  expect(shown(value, `tried <${text}> twice`)).toBe('tried <[redacted]> twice');
});

test('a secret within base64 is hidden although other letters follow it there', () => {
  expect(shown('abcdefg', `Basic ${base64('abcdefg, and what follows')}`)).toMatch(/^Basic \[redacted\]yw/);
});

test('so short a secret that its base64 could be any word is not looked for there', () => {
  expect(shown('abcde', `the header ${base64('abcde')} was refused`)).toBe(`the header ${base64('abcde')} was refused`);
});

describe('a credential with its name beside it', () => {
  test.each([
    ['of six letters', 'password=abcdef', 'abcdef is wrong'],
    ['with quotes in the middle', 'password=ab"cdefgh"', 'ab"cdefgh" is wrong'],
    ['whose quote is not closed', String.raw`password="abcdef\"ghijkl`, String.raw`"abcdef\"ghijkl is wrong`],
    ['that JSON escapes', String.raw`{"password":"abc\"def\\ghi\/jkl"}`, String.raw`abc"def\ghi/jkl is wrong`],
  ])('%s is hidden on its own', (_, value, text) => {
    expect(shown(value, text)).toBe('[redacted] is wrong');
  });

  test.each([
    ['one of five letters is found in too many words', 'password=abcde', 'abcde is a word'],
    [
      'of words that also name the host',
      'host=db.example user=app password=hunter22',
      'host=db.example user=app is up',
    ],
    ['what only Basic encodes', `Bearer ${base64('someone:of-the-shop')}`, 'a page of-the-shop'],
  ])('%s: what is no secret stays readable', (_, value, text) => {
    expect(shown(value, text)).toBe(text);
  });
});

describe('of a secret of many lines', () => {
  const file = (line: string) => `first: line\n  ${line}  \nlast: line\n`;

  test.each([
    ['of six letters', 'abcdef', 'abcdef'],
    ['with dashes in the middle', 'ab-----cdefgh', 'ab-----cdefgh'],
    ['with a colon behind several words', 'correct horse: battery', 'correct horse: battery'],
    ['that was cut', 'MIIEvQIBADANBgkqhkiG', 'MIIEvQIBADANBg…'],
  ])('a line %s is hidden on its own', (_, line, quoted) => {
    expect(shown(file(line), `near "${quoted}"`)).toMatch(/^near "\[redacted\]…?"$/);
  });

  test.each([
    ['is too short', 'abcde'],
    ['is in every key', '-----BEGIN PRIVATE KEY-----'],
    ['names what it holds', 'cluster: production'],
    ['names what it holds, with a blank', 'cluster : production'],
    ['names what it holds, in JSON', '"cluster": "production"'],
    ['names what it holds, in a list', '- name: production'],
    ['names what follows it', 'current-context:'],
  ])('a line that %s stays readable', (_, line) => {
    expect(shown(file(line), `near "${line}"`)).toBe(`near "${line}"`);
  });

  test('the beginning stays readable: it is that of many harmless files', () => {
    const text = 'apiVersion: v1 kind: Config of the cluster';
    expect(shown('apiVersion: v1\nkind: Config\ncurrent-context: prod\n', text)).toBe(text);
  });
});
