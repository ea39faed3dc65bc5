import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { stringify } from 'yaml';
import { createAuthority, issue } from '../../lib/demo/servers/tls.ts';

/** What a service writes once it is asked anything. */
export type Saying = (socket: Socket) => void;

/** Two ports that say the same whatever they are asked, one of them in TLS. */
export interface RawService {
  saying: Saying;
  /** How often anyone has connected to either port. */
  connections(): number;
  readonly port: number;
  /** A kubeconfig for the port that speaks TLS, or for another address of its cluster. */
  kubeconfig(server?: string): string;
  close(): Promise<void>;
}

export async function startRawService(): Promise<RawService> {
  const authority = await createAuthority({ name: 'Test authority' });
  const { certificate, privateKey } = await issue({ authority, names: ['127.0.0.1'] });
  const open = new Set<Socket>();
  let count = 0;
  const take = (socket: Socket) => {
    count += 1;
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    // Whoever hangs up is what much of this is for.
    socket.on('error', () => socket.destroy());
    socket.once('data', () => service.saying(socket));
  };
  const servers: Server[] = [createServer(take), createTlsServer({ cert: certificate, key: privateKey }, take)];
  for (const server of servers) await once(server.listen(0, '127.0.0.1'), 'listening');
  const [port = 0, tlsPort = 0] = servers.map((server) => (server.address() as AddressInfo).port);
  const service: RawService = {
    saying: (socket) => socket.end(),
    connections: () => count,
    port,
    kubeconfig: (server = `https://127.0.0.1:${tlsPort}`) =>
      stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'main',
        contexts: [{ name: 'main', context: { cluster: 'main', user: 'fettle' } }],
        clusters: [
          {
            name: 'main',
            cluster: { server, 'certificate-authority-data': Buffer.from(authority.certificate).toString('base64') },
          },
        ],
        users: [{ name: 'fettle', user: { token: 'token-that-nobody-may-read' } }],
      }),
    close: async () => {
      for (const socket of open) socket.destroy();
      for (const server of servers) await new Promise((resolve) => server.close(resolve));
    },
  };
  return service;
}

const OK = 'HTTP/1.1 200 OK\r\n';

/** A whole answer with a body. */
export function saying(
  body: string | Buffer,
  headers = 'Content-Type: application/json\r\n',
  status = '200 OK',
): Saying {
  const bytes = Buffer.from(body);
  return (socket) => {
    socket.write(`HTTP/1.1 ${status}\r\n${headers}Content-Length: ${bytes.length}\r\nConnection: close\r\n\r\n`);
    socket.end(bytes);
  };
}

/** Bytes as they are. */
export function bytes(text: string): Saying {
  return (socket) => socket.end(text);
}

/** A body in pieces of which there is always another one, as fast as they are taken. */
export function endless(headers = ''): Saying {
  const piece = `10000\r\n${' '.repeat(0x10000)}\r\n`;
  return (socket) => {
    const more = () => {
      while (!socket.destroyed && socket.write(piece));
    };
    socket.on('drain', more);
    socket.write(`${OK}Content-Type: application/json\r\n${headers}Transfer-Encoding: chunked\r\n\r\n`);
    more();
  };
}

/** A body of which a byte comes now and then, for ever. */
export const dripping: Saying = (socket) => {
  socket.write(`${OK}Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n`);
  const timer = setInterval(() => socket.write(' '), 20);
  socket.on('close', () => clearInterval(timer));
};

/** Two hundred megabytes in two hundred kilobytes. */
export const BOMB = gzipSync(Buffer.alloc(200 * 1024 ** 2, ' '), { level: 1 });
