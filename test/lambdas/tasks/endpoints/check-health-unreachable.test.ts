import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createServer, type AddressInfo } from 'node:net';
import { Secret } from '../../../../core/secret.ts';
import { HttpFailure } from '../../../../lambdas/runtime/http-failure.ts';
import { destinationOf } from '../../../../lambdas/tasks/endpoints/_destination.ts';
import { probeEndpoint } from '../../../../lambdas/tasks/endpoints/_probe.ts';
import { judgeEndpoint, task } from '../../../../lambdas/tasks/endpoints/check-health.ts';
import { startHttpService, type HttpService } from '../../../../lib/demo/servers/http.ts';
import {
  createAuthority,
  issue,
  startPlainTextPort,
  startResettingPort,
  startSilentPort,
  type Authority,
} from '../../../../lib/demo/servers/tls.ts';
import { check } from './_service.ts';

let authority: Authority;
let service: HttpService;
let plain: HttpService;

beforeAll(async () => {
  authority = await createAuthority({ name: 'Test authority' });
  const issued = await issue({ authority, names: ['127.0.0.1', 'shop.test'] });
  service = await startHttpService({ issued, answers: { '/': { body: 'OK' }, '/health': { body: { status: 'UP' } } } });
  plain = await startHttpService({ answers: { '/': { body: 'OK' } } });
});

afterAll(async () => {
  await service.close();
  await plain.close();
});

describe('a service that gives no answer fails', () => {
  test('where nobody listens, also when asked again', async () => {
    const { kinds, summaries, measurements } = await check(`http://127.0.0.1:${await unusedPort()}/`);

    expect({ kinds, measurements }).toEqual({ kinds: ['not-answering'], measurements: [] });
    expect(summaries['not-answering']).toMatch(/^127\.0\.0\.1:\d+ refused the connection, also when asked again$/);
  });

  test.each([
    { kind: 'silent', start: startSilentPort, found: 'not-answering', says: /did not answer within 0\.2 s$/ },
    {
      kind: 'resetting',
      start: startResettingPort,
      found: 'not-answering',
      says: /without an answer, also when asked/,
    },
    { kind: 'an SSH server', start: startPlainTextPort, found: 'malformed-answer', says: /not HTTP\/1\.1/ },
  ])('$kind', async ({ kind, start, found, says }) => {
    const port = await start();
    // Short only where the time itself is what ends it: a busy machine takes its time for all else.
    const input = kind === 'silent' ? { within: '200ms', slowAbove: '100ms' } : {};
    const { kinds, summaries } = await check(`http://127.0.0.1:${port.port}/`, input).finally(port.close);

    expect(kinds).toEqual([found]);
    expect(summaries[found]).toMatch(says);
  });

  test('where its certificate is not trusted or is for another name', async () => {
    expect((await check(service.url)).kinds).toEqual(['tls-failed']);
    const settings = { ca: authority.certificate, serverName: 'tickets.test' };
    const { kinds, summaries } = await check(service.url, {}, { settings });

    expect(kinds).toEqual(['tls-failed']);
    expect(summaries['tls-failed']).toMatch(/no TLS connection that can be trusted: .*tickets\.test/);
  });
});

describe('a service that answers is not accused', () => {
  test.each([{}, { serverName: 'shop.test' }])('over TLS of its own authority: %j', async (more) => {
    const settings = { ca: authority.certificate, ...more };

    expect((await check(service.url, { path: '/health' }, { settings })).kinds).toEqual([]);
  });

  test('when its first connection was reset', async () => {
    let connections = 0;
    const flaky = createServer((socket) => {
      connections += 1;
      socket.on('error', () => socket.destroy()).resume();
      if (connections === 1) socket.once('data', () => socket.resetAndDestroy());
      else socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK');
    });
    await new Promise<void>((resolve) => flaky.listen(0, '127.0.0.1', resolve));
    const { port } = flaky.address() as AddressInfo;
    const { kinds, measurements } = await check(`http://127.0.0.1:${port}/`);
    await new Promise((resolve) => flaky.close(resolve));

    expect({ kinds, measurements }).toEqual({ kinds: ['answered-on-second-try'], measurements: ['response-time'] });
  });
});

