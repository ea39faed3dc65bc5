import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../../core/errors.ts';
import { AnswerError, type Answer, type ServiceAnswers } from './answer.ts';
import { readCall, type Call } from './call.ts';
import { bodyOf, forward, forwardWhole } from './forward.ts';
import { createFaults, type Faults, type TakenFaults } from './faults.ts';
import { misfit } from './misfit.ts';
import { readInput, writeOutput, writeRefusal, type WireAnswer } from './protocol.ts';
import type { Route } from './rest.ts';

export interface AnswersOptions {
  readonly services?: readonly ServiceAnswers[];
  /** The emulator that gets what no service here answers; without it that is a 501 with the name of the operation. */
  readonly upstream?: string;
  /** The operations of REST services that are only forwarded, so that faults can name them: see `routesOf`. */
  readonly routes?: Readonly<Record<string, readonly Route[]>>;
}

export interface AnswersServer {
  readonly endpoint: string;
  /** Every call in the order of its arrival, also those that a fault met. */
  readonly calls: readonly Call[];
  readonly faults: Faults;
  stop(): Promise<void>;
}

interface Machinery {
  readonly services: ReadonlyMap<string, ServiceAnswers>;
  readonly routes: ReadonlyMap<string, readonly Route[]>;
  readonly upstream: string | undefined;
  readonly calls: Call[];
  take(call: Call): TakenFaults;
}

/** Starts a server on a free port of the loopback that answers for AWS what its services know, and forwards the rest. */
export async function startAnswers(options: AnswersOptions = {}): Promise<AnswersServer> {
  const { services = [], upstream, routes = {} } = options;
  const { faults, take } = createFaults();
  const calls: Call[] = [];
  const machinery: Machinery = {
    services: new Map(services.map((service) => [service.name, service])),
    routes: new Map([
      ...Object.entries(routes),
      ...services.map((service) => [service.name, routesIn(service)] as const),
    ]),
    upstream,
    calls,
    take,
  };
  const server = createServer((incoming, outgoing) => {
    // What fails here is the way to the emulator, or a client that is gone: nobody is left who could be told.
    handle(machinery, incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    faults,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function routesIn({ answers }: ServiceAnswers): Route[] {
  return [...answers.values()].flatMap(({ operation, http }) =>
    http === undefined ? [] : [{ operation, method: http[0], path: http[1] }],
  );
}

async function handle(machinery: Machinery, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { upstream } = machinery;
  const headers = plainHeaders(incoming);
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
  const form = isForm ? await bodyOf(incoming) : undefined;
  const url = new URL(incoming.url ?? '/', 'http://aws');
  const head = { method: incoming.method ?? '', url, headers, requestId: randomUUID() };
  const call = readCall(head, machinery.routes, form?.toString() ?? '');
  machinery.calls.push(call);

  const faults = machinery.take(call);
  const { delay, reset, refuse, truncate } = faults;
  if (delay) await sleep(delay.milliseconds, undefined, { ref: false });
  if (reset?.after === false) {
    incoming.socket.resetAndDestroy();
    return;
  }
  const service = machinery.services.get(call.service);
  const answer = service?.answers.get(call.operation);
  if (refuse) send(writeRefusal(call, refuse.with), outgoing);
  else if (answer !== undefined || upstream === undefined) {
    const written = await answered(call, answer, service, form ?? (await bodyOf(incoming)));
    finish(written, incoming, outgoing, faults);
  } else if (reset || truncate) {
    finish(await forwardWhole(upstream, incoming, form), incoming, outgoing, faults);
  } else await forward(upstream, incoming, outgoing, form);
}

async function answered(
  call: Call,
  answer: Answer | undefined,
  service: ServiceAnswers | undefined,
  body: Buffer,
): Promise<WireAnswer> {
  const name = `${call.service}:${call.operation}`;
  if (answer === undefined) {
    return writeRefusal(call, { code: 'NotAnswered', message: `nothing here answers ${name}`, status: 501 });
  }
  try {
    const output: unknown = await answer.reply(await readInput(call, answer, body));
    const why = misfit(answer.output, output, name);
    if (why !== undefined) throw new Error(`an answer does not fit the schema of its operation: ${why}`);
    return writeOutput(call, answer, output, service?.xmlNamespace ?? '');
  } catch (thrown) {
    // Neither is tried again: the test that meets a defect of a fixture shows its words.
    if (!isRefusal(thrown)) return writeRefusal(call, { code: 'Defect', message: messageOf(thrown), status: 501 });
    const status = thrown instanceof AnswerError ? thrown.status : 400;
    return writeRefusal(call, { code: thrown.name, message: thrown.message, status });
  }
}

/** An error that the service itself would send: ours, or one of the classes of its client. */
function isRefusal(thrown: unknown): thrown is Error {
  return thrown instanceof AnswerError || (thrown instanceof Error && '$fault' in thrown);
}

function finish(
  written: WireAnswer,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { reset, truncate }: TakenFaults,
): void {
  if (reset) incoming.socket.resetAndDestroy();
  else if (truncate) sendHalf(written, outgoing);
  else send(written, outgoing);
}

function send({ status, headers, body }: WireAnswer, outgoing: ServerResponse): void {
  outgoing.writeHead(status, { ...headers }).end(body);
}

/** The head promises the whole body; the connection ends after half of it. */
function sendHalf({ status, headers, body }: WireAnswer, outgoing: ServerResponse): void {
  outgoing.writeHead(status, { ...headers, 'content-length': String(body.byteLength) });
  outgoing.write(body.subarray(0, Math.floor(body.byteLength / 2)), () => outgoing.destroy());
}

function plainHeaders({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
