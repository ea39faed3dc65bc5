import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { call, failureOfCall, startRawServer, type RawServer } from './_http-server.ts';

const bomb = gzipSync(Buffer.alloc(50_000_000));

let server: RawServer;
let base: string;

function ok(body: string | Buffer, headers = ''): Buffer {
  const length = Buffer.byteLength(body);
  return Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n${headers}\r\n`),
    Buffer.from(body),
  ]);
}

beforeAll(async () => {
  const megabyte = Buffer.alloc(1_000_000, 'x');
  server = await startRawServer({
    '/ok': (socket) => socket.end(ok('fine', 'Content-Type: text/plain\r\nX-A: 1\r\nx-a: 2\r\n')),
    '/health?deep=1': (socket) => socket.end(ok('deep')),
    '/teapot': (socket) => socket.end("HTTP/1.1 418 I'm a teapot\r\nContent-Length: 5\r\n\r\nshort"),
    '/cookies': (socket) => socket.end(ok('', 'Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n')),
    '/redirect': (socket) => socket.end('HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n'),
    '/until-close': (socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nall of it'),
    '/continue': (socket) => socket.end(Buffer.concat([Buffer.from('HTTP/1.1 103 Early Hints\r\n\r\n'), ok('late')])),
    '/chunked-100-mb': (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      for (let sent = 0; sent < 100; sent += 1) socket.write(Buffer.concat([Buffer.from('F4240\r\n'), megabyte]));
    },
    '/endless': (socket) => {
      const pour = () => {
        while (!socket.destroyed && socket.write(megabyte));
      };
      socket.on('drain', pour).write('HTTP/1.1 200 OK\r\n\r\n');
      pour();
    },
    '/bomb': (socket) => socket.end(ok(bomb, 'Content-Encoding: gzip\r\n')),
    '/gzip': (socket) => socket.end(ok(gzipSync('unasked'), 'Content-Encoding: gzip\r\n')),
    '/br': (socket) => socket.end(ok(brotliCompressSync('unasked'), 'Content-Encoding: br\r\n')),
    '/not-gzip': (socket) => socket.end(ok('plain text', 'Content-Encoding: gzip\r\n')),
    '/half-gzip': (socket) => socket.end(ok(gzipSync('unasked').subarray(0, 15), 'Content-Encoding: gzip\r\n')),
    '/strange': (socket) => socket.end(ok('x', 'Content-Encoding: aws-chunked\r\n')),
    '/no-content-gzip': (socket) => socket.end('HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n\r\n'),
  });
  base = `http://127.0.0.1:${server.port}`;
});

afterAll(() => server.close());

describe('an answer', () => {
  test('has its status, headers by lower-case name, body, address and times', async () => {
    const answer = await call(`${base}/ok`);

    expect(answer).toMatchObject({ status: 200, cut: false, address: '127.0.0.1' });
    expect(answer.headers).toMatchObject({ 'content-type': 'text/plain', 'x-a': '1, 2' });
    expect(answer.body.toString()).toBe('fine');
    expect(answer.secondsToHeaders).toBeGreaterThan(0);
    expect(answer.seconds).toBeGreaterThanOrEqual(answer.secondsToHeaders);
  });

  test.each([
    { path: '/teapot', status: 418, body: 'short' },
    { path: '/until-close', status: 200, body: 'all of it' },
    { path: '/continue', status: 200, body: 'late' },
    { path: '/health?deep=1', status: 200, body: 'deep' },
  ])('is taken as it is: $path', async ({ path, status, body }) => {
    const answer = await call(`${base}${path}`);

    expect(answer.status).toBe(status);
    expect(answer.body.toString()).toBe(body);
  });

  test('that redirects is given back and not followed', async () => {
    const { status, headers } = await call(`${base}/redirect`);

    expect({ status, location: headers['location'] }).toEqual({ status: 302, location: '/ok' });
    expect(server.requests.filter((text) => text.startsWith('GET /ok')).length).toBeLessThanOrEqual(1);
  });

  test('with several cookies has them in one line', async () => {
    expect((await call(`${base}/cookies`)).headers['set-cookie']).toBe('a=1, b=2');
  });
});

