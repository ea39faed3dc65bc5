import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A query as it arrived. */
export interface PrometheusQuery {
  readonly path: string;
  readonly query: string;
  /** The moment asked for, or undefined where the server is to take its own. */
  readonly time: number | undefined;
  readonly start: number;
  readonly end: number;
  readonly step: number;
  readonly authorization: string | undefined;
}

/** What a hook answers: anything that JSON can hold, or the response itself for what no Prometheus says. */
export type PrometheusHook = (query: PrometheusQuery, response: ServerResponse) => unknown;

export interface LyingPrometheus {
  readonly url: string;
  readonly queries: readonly PrometheusQuery[];
  /** Answers with what it returns; where that is undefined, it has answered itself. */
  onQuery: PrometheusHook;
  close(): Promise<void>;
}

/** Starts an HTTP server on the loopback that speaks the query API and says whatever a test wants. */
export async function startLyingPrometheus(onQuery: PrometheusHook): Promise<LyingPrometheus> {
  const queries: PrometheusQuery[] = [];
  const http = createServer((request, response) => {
    void answer(request, response).catch((thrown: unknown) => response.destroy(thrown as Error));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
    const query: PrometheusQuery = {
      path: request.url ?? '',
      query: form.get('query') ?? '',
      time: form.has('time') ? Number(form.get('time')) : undefined,
      start: Number(form.get('start')),
      end: Number(form.get('end')),
      step: Number(form.get('step')),
      authorization: request.headers.authorization,
    };
    queries.push(query);
    const said = server.onQuery(query, response);
    if (said === undefined) return;
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(said));
  }

  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const server: LyingPrometheus = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    queries,
    onQuery,
    close: async () => {
      http.closeAllConnections();
      http.close();
      await once(http, 'close');
    },
  };
  return server;
}

/** An answer with one moment of some series, as Prometheus writes it. */
export function vector(at: number | undefined, samples: readonly (readonly [Record<string, string>, unknown])[]) {
  const result = samples.map(([metric, value]) => ({ metric, value: [at, value] }));
  return { status: 'success', data: { resultType: 'vector', result } };
}

/** An answer with one series that has the value at every step. */
export function matrix({ start, end, step }: PrometheusQuery, metric: Record<string, string>, value: string) {
  const values: [number, string][] = [];
  for (let at = start; at <= end; at += step) values.push([at, value]);
  return { status: 'success', data: { resultType: 'matrix', result: [{ metric, values }] } };
}

export function scalar(at: number, value: string) {
  return { status: 'success', data: { resultType: 'scalar', result: [at, value] } };
}
