import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { createAuthority, issue } from '../../lib/demo/servers/tls.ts';

export interface Parrot {
  readonly port: number;
  /** PEM of the authority behind its certificate. */
  readonly authority: string;
  /** What Secrets Manager answers, by name. */
  readonly secrets: Map<string, string>;
  /** What came: `pg`, `redis`, and of HTTP the operation or the path. */
  readonly heard: readonly string[];
  /** The passwords that PostgreSQL was sent. */
  readonly passwords: readonly string[];
  /** The bodies of what was published to a topic. */
  readonly published: readonly string[];
  close(): Promise<void>;
}

/** So much stands before what is repeated, that those who cut a message cut it in the middle of a secret. */
const PADDINGS = [0, 20, 60, 180, 230, 250, 265, 280, 290] as const;

/**
 * A server that repeats whatever secret it is given, in every protocol that Fettle speaks, on one port: HTTP with and
 * without TLS (Prometheus, Kubernetes, AWS), PostgreSQL, Redis. It knows the protocol by the first bytes.
 */
export async function startParrot(): Promise<Parrot> {
  const authority = await createAuthority({ name: 'parrot' });
  const issued = await issue({ authority, names: ['127.0.0.1', 'localhost'] });
  const heard: string[] = [];
  const published: string[] = [];
  const passwords: string[] = [];
  const secrets = new Map<string, string>();
  const sockets = new Set<Socket>();
  let spoken = 0;
  const repeat = (text: string) => {
    spoken += 1;
    return `${'x'.repeat(PADDINGS[spoken % PADDINGS.length] ?? 0)} refused: ${text}`;
  };
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    void (async () => {
      const body = Buffer.concat(await request.toArray()).toString('utf8');
      answerHttp(request, response, body, { secrets, repeat, heard, published });
    })();
  };
  const web = createHttpServer(answer);
  const tls = createHttpsServer({ cert: issued.certificate, key: issued.privateKey }, answer);
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => sockets.delete(socket)).once('close', () => sockets.delete(socket));
    socket.once('data', (first: Buffer) => {
      const start = first[0] ?? 0;
      if (first.toString('latin1').startsWith('PING')) {
        socket.write('-NOAUTH Authentication required.\r\n');
        socket.once('data', (next: Buffer) => speakRedis(socket, next, repeat, heard));
      } else if (start === 0x16 || (start >= 0x41 && start <= 0x5a)) {
        // TLS reads from the connection itself and would not see what was read of it here.
        const inner = connect((start === 0x16 ? tlsAddress : webAddress).port, '127.0.0.1');
        inner.on('error', () => socket.destroy());
        inner.write(first);
        socket.pipe(inner).pipe(socket);
      } else if (start === 0x2a) speakRedis(socket, first, repeat, heard);
      else {
        heard.push('pg');
        speakPostgres(socket, first, repeat, passwords);
      }
    });
  });
  for (const one of [server, web, tls]) {
    one.listen(0, '127.0.0.1');
    await once(one, 'listening');
  }
  const [webAddress, tlsAddress] = [web.address() as AddressInfo, tls.address() as AddressInfo];
  return {
    port: (server.address() as AddressInfo).port,
    authority: authority.certificate,
    secrets,
    heard,
    passwords,
    published,
    close: async () => {
      const closed = [server, web, tls].map((one) => new Promise((resolve) => one.close(resolve)));
      for (const socket of sockets) socket.destroy();
      web.closeAllConnections();
      tls.closeAllConnections();
      await Promise.all(closed);
    },
  };
}

interface Speech {
  readonly secrets: ReadonlyMap<string, string>;
  readonly repeat: (text: string) => string;
  readonly heard: string[];
  readonly published: string[];
}

function answerHttp(request: IncomingMessage, response: ServerResponse, body: string, speech: Speech): void {
  const { headers, url = '/', method } = request;
  const operation = headers['x-amz-target'];
  speech.heard.push(String(operation ?? `${method} ${url}`));
  if (/Action=Publish|"TopicArn"/.test(body)) speech.published.push(body);
  if (operation === 'secretsmanager.GetSecretValue') {
    const name = (JSON.parse(body) as { SecretId: string }).SecretId;
    const SecretString = speech.secrets.get(name);
    if (SecretString !== undefined) return void response.end(JSON.stringify({ Name: name, SecretString }));
  }
  const given = ['authorization', 'x-amz-security-token', 'cookie'].map((name) => String(headers[name] ?? ''));
  const basic = /^Basic (\S+)$/i.exec(given[0] ?? '')?.[1] ?? '';
  const text = speech.repeat([...given, Buffer.from(basic, 'base64').toString('utf8'), url].join(' '));
  const header = text.replace(/[^\x20-\x7e]/g, '?');
  const status = url.includes('/fine') ? 200 : 403;
  response.writeHead(status, header, {
    'content-type': 'application/json',
    'set-cookie': `session=${header}`,
    'www-authenticate': header,
    'x-repeated': header,
  });
  if (headers['x-amz-date'] !== undefined && operation === undefined) {
    const words = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
    return void response.end(`<Error><Code>AccessDenied</Code><Message>${words}</Message></Error>`);
  }
  const message = { message: text, Message: text, error: text, errorType: text, reason: text };
  response.end(
    JSON.stringify({ __type: 'AccessDeniedException', kind: 'Status', status: text, code: status, ...message }),
  );
}

function speakRedis(socket: Socket, first: Buffer, repeat: Speech['repeat'], heard: string[]): void {
  heard.push('redis');
  let said = '';
  const reply = (chunk: Buffer) => {
    const text = chunk.toString('utf8');
    said += text.replace(/[*$]\d+\r\n/g, '').replaceAll('\r\n', ' ');
    const commands = text.match(/^\*\d+/gm)?.length ?? 1;
    socket.write(`-WRONGPASS ${repeat(said)}\r\n`.repeat(commands));
  };
  socket.on('data', reply);
  reply(first);
}

function speakPostgres(socket: Socket, first: Buffer, repeat: Speech['repeat'], passwords: string[]): void {
  // A request for TLS is refused; whoever goes on is asked for the password in clear text.
  const isTlsRequest = first.length === 8 && first.readInt32BE(4) === 80_877_103;
  if (isTlsRequest) {
    socket.write('N');
    socket.once('data', (startup: Buffer) => askPassword(socket, startup, repeat, passwords));
  } else askPassword(socket, first, repeat, passwords);
}

function askPassword(socket: Socket, startup: Buffer, repeat: Speech['repeat'], passwords: string[]): void {
  const user =
    startup
      .toString('utf8')
      .split('\0')
      .find((_, place, all) => all[place - 1] === 'user') ?? '';
  socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]));
  socket.once('data', (message: Buffer) => {
    const password = message.subarray(5, -1).toString('utf8');
    passwords.push(password);
    const url = `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1/main`;
    const fields = ['SFATAL', 'VFATAL', 'C28P01', `M${repeat(`${password} of ${url}`)}`, `D${password}`, `H${url}`];
    const body = Buffer.from(`${fields.join('\0')}\0\0`, 'utf8');
    const head = Buffer.alloc(5);
    head.write('E');
    head.writeInt32BE(body.length + 4, 1);
    socket.end(Buffer.concat([head, body]));
  });
}
