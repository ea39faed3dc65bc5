import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { assertWritable, errorXml, listingXml, rangeOf, s3Object, type Bucket, type S3Object } from './s3-objects.ts';
import { crc32Of, headerOf, readUpload, S3Refusal } from './s3-upload.ts';

/** A request as a fault hook and a test's assertions see it. */
export interface S3Request {
  readonly method: string;
  readonly bucket: string;
  /** Empty for a request to the bucket itself, such as a listing. */
  readonly key: string;
  readonly query: URLSearchParams;
  /** How many requests the server has had, this one included. */
  readonly number: number;
}

/**
 * What goes wrong with a request: the connection breaks before or after it is carried out, S3 throttles it, no answer
 * ever comes, the answer's body breaks off or stops half-way, S3 refuses it in words, or somebody in between answers
 * with a success of its own.
 */
export type S3Fault =
  | 'reset'
  | 'reset-after'
  | 'slow-down'
  | 'hang'
  | 'cut-body'
  | 'stall-body'
  | { readonly status: number; readonly code: string }
  | { readonly answer: string };

export type S3FaultHook = (request: S3Request) => S3Fault | undefined | Promise<S3Fault | undefined>;

export interface S3Server {
  readonly endpoint: string;
  readonly requests: readonly S3Request[];
  /** Set and unset at any time. */
  onRequest: S3FaultHook | undefined;
  createBucket(bucket: string): void;
  /** Puts an object past the protocol, into a bucket that is made where there is none. */
  put(bucket: string, key: string, body: string | Uint8Array, options?: { readonly lastModified?: Date }): void;
  get(bucket: string, key: string): S3Object | undefined;
  keys(bucket: string): readonly string[];
  close(): Promise<void>;
}

const CHUNK_BYTES = 65_536;

/** Starts an S3 on loopback that holds its objects in memory: path style, conditional writes, and faults on demand. */
export async function startS3Server(options: { readonly onRequest?: S3FaultHook } = {}): Promise<S3Server> {
  const buckets = new Map<string, Bucket>();
  const requests: S3Request[] = [];
  const http = createServer((request, response) => {
    void answer(request, response).catch((thrown: unknown) => response.destroy(thrown as Error));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = readRequest(request, requests.length + 1);
    requests.push(asked);
    const fault = await server.onRequest?.(asked);
    if (fault === 'reset') return void request.socket.resetAndDestroy();
    if (fault === 'hang') return;
    // A client that is still sending would take an early answer for a broken connection.
    const upload = asked.method === 'PUT' ? await refusalOr(readUpload(request)) : Buffer.alloc(0);
    if (typeof fault === 'object' && 'answer' in fault) return void response.end(fault.answer);
    const refusal = faultRefusal(fault);
    const done = refusal ?? (upload instanceof S3Refusal ? upload : await refusalOr(carryOut(asked, request, upload)));
    if (fault === 'reset-after') return void request.socket.resetAndDestroy();
    await send(response, done, asked.method === 'HEAD', fault);
  }

  async function carryOut(asked: S3Request, request: IncomingMessage, upload: Buffer): Promise<Answer> {
    const bucket = buckets.get(asked.bucket);
    if (asked.key === '' && asked.method === 'PUT') {
      if (bucket === undefined) buckets.set(asked.bucket, new Map());
      return { status: 200 };
    }
    if (bucket === undefined) throw new S3Refusal(404, 'NoSuchBucket', 'The specified bucket does not exist');
    if (asked.key !== '') return objectAnswer(asked, bucket, request, upload);
    if (asked.method === 'HEAD') return { status: 200 };
    if (asked.method !== 'GET') throw new S3Refusal(501, 'NotImplemented');
    return { status: 200, body: Buffer.from(listingXml(asked.bucket, bucket, asked.query)), type: 'application/xml' };
  }

  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const server: S3Server = {
    endpoint: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    requests,
    onRequest: options.onRequest,
    createBucket: (bucket) => void buckets.set(bucket, buckets.get(bucket) ?? new Map()),
    put(bucket, key, body, { lastModified } = {}) {
      server.createBucket(bucket);
      buckets.get(bucket)?.set(key, s3Object(body, lastModified && { lastModified }));
    },
    get: (bucket, key) => buckets.get(bucket)?.get(key),
    keys: (bucket) => [...(buckets.get(bucket)?.keys() ?? [])].sort(),
    async close() {
      http.close();
      http.closeAllConnections();
      await once(http, 'close');
    },
  };
  return server;
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly type?: string;
}

function objectAnswer({ method, key }: S3Request, bucket: Bucket, request: IncomingMessage, upload: Buffer): Answer {
  const held = bucket.get(key);
  const ifMatch = headerOf(request, 'if-match');
  const ifNoneMatch = headerOf(request, 'if-none-match');
  if (method === 'PUT') {
    assertWritable(held, ifNoneMatch, ifMatch);
    const written = s3Object(upload, { metadata: metadataOf(request) });
    bucket.set(key, written);
    return { status: 200, headers: { etag: written.etag } };
  }
  if (method === 'DELETE') {
    bucket.delete(key);
    return { status: 204 };
  }
  if (method !== 'GET' && method !== 'HEAD') throw new S3Refusal(501, 'NotImplemented');
  if (held === undefined) throw new S3Refusal(404, 'NoSuchKey', 'The specified key does not exist');
  if (ifMatch !== undefined && ifMatch !== held.etag) throw new S3Refusal(412, 'PreconditionFailed');
  if (ifNoneMatch === held.etag) return { status: 304, headers: { etag: held.etag } };
  const range = rangeOf(headerOf(request, 'range'), held.body.length);
  const headers = {
    etag: held.etag,
    'last-modified': held.lastModified.toUTCString(),
    'accept-ranges': 'bytes',
    ...Object.fromEntries(Object.entries(held.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value])),
  };
  if (range !== undefined) {
    const bytes = `bytes ${range.from}-${range.to}/${held.body.length}`;
    return {
      status: 206,
      headers: { ...headers, 'content-range': bytes },
      body: held.body.subarray(range.from, range.to + 1),
    };
  }
  return { status: 200, headers: { ...headers, 'x-amz-checksum-crc32': crc32Of(held.body) }, body: held.body };
}

