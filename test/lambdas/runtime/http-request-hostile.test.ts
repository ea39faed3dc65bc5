import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import {
  createAuthority,
  issue,
  startSilentPort,
  startTlsServer,
  type Authority,
  type Listening,
} from '../../../lib/demo/servers/tls.ts';
import { call, failureOfCall, startRawServer, type RawServer } from './_http-server.ts';

const OK = 'HTTP/1.1 200 OK\r\n';

let server: RawServer;
let silent: Listening;
let authority: Authority;
let base: string;

/** Sends a piece again and again until the client hangs up. */
function drip(socket: Socket, piece: string): void {
  const timer = setInterval(() => socket.write(piece), 20);
  socket.on('close', () => clearInterval(timer));
}

beforeAll(async () => {
  authority = await createAuthority({ name: 'Test authority' });
  silent = await startSilentPort();
  server = await startRawServer({
    '/never': () => undefined,
    '/reset': (socket) => socket.resetAndDestroy(),
    '/reset?token=hunter3': (socket) => socket.resetAndDestroy(),
    '/hangs-up': (socket) => socket.end(),
    '/drip-status': (socket) => drip(socket, '\r\n'),
    '/drip-headers': (socket) => {
      socket.write(OK);
      drip(socket, 'X-A: 1\r\n');
    },
    '/drip-body': (socket) => {
      socket.write(`${OK}Content-Length: 100000\r\n\r\n`);
      drip(socket, 'x');
    },
    '/drip-chunks': (socket) => {
      socket.write(`${OK}Transfer-Encoding: chunked\r\n\r\n`);
      drip(socket, '1\r\nx\r\n');
    },
    '/hints-forever': (socket) => drip(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n'),
    '/long-headers': (socket) => socket.write(`${OK}X-Long: ${'x'.repeat(100_000)}\r\n\r\n`),
    '/many-headers': (socket) => socket.write(OK + 'X-A: 1\r\n'.repeat(100_000)),
    '/too-short': (socket) => socket.end(`${OK}Content-Length: 100\r\n\r\nhalf`),
    '/too-long': (socket) => socket.end(`${OK}Content-Length: 4\r\n\r\nhalf and more`),
    '/reset-in-body': (socket) =>
      socket.write(`${OK}Content-Length: 100\r\n\r\nhalf`, () => setTimeout(() => socket.resetAndDestroy(), 20)),
    '/half-a-chunk': (socket) => socket.end(`${OK}Transfer-Encoding: chunked\r\n\r\n64\r\nhalf`),
    '/bad-length': (socket) => socket.end(`${OK}Content-Length: many\r\n\r\nx`),
    '/negative-length': (socket) => socket.end(`${OK}Content-Length: -1\r\n\r\nx`),
    '/two-lengths': (socket) => socket.end(`${OK}Content-Length: 4\r\nContent-Length: 5\r\n\r\nhalf!`),
    '/both-lengths': (socket) =>
      socket.end(`${OK}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n`),
    '/bad-chunk': (socket) => socket.end(`${OK}Transfer-Encoding: chunked\r\n\r\nzz\r\nx`),
    '/no-colon': (socket) => socket.end(`${OK}Hello\r\n\r\nx`),
    '/http-0.9': (socket) => socket.end('<html>It works</html>'),
    '/http-3': (socket) => socket.end('HTTP/3.9 200 OK\r\n\r\n'),
    '/no-status': (socket) => socket.end('HTTP/1.1 OK\r\n\r\n'),
    '/upgrade': (socket) =>
      socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n'),
    '/escape': (socket) => socket.end(`${OK}\u001b[31mred\u0007: \u009b2J\r\n\r\n`),
  });
  base = `http://127.0.0.1:${server.port}`;
});

afterAll(async () => {
  await server.close();
  await silent.close();
});

describe('whatever the server does, the exchange ends at its time-out', () => {
  test.each([
    { path: '/never', says: /accepted the connection and did not answer within 0\.3 s$/ },
    { path: '/drip-status', says: /did not answer within 0\.3 s$/ },
    { path: '/drip-headers', says: /did not answer within 0\.3 s$/ },
    { path: '/hints-forever', says: /did not answer within 0\.3 s$/ },
    { path: '/drip-body', says: /began to answer and did not come to the end within 0\.3 s$/ },
    { path: '/drip-chunks', says: /did not come to the end within 0\.3 s$/ },
  ])('$path', async ({ path, says }) => {
    const failure = await failureOfCall(`${base}${path}`, { timeoutSeconds: 0.3 });

    expect(failure).toMatchObject({ name: 'Fettle.Unavailable', reason: 'time-out' });
    expect(failure.message).toMatch(says);
  });

  test('a port that says nothing, spoken to in TLS', async () => {
    const { reason, message } = await failureOfCall(`https://127.0.0.1:${silent.port}/`, { timeoutSeconds: 0.3 });

    expect(reason).toBe('time-out');
    expect(message).toMatch(/did not finish the TLS handshake within 0\.3 s$/);
  });

  test('a look-up that never ends', async () => {
    const lookupAll = () => new Promise<never>(() => undefined);
    const { reason, message } = await failureOfCall('http://slow.example/', { lookupAll, timeoutSeconds: 0.2 });

    expect(reason).toBe('not-called');
    expect(message).toBe('slow.example:80 was not called: its address was not found within 0.2 s');
  });

  test.each(['/never', '/drip-body'])('or at the deadline of the task: %s', async (path) => {
    const { reason, message } = await failureOfCall(`${base}${path}`, { signal: AbortSignal.timeout(200) });

    expect(reason).toBe('deadline');
    expect(message).toMatch(/before the task reached its deadline$/);
  });

  test('and after the deadline nothing is called at all', async () => {
    const before = server.requests.length;
    const { reason } = await failureOfCall(`${base}/never`, { signal: AbortSignal.abort() });

    expect(reason).toBe('deadline');
    expect(server.requests.length).toBe(before);
  });
});

describe('what is no whole answer is a failure that says so', () => {
  test.each([
    { path: '/reset', reason: 'hung-up', says: /ended the connection without an answer/ },
    { path: '/hangs-up', reason: 'hung-up', says: /ended the connection without an answer/ },
    { path: '/upgrade', reason: 'hung-up', says: /ended the connection without an answer/ },
    { path: '/too-short', reason: 'hung-up', says: /in the middle of its answer/ },
    { path: '/reset-in-body', reason: 'hung-up', says: /in the middle of its answer/ },
    { path: '/half-a-chunk', reason: 'hung-up', says: /in the middle of its answer/ },
    { path: '/long-headers', reason: 'malformed', says: /more headers than 16 KiB/ },
    { path: '/many-headers', reason: 'malformed', says: /more headers than 16 KiB/ },
    { path: '/bad-length', reason: 'malformed', says: /malformed Content-Length/ },
    { path: '/negative-length', reason: 'malformed', says: /malformed Content-Length/ },
    { path: '/two-lengths', reason: 'malformed', says: /two lengths/ },
    { path: '/both-lengths', reason: 'malformed', says: /both Content-Length and Transfer-Encoding/ },
    { path: '/bad-chunk', reason: 'malformed', says: /malformed chunk/ },
    { path: '/no-colon', reason: 'malformed', says: /malformed header/ },
    { path: '/http-0.9', reason: 'malformed', says: /not HTTP\/1\.1/ },
    { path: '/http-3', reason: 'malformed', says: /not HTTP\/1\.1/ },
    { path: '/no-status', reason: 'malformed', says: /malformed HTTP/ },
    { path: '/escape', reason: 'malformed', says: /malformed header/ },
  ])('$path', async ({ path, reason, says }) => {
    const failure = await failureOfCall(`${base}${path}`);

    expect(failure).toMatchObject({ name: 'Fettle.Unavailable', reason });
    expect(failure.message).toMatch(says);
    expect(failure.message).toMatch(/^127\.0\.0\.1:\d+ [^\p{Cc}]*$/u);
  });

  test('what follows a whole answer is none of it', async () => {
    expect((await call(`${base}/too-long`)).body.toString()).toBe('half');
  });

  test('a port where nobody listens has refused', async () => {
    const unused = createServer();
    await new Promise<void>((resolve) => unused.listen(0, '127.0.0.1', resolve));
    const { port } = unused.address() as AddressInfo;
    await new Promise((resolve) => unused.close(resolve));
    const { reason, message } = await failureOfCall(`http://127.0.0.1:${port}/`);

    expect({ reason, message }).toEqual({ reason: 'refused', message: `127.0.0.1:${port} refused the connection` });
  });

  test('the text has neither the credentials nor the path of the address', async () => {
    const { message } = await failureOfCall(`http://ada:hunter2@127.0.0.1:${server.port}/reset?token=hunter3`);

    expect(message).toMatch(/^127\.0\.0\.1:\d+ [a-z ]+$/);
  });
});

describe('TLS', () => {
  test.each(['plain text', 'HTTP/2 only', 'no trust', 'another name', 'trusted'])('a server with %s', async (kind) => {
    const names = [kind === 'another name' ? 'other.test' : 'shop.test'];
    const { certificate, privateKey } = await issue({ authority, names });
    const options = {
      serverName: 'shop.test',
      timeoutSeconds: 5,
      ...(kind !== 'no trust' && { ca: authority.certificate }),
    };
    if (kind === 'plain text') {
      const failure = await failureOfCall(`https://127.0.0.1:${server.port}/`, options);
      expect(failure).toMatchObject({ reason: 'tls', message: expect.stringMatching(/plain text, not in TLS$/) });
      return;
    }
    if (kind === 'HTTP/2 only') {
      const http2 = createTlsServer({ cert: certificate, key: privateKey, ALPNProtocols: ['h2'] });
      await new Promise<void>((resolve) => http2.listen(0, '127.0.0.1', resolve));
      const { port } = http2.address() as AddressInfo;
      const failure = await failureOfCall(`https://127.0.0.1:${port}/`, options);
      await new Promise((resolve) => http2.close(resolve));
      expect(failure).toMatchObject({
        reason: 'malformed',
        message: expect.stringMatching(/does not speak HTTP\/1\.1$/),
      });
      return;
    }
    const tls = await startTlsServer({ certificates: [certificate], privateKey });
    try {
      const url = `https://127.0.0.1:${tls.port}/`;
      if (kind === 'trusted') {
        expect(await call(url, options)).toMatchObject({ status: 200, body: Buffer.from('OK\n') });
        expect(tls.serverNames).toEqual(['shop.test']);
        return;
      }
      const { reason, message } = await failureOfCall(url, options);
      expect(reason).toBe('tls');
      expect(message).toMatch(
        kind === 'no trust' ? /unable to (verify|get)|self-signed/ : /shop\.test\. is not in the cert's altnames/,
      );
    } finally {
      await tls.close();
    }
  });

  test('a bundle that has no certificate trusts nothing more and does not trust everything', async () => {
    const { certificate, privateKey } = await issue({ authority, names: ['shop.test'] });
    const tls = await startTlsServer({ certificates: [certificate], privateKey });
    try {
      const url = `https://127.0.0.1:${tls.port}/`;
      const failure = await failureOfCall(url, { ca: 'no certificate', serverName: 'shop.test' });

      expect(failure).toMatchObject({ name: 'Fettle.Unavailable' });
      expect(tls.serverNames.length).toBeLessThanOrEqual(1);
    } finally {
      await tls.close();
    }
  });
});