describe('an endpoint that speaks TLS without HTTP', () => {
  test('is examined by its handshake', async () => {
    const { kinds, measurements } = await check(service.url.replace('https:', 'tls:'));

    expect({ kinds, measurements }).toEqual({ kinds: ['handshake-only'], measurements: ['handshake-time'] });
  });

  test.each([
    { kind: 'silent', start: startSilentPort, found: 'not-answering', says: /did not finish the TLS handshake within/ },
    { kind: 'resetting', start: startResettingPort, found: 'not-answering', says: /during the TLS handshake/ },
    { kind: 'plain text', start: startPlainTextPort, found: 'tls-failed', says: /made no TLS handshake/ },
  ])('fails where there is none: $kind', async ({ kind, start, found, says }) => {
    const port = await start();
    const input = kind === 'silent' ? { within: '300ms', slowAbove: '100ms' } : {};
    const { kinds, summaries } = await check(`tls://127.0.0.1:${port.port}`, input).finally(port.close);

    expect(kinds).toEqual([found]);
    expect(summaries[found]).toMatch(says);
  });
});

describe('what was not asked is unknown, with the reason', () => {
  test.each([
    { url: 'http://169.254.169.254/latest/', found: 'not-called', says: /was not called: it is .*never called/ },
    { url: 'tls://169.254.169.254', found: 'not-called', says: /never called/ },
    { url: 'http://nobody.invalid/', found: 'not-readable', says: /the address of nobody\.invalid was not found/ },
  ])('$url', async ({ url, found, says }) => {
    const { kinds, summaries, measurements } = await check(url);

    expect({ kinds, measurements }).toEqual({ kinds: [found], measurements: [] });
    expect(summaries[found]).toMatch(says);
  });

  test('a loopback address that the profile does not allow', async () => {
    const before = plain.requests.length;
    const { kinds } = await check(plain.url, {}, { allowAddresses: [] });

    expect(kinds).toEqual(['not-called']);
    expect(plain.requests.length).toBe(before);
  });

  test('after the deadline', async () => {
    const port = await startSilentPort();
    const checked = await check(`http://127.0.0.1:${port.port}/`, {}, { timeoutSeconds: 0.2 }).finally(port.close);

    expect(checked.kinds).toEqual(['not-called']);
    expect(checked.summaries['not-called']).toMatch(/before the task reached its deadline$/);
  });
});

describe('every address of a name', () => {
  const settings = task.input.parse({}) as Parameters<typeof judgeEndpoint>[3]['settings'];

  async function judged(addresses: readonly string[]) {
    const url = new Secret(`http://shop.test:${plain.port}/`);
    const destination = destinationOf({ name: 'shop', url, ca: undefined, authorization: undefined });
    const sights = await probeEndpoint(destination, {
      ...{ allowAddresses: ['127.0.0.0/8'], families: ['ipv4'], headers: {}, timeoutSeconds: 5 },
      ...{ followRedirects: false, signal: new AbortController().signal },
      lookupAll: () => Promise.resolve(addresses),
    });
    return judgeEndpoint('shop', destination, sights, { settings, now: new Date() });
  }

  test('a dead one beside a living one fails and is named', async () => {
    const { findings, measurements } = await judged(['127.0.0.1', '127.0.0.2']);

    expect(findings).toEqual([
      expect.objectContaining({
        kind: 'not-answering',
        subject: '127.0.0.2',
        summary: expect.stringContaining('at 127.0.0.2 '),
      }),
    ]);
    expect(findings[0]?.command).toContain(`--resolve 'shop.test:${plain.port}:127.0.0.2'`);
    expect(measurements.map(({ subject }) => subject)).toEqual(['127.0.0.1']);
  });

  test('what all of them show is said once', async () => {
    const { findings } = await judged(['127.0.0.3', '127.0.0.2']);

    expect(findings.map(({ kind, subject }) => ({ kind, subject }))).toEqual([
      { kind: 'not-answering', subject: undefined },
    ]);
  });

  test('a forbidden one is unknown and the others are asked', async () => {
    const { findings, measurements } = await judged(['127.0.0.1', '169.254.169.254']);

    expect(findings).toEqual([expect.objectContaining({ kind: 'not-called', subject: '169.254.169.254' })]);
    expect(measurements).toHaveLength(1);
  });

  test('more than sixteen are not asked, which is said', async () => {
    const { findings } = await judged(Array.from({ length: 17 }, () => '').map((_, place) => `169.254.0.${place}`));

    expect(findings.every(({ kind }) => kind === 'not-called')).toBe(true);
    expect(findings.at(-1)?.summary).toMatch(/of 17 addresses 16 are$/);
  });
});

test('one dead endpoint hides nothing of another', async () => {
  expect(new HttpFailure('tls', 'x').name).toBe('Fettle.Unavailable');
  const [dead, alive] = await Promise.all([check('http://nobody.invalid/'), check(plain.url)]);

  expect([dead.kinds, alive.kinds]).toEqual([['not-readable'], []]);
});

async function unusedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
