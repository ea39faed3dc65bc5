import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { redact, Secret } from '../../core/secret.ts';
import { canaryOf, keyOf, SEED, STYLE_NAMES } from './_canaries.ts';
import { searchFor } from './_search.ts';

const CANARIES = [...STYLE_NAMES.map((style) => canaryOf('any', style)), keyOf('any')];
const search = searchFor(CANARIES);
const html = (text: string) =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');

/** What others make of a secret before it comes back to us. */
const FORMS: Readonly<Record<string, (secret: string) => string | Buffer>> = {
  'as it stands': (secret) => secret,
  'on one line': (secret) => secret.replace(/\s+/g, ' '),
  'without blanks': (secret) => secret.replace(/\s+/g, ''),
  'in a URL': (secret) => `/?q=${encodeURIComponent(secret)}&x`,
  'in a form': (secret) => `q=${new URLSearchParams({ q: secret }).toString()}`,
  'in JSON': (secret) => JSON.stringify({ message: `no ${secret}` }),
  'in JSON in JSON': (secret) => JSON.stringify({ body: JSON.stringify({ message: secret }) }),
  'in HTML': (secret) => `<p>${html(secret)}</p>`,
  'in base64': (secret) => `token ${Buffer.from(secret).toString('base64')} refused`,
  'behind a name in base64': (secret) => `Basic ${Buffer.from(`someone:${secret}`).toString('base64')}`,
  'in base64 for URLs': (secret) => Buffer.from(`ab${secret}`).toString('base64url'),
  'in hexadecimal': (secret) => `\\x${Buffer.from(secret).toString('hex')}`,
  'in a literal of SQL': (secret) => `ALTER ROLE a PASSWORD '${secret.replaceAll("'", "''")}'`,
  'at the cut end of a message': (secret) => `refused: ${secret.slice(0, -3)}…`,
  'at the end of a message that was cut': (secret) => `refused: ${secret.slice(0, Math.max(12, secret.length / 2))}`,
  'cut without a sign of it': (secret) => `refused: ${secret.slice(0, Math.max(16, secret.length / 2))} and so on`,
};
const cut = /cut/;

test(`the search finds every canary in every form, or a clean sink would prove nothing (FETTLE_SEED=${SEED})`, () => {
  const missed = Object.entries(FORMS).flatMap(([form, make]) =>
    CANARIES.filter(({ value }) => !(cut.test(form) && value.length < 20))
      .filter(({ value }) => search([{ name: form, content: make(value) }]).length === 0)
      .map(({ name }) => `${name} ${form}`),
  );
  expect(missed).toEqual([]);
  expect(search([{ name: 'a.gz', content: gzipSync(`x ${CANARIES[0]?.value}`) }])).toHaveLength(1);
  expect(search([{ name: 'clean', content: 'nothing of the kind' }])).toEqual([]);
});

test.each(Object.entries(FORMS))('a secret that comes back %s is hidden, whatever stands in it', (_, make) => {
  const secrets = CANARIES.map(({ value }) => new Secret(value));
  const texts = CANARIES.map(({ value }) => redact(String(make(value)), secrets));
  expect(search(texts.map((content, place) => ({ name: CANARIES[place]?.name ?? '', content })))).toEqual([]);
});

test.each([
  ['the user and the password of an address', (value: string) => `https://u${value}:${value}@host/`],
  ['a token in the query of an address', (value: string) => `https://host/?token=${value}`],
  ['a header with its scheme', (value: string) => `Bearer ${value}`],
  ['a header with name and password', (value: string) => `Basic ${Buffer.from(`someone:${value}`).toString('base64')}`],
  ['a kubeconfig', (value: string) => `apiVersion: v1\nusers:\n- name: a\n  user:\n    token: ${value}\n`],
  ['a kubeconfig in JSON', (value: string) => JSON.stringify({ users: [{ user: { token: value } }] })],
  ['a connection string of words', (value: string) => `host=db user=a password=${value}`],
  ['a JSON secret', (value: string) => JSON.stringify({ username: 'a', password: value })],
])('the credential inside of %s is hidden on its own too', (_, wrap) => {
  const { value } = canaryOf('inside', 'plain');
  const secret = new Secret(wrap(value));
  for (const text of [value, Buffer.from(`x:${value}`).toString('base64'), `'${value.slice(0, 18)}…`]) {
    const shown = redact(`invalid: ${text}`, [secret]);
    expect(searchFor([{ name: 'inside', value }])([{ name: 'shown', content: shown }])).toEqual([]);
    expect(shown).toMatch(/^invalid: /);
  }
});

test('words beside a secret stay readable', () => {
  const kubeconfig = new Secret('apiVersion: v1\nkind: Config\ncurrent-context: prod\nusers: []\n');
  const weak = new Secret('postgres://app:postgres123@db/main');
  expect(redact('apiVersion: v1 of the kind Config in prod', [kubeconfig])).toBe(
    'apiVersion: v1 of the kind Config in prod',
  );
  expect(redact('no answer from postgres', [weak])).toBe('no answer from postgres');
  expect(redact('Bearer of bad news', [new Secret('Bearer abcdefghijkl')])).toBe('Bearer of bad news');
});
