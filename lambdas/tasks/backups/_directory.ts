import { constants } from 'node:fs';
import { lstat, open, readdir, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { messageOf, Unavailable } from '../../../core/errors.ts';
import { Flaw } from './_flaw.ts';
import { shown } from './_shown.ts';
import { answered, MOST_FILES, type BackupFile, type BackupSource, type Range } from './_source.ts';

const PIECE_BYTES = 1024 * 1024;

/** The backups in a folder of this machine. Links are neither listed nor followed: what they point at is elsewhere. */
export function directorySource(folder: string, signal: AbortSignal): BackupSource {
  return {
    location: folder,
    showsGrowth: true,
    list: () => listFolder(folder, signal),
    look: (file) => lookAt(folder, file.path),
    open: (file, range) => openFile(join(folder, file.path), file, range, signal),
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
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW;
  const handle = await readable(open(path, flags), path);
  try {
    const end = Math.min(range.endByte ?? file.sizeBytes, file.sizeBytes);
    for (let at = range.startByte ?? 0; at < end;) {
      signal.throwIfAborted();
      // A fresh buffer each time: the one before may still be at work in zlib's thread.
      const buffer = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, end - at));
      const { bytesRead } = await readable(handle.read(buffer, 0, buffer.length, at), path);
      if (bytesRead === 0) break;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
    const { size, mtime } = await readable(handle.stat(), path);
    if (size !== file.sizeBytes || mtime.getTime() !== file.lastModified.getTime()) {
      throw new Flaw(
        'changed-while-read',
        `it had ${file.sizeBytes} bytes when it was listed and ${size} after it was read`,
      );
    }
  } finally {
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
