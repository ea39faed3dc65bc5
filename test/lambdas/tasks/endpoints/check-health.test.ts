import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startHttpService, type Answering, type HttpService } from '../../../../lib/demo/servers/http.ts';
import { check } from './_service.ts';

const html = (body: string) => ({ headers: { 'content-type': 'text/html; charset=utf-8' }, body });

const ANSWERS: Readonly<Record<string, Answering>> = {
  '/': html('<!doctype html><title>Upcoming events</title><h1>Tonight</h1>'),
  '/health': { body: { status: 'UP', components: { db: { status: 'UP' } } } },
  '/healthz': { body: '' },
  '/no-content': { status: 204 },
  '/blank': html(''),
  '/down': { body: { status: 'DOWN' } },
  '/sick-part': { body: { status: 'UP', components: { payments: { status: 'DOWN' } } } },
  '/strained': {
    body: { status: 'warn', checks: { disk: [{ status: 'warn' }], queue: [{ status: 'unknown' }] } },
  },
  '/status': { body: { status: 'SPLENDID' } },
  '/orders/7': { body: { order: { status: 'failed' }, details: { shipping: { state: 'error' } } } },
  '/503': { status: 503, body: { status: 'DOWN', components: { db: { status: 'DOWN' } } } },
  '/500': { ...html('<title>500 Internal Server Error</title>'), status: 500 },
  '/401': { status: 401 },
  '/429': { status: 429 },
  '/error-page': html('<html><head><title>Whitelabel Error Page</title></head></html>'),
  '/default-page': html('<title>Welcome to nginx!</title>'),
  '/php': html('<br />\n<b>Fatal error</b>: Uncaught PDOException in /var/www/x.php'),
  '/no-database': html('<h1>Error establishing a database connection</h1>'),
  '/about-errors': html('<title>Error monitoring for teams</title><h1>Find every error</h1>'),
  '/login-page': html('<title>Sign in</title><form><input type="password"></form>'),
  '/half-json': { headers: { 'content-type': 'application/json' }, body: '{"status":"UP",' },
  '/cached-health': { headers: { age: '3600' }, body: { status: 'UP' } },
  '/fresh-cache': { headers: { age: '2' }, body: { status: 'UP' } },
  '/cached-page': { ...html('<title>News</title>'), headers: { 'content-type': 'text/html', age: '86400' } },
  '/old-health': { body: { status: 'UP', timestamp: '2026-11-20T22:00:00Z' } },
  '/made-now': { body: { status: 'UP', timestamp: Date.parse('2026-11-21T01:59:30Z') / 1_000 } },
  '/slow': { body: 'OK', afterSeconds: 0.3 },
  '/big': { body: 'x'.repeat(2_000_000) },
};
const now = new Date('2026-11-21T02:00:00Z');

let service: HttpService;

beforeAll(async () => {
  service = await startHttpService({ answers: ANSWERS });
});

afterAll(() => service.close());

describe('a healthy service is not accused', () => {
  test.each([
    '/',
    '/health',
    '/healthz',
    '/no-content',
    '/about-errors',
    '/login-page',
    '/fresh-cache',
    '/made-now',
    '/orders/7',
  ])('%s', async (path) => {
    const { kinds, measurements } = await check(`${service.url}${path}`, {}, { now });

    expect({ kinds, measurements }).toEqual({ kinds: [], measurements: ['response-time'] });
  });

  test('that is asked for a text and gives it, even where its title is that of an error page', async () => {
    const input = { path: '/error-page', expectText: 'Whitelabel' };

    expect((await check(service.url, input)).kinds).toEqual([]);
  });

  test('whose status is one of those that are named', async () => {
    expect((await check(service.url, { path: '/401', expectStatus: ['2xx', 401] })).kinds).toEqual([]);
  });
});

