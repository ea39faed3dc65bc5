import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { Json } from '../../../../core/json.ts';
import { cacheStateOf } from '../../../../lambdas/tasks/endpoints/_cache-state.ts';
import { retryAfter } from '../../../../lambdas/tasks/endpoints/_warm-path.ts';
import { looksChanging, task } from '../../../../lambdas/tasks/endpoints/warm-cache.ts';
import { startHttpService, type Answering, type HttpService } from '../../../../lib/demo/servers/http.ts';
import { performTask } from '../../../harness/perform-task.ts';

const counts = new Map<string, number>();

/** Answers as a cache does: the first time from the service, later from what it kept. */
function cached(headers: Readonly<Record<string, string>> = {}, later = 'HIT') {
  return (request: IncomingMessage, response: ServerResponse) => {
    const count = (counts.get(request.url ?? '') ?? 0) + 1;
    counts.set(request.url ?? '', count);
    response.writeHead(200, { 'content-type': 'text/html', 'x-cache': count === 1 ? 'MISS' : later, ...headers });
    response.end('<title>Events</title>');
  };
}

/** Turns the first so many requests away. */
function busy(times: number, status: number, headers: Readonly<Record<string, string>> = {}) {
  return (request: IncomingMessage, response: ServerResponse) => {
    const count = (counts.get(request.url ?? '') ?? 0) + 1;
    counts.set(request.url ?? '', count);
    response.writeHead(count <= times ? status : 200, { 'x-cache': 'HIT', ...headers }).end('OK');
  };
}

const ANSWERS: Readonly<Record<string, Answering>> = {
  '/': cached(),
  '/events': cached(),
  '/gzip': (request, response) => {
    const isWanted = /gzip/.test(request.headers['accept-encoding'] ?? '');
    const headers = { 'x-cache': 'HIT', ...(isWanted && { 'content-encoding': 'gzip' }) };
    response.writeHead(200, headers).end(isWanted ? gzipSync('page') : 'page');
  },
  '/private': cached({ 'cache-control': 'private, max-age=60' }, 'MISS'),
  '/cookie': cached({ 'set-cookie': 'session=1' }, 'MISS'),
  '/never-kept': cached({}, 'MISS'),
  '/silent': { body: 'page' },
  '/error-page': {
    headers: { 'content-type': 'text/html', 'x-cache': 'HIT' },
    body: '<title>Internal Server Error</title>',
  },
  '/500': { status: 500, headers: { 'x-cache': 'HIT' } },
  '/moved': { status: 301, headers: { location: '/events' } },
  '/cache/warm': { body: { status: 'ok', warmed: 12 } },
  '/cache/warm-failed': { body: { status: 'error' } },
  '/busy': busy(1_000, 503),
  '/busy-for-a-second': busy(1, 429, { 'retry-after': '1' }),
  '/busy-for-ten-years': busy(1_000, 429, { 'retry-after': '315360000' }),
  '/slow': { body: 'page', afterSeconds: 0.3 },
};

let service: HttpService;

beforeAll(async () => {
  service = await startHttpService({ answers: ANSWERS });
});

beforeEach(() => counts.clear());

afterAll(() => service.close());

async function warm(paths: readonly string[], input: Readonly<Record<string, Json>> = {}, options: object = {}) {
  const before = service.requests.length;
  const { result, actions } = await performTask({
    ...{ task, targets: { shop: { url: service.url } } },
    input: { paths: [...paths], perSecond: 50, ...input },
    ...options,
  });
  if ('paused' in result) throw new Error('it paused');
  return {
    found: result.findings.map(({ kind, subject }) => `${kind} ${subject ?? ''}`.trim()),
    summaries: result.findings.map(({ summary }) => summary),
    measured: Object.fromEntries(result.measurements.map(({ name, value }) => [name, value])),
    actions: actions.map(({ subject, status }) => `${subject} ${status}`),
    requests: service.requests.slice(before),
  };
}

