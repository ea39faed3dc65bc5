import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { guardedSocket } from '../../../lambdas/runtime/guarded-socket.ts';

let server: Server;
let called = 0;
beforeAll(async () => {
  server = createServer((socket) => {
    called += 1;
    socket.end('hello');
  });
  server.listen(0);
  await once(server, 'listening');
});
beforeEach(() => {
  called = 0;
});
afterAll(() => void server.close());

/** What came of an attempt: the greeting, or the error. */
async function attempt(host: string, allowAddresses: readonly string[]): Promise<string> {
  const socket = guardedSocket(allowAddresses);
  socket.connect((server.address() as AddressInfo).port, host);
  try {
    const [greeting] = (await once(socket, 'data')) as [Buffer];
    return greeting.toString();
  } catch (thrown) {
    return (thrown as Error).message;
  } finally {
    socket.destroy();
  }
}

test.each([
  ['127.0.0.1', ['127.0.0.0/8']],
  ['localhost', ['127.0.0.0/8']],
  ['localhost', ['127.0.0.0/8', '::1/128']],
])('%s is called where %j covers it', async (host, allowed) => {
  expect(await attempt(host, allowed)).toBe('hello');
  expect(called).toBe(1);
});

test.each([
  ['127.0.0.1', [], '127.0.0.1 is not called: it is a loopback address that allowAddresses does not cover'],
  ['127.0.0.1', ['10.0.0.0/8'], '127.0.0.1 is not called: it is a loopback address that allowAddresses does not cover'],
  [
    'localhost',
    [],
    /^localhost is not called: .*127\.0\.0\.1 is a loopback address that allowAddresses does not cover/,
  ],
  ['::ffff:127.0.0.1', [], /is not called: it is .* that allowAddresses does not cover$/],
  ['169.254.169.254', ['0.0.0.0/0'], /link-local address, where clouds keep their metadata, which is never called$/],
])('%s is not called where %j does not cover it', async (host, allowed, message) => {
  expect(await attempt(host, allowed)).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
  expect(called).toBe(0);
});

test('a name that nobody knows keeps the code of its error', async () => {
  const socket = guardedSocket([]);
  socket.connect(1, 'no-such-host.invalid');
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  expect(['ENOTFOUND', 'EAI_AGAIN']).toContain(error.code);
});
