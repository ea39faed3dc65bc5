import { inspect } from 'node:util';
import { expect, test } from '@jest/globals';
import { redact, Secret } from '../../core/secret.ts';

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