describe('a warming that worked', () => {
  test('requests each path twice and finds the second answer in the cache', async () => {
    const { found, measured, actions, requests } = await warm(['/', '/events']);

    expect(found).toEqual([]);
    expect(measured).toMatchObject({ paths: 2, 'paths-warmed': 2 });
    expect(actions).toEqual(['/ done', '/events done']);
    expect(requests).toEqual(['GET /', 'GET /', 'GET /events', 'GET /events']);
  });

  test('warms the encoding that browsers ask for', async () => {
    expect((await warm(['/gzip'])).found).toEqual([]);
  });

  test('may be that of a path with which the service warms itself', async () => {
    const { found, requests } = await warm(['/cache/warm'], { expectCached: false });

    expect({ found, requests }).toEqual({ found: [], requests: ['GET /cache/warm'] });
  });

  test('cannot always be proven, which is said and is no fault', async () => {
    const { found, summaries, measured } = await warm(['/silent', '/']);

    expect(found).toEqual(['warmth-not-shown']);
    expect(summaries[0]).toMatch(/does not show for 1 of 2 paths whether they came from a cache$/);
    expect(measured).toMatchObject({ 'paths-warmed': 2 });
  });
});

describe('an answer of 200 is not yet warm', () => {
  test.each([
    { path: '/error-page', found: 'not-warmed', says: /the page "Internal Server Error"/ },
    { path: '/500', found: 'not-warmed', says: /answered 500, 2xx is expected/ },
    { path: '/moved', found: 'not-warmed', says: /answered 301 and leads to another place; give the final path/ },
    { path: '/nowhere', found: 'not-warmed', says: /answered 404/ },
    { path: '/cache/warm-failed', found: 'not-warmed', says: /says "error" of itself/ },
    { path: '/private', found: 'not-cacheable', says: /Cache-Control: private/ },
    { path: '/cookie', found: 'not-cacheable', says: /Set-Cookie/ },
    { path: '/never-kept', found: 'not-kept', says: /x-cache: MISS/ },
  ])('$path', async ({ path, found, says }) => {
    const warmed = await warm([path, '/']);

    expect(warmed.found).toEqual([`${found} ${path}`]);
    expect(warmed.summaries[0]).toMatch(says);
    expect(warmed.measured).toMatchObject({ paths: 2, 'paths-warmed': 1 });
    expect(warmed.actions.at(-1)).toBe('/ done');
  });
});

describe('a service that is short of room is left alone', () => {
  test.each(['/busy', '/busy-for-ten-years'])('%s', async (path) => {
    const { found, summaries, requests } = await warm(['/', path, '/events', '/silent']);

    expect(found).toEqual([`not-warmed ${path}`, 'stopped-early']);
    expect(summaries[1]).toMatch(/answered (503|429).*: 2 of 4 paths were left$/);
    expect(requests.filter((request) => request.endsWith(path))).toHaveLength(1);
    expect(requests).not.toContain('GET /events');
  });

  test('for as long as it asks, where that is short', async () => {
    const { found, requests } = await warm(['/busy-for-a-second', '/']);

    expect(found).toEqual([]);
    expect(requests.filter((request) => request.includes('busy'))).toHaveLength(3);
  });

  test('but not beyond the deadline', async () => {
    const options = { timeoutSeconds: 1.5 };

    expect((await warm(['/busy-for-a-second', '/'], { within: '500ms' }, options)).found).toEqual([
      'not-warmed /busy-for-a-second',
      'stopped-early',
    ]);
  });

  test('when it has become slow', async () => {
    const { found, summaries, requests } = await warm(['/slow', '/'], { stopAbove: '100ms' });

    expect(found).toEqual(['stopped-early']);
    expect(summaries[0]).toMatch(/took \d+ ms, at most 100 ms is borne: 1 of 2 paths were left$/);
    expect(requests).toEqual(['GET /slow']);
  });

  test('when it is gone', async () => {
    const gone = await startHttpService({ answers: {} });
    await gone.close();
    const { found, summaries } = await warm(['/', '/events'], {}, { targets: { shop: { url: gone.url } } });

    expect(found).toEqual(['not-warmed /', 'stopped-early']);
    expect(summaries[0]).toMatch(/ \/ refused the connection$/);
  });
});

