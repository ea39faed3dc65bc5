import type { Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { codeOf } from './_auth-file.ts';

/** Why the rest of a log could not be read; what stands before it was. */
export class LogDamaged extends Error {}

/** The log is compressed in a way that is not read here. */
export class LogUnreadable extends Error {}

// At most this much of a compressed log is put in at once, so that what comes out of it fits into memory.
const COMPRESSED_BYTES = 16 * 1024;
/** A longer line is cut: nothing that speaks of a login is as long. */
export const LONGEST_LINE = 64 * 1024;

const FORMATS: readonly (readonly [magic: string, format: string, engine?: () => Transform])[] = [
  ['1f8b', 'gzip', () => createGunzip()],
  ['28b52ffd', 'zstd', () => createZstdDecompress()],
  ['fd377a585a00', 'xz'],
  ['425a68', 'bzip2'],
  ['04224d18', 'lz4'],
  ['1f9d', 'compress'],
];

/**
 * The lines of a log, those of one piece at a time, compressed or not; its first bytes say which.
 *
 * Throws `LogDamaged` where the compressed data end early or are not what was written, and `LogUnreadable` where the log
 * is compressed in another way.
 */
export async function* linesOf(pieces: AsyncIterable<Buffer>): AsyncGenerator<readonly string[]> {
  // Bytes that are no UTF-8 become a sign for that, and the line stays one.
  const decoder = new TextDecoder();
  let rest = '';
  let isCut = false;
  for await (const piece of plain(pieces)) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    // The beginning of a line that is too long was given already, and this is its end.
    const isEnd = isCut && lines.length > 0;
    if (isEnd) lines.shift();
    if (isEnd) isCut = false;
    if (rest.length > LONGEST_LINE) {
      if (!isCut) lines.push(rest.slice(0, LONGEST_LINE));
      isCut = true;
      rest = '';
    }
    if (lines.length > 0) yield lines.map((line) => line.slice(0, LONGEST_LINE));
  }
  rest += decoder.decode();
  if (rest !== '' && !isCut) yield [rest];
}

async function* plain(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let engine: Transform | undefined;
  let isFirst = true;
  const ready: Buffer[] = [];
  const failed = new AbortController();
  try {
    for await (const piece of pieces) {
      if (isFirst) engine = engineFor(piece, ready, failed);
      isFirst = false;
      if (!engine) yield piece;
      else {
        for (let at = 0; at < piece.length; at += COMPRESSED_BYTES) {
          await put(engine, piece.subarray(at, at + COMPRESSED_BYTES), failed.signal);
          yield* ready.splice(0);
          if (failed.signal.aborted) throw damaged(failed.signal.reason);
        }
      }
    }
    if (!engine) return;
    // It closes at its end and after a failure alike.
    await closed(engine, () => engine?.end());
    yield* ready.splice(0);
    if (failed.signal.aborted) throw damaged(failed.signal.reason);
  } finally {
    engine?.destroy();
  }
}

function engineFor(head: Buffer, ready: Buffer[], failed: AbortController): Transform | undefined {
  const magic = head.subarray(0, 6).toString('hex');
  const [, format, create] = FORMATS.find(([start]) => magic.startsWith(start)) ?? [];
  if (format === undefined) return undefined;
  if (!create) throw new LogUnreadable(`it is compressed with ${format}, which cannot be read here`);
  const engine = create();
  engine.on('data', (piece: Buffer) => ready.push(piece));
  engine.on('error', (reason: unknown) => {
    failed.abort(reason);
  });
  return engine;
}

/** Waits until the engine has taken the bytes and given what they become, or has failed: then it never says more. */
async function put(engine: Transform, bytes: Buffer, failed: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      failed.removeEventListener('abort', done);
      resolve();
    };
    failed.addEventListener('abort', done);
    engine.write(bytes, done);
  });
}

async function closed(engine: Transform, end: () => void): Promise<void> {
  await new Promise<void>((resolve) => {
    engine.once('close', resolve);
    end();
  });
}

function damaged(reason: unknown): LogDamaged {
  return new LogDamaged(codeOf(reason) === 'Z_BUF_ERROR' ? 'it ends early' : 'it is damaged', { cause: reason });
}
