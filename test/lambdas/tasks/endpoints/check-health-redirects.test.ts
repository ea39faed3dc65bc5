import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startHttpService, type Answering, type HttpService } from '../../../../lib/demo/servers/http.ts';
import { createAuthority, issue, type Authority } from '../../../../lib/demo/servers/tls.ts';
import { check } from './_service.ts';

let authority: Authority;
let service: HttpService;
let plain: HttpService;
let hops = 0;
const tokens = new Map<string, string | undefined>();

/** Notes the authorization that came with a request. */
function noting(place: string): Answering {
  return (request, response) => {
    tokens.set(place, request.headers.authorization);
    response.end('OK');
  };
}

beforeAll(async () => {
  authority = await createAuthority({ name: 'Test authority' });
  const issued = await issue({ authority, names: ['127.0.0.1'] });
  service = await startHttpService({ issued, answers: { '/': noting('there') } });
  const redirect = (location: string, status = 302) => ({ status, headers: { location } });
  plain = await startHttpService({
    answers: {
      '/': noting('here'),
      '/upgrade': redirect(`${service.url}/`, 301),
      '/to-ok': redirect('/'),
      '/to-login': redirect('/login?token=hunter2'),
      '/elsewhere': redirect('https://evil.example/'),
      '/metadata': redirect('http://169.254.169.254/latest/meta-data/'),
      '/itself': redirect('/itself'),
      '/ping': redirect('/pong'),
      '/pong': redirect('/ping'),
      '/nowhere': { status: 302 },
      '/further': (_request, response) => response.writeHead(302, { location: `/further?${(hops += 1)}` }).end(),
    },
  });
});

beforeEach(() => tokens.clear());

afterAll(async () => {
  await service.close();
  await plain.close();
});

describe('redirections', () => {
  test.each([
    { path: '/upgrade', kinds: ['redirects-to-https'], says: /as plain HTTP should$/ },
    { path: '/to-ok', kinds: ['redirected'], says: /answered 302 and leads to http:\/\/127\.0\.0\.1:\d+\/$/ },
    { path: '/to-login', kinds: ['redirected'], says: /\/login, which looks like a login$/ },
    { path: '/elsewhere', kinds: ['redirected'], says: /leads to https:\/\/evil\.example\/$/ },
    { path: '/itself', kinds: ['redirect-loop'], says: /on and on/ },
    { path: '/nowhere', kinds: ['wrong-status'], says: /answered 302, 2xx is expected/ },
  ])('are not followed by default: $path', async ({ path, kinds, says }) => {
    const checked = await check(plain.url, { path });

    expect(checked.kinds).toEqual(kinds);
    expect(Object.values(checked.summaries).join()).toMatch(says);
    expect(JSON.stringify(checked)).not.toContain('hunter2');
  });

  test.each([
    { path: '/to-ok', kinds: [] },
    { path: '/upgrade', kinds: [] },
    { path: '/elsewhere', kinds: ['redirected'] },
    { path: '/metadata', kinds: ['redirected'] },
    { path: '/ping', kinds: ['redirect-loop'] },
    { path: '/further', kinds: ['redirect-loop'] },
  ])('are followed on the same host where that is wanted: $path', async ({ path, kinds }) => {
    const settings = { ca: authority.certificate };

    expect((await check(plain.url, { path, followRedirects: true }, { settings })).kinds).toEqual(kinds);
  });

  test('the authorization stays with the host and port that it is for', async () => {
    const settings = { ca: authority.certificate, authorization: 'Bearer hunter2' };
    await check(plain.url, { path: '/to-ok', followRedirects: true }, { settings });
    await check(plain.url, { path: '/upgrade', followRedirects: true }, { settings });

    expect([...tokens]).toEqual([
      ['here', 'Bearer hunter2'],
      ['there', undefined],
    ]);
  });

  test('one that is expected is fine', async () => {
    expect((await check(plain.url, { path: '/to-login', expectStatus: ['3xx'] })).kinds).toEqual([]);
  });
});
