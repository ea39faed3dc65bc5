import { CborCodec } from '@smithy/core/cbor';
import { JsonCodec2 } from '@smithy/core/protocols';
import type { Answer } from './answer.ts';
import type { Call } from './call.ts';
import { readQuery, writeQuery, type Dialect } from './query.ts';
import { readBindings } from './rest.ts';

/** What goes back over the wire. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly status: number;
}

const TIMES = { useTrait: true, default: 7 } as const;
const rpcJson = new JsonCodec2({ timestampFormat: TIMES, jsonName: false });
const restJson = new JsonCodec2({ timestampFormat: TIMES, jsonName: true, httpBindings: true });
const cbor = new CborCodec();

/** Reads what the client asks, by the schema of the operation. */
export async function readInput(call: Call, answer: Answer, body: Buffer): Promise<unknown> {
  switch (call.protocol) {
    case 'query':
      return readQuery(answer.input, new URLSearchParams(body.toString()), dialectOf(call)) ?? {};
    case 'cbor':
      return body.length === 0 ? {} : cbor.createDeserializer().read(answer.input, body);
    case 'json':
      return rpcJson.createDeserializer().read(answer.input, jsonText(body));
    default:
      return {
        ...((await restJson.createDeserializer().read(answer.input, jsonText(body))) as object),
        ...readBindings(answer.input, call),
      };
  }
}

function dialectOf({ service }: Call): Dialect {
  return service === 'ec2' ? 'ec2' : 'query';
}

/** A request without a body asks with nothing but its address. */
function jsonText(body: Buffer): string {
  return body.length === 0 ? '{}' : body.toString();
}

/** Writes what the service says, by the schema of the operation. */
export function writeOutput(call: Call, answer: Answer, output: unknown, xmlNamespace: string): WireAnswer {
  const { protocol, operation, requestId } = call;
  if (protocol === 'query') {
    const text = writeQuery(operation, answer.output, output, {
      xmlNamespace,
      requestId,
      dialect: dialectOf(call),
    });
    return wire(call, 200, 'text/xml', Buffer.from(text));
  }
  if (protocol === 'rest-xml') {
    throw new Error(`${call.service}:${operation} speaks REST with XML, which only the emulator answers`);
  }
  const codec = protocol === 'cbor' ? cbor : protocol === 'json' ? rpcJson : restJson;
  const serializer = codec.createSerializer();
  if (answer.output.isUnitSchema()) return wire(call, answer.http?.[2] ?? 200, contentType(call), Buffer.from('{}'));
  serializer.write(answer.output, output);
  return wire(call, answer.http?.[2] ?? 200, contentType(call), serializer.flush());
}

/** Writes a refusal in the form that the protocol of the request has for it. */
export function writeRefusal(call: Call, { code, message, status }: Refusal): WireAnswer {
  switch (call.protocol) {
    case 'query': {
      if (dialectOf(call) === 'ec2') {
        const errors = `<Errors><Error>${codeAndMessage(code, message)}</Error></Errors>`;
        const text = `<Response>${errors}<RequestID>${call.requestId}</RequestID></Response>`;
        return wire(call, status, 'text/xml', Buffer.from(text));
      }
      const error = `<Error><Type>${status < 500 ? 'Sender' : 'Receiver'}</Type>${codeAndMessage(code, message)}</Error>`;
      const text = `<ErrorResponse>${error}<RequestId>${call.requestId}</RequestId></ErrorResponse>`;
      return wire(call, status, 'text/xml', Buffer.from(text));
    }
    case 'rest-xml': {
      const text = `<?xml version="1.0"?><Error>${codeAndMessage(code, message)}<RequestId>${call.requestId}</RequestId></Error>`;
      return wire(call, status, 'application/xml', Buffer.from(text));
    }
    case 'cbor': {
      const serializer = cbor.createSerializer();
      // 15 is a document: an error is read by its names alone.
      serializer.write(15, { __type: code, message });
      return wire(call, status, contentType(call), serializer.flush());
    }
    default: {
      const written = wire(call, status, contentType(call), Buffer.from(JSON.stringify({ __type: code, message })));
      return { ...written, headers: { ...written.headers, 'x-amzn-errortype': code } };
    }
  }
}

function codeAndMessage(code: string, message: string): string {
  return `<Code>${escaped(code)}</Code><Message>${escaped(message)}</Message>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function contentType({ protocol, headers }: Call): string {
  if (protocol === 'cbor') return 'application/cbor';
  return protocol === 'json' ? (headers['content-type'] ?? 'application/x-amz-json-1.1') : 'application/json';
}

function wire({ protocol, requestId }: Call, status: number, type: string, body: Uint8Array): WireAnswer {
  const headers = {
    'content-type': type,
    'content-length': String(body.byteLength),
    'x-amzn-requestid': requestId,
    ...(protocol === 'cbor' && { 'smithy-protocol': 'rpc-v2-cbor' }),
  };
  return { status, headers, body };
}
