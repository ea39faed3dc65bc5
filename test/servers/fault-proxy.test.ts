import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { startDeafPort, startFaultProxy, type Fault, type FaultProxy } from './fault-proxy.ts';

const BODY = 'x'.repeat(1_000);
let server: Server;
let proxy: FaultProxy;
let asked = 0;

beforeAll(async () => {
  server = createServer((_request, response) => {
    asked += 1;
    response.end(BODY);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await startFaultProxy((server.address() as AddressInfo).port);
});
afterEach(() => proxy.mend());
afterAll(() => {
  proxy.close();
  server.closeAllConnections();
  server.close();
});

interface Heard {
  readonly text: string;
  /** How the connection ended; `open` where it did not within the time. */
  readonly end: string;
}

/** What a client hears that asks once and waits for so long. */
async function hear(path = '/', waitMs = 2_000): Promise<Heard> {
  const socket = net.connect(proxy.port, '127.0.0.1');
  const { promise, resolve } = Promise.withResolvers<string>();
  let text = '';
  socket.on('data', (chunk) => (text += String(chunk)));
  socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
  socket.on('end', () => resolve('end'));
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  const timer = setTimeout(() => resolve('open'), waitMs);
  const end = await promise;
  clearTimeout(timer);
  socket.destroy();
  return { text, end };
}

test('a line without a fault passes everything on, in small pieces and slowly too', async () => {
  const whole = await hear();
  proxy.pace = { latencyMs: 2, jitterMs: 5, sliceBytes: 100, gapMs: 1 };

  expect(whole.end).toBe('end');
  expect(whole.text.endsWith(`\r\n\r\n${BODY}`)).toBe(true);
  expect((await hear()).text.length).toBe(whole.text.length);
});

describe('a fault', () => {
  test.each<[Fault, string, number]>([
    [{ kind: 'reset' }, 'ECONNRESET', 0],
    [{ kind: 'end' }, 'end', 0],
    [{ kind: 'stall' }, 'open', 0],
    [{ kind: 'reset', afterBytes: 300 }, 'ECONNRESET', 300],
    [{ kind: 'end', afterBytes: 300 }, 'end', 300],
    [{ kind: 'stall', afterBytes: 300 }, 'open', 300],
    [{ kind: 'half-open', afterBytes: 300 }, 'open', 300],
  ])('%j ends a connection with %s after %i bytes', async (fault, end, bytes) => {
    proxy.fault = fault;
    const before = proxy.counts.faults;

    const heard = await hear('/', 200);

    expect(heard.end).toBe(end);
    // What was on its way when a connection is reset may be lost with it.
    if (end === 'ECONNRESET') expect(heard.text.length).toBeLessThanOrEqual(bytes);
    else expect(heard.text.length).toBe(bytes);
    expect(proxy.counts.faults).toBe(before + 1);
  });

  test('comes to those who ask for it, and as often as it is told', async () => {
    proxy.fault = { kind: 'reset', onceAsked: /GET \/lost/, times: 1 };
    const before = asked;

    expect((await hear('/well')).end).toBe('end');
    expect((await hear('/lost')).end).toBe('ECONNRESET');
    expect((await hear('/lost')).end).toBe('end');
    expect(asked).toBe(before + 3);
  });
});

test('a line that refuses is refused, and is as before when it was mended', async () => {
  proxy.refuse();
  expect((await hear()).end).toBe('ECONNREFUSED');

  await proxy.mend();
  expect((await hear()).end).toBe('end');
});

test('a deaf port lets nobody in and turns nobody away', async () => {
  const deaf = await startDeafPort();
  const socket = net.connect(deaf.port, '127.0.0.1');
  const heard: string[] = [];
  for (const event of ['connect', 'error', 'close']) socket.on(event, () => heard.push(event));
  await new Promise((resolve) => setTimeout(resolve, 300));

  expect(heard).toEqual([]);
  socket.destroy();
  await deaf.close();
});
