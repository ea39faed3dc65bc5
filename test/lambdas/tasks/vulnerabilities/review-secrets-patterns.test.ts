import { describe, expect, test } from '@jest/globals';
import { isSecretLike } from '../../../../lambdas/tasks/vulnerabilities/review-secrets/assignments.ts';
import { searchText } from '../../../../lambdas/tasks/vulnerabilities/review-secrets/search.ts';
import { NOW } from './_reports.ts';
import { jwt, MADE_UP } from './_secrets.ts';

/** What is found, as `<line> <what>`, with a question mark where it is not certain. */
function found(text: string, path = 'src/config.ts'): string[] {
  return searchText(path, text, NOW).map(({ line, what, isCertain }) => `${line} ${what}${isCertain ? '' : '?'}`);
}

describe('a credential of a known shape is found', () => {
  const SHAPES: readonly (readonly [string, string])[] = [
    [`const token = "${MADE_UP.github}";`, '1 a GitHub token'],
    [`\n\nTOKEN=${MADE_UP.github}`, '3 a GitHub token'],
    [`a ${MADE_UP.githubFine} b`, '1 a GitHub token'],
    [MADE_UP.gitlab, '1 a GitLab token'],
    [`//registry.npmjs.org/:_authToken=${MADE_UP.npm}`, '1 an npm token'],
    [MADE_UP.slack, '1 a Slack token'],
    [`https://hooks.slack.com/services/${MADE_UP.slackPath}`, '1 a Slack webhook'],
    [MADE_UP.stripe, '1 a Stripe key'],
    [MADE_UP.google, '1 a Google API key'],
    [MADE_UP.pem, '1 a private key'],
    [JSON.stringify({ private_key: MADE_UP.pem }), '1 a private key'],
    [`postgres://shop:${MADE_UP.password}@db.acme.com:5432/shop`, '1 an address with a password in it'],
    [`https://deploy:${MADE_UP.password}@git.acme.com/shop.git`, '1 an address with a password in it'],
    [`aws_access_key_id = ${MADE_UP.awsId}\naws_secret_access_key = ${MADE_UP.awsSecret}`, '2 an AWS access key'],
  ];
  test.each(SHAPES.map(([text, expected]) => [expected.slice(2), expected, text]))('as %s', (_what, expected, text) => {
    expect(found(text)).toEqual([expected]);
  });

  test('as likely where the half that opens something is not there, or it may be meant for everyone', () => {
    expect(found(`aws_access_key_id = ${MADE_UP.awsId}`)).toEqual(['1 an AWS access key?']);
    expect(found(jwt({ exp: NOW.getTime() / 1_000 + 60 }))).toEqual(['1 a JSON web token?']);
    expect(found(MADE_UP.pem.replaceAll('PRIVATE', 'ENCRYPTED PRIVATE'))).toEqual(['1 a private key?']);
    expect(found(`redis://:${MADE_UP.password}@localhost:6379`)).toEqual(['1 an address with a password in it?']);
  });
});

describe('what only looks like a credential is not accused', () => {
  test.each([
    [
      'a GitHub token with a wrong checksum',
      `${MADE_UP.github.slice(0, -1)}${MADE_UP.github.endsWith('a') ? 'b' : 'a'}`,
    ],
    [
      'the example of the AWS manual',
      ['AKIAIOSFODNN7', 'EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCY', 'EXAMPLEKEY'].join(''),
    ],
    ['a token of the letter x', `ghp_${'x'.repeat(36)}`],
    ['an expired JSON web token', jwt({ exp: NOW.getTime() / 1_000 - 60 })],
    ['three parts with dots between them', `eyJ${'a'.repeat(20)}.eyJ${'b'.repeat(20)}.${'c'.repeat(30)}`],
    ['a key without a body', ['-----BEGIN', 'PRIVATE KEY-----\nMIIE...\n-----END', 'PRIVATE KEY-----'].join(' ')],
    ['a public key', MADE_UP.pem.replaceAll('PRIVATE', 'PUBLIC')],
    ['an address with a variable', 'postgres://shop:${DB_PASSWORD}@db.acme.com/shop'],
    ['an address of a compose file', 'postgres://postgres:postgres@db:5432/app'],
    ['an address of a manual', 'postgres://user:password@db.example.com/shop'],
    ['a live key of a manual', `sk_live_${'your'}${'keyhere12345678901'}`],
  ])('%s', (_what, text) => {
    expect(found(text)).toEqual([]);
  });
});

