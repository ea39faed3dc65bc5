import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LogsRefusal, type LogGroup } from './cloudwatch-logs-groups.ts';
import { carryOut, type Pages } from './cloudwatch-logs-operations.ts';

/** A request as a fault hook and a test's assertions see it. */
export interface LogsRequest {
  /** `DescribeLogGroups`, `PutRetentionPolicy`, … */
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** How many requests the server has had, this one included. */
  readonly number: number;
}

/**
 * What goes wrong with a request: the connection breaks before or after it is carried out, no answer ever comes, the
 * service throttles or refuses it in words, or it answers with something else than it should.
 */
export type LogsFault =
  | 'reset'
  | 'reset-after'
  | 'hang'
  | 'throttle'
  | { readonly status: number; readonly code: string; readonly message?: string }
  | { readonly answer: unknown };

export type LogsFaultHook = (request: LogsRequest) => LogsFault | undefined | Promise<LogsFault | undefined>;

export interface CloudWatchLogsServer {
  readonly endpoint: string;
  readonly requests: readonly LogsRequest[];
  /** Set and unset at any time. */
  onRequest: LogsFaultHook | undefined;
  /** How many things a page holds; small ones make every list of a test come in pages. */
  pages: Pages;
  /** The groups by name; a test may set and change them past the protocol. */
  readonly groups: Map<string, LogGroup>;
  close(): Promise<void>;
}

const TARGET = /^Logs_20140328\.(\w+)$/;

/**
 * Starts CloudWatch Logs on loopback: JSON 1.1 as the SDK speaks it, with the service's own refusals of unknown
 * fields, values out of range, foreign tokens and groups that do not exist.
 */
export async function startCloudWatchLogs(
  options: { readonly pages?: Pages; readonly clock?: () => Date } = {},
): Promise<CloudWatchLogsServer> {
  const { clock = () => new Date() } = options;
  const requests: LogsRequest[] = [];
  const http = createServer((request, response) => {
    void answer(request, response).catch((thrown: unknown) => response.destroy(thrown as Error));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = await readRequest(request, requests.length + 1);
    if (asked instanceof LogsRefusal) return send(response, asked);
    requests.push(asked);
    const fault = await server.onRequest?.(asked);
    if (fault === 'reset') return void request.socket.resetAndDestroy();
    if (fault === 'hang') return;
    if (fault === 'throttle') return send(response, new LogsRefusal('ThrottlingException', 'Rate exceeded'));
    if (typeof fault === 'object' && 'status' in fault) {
      return send(response, new LogsRefusal(fault.code, fault.message ?? fault.code, fault.status));
    }
    const done = refusalOr(() => carryOut(asked.operation, asked.input, { ...server, now: clock() }));
    if (fault === 'reset-after') return void request.socket.resetAndDestroy();
    send(response, typeof fault === 'object' ? fault.answer : done);
  }

  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const server: CloudWatchLogsServer = {
    endpoint: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    requests,
    onRequest: undefined,
    pages: options.pages ?? {},
    groups: new Map(),
    async close() {
      http.close();
      http.closeAllConnections();
      await once(http, 'close');
    },
  };
  return server;
}

async function readRequest(request: IncomingMessage, number: number): Promise<LogsRequest | LogsRefusal> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const { authorization = '', 'content-type': type, 'x-amz-target': target } = request.headers;
  if (!/^AWS4-HMAC-SHA256 Credential=[^/]+\/\d{8}\/[^/]+\/logs\/aws4_request,/.test(authorization)) {
    return new LogsRefusal('IncompleteSignatureException', 'The request is not signed for logs');
  }
  const [, operation] = TARGET.exec(String(target)) ?? [];
  if (request.method !== 'POST' || type !== 'application/x-amz-json-1.1' || operation === undefined) {
    return new LogsRefusal('UnknownOperationException', `${request.method} ${String(type)} ${String(target)}`);
  }
  const input: unknown = JSON.parse(Buffer.concat(pieces).toString() || '{}');
  if (typeof input !== 'object' || input === null) return new LogsRefusal('SerializationException', 'not an object');
  return { operation, input: input as LogsRequest['input'], number };
}

function send(response: ServerResponse, done: unknown): void {
  const isRefusal = done instanceof LogsRefusal;
  const body = isRefusal ? JSON.stringify({ __type: done.code, message: done.message }) : JSON.stringify(done ?? '');
  response.writeHead(isRefusal ? done.status : 200, {
    'content-type': 'application/x-amz-json-1.1',
    'x-amzn-requestid': 'test',
  });
  // An operation without an answer of its own sends none.
  response.end(done === undefined ? '' : body);
}

function refusalOr<Done>(work: () => Done): Done | LogsRefusal {
  try {
    return work();
  } catch (thrown) {
    if (thrown instanceof LogsRefusal) return thrown;
    throw thrown;
  }
}
