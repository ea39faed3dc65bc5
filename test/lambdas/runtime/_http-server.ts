import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { httpRequest, type HttpAnswer, type HttpRequest } from '../../../lambdas/runtime/http-request.ts';

/** What a test server does with a connection; the path of the request chooses it. */
export type Behaviour = (socket: Socket) => void;

export interface RawServer {
  readonly port: number;
  /** The requests as they came, headers and all. */
  readonly requests: readonly string[];
  readonly close: () => Promise<void>;
}

/** Starts a server on the loopback that writes whatever a behaviour writes, HTTP or not. */
export async function startRawServer(behaviours: Readonly<Record<string, Behaviour>>): Promise<RawServer> {
  const requests: string[] = [];
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    // A client that hangs up is what many of these behaviours are for.
    socket.on('error', () => socket.destroy());
    socket.once('data', (data) => {
      const text = data.toString('latin1');
      requests.push(text);
      const path = /^\S+ (\S+)/.exec(text)?.[1] ?? '';
      const behaviour = behaviours[path];
      if (behaviour) behaviour(socket);
      else socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
    });
  });
  const port = await listening(server);
  return {
    port,
    requests,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** Calls with what most tests want: the loopback allowed, ten seconds, 64 KiB. */
export function call(url: string, options: Partial<HttpRequest> = {}): Promise<HttpAnswer> {
  return httpRequest({
    url: new URL(url),
    allowAddresses: ['127.0.0.0/8', '::1/128'],
    timeoutSeconds: 10,
    maxBodyBytes: 65_536,
    signal: new AbortController().signal,
    ...options,
  });
}

/** The reason and the text of a call that must fail. */
export async function failureOfCall(
  url: string,
  options: Partial<HttpRequest> = {},
): Promise<{ readonly name: string; readonly reason: unknown; readonly message: string }> {
  try {
    await call(url, options);
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    return { name: thrown.name, reason: 'reason' in thrown ? thrown.reason : undefined, message: thrown.message };
  }
  throw new Error(`${url} was answered and the test expected a failure`);
}
