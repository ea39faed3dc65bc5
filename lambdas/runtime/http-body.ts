import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { HttpFailure, printable } from './http-failure.ts';

export interface ReadBody {
  readonly body: Buffer;
  readonly cut: boolean;
}

const DECODERS = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
} as const;

/**
 * Reads the body of an answer up to a limit and leaves the rest where it is.
 *
 * No encoding is asked for, and some servers compress all the same: such a body is decoded, and the limit holds for
 * what comes out of it, so that a bomb of a few kilobytes is cut like any other long body.
 */
export async function readBody(response: IncomingMessage, maxBytes: number, label: string): Promise<ReadBody> {
  const encodings = (response.headers['content-encoding'] ?? '')
    .split(',')
    .map((encoding) => encoding.trim().toLowerCase())
    .filter((encoding) => encoding !== '' && encoding !== 'identity');
  const [encoding, ...further] = encodings;
  if (encoding === undefined) return collect(response, maxBytes);
  if (further.length > 0 || !Object.hasOwn(DECODERS, encoding)) {
    const shown = printable(encodings.join(', '), 60);
    throw new HttpFailure('malformed', `${label} answered in the encoding ${shown}, which was not asked for`);
  }
  const decoder = DECODERS[encoding as keyof typeof DECODERS]();
  // It ends with the error that the reader gets, too; without anyone to take it, it would end the process.
  const piped = pipeline(response, decoder).then(
    () => undefined,
    (error: unknown) => error,
  );
  const read = await collect(decoder, maxBytes);
  const error = await piped;
  if (error !== undefined && !read.cut) throw error;
  return read;
}

async function collect(stream: Readable, maxBytes: number): Promise<ReadBody> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop destroys the stream, and with it the connection.
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxBytes) return { body: Buffer.concat(chunks).subarray(0, maxBytes), cut: true };
  }
  return { body: Buffer.concat(chunks), cut: false };
}
