import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How DescribeCluster answers: with the cluster, with an error of AWS, or with nothing. */
export type EksAnswer =
  | { readonly cluster: Readonly<Record<string, unknown>> }
  | { readonly status: number; readonly error: string; readonly message: string }
  | 'silence';

export interface EksServer {
  readonly endpoint: string;
  /** Method, path and credential scope of what came. */
  readonly requests: readonly string[];
  answer: EksAnswer;
  close(): Promise<void>;
}

/** Starts the one operation of Amazon EKS that Fettle calls, on the loopback. */
export async function startEks(answer: EksAnswer): Promise<EksServer> {
  const requests: string[] = [];
  const eks = { answer };
  const server: Server = createServer((request, response) => {
    const scope = /Credential=([^,]+)/.exec(request.headers.authorization ?? '')?.[1] ?? 'unsigned';
    requests.push(`${request.method} ${request.url} ${scope.split('/').slice(2).join('/')}`);
    if (eks.answer === 'silence') return;
    const failed = 'error' in eks.answer ? eks.answer : undefined;
    response.writeHead(failed?.status ?? 200, {
      'content-type': 'application/json',
      ...(failed && { 'x-amzn-errortype': failed.error }),
    });
    response.end(JSON.stringify(failed ? { message: failed.message } : eks.answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(eks, {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}