describe('a status of 200 is not enough', () => {
  test.each([
    { path: '/down', kinds: ['reports-unhealthy'], says: /says "DOWN" of itself/ },
    { path: '/sick-part', kinds: ['dependency-down'], says: /says of payments: "DOWN"/ },
    { path: '/error-page', kinds: ['error-page'], says: /the page "Whitelabel Error Page"/ },
    { path: '/default-page', kinds: ['error-page'], says: /the page "Welcome to nginx!"/ },
    { path: '/php', kinds: ['error-page'], says: /the page "Fatal error : Uncaught PDOException/ },
    { path: '/no-database', kinds: ['error-page'], says: /establishing a database connection/ },
    { path: '/half-json', kinds: ['wrong-content'], says: /application\/json that is no JSON/ },
    { path: '/blank', kinds: ['empty-answer'], says: /answered 200 without a body/ },
    { path: '/cached-health', kinds: ['stale-answer'], says: /1h old, at most 5m is expected/ },
    { path: '/old-health', kinds: ['stale-answer'], says: /4h old, at most 5m/ },
    { path: '/cached-page', kinds: ['cached-answer'], says: /a cache has had for 1d/ },
    { path: '/big', kinds: ['cut-answer'], says: /more than 1 MiB/ },
  ])('$path', async ({ path, kinds, says }) => {
    const checked = await check(`${service.url}${path}`, {}, { now });

    expect(checked.kinds).toEqual(kinds);
    expect(Object.values(checked.summaries).join()).toMatch(says);
  });

  test.each([
    { path: '/login-page', expect: 'json', says: /text\/html "Sign in", JSON is expected/ },
    { path: '/', expect: 'text', says: /text\/html "Upcoming events", plain text is expected/ },
    { path: '/healthz', expect: 'json', says: /200 without a body, json is expected/ },
    { path: '/big', expect: 'json', says: /more than 1 MiB of text\/plain, a whole JSON is expected/ },
  ])('where $expect was promised: $path', async ({ path, says, ...promise }) => {
    const { kinds, summaries } = await check(service.url, { path, ...promise });

    expect(kinds).toEqual(['wrong-content']);
    expect(summaries['wrong-content']).toMatch(says);
  });

  test('where a text is missing or one is there that must not', async () => {
    const { kinds, summaries } = await check(service.url, {
      ...{ path: '/', expectText: 'Tickets', rejectText: ['Tonight', 'never there'] },
    });

    expect(kinds).toEqual(['text-missing', 'text-rejected']);
    expect(summaries['text-missing']).toMatch(/without "Tickets" in its text$/);
    expect(summaries['text-rejected']).toMatch(/with "Tonight" in its text$/);
  });
});

test('a strained service warns, names the part, and says which part it does not know', async () => {
  const { kinds, subjects } = await check(service.url, { path: '/strained' });

  expect(kinds).toEqual(['dependency-degraded', 'dependency-unknown', 'reports-degraded']);
  expect(subjects).toEqual(['disk', 'queue']);
});

test('a word that is not understood is unknown and never healthy', async () => {
  const { kinds } = await check(service.url, { path: '/status' });

  expect(kinds).toEqual(['status-not-understood']);
});

describe('a status that is not expected', () => {
  test('fails, and the parts that the service names are named', async () => {
    const { kinds, summaries, subjects } = await check(service.url, { path: '/503' });

    expect(kinds).toEqual(['dependency-down', 'reports-unhealthy', 'wrong-status']);
    expect(summaries['wrong-status']).toMatch(/^127\.0\.0\.1:\d+ answered 503, 2xx is expected$/);
    expect(subjects).toEqual(['db']);
  });

  test.each([
    { path: '/500', kind: 'wrong-status', says: /answered 500 "500 Internal Server Error", 2xx is expected/ },
    { path: '/401', kind: 'wrong-status', says: /asks for credentials: set authorization/ },
    { path: '/nowhere', kind: 'wrong-status', says: /answered 404, 2xx/ },
    { path: '/429', kind: 'throttled', says: /asked too often/ },
  ])('$path', async ({ path, kind, says }) => {
    const { kinds, summaries } = await check(service.url, { path });

    expect(kinds).toEqual([kind]);
    expect(summaries[kind]).toMatch(says);
  });
});

describe('time', () => {
  test('above slowAbove warns', async () => {
    const { kinds, summaries } = await check(service.url, { path: '/slow', slowAbove: '100ms' });

    expect(kinds).toEqual(['slow']);
    expect(summaries['slow']).toMatch(/took \d+ ms, at most 100 ms is expected$/);
  });

  test('above within fails', async () => {
    const { kinds, summaries } = await check(service.url, { path: '/slow', slowAbove: '100ms', within: '150ms' });

    expect(kinds).toEqual(['not-answering']);
    expect(summaries['not-answering']).toMatch(/did not answer within 0\.15 s$/);
  });
});

describe('what a finding gives to a person', () => {
  test('is the same request for a terminal', async () => {
    const { commands } = await check(service.url, { path: '/down' });

    expect(commands).toEqual([`curl -sS -i --max-time 10 '${service.url}/down'`]);
  });

  test('is no command where it would hold a secret', async () => {
    const settings = { authorization: 'Bearer hunter2' };
    expect((await check(service.url, { path: '/down' }, { settings })).commands).toEqual([]);

    const checked = await check(service.url.replace('//', '//ada:hunter2@') + '/down');
    expect(checked.kinds).toEqual(['reports-unhealthy']);
    expect(JSON.stringify(checked)).not.toContain('hunter2');
  });
});

test('a path cannot lead to another host', async () => {
  for (const path of ['//evil.example/', '/\\evil.example/', 'https://evil.example/', 'health']) {
    await expect(check(service.url, { path })).rejects.toThrow(/must begin with one slash/);
  }
});
