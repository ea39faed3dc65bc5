import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { crc32 } from 'node:zlib';

/** S3's refusal of a request: an HTTP status and S3's name for it. */
export class S3Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message = code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The content of an upload, out of its framing and held against every checksum that came with it. */
export async function readUpload(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const sent = Buffer.concat(pieces);
  const sha256 = headerOf(request, 'x-amz-content-sha256');
  const isFramed = sha256?.startsWith('STREAMING-') === true || headerOf(request, 'content-encoding') === 'aws-chunked';
  const { body, trailers } = isFramed ? unframe(sent) : { body: sent, trailers: new Map<string, string>() };

  const length = headerOf(request, 'x-amz-decoded-content-length');
  if (length !== undefined && Number(length) !== body.length) throw new S3Refusal(400, 'IncompleteBody');
  const announced = headerOf(request, 'x-amz-trailer');
  if (announced !== undefined && !trailers.has(announced)) throw new S3Refusal(400, 'MalformedTrailerError');
  assertChecksum('x-amz-checksum-crc32', crc32Of(body), request, trailers);
  assertChecksum('x-amz-checksum-sha256', createHash('sha256').update(body).digest('base64'), request, trailers);
  if (sha256 !== undefined && /^[0-9a-f]{64}$/.test(sha256)) {
    const found = createHash('sha256').update(body).digest('hex');
    if (found !== sha256) throw new S3Refusal(400, 'XAmzContentSHA256Mismatch');
  }
  return body;
}

/** The CRC-32 of a body as S3 writes it: four bytes, most significant first, in base64. */
export function crc32Of(body: Uint8Array): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return bytes.toString('base64');
}

export function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}

/** Takes the chunks of `aws-chunked` together: `<hex size>[;extension]\r\n<bytes>\r\n` …, a chunk of size 0, trailers. */
function unframe(sent: Buffer): { readonly body: Buffer; readonly trailers: ReadonlyMap<string, string> } {
  const chunks: Buffer[] = [];
  let place = 0;
  function line(): string {
    const end = sent.indexOf('\r\n', place);
    if (end === -1) throw new S3Refusal(400, 'IncompleteBody', 'a line of the framing has no end');
    const text = sent.toString('latin1', place, end);
    place = end + 2;
    return text;
  }
  for (;;) {
    const header = line();
    if (!/^[0-9a-f]+(;|$)/i.test(header)) throw new S3Refusal(400, 'InvalidChunkSizeError', header.slice(0, 80));
    const size = Number.parseInt(header, 16);
    if (size === 0) break;
    if (place + size + 2 > sent.length) throw new S3Refusal(400, 'IncompleteBody', 'a chunk is cut off');
    chunks.push(sent.subarray(place, place + size));
    place += size;
    if (line() !== '') throw new S3Refusal(400, 'InvalidChunkSizeError', 'a chunk is longer than it says');
  }
  const trailers = new Map<string, string>();
  while (place < sent.length) {
    const [name = '', value = ''] = line().split(/:(.*)/s);
    if (name !== '') trailers.set(name.toLowerCase(), value.trim());
  }
  return { body: Buffer.concat(chunks), trailers };
}

function assertChecksum(
  name: string,
  found: string,
  request: IncomingMessage,
  trailers: ReadonlyMap<string, string>,
): void {
  const claimed = trailers.get(name) ?? headerOf(request, name);
  if (claimed !== undefined && claimed !== found) throw new S3Refusal(400, 'BadDigest', `${name} is ${found}`);
}