describe('a value in quotes', () => {
  test.each([
    ['password', 'correct7horse!battery'],
    ['dbPassword', 'Tr0ub4dor&3'],
    ['SESSION_SECRET', '9f8A7s6D5f4G3h2J1k0L'],
    ['api_key', 'q8Zr2LmX0vT5yNc7Wd3K'],
    ['stripe.webhook-secret', 'w7e9r2t4y6u8i1o3p5a7'],
    ['ENCRYPTION_KEY', '4f9d1c0b7a6e5d3c2b1a0f9e8d7c6b5a'],
    ['refreshToken', '1//0gZqP8xW5vR2nT7yB4mK9'],
  ])('under the name %s is likely a secret', (name, value) => {
    expect(isSecretLike(name, value)).toBe(true);
    expect(found(`${name}: "${value}",`)).toEqual(['1 a secret in quotes?']);
    expect(found(`"${name}" = '${value}'`)).toEqual(['1 a secret in quotes?']);
  });

  test.each([
    ['key', 'user.profile.title', 'a word'],
    ['monkey', 'q8Zr2LmX0vT5yNc7Wd3K', 'a name that only ends like one'],
    ['passwordHash', '$2b$10$N9qo8uLOickgx2ZMRZoMye', 'a hash'],
    ['secretName', 'eventchain/prod/db7', 'the name of a secret'],
    ['tokenUrl', 'https://id.acme.com/oauth2/v2.0/token', 'an address'],
    ['publicKey', 'q8Zr2LmX0vT5yNc7Wd3K', 'a public key'],
    ['secret', 'secret:eventchain/prod/db', 'a reference'],
    ['password', '${DB_PASSWORD_2}', 'a variable'],
    ['token', 'env:GITHUB_TOKEN2', 'a reference to the environment'],
    ['password', 'changeme123', 'a placeholder'],
    ['apiKey', '<your-api-key-1>', 'a placeholder in brackets'],
    ['accessKey', 'AKIAIOSFODNN7EXAMPLE', 'an example'],
    ['token', '123e4567-e89b-12d3-a456-426614174000', 'a UUID'],
    ['sessionToken', 'sha256-q8Zr2LmX0vT5yNc7Wd3K', 'a checksum'],
    ['password', 'Your password must have 8 letters', 'a sentence'],
    ['tokenCommit', '3f786850e387550fdab836ed7e6dc881de23001b', 'a commit'],
    ['primaryKey', 'order_id_7f3k2j5h8d9s', 'a column'],
    ['runKey', 'runs/daily/daily-20261121T020000Z', 'the name of an object'],
  ])('under the name %s is none where it is %j: %s', (name, value) => {
    expect(found(`${name}: "${value}"`)).toEqual([]);
  });
});

test('a value without quotes is one in a file of settings and not in a program', () => {
  const line = 'DB_PASSWORD=Tr0ub4dor_and_3\n';
  expect(found(line, 'deploy/.env.production')).toEqual(['1 a secret in quotes?']);
  expect(found(line, 'src/read.ts')).toEqual([]);
});

test('the checksums of a lockfile are no secrets, and a token in one is', () => {
  const text = `"integrity": "sha512-q8Zr2LmX0vT5yNc7Wd3K==", "token": "q8Zr2LmX0vT5yNc7Wd3K"\n`;
  expect(found(text, 'web/package-lock.json')).toEqual([]);
  expect(found(`${text}https://x:${MADE_UP.github}@git.acme.com`, 'package-lock.json')).toEqual(['2 a GitHub token']);
});

// What would be tried again and again from each of its letters would never come to an end.
test.each([
  ['one word', 'passwordtoken_'.repeat(80_000)],
  ['values without a digit but the last', `token: "${'qwrtzpsdfghklyxcvbnm'.repeat(9)}1"\n`.repeat(2_000)],
  ['beginnings of keys', '-----BEGIN PRIVATE KEY-----\n'.repeat(40_000)],
  ['beginnings of tokens', 'eyJhbGciOiJIUzI1NiJ9.'.repeat(40_000)],
  ['beginnings of addresses', 'https://a:'.repeat(80_000)],
  ['names and equals signs', 'secret=secret='.repeat(60_000)],
])('a megabyte of %s is searched to its end', (_what, text) => {
  expect(searchText('a.env', text, NOW).length).toBeLessThan(2);
});