describe('what is sent', () => {
  test('asks for no encoding, names the host and lets the caller have the last word', async () => {
    await call(`${base}/ok`, { headers: { Accept: 'application/json', 'X-Id': 'seven' } });
    const sent = server.requests.at(-1)?.toLowerCase();

    expect(sent).toContain('accept-encoding: identity');
    expect(sent).toContain(`host: 127.0.0.1:${server.port}`);
    expect(sent).toContain('accept: application/json');
    expect(sent).toContain('x-id: seven');
  });

  test('has the body and its length in bytes', async () => {
    await call(`${base}/ok`, { method: 'POST', body: '{"ü":1}', headers: { 'content-type': 'application/json' } });

    expect(server.requests.at(-1)).toMatch(/^POST \/ok[\s\S]*content-length: 8[\s\S]*\r\n\r\n\{"/i);
  });

  test('has the credentials of the address, unescaped, unless the caller has better ones', async () => {
    await call(base.replace('//', '//ada:p%40ss%zz@') + '/ok');
    const basic = Buffer.from('ada:p@ss%zz').toString('base64');
    expect(server.requests.at(-1)).toContain(`authorization: Basic ${basic}`);

    await call(base.replace('//', '//ada:secret@') + '/ok', { headers: { Authorization: 'Bearer token' } });
    expect(server.requests.at(-1)).toContain('authorization: Bearer token');
    expect(server.requests.at(-1)).not.toContain('Basic');
  });

  test.each(['secret\r\nX-Injected: 1', 'secret\n', 'sécret\u0000'])(
    'never has a header with a line break or a control character: %j',
    async (value) => {
      const before = server.requests.length;
      const { reason, message } = await failureOfCall(`${base}/ok`, { headers: { authorization: value } });

      expect(reason).toBe('not-called');
      expect(message).toMatch(/was not called: .*authorization/i);
      expect(message).not.toMatch(/s.cret|[\r\n]/);
      expect(server.requests.length).toBe(before);
    },
  );
});

describe('a body that is too long is cut', () => {
  test.each(['/chunked-100-mb', '/endless', '/bomb'])('%s', async (path) => {
    const { status, cut, body } = await call(`${base}${path}`);

    expect({ status, cut, bytes: body.length }).toEqual({ status: 200, cut: true, bytes: 65_536 });
  });

  test('at the limit itself it is whole', async () => {
    expect(await call(`${base}/ok`, { maxBodyBytes: 4 })).toMatchObject({ cut: false, body: Buffer.from('fine') });
    expect(await call(`${base}/ok`, { maxBodyBytes: 3 })).toMatchObject({ cut: true, body: Buffer.from('fin') });
  });
});

describe('a body in an encoding that was not asked for', () => {
  test.each(['/gzip', '/br'])('is decoded: %s', async (path) => {
    expect((await call(`${base}${path}`)).body.toString()).toBe('unasked');
  });

  test('is not looked for where there is no body', async () => {
    expect(await call(`${base}/no-content-gzip`)).toMatchObject({ status: 204, body: Buffer.alloc(0) });
    expect(await call(`${base}/ok`, { method: 'HEAD' })).toMatchObject({ status: 200, body: Buffer.alloc(0) });
  });

  test.each([
    { path: '/not-gzip', says: /damaged compressed body/ },
    { path: '/half-gzip', says: /damaged compressed body/ },
    { path: '/strange', says: /encoding aws-chunked, which was not asked for/ },
  ])('that cannot be decoded is a failure: $path', async ({ path, says }) => {
    const { name, reason, message } = await failureOfCall(`${base}${path}`);

    expect({ name, reason }).toEqual({ name: 'Fettle.Unavailable', reason: 'malformed' });
    expect(message).toMatch(says);
  });
});

describe('addresses', () => {
  const allowAddresses = ['127.0.0.0/8'];

  test('a name that resolves to a forbidden address is not called', async () => {
    const before = server.requests.length;
    const { name, reason, message } = await failureOfCall(`http://cloud.example:${server.port}/ok`, {
      lookupAll: () => Promise.resolve(['169.254.169.254']),
    });

    expect({ name, reason }).toEqual({ name: 'Fettle.Unavailable', reason: 'not-called' });
    expect(message).toMatch(/^cloud\.example is not called: 169\.254\.169\.254 .* never called$/);
    expect(server.requests.length).toBe(before);
  });

  test.each(['http://127.0.0.1/', 'http://[::1]/', 'http://2130706433/', 'http://[::ffff:127.0.0.1]/'])(
    'a loopback address that the profile does not allow is not called: %s',
    async (url) => {
      const { reason, message } = await failureOfCall(url, { allowAddresses: [] });

      expect(reason).toBe('not-called');
      expect(message).toContain('allowAddresses does not cover');
    },
  );

  test('the name is looked up once, so that a second answer cannot lead elsewhere', async () => {
    const answers = [['127.0.0.1'], ['169.254.169.254']];
    let asked = 0;
    const lookupAll = () => Promise.resolve(answers[asked++] ?? []);
    const answer = await call(`http://rebinding.example:${server.port}/ok`, { lookupAll, allowAddresses });

    expect(answer.address).toBe('127.0.0.1');
    expect(asked).toBe(1);
    expect(server.requests.at(-1)).toContain(`host: rebinding.example:${server.port}`);
  });

  test('one address may be chosen, and is checked like the others', async () => {
    const url = `http://shop.example:${server.port}/ok`;
    expect((await call(url, { address: '127.0.0.1' })).status).toBe(200);

    const { reason, message } = await failureOfCall(url, { address: '169.254.169.254' });
    expect(reason).toBe('not-called');
    expect(message).toMatch(/shop\.example:\d+ at 169\.254\.169\.254 is not called: it is .* never called/);
  });

  test('a name with a dead address before a living one is answered', async () => {
    const lookupAll = () => Promise.resolve(['::1', '127.0.0.1']);

    expect((await call(`http://both.example:${server.port}/ok`, { lookupAll })).address).toBe('127.0.0.1');
  });

  test('a name that nobody knows says so', async () => {
    const { reason, message } = await failureOfCall('http://nobody.invalid/');

    expect(reason).toBe('not-called');
    expect(message).toMatch(/^the address of nobody\.invalid was not found/);
  });

  test.each(['tls://shop.example:443/', 'file:///etc/passwd', 'ftp://shop.example/'])(
    'an address of another protocol is not called: %s',
    async (url) => {
      const { name, reason } = await failureOfCall(url, { lookupAll: () => Promise.resolve(['127.0.0.1']) });

      expect({ name, reason }).toEqual({ name: 'Fettle.Unavailable', reason: 'not-called' });
    },
  );
});

test('a range that is none is a mistake of the profile and no failure of the server', async () => {
  const request = call(`${base}/ok`, { allowAddresses: ['everything'] });

  await expect(request).rejects.toMatchObject({ name: 'Fettle.InvalidInput' });
});

test('a server that speaks only HTTP/2 is malformed, not healthy', async () => {
  const http2 = createHttp2Server();
  await new Promise<void>((resolve) => http2.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = http2.address() as AddressInfo;
    const { name, message } = await failureOfCall(`http://127.0.0.1:${port}/`);

    expect(name).toBe('Fettle.Unavailable');
    expect(message).toMatch(/not HTTP\/1\.1$/);
  } finally {
    await new Promise((resolve) => http2.close(resolve));
  }
});