describe('what is not requested', () => {
  test('is anything in a plan', async () => {
    const { found, measured, actions, requests } = await warm(['/', '/events'], {}, { mode: 'plan' });

    expect({ found, requests }).toEqual({ found: [], requests: [] });
    expect(actions).toEqual(['/ planned', '/events planned']);
    expect(measured).toEqual({ paths: 2 });
  });

  test.each(['http://169.254.169.254/', 'http://nobody.invalid/'])('is %s: unknown, with the reason', async (url) => {
    const { found, actions } = await warm(['/'], {}, { targets: { shop: { url } } });

    expect({ found, actions }).toEqual({ found: ['not-readable'], actions: [] });
  });

  test('is an endpoint without HTTP', async () => {
    const { found, actions } = await warm(['/'], {}, { targets: { shop: { url: 'tls://127.0.0.1:1' } } });

    expect({ found, actions }).toEqual({ found: ['no-http'], actions: [] });
  });

  test.each(['/logout', '/users/7/delete', '/x?action=delete', '/cache/purge', '/Sign-Out', '/logout.php'])(
    'is a path that looks as if it changed something: %s',
    async (path) => {
      await expect(warm([path])).rejects.toThrow(/looks as if it changed something/);
    },
  );

  test.each(['/cache/warm', '/articles/how-to-delete-an-account', '/events/cancelled', '/'])(
    '%s is harmless',
    (path) => {
      expect(looksChanging(path)).toBe(false);
    },
  );

  test.each([
    { input: { paths: ['//evil.example/'] }, says: /one slash/ },
    { input: { paths: ['/', '/'] }, says: /twice/ },
    { input: { paths: ['/', '/a'], maxPaths: 1 }, says: /more paths than maxPaths/ },
    { input: { paths: [] }, says: /paths/ },
  ])('is what the input refuses: $input', ({ input, says }) => {
    expect(JSON.stringify(task.input.safeParse(input).error?.issues)).toMatch(says);
  });
});

test.each([
  { headers: { 'cache-status': 'Edge; hit; ttl=30' }, state: 'hit' },
  { headers: { 'cache-status': 'Edge; fwd=uri-miss; stored' }, state: 'miss' },
  { headers: { 'x-cache': 'Hit from cloudfront' }, state: 'hit' },
  { headers: { 'x-cache': 'RefreshHit from cloudfront' }, state: 'hit' },
  { headers: { 'x-cache': 'Miss from cloudfront' }, state: 'miss' },
  { headers: { 'x-cache': 'MISS, HIT' }, state: 'hit' },
  { headers: { 'cf-cache-status': 'DYNAMIC' }, state: 'not-cacheable' },
  { headers: { 'cf-cache-status': 'BYPASS' }, state: 'not-cacheable' },
  { headers: { age: '7' }, state: 'hit' },
  { headers: { age: '0' }, state: 'not-shown' },
  { headers: { 'cache-control': 'public, max-age=60' }, state: 'not-shown' },
  { headers: { 'cache-control': 'max-age=0' }, state: 'not-cacheable' },
  { headers: { 'cache-control': 'max-age=0, s-maxage=60' }, state: 'not-shown' },
  { headers: { 'cache-control': 'no-store' }, state: 'not-cacheable' },
  { headers: { vary: '*' }, state: 'not-cacheable' },
  { headers: {}, state: 'not-shown' },
])('the headers $headers say $state', ({ headers, state }) => {
  expect(cacheStateOf(headers as Readonly<Record<string, string>>).state).toBe(state);
});

test.each([
  { text: '5', seconds: 5 },
  { text: '0', seconds: 1 },
  { text: 'Sat, 21 Nov 2026 02:00:10 GMT', seconds: 10 },
  { text: 'Sat, 21 Nov 2020 02:00:10 GMT', seconds: 1 },
  { text: '-5', seconds: undefined },
  { text: '315360000', seconds: undefined },
  { text: 'soon', seconds: undefined },
  { text: '', seconds: undefined },
])('Retry-After "$text" is $seconds s', ({ text, seconds }) => {
  expect(retryAfter({ headers: { 'retry-after': text } }, new Date('2026-11-21T02:00:00Z'))).toBe(seconds);
});
