import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { issue } from '../../../lib/demo/servers/tls.ts';
import type { Cluster } from './cluster.ts';

/** One question that was passed on, and the API server's answer. */
export interface Passed {
  readonly method: string;
  readonly url: URL;
  readonly code: number;
  readonly body: string;
}

/** What stands between a caller and an API server, and writes down what passes. */
export interface Between {
  readonly url: string;
  readonly passed: readonly Passed[];
  close(): Promise<void>;
}

/** Passes everything on; `redirect` may change what is asked, the answer is always the API server's own. */
export async function standBetween(
  cluster: Cluster,
  redirect: (url: URL) => URL | Promise<URL> = (url) => url,
): Promise<Between> {
  const { certificate, privateKey } = await issue({ authority: cluster.authority, names: ['127.0.0.1'] });
  const passed: Passed[] = [];
  const server = createServer({ cert: certificate, key: privateKey }, (request, response) => {
    void (async () => {
      const url = await redirect(new URL(request.url ?? '/', cluster.url));
      const question = httpsRequest(url, {
        method: request.method,
        headers: { ...request.headers, host: url.host },
        ca: cluster.authority.certificate,
        agent: false,
        timeout: 30_000,
      });
      question.end(await bodyOf(request));
      const [answer] = (await once(question, 'response')) as [IncomingMessage];
      const body = await bodyOf(answer);
      passed.push({ method: request.method ?? '', url, code: answer.statusCode ?? 0, body: body.toString() });
      response.writeHead(answer.statusCode ?? 0, { 'content-type': answer.headers['content-type'] ?? 'text/plain' });
      response.end(body);
    })().catch((thrown: unknown) => {
      response.destroy(thrown instanceof Error ? thrown : new Error('nothing could be passed on'));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of message) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
