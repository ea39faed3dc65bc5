import { once } from 'node:events';
import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { WireAnswer } from './protocol.ts';

/** Passes a request on and its answer back as they stream, every header and byte as it came. */
export async function forward(
  upstream: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  body: Buffer | undefined,
): Promise<void> {
  const answered = await ask(upstream, incoming, body);
  outgoing.writeHead(answered.statusCode ?? 502, answered.statusMessage, answered.rawHeaders);
  await pipeline(answered, outgoing);
}

/** Passes a request on and keeps the answer. */
export async function forwardWhole(
  upstream: string,
  incoming: IncomingMessage,
  body: Buffer | undefined,
): Promise<WireAnswer> {
  const answered = await ask(upstream, incoming, body);
  const headers = Object.entries(answered.headers).map(([name, value = '']) => [name, String(value)] as const);
  return { status: answered.statusCode ?? 502, headers: Object.fromEntries(headers), body: await bodyOf(answered) };
}

export async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** `body` is what was already read of it. Ends with the answer's head. */
async function ask(upstream: string, incoming: IncomingMessage, body: Buffer | undefined): Promise<IncomingMessage> {
  const { hostname, port } = new URL(upstream);
  const outgoing = request({
    hostname,
    port,
    method: incoming.method,
    path: incoming.url,
    // As they came, in their order: a signature covers the host that the client saw.
    headers: incoming.rawHeaders,
    // No connection is kept: one that the emulator closes in the meantime would look like a fault.
    agent: false,
  });
  const answer = once(outgoing, 'response');
  const sent = body === undefined ? pipeline(incoming, outgoing) : Promise.resolve(outgoing.end(body));
  // An answer may come, and end the connection, before the request is sent as a whole.
  const [answered] = (await Promise.race([answer, sent.then(() => answer)])) as [IncomingMessage];
  return answered;
}
