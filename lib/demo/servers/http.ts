import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { IssuedCertificate, Listening, ListenOptions } from './tls.ts';

/** What a service answers to a path. */
export interface ServiceAnswer {
  /** 200 by default. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  readonly body?: string | object;
  /** How long the answer is waited with. */
  readonly afterSeconds?: number;
}

export type Answering = ServiceAnswer | ((request: IncomingMessage, response: ServerResponse) => void);

export interface HttpService extends Listening {
  /** `https://127.0.0.1:…` or `http://127.0.0.1:…` */
  readonly url: string;
  /** Method and path of each request, in order. */
  readonly requests: readonly string[];
}

/** Starts a service that answers each path, with or without its query, as it is told and all others with 404; over TLS where it has a certificate. */
export async function startHttpService(
  options: ListenOptions & {
    readonly answers: Readonly<Record<string, Answering>>;
    readonly issued?: IssuedCertificate;
  },
): Promise<HttpService> {
  const { answers, issued, host = '127.0.0.1', port = 0 } = options;
  const requests: string[] = [];
  const listener: RequestListener = (request, response) => {
    const { method = '', url = '' } = request;
    requests.push(`${method} ${url}`);
    const answering = answers[url] ?? answers[url.replace(/\?.*$/, '')] ?? { status: 404, body: 'no such page\n' };
    if (typeof answering === 'function') answering(request, response);
    else send(answering, response);
  };
  const server = issued
    ? createTlsServer({ cert: [issued.certificate, ...issued.chain].join('\n'), key: issued.privateKey }, listener)
    : createServer(listener);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, host, resolve);
  await promise;
  const bound = (server.address() as AddressInfo).port;
  return {
    host,
    port: bound,
    url: `${issued ? 'https' : 'http'}://${host}:${bound}`,
    requests,
    close: async () => {
      const closed = Promise.withResolvers<void>();
      server.close((error) => (error ? closed.reject(error) : closed.resolve()));
      server.closeAllConnections();
      await closed.promise;
    },
  };
}

function send({ status = 200, headers = {}, body = '', afterSeconds }: ServiceAnswer, response: ServerResponse): void {
  if (afterSeconds !== undefined) {
    const timer = setTimeout(() => send({ status, headers, body }, response), afterSeconds * 1_000);
    response.once('close', () => clearTimeout(timer));
    return;
  }
  const isText = typeof body === 'string';
  const type = isText ? 'text/plain' : 'application/json';
  response.writeHead(status, { 'content-type': type, ...headers }).end(isText ? body : JSON.stringify(body));
}
