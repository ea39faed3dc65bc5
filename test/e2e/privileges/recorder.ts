import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readCall, type Call } from '../../../lib/demo/aws/call.ts';
import { bodyOf, forwardWhole } from '../../../lib/demo/aws/forward.ts';
import { writeRefusal, type WireAnswer } from '../../../lib/demo/aws/protocol.ts';
import { callsOf } from './api-call.ts';
import type { ApiRequest } from './api-request.ts';
import type { Right } from './role-policy.ts';

/** One call of a handler, as it went over the line. */
export interface Recorded {
  /** Who signed it. */
  readonly accessKey: string;
  /** What a policy must allow for it; undefined where the call is not known here. */
  readonly needs: readonly Right[] | undefined;
  readonly request: string;
  readonly status: number;
}

/** A forwarder on the loopback that writes down every call and changes none. */
export interface Recorder {
  readonly endpoint: string;
  readonly calls: readonly Recorded[];
  stop(): Promise<void>;
}

/** Where calls go. */
export interface Places {
  readonly emulator: string;
  /** What has the services that the emulator lacks. It asks nobody whether a call is allowed, so that it is asked here. */
  readonly standIns: readonly StandIn[];
  /** Whether the role behind a key may do this as things are. */
  isAllowed(accessKey: string, right: Right): Promise<boolean>;
}

/** What answers in the place of the emulator. */
export interface StandIn {
  readonly endpoint: string;
  isFor(request: ApiRequest): boolean;
}

/** Starts a forwarder to the emulator and to what has the services that it lacks. */
export async function startRecorder(places: Places): Promise<Recorder> {
  const calls: Recorded[] = [];
  const server = createServer((incoming, response) => {
    record(places, incoming, response).then(
      (recorded) => calls.push(recorded),
      // The handler sees a broken line, and its run says so.
      () => response.destroy(),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    calls,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function record(places: Places, incoming: IncomingMessage, response: ServerResponse): Promise<Recorded> {
  const { method = '', url = '', headers } = incoming;
  const asked: ApiRequest = { method, url, headers, body: await bodyOf(incoming) };
  const accessKey = /Credential=([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? 'unsigned';
  const needs = callsOf(asked);
  const standIn = places.standIns.find((one) => one.isFor(asked));
  const denied = standIn ? await firstDenied(places, accessKey, needs ?? []) : undefined;
  const upstream = standIn?.endpoint ?? places.emulator;
  const answer = denied ? refusal(asked, denied) : await forwardWhole(upstream, incoming, asked.body);
  response.writeHead(answer.status, answer.headers);
  response.end(answer.body);
  return { accessKey, needs, request: `${method} ${url}`, status: answer.status };
}

async function firstDenied(places: Places, accessKey: string, needs: readonly Right[]): Promise<Right | undefined> {
  for (const right of needs) if (!(await places.isAllowed(accessKey, right))) return right;
  return undefined;
}

function refusal({ method, url, headers, body }: ApiRequest, { action, resource }: Right): WireAnswer {
  const plain = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  const head = { method, url: new URL(url, 'http://aws'), headers: plain, requestId: randomUUID() };
  const call = readCall(head, new Map(), body.toString());
  const because = `because no identity-based policy allows the ${action} action`;
  const message = `User: ${call.accessKeyId} is not authorized to perform: ${action} on resource: ${resource} ${because}`;
  return writeRefusal(call, { code: codeFor(call), message, status: 403 });
}

/** Services that speak XML leave the second word out, and EC2 has words of its own. */
function codeFor({ service, protocol }: Call): string {
  if (service === 'ec2') return 'UnauthorizedOperation';
  return protocol === 'query' || protocol === 'rest-xml' ? 'AccessDenied' : 'AccessDeniedException';
}
