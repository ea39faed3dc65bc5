import { inspect } from 'node:util';
import { expect, test } from '@jest/globals';
import { redact, redactor, Secret } from '../../core/secret.ts';

const secret = new Secret('hunter22');

test('a secret prints [redacted] wherever it is printed', () => {
  const printed = [
    `${secret}`,
    String(secret),
    'password ' + secret,
    JSON.stringify({ password: secret }),
    inspect(secret),
    inspect({ deep: { down: [secret] } }, { depth: 9, showHidden: true }),
    new Error(`cannot log in with ${secret}`).message,
    [secret].join(),
  ];
  for (const text of printed) {
    expect(text).toContain('[redacted]');
    expect(text).not.toContain('hunter22');
  }
  expect(Object.keys(secret)).toEqual([]);
  expect(secret.reveal()).toBe('hunter22');
});

test.each([
  ['as it stands', 'p@ss/word', 'tried p@ss/word twice: p@ss/word', 'tried [redacted] twice: [redacted]'],
  ['URL-encoded', 'p@ss/word', 'GET /?key=p%40ss%2Fword', 'GET /?key=[redacted]'],
  ['quoted by JSON', 'a"b\nc', String.raw`{"key":"a\"b\nc"}`, '{"key":"[redacted]"}'],
  ['a whole address', 'redis://:s3cret@cache', 'no answer from redis://:s3cret@cache', 'no answer from [redacted]'],
  ['the password of an address', 'redis://:s3cret@cache', 'WRONGPASS s3cret', 'WRONGPASS [redacted]'],
  [
    'the decoded password of an address',
    'postgres://a:p%40ss@db/x',
    'password p@ss is wrong',
    'password [redacted] is wrong',
  ],
  ['the password in the query of an address', 'postgres://db/x?user=a&password=s3cret', 's3cret', '[redacted]'],
  ['with a colon, which is no address', 'app:hunter22', 'tried app:hunter22', 'tried [redacted]'],
])('a known secret is hidden %s', (_, value, text, expected) => {
  expect(redact(text, [new Secret(value)])).toBe(expected);
});

test('a secret that holds another one is hidden as a whole', () => {
  const secrets = [new Secret('abc'), new Secret('abcdef')];
  expect(redact('abcdef and abc', secrets)).toBe('[redacted] and [redacted]');
});

test.each(['https://shop.example/health', 'file:///var/backups', 's3://backups/full/', 'cloudwatch-logs:/shop/app'])(
  'the address %s holds no secret and stays readable',
  (address) => {
    expect(redact(`${address} does not answer`, [new Secret(address)])).toBe(`${address} does not answer`);
  },
);

test('a password with a broken escape is hidden as it is written', () => {
  expect(redact('%zzz is wrong', [new Secret('postgres://a:%zzz@db/x')])).toBe('[redacted] is wrong');
});

test('one or two letters are no secret, or nothing would be readable', () => {
  expect(redact('a table of a database', [new Secret('a'), new Secret('ta')])).toBe('a table of a database');
});

test.each([
  ['the token of a web address', 'no answer from https://ghp_token@host/x', 'no answer from https://[redacted]@host/x'],
  ['name and password of a web address', 'GET http://app:pw@host:81/', 'GET http://[redacted]@host:81/'],
  ['the password of a database', 'at postgres://app:p:w@db/x?y=1', 'at postgres://app:[redacted]@db/x?y=1'],
  ['a password without a name', 'at rediss://:pw@cache', 'at rediss://:[redacted]@cache'],
  ['a password with an @', 'at redis://a:p@w@cache/0', 'at redis://a:[redacted]@cache/0'],
  ['a password in a query', 'postgres://db/x?a=1&PassWord=pw&b=2', 'postgres://db/x?a=1&PassWord=[redacted]&b=2'],
])('%s is hidden although nobody named it a secret', (_, text, expected) => {
  expect(redact(text, [])).toBe(expected);
  expect(redact(expected, [])).toBe(expected);
});

test.each([
  'postgres://app@db.example/main does not answer',
  'https://shop.example/@user is a page',
  'https://shop.example/?mail=a@b.example',
  'write to ops@shop.example, or see https://shop.example',
  's3://backups/a@b/',
])('%j has nothing to hide', (text) => {
  expect(redact(text, [])).toBe(text);
});

test('the token that is the user of a known web address is hidden on its own too', () => {
  expect(redact('invalid key ghp_token', [new Secret('https://ghp_token@host/x')])).toBe('invalid key [redacted]');
});

test('a password with a lone percent sign in an address is hidden as it stands', () => {
  const hide = redactor([new Secret('postgres://app:50%-off-for-all@db/main')]);
  expect(hide('password "50%-off-for-all" was refused')).toBe('password "[redacted]" was refused');
});

test('what is two letters between blanks hides nothing', () => {
  expect(redactor([new Secret('  ab  ')])('about a cab')).toBe('about a cab');
});
