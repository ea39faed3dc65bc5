import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Json } from '../../../../core/json.ts';
import { task } from '../../../../lambdas/tasks/endpoints/check-health.ts';
import { startHttpService, type HttpService } from '../../../../lib/demo/servers/http.ts';
import {
  createAuthority,
  issue,
  startPlainTextPort,
  startResettingPort,
  type Authority,
} from '../../../../lib/demo/servers/tls.ts';
import { inWords, needCalled, needsOf, type NeedsQuestion } from '../../../harness/needs-of.ts';
import { resultOf } from '../../../harness/perform-task.ts';

let authority: Authority;
let secure: HttpService;
let plain: HttpService;

beforeAll(async () => {
  authority = await createAuthority({ name: 'Test authority' });
  const issued = await issue({ authority, names: ['127.0.0.1', 'localhost'] });
  const health = { body: { status: 'DOWN' }, status: 503 };
  secure = await startHttpService({ issued, answers: { '/': { body: 'OK' }, '/health': health } });
  plain = await startHttpService({
    answers: {
      '/': { body: 'OK' },
      '/closed': (request, response) => {
        response.writeHead(request.headers.authorization === 'Bearer right' ? 200 : 401).end('x');
      },
      '/login': { status: 302, headers: { location: 'https://sso.example.org/?token=abc' } },
    },
  });
});
afterAll(async () => {
  await secure.close();
  await plain.close();
});

const IPV4 = { families: ['ipv4'] };

function ask(url: string, given: Partial<NeedsQuestion> & { readonly settings?: Readonly<Record<string, Json>> } = {}) {
  const { settings = {}, ...rest } = given;
  return needsOf({ task, targets: { shop: { url, ...settings } }, ...rest });
}

const shown = async (needs: ReturnType<typeof ask>) =>
  (await needs).map(({ state, need, detail }) => `${state} ${need}: ${detail}`);

test('everything is met of a service that says of itself that it is down: its health is not judged here', async () => {
  const settings = { ca: authority.certificate };
  const url = secure.url.replace('127.0.0.1', 'localhost');

  expect(await shown(ask(url, { settings, input: { ...IPV4, path: '/health' } }))).toEqual([
    expect.stringMatching(/^met be found by its name: localhost is .*127\.0\.0\.1/),
    expect.stringMatching(/^met be allowed by allowAddresses: .*127\.0\.0\.1.* may be called$/),
    `met be reached: localhost:${secure.port} answers over TLS`,
    'met be trusted over TLS: its certificate was verified, with the ca of the target',
    'met answer a GET: /health answered 503',
  ]);
  expect(secure.requests.at(-1)).toBe('GET /health');
});

test('without its ca an endpoint is reached and not trusted, and the check with it then asks', async () => {
  const needs = await ask(secure.url);

  expect(inWords(needs).slice(1)).toEqual(['met be reached', 'missing be trusted over TLS']);
  expect(needCalled(needs, 'be trusted over TLS').detail).toMatch(/no TLS connection that can be trusted/);
  const settings = { ca: authority.certificate };
  expect(inWords(await ask(secure.url, { settings })).filter((words) => !words.startsWith('met'))).toEqual([]);
  const { findings } = await resultOf({ task, targets: { shop: { url: secure.url, ...settings } } });
  expect(findings).toEqual([]);
});

describe('an address that the profile does not allow', () => {
  test('is not called, and the line for the profile that it shows allows that address and no other', async () => {
    const before = plain.requests.length;
    const needs = await ask(plain.url, { allowAddresses: ['10.0.0.0/8', 'fd00::/8'] });

    expect(needs).toEqual([
      {
        target: 'shop',
        need: 'be allowed by allowAddresses',
        state: 'missing',
        detail: '127.0.0.1 is a loopback address that allowAddresses does not cover',
        grant: 'allowAddresses: [10.0.0.0/8, "fd00::/8", 127.0.0.1/32]',
      },
    ]);
    expect(plain.requests).toHaveLength(before);
    const allowAddresses = ['10.0.0.0/8', 'fd00::/8', '127.0.0.1/32'];
    expect(inWords(await ask(plain.url, { allowAddresses })).every((words) => words.startsWith('met'))).toBe(true);
  });

  test('is never allowed where a cloud keeps its metadata', async () => {
    const [need] = await ask('http://169.254.169.254/latest/');

    expect(need).toMatchObject({ state: 'missing', detail: expect.stringContaining('never called') });
    expect(need).not.toHaveProperty('grant');
  });
});

describe('what was not seen is unknown, with the reason', () => {
  test.each([
    ['a port where nobody listens', 'http://127.0.0.1:1/', 'be reached', /refused the connection/],
    ['a name that nobody has', 'http://shop.invalid/', 'be found by its name', /shop\.invalid was not found/],
    ['an address that is none', 'not an address', 'be reached', /is not a URL/],
  ])('%s', async (_title, url, words, reason) => {
    const need = needCalled(await ask(url), words);

    expect(need.state).toBe('unknown');
    expect(need.detail).toMatch(reason);
  });

  test('a connection that is reset', async () => {
    const cut = await startResettingPort();
    const needs = await ask(`http://127.0.0.1:${cut.port}/`);
    await cut.close();

    expect(needCalled(needs, 'be reached')).toMatchObject({
      state: 'unknown',
      detail: expect.stringMatching(/ended the/),
    });
  });

  test('a service that was not asked before the time of the look was over', async () => {
    const needs = await ask(plain.url, { timeoutSeconds: 0 });

    expect(needCalled(needs, 'be reached').state).toBe('unknown');
  });
});

describe('what the service itself shows', () => {
  test('credentials that it wants and does not get, or refuses, are missing; the right ones are met', async () => {
    const input = { path: '/closed' };
    const state = async (settings: Readonly<Record<string, Json>>) =>
      (await shown(ask(plain.url, { input, settings }))).at(-1);

    expect(await state({})).toBe('missing accept the credentials: answered 401, and the target has none');
    expect(await state({ authorization: 'Bearer wrong' })).toBe(
      'missing accept the credentials: answered 401 with those of the target',
    );
    expect(await state({ authorization: 'Bearer right' })).toBe(
      'met accept the credentials: answered 200 with those of the target',
    );
    const meant = await ask(plain.url, { input: { ...input, expectStatus: [401] } });
    expect(inWords(meant).at(-1)).toBe('met answer a GET');
  });

  test('a redirection is an answer, and the token in it is not repeated', async () => {
    const needs = await ask(plain.url, { input: { path: '/login' } });

    expect(needCalled(needs, 'answer a GET').detail).toBe('/login answered 302 and leads to https://sso.example.org/');
  });

  test('is that it speaks no HTTP', async () => {
    const ssh = await startPlainTextPort();
    const needs = await ask(`http://127.0.0.1:${ssh.port}/`);
    await ssh.close();

    expect(inWords(needs).slice(1)).toEqual(['met be reached', 'missing speak HTTP']);
  });

  test('is a handshake where no more is asked for, and none where it does not make one', async () => {
    const made = await ask(secure.url.replace('https:', 'tls:'));
    const none = await ask(plain.url.replace('http:', 'tls:'));

    expect(inWords(made).slice(1)).toEqual(['met be reached', 'met answer TLS']);
    expect(inWords(none).slice(1)).toEqual(['met be reached', 'missing answer TLS']);
  });
});

test('it asks with GET and nothing else', () => {
  expect([...secure.requests, ...plain.requests].filter((request) => !request.startsWith('GET '))).toEqual([]);
});
