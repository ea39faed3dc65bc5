import { constants } from 'node:fs';
import { lstat, open, readdir, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { messageOf, Unavailable } from '../../../core/errors.ts';
import { Flaw } from './_flaw.ts';
import { shown } from './_shown.ts';
import { answered, MOST_FILES, type BackupFile, type BackupSource, type Range, type Sink } from './_source.ts';

const PIECE_BYTES = 1024 * 1024;

/** The backups in a folder of this machine. Links are neither listed nor followed: what they point at is elsewhere. */
export function directorySource(folder: string, signal: AbortSignal): BackupSource {
  return {
    location: folder,
    showsGrowth: true,
    list: () => listFolder(folder, signal),
    look: (file) => lookAt(folder, file.path),
    open: (file, range) => openFile(join(folder, file.path), file, range, signal),
    pour: (file, range, sink) => pourFile(join(folder, file.path), file, range, signal, sink),
  };
}

async function listFolder(folder: string, signal: AbortSignal): Promise<BackupFile[]> {
  const files: BackupFile[] = [];
  const root = await readable(realpath(folder), folder);
  const folders = [''];
  for (let parent = folders.pop(); parent !== undefined; parent = folders.pop()) {
    signal.throwIfAborted();
    for (const entry of await readable(readdir(join(root, parent), { withFileTypes: true }), folder)) {
      const path = parent === '' ? entry.name : `${parent}/${entry.name}`;
      if (entry.isDirectory()) folders.push(path);
      const file = entry.isFile() ? await lookAt(root, path) : undefined;
      if (file) files.push(file);
      if (files.length > MOST_FILES)
        throw new Unavailable(`${folder} holds more than ${MOST_FILES} files: no folder of backups`);
    }
  }
  return files;
}

async function lookAt(folder: string, path: string): Promise<BackupFile | undefined> {
  try {
    const stats = await answered(lstat(join(folder, path)), folder);
    return stats.isFile() ? { path, sizeBytes: stats.size, lastModified: stats.mtime } : undefined;
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return undefined;
    throw unavailable(thrown, join(folder, path));
  }
}

async function* openFile(
  path: string,
  file: BackupFile,
  range: Range = {},
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  // A fresh buffer each time: the one before may still be at work in zlib's thread.
  const fresh = (sizeBytes: number) => Buffer.allocUnsafeSlow(sizeBytes);
  yield* readAhead(path, file, range, signal, fresh);
}

/** Two buffers in turns: one is filled while the other is looked at. */
async function pourFile(path: string, file: BackupFile, range: Range, signal: AbortSignal, sink: Sink): Promise<void> {
  const buffers = [Buffer.allocUnsafeSlow(PIECE_BYTES), Buffer.allocUnsafeSlow(PIECE_BYTES)];
  const next = (sizeBytes: number) => {
    buffers.reverse();
    return (buffers[0] ?? Buffer.alloc(0)).subarray(0, sizeBytes);
  };
  for await (const piece of readAhead(path, file, range, signal, next)) sink(piece);
}

async function* readAhead(
  path: string,
  file: BackupFile,
  range: Range,
  signal: AbortSignal,
  bufferOf: (sizeBytes: number) => Buffer,
): AsyncGenerator<Buffer> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW;
  const handle = await readable(open(path, flags), path);
  const end = Math.min(range.endByte ?? file.sizeBytes, file.sizeBytes);
  const read = async (at: number): Promise<Buffer> => {
    signal.throwIfAborted();
    const buffer = bufferOf(Math.max(0, Math.min(PIECE_BYTES, end - at)));
    const { bytesRead } = await readable(handle.read(buffer, 0, buffer.length, at), path);
    return buffer.subarray(0, bytesRead);
  };
  let at = range.startByte ?? 0;
  let ahead = at < end ? read(at) : undefined;
  try {
    while (ahead) {
      const piece: Buffer = await ahead;
      at += piece.length;
      ahead = piece.length > 0 && at < end ? read(at) : undefined;
      // It is awaited in its turn, or below; until then its failure must not end the process.
      void Promise.allSettled([ahead]);
      if (piece.length > 0) yield piece;
    }
    const { size, mtime } = await readable(handle.stat(), path);
    if (size !== file.sizeBytes || mtime.getTime() !== file.lastModified.getTime()) {
      throw new Flaw(
        'changed-while-read',
        `it had ${file.sizeBytes} bytes when it was listed and ${size} after it was read`,
      );
    }
  } finally {
    // Nothing may be written into a buffer, or read from a descriptor, that is not ours any more.
    await Promise.allSettled([ahead]);
    await handle.close();
  }
}

async function readable<Answer>(answer: Promise<Answer>, what: string): Promise<Answer> {
  try {
    return await answered(answer, what);
  } catch (thrown) {
    throw unavailable(thrown, what);
  }
}

function unavailable(thrown: unknown, what: string): unknown {
  if (codeOf(thrown) === undefined) return thrown;
  return new Unavailable(shown(`${what.split(sep).join('/')} cannot be read: ${messageOf(thrown)}`), { cause: thrown });
}

function codeOf(thrown: unknown): string | undefined {
  const isSystemError = typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'errno' in thrown;
  return isSystemError ? String(thrown.code) : undefined;
}