async function send(
  response: ServerResponse,
  done: Answer | S3Refusal,
  isHead: boolean,
  fault?: S3Fault,
): Promise<void> {
  const answer: Answer =
    done instanceof S3Refusal
      ? { status: done.status, body: Buffer.from(errorXml(done)), type: 'application/xml' }
      : done;
  const body = answer.body ?? Buffer.alloc(0);
  response.writeHead(answer.status, {
    ...answer.headers,
    'x-amz-request-id': 'test',
    'content-type': answer.type ?? 'application/octet-stream',
    ...(answer.status !== 204 && answer.status !== 304 && { 'content-length': body.length }),
  });
  if (isHead) return void response.end();
  if (fault !== 'cut-body' && fault !== 'stall-body') {
    // A client that has seen enough closes the connection, which is no failure of the server.
    await pipeline(Readable.from(chunksOf(body)), response).catch((thrown: unknown) =>
      response.destroy(thrown as Error),
    );
    return;
  }
  response.write(body.subarray(0, Math.ceil(body.length / 2)), () => {
    if (fault === 'cut-body') response.destroy();
  });
}

function readRequest(request: IncomingMessage, number: number): S3Request {
  const url = new URL(request.url ?? '/', 'http://s3');
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(url.pathname) ?? [];
  return { method: request.method ?? '', bucket, key: decodeURIComponent(key), query: url.searchParams, number };
}

function metadataOf(request: IncomingMessage): Record<string, string> {
  const headers = Object.keys(request.headers).filter((name) => name.startsWith('x-amz-meta-'));
  return Object.fromEntries(headers.map((name) => [name.slice('x-amz-meta-'.length), headerOf(request, name) ?? '']));
}

async function refusalOr<Done>(work: Promise<Done>): Promise<Done | S3Refusal> {
  try {
    return await work;
  } catch (thrown) {
    if (thrown instanceof S3Refusal) return thrown;
    throw thrown;
  }
}

function faultRefusal(fault: S3Fault | undefined): S3Refusal | undefined {
  if (fault === 'slow-down') return new S3Refusal(503, 'SlowDown', 'Please reduce your request rate.');
  return typeof fault === 'object' && 'status' in fault ? new S3Refusal(fault.status, fault.code) : undefined;
}

function* chunksOf(body: Buffer): Iterable<Buffer> {
  for (let from = 0; from < body.length; from += CHUNK_BYTES) yield body.subarray(from, from + CHUNK_BYTES);
}
