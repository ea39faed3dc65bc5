import { constants } from 'node:fs';
import { lstat, open, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, Unavailable } from '../../../core/errors.ts';
import { printable } from '../../runtime/http-failure.ts';
import { Flaw } from './_flaw.ts';
import { answered, MOST_FILES, MOST_FOLDERS_DEEP, type PassedBy, type Source, type SourceFile } from './_source.ts';

const PIECE_BYTES = 1024 * 1024;

/** The files in a folder of this machine. Links are neither listed nor followed: what they point at is elsewhere. */
export function folderSource(folder: string, signal: AbortSignal): Source {
  return {
    location: folder,
    list: (leftOut) => listFolder(folder, leftOut, signal),
    look: (path) => lookAt(folder, path),
    open: (file) => openFile(folder, file, signal),
  };
}

async function listFolder(folder: string, leftOut: ReadonlySet<string>, signal: AbortSignal) {
  const files: SourceFile[] = [];
  const passedBy: PassedBy = { links: 0, folders: 0, unread: [] };
  const root = await readable(realpath(folder), folder);
  const folders = [''];
  for (let parent = folders.pop(); parent !== undefined; parent = folders.pop()) {
    stillTime(signal, folder);
    const entries = await entriesOf(root, parent, passedBy);
    for (const entry of entries) {
      const path = parent === '' ? entry.name : `${parent}/${entry.name}`;
      if (entry.isDirectory()) {
        if (leftOut.has(entry.name)) passedBy.folders += 1;
        else if (path.split('/').length > MOST_FOLDERS_DEEP) {
          passedBy.unread.push({ path, reason: `it lies deeper than ${MOST_FOLDERS_DEEP} folders` });
        } else folders.push(path);
      } else if (entry.isFile()) {
        const file = await unlessGone(lookAt(root, path));
        if (file) files.push(file);
      } else passedBy.links += 1;
      if (files.length > MOST_FILES) throw new Unavailable(`${folder} holds more than ${MOST_FILES} files`);
    }
  }
  return { files, passedBy };
}

/** The place itself must be readable; a folder in it that is not leaves the others. */
async function entriesOf(root: string, parent: string, passedBy: PassedBy) {
  try {
    return await readable(readdir(join(root, parent), { withFileTypes: true }), join(root, parent));
  } catch (thrown) {
    if (parent === '' || !(thrown instanceof Unavailable)) throw thrown;
    passedBy.unread.push({ path: parent, reason: thrown.message });
    return [];
  }
}

async function lookAt(folder: string, path: string): Promise<SourceFile> {
  const stats = await readable(lstat(join(folder, path)), join(folder, path));
  if (!stats.isFile()) throw new Unavailable(`${printable(join(folder, path))} is no file`);
  return { path, sizeBytes: stats.size, lastModified: stats.mtime };
}

async function unlessGone(file: Promise<SourceFile>): Promise<SourceFile | undefined> {
  try {
    return await file;
  } catch (thrown) {
    if (thrown instanceof Unavailable && codeOf(thrown.cause) === 'ENOENT') return undefined;
    throw thrown;
  }
}

async function* openFile(folder: string, file: SourceFile, signal: AbortSignal): AsyncGenerator<Buffer> {
  const path = join(folder, file.path);
  // Without waiting: what was a file when it was listed may be a pipe by now, that nobody writes to.
  const handle = await readable(open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK), path);
  try {
    let at = 0;
    while (at < file.sizeBytes) {
      stillTime(signal, path);
      const buffer = Buffer.allocUnsafe(Math.min(PIECE_BYTES, file.sizeBytes - at));
      const { bytesRead } = await readable(handle.read(buffer, 0, buffer.length, at), path);
      if (bytesRead === 0) break;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
    const { size, mtime } = await readable(handle.stat(), path);
    if (size !== file.sizeBytes || mtime.getTime() !== file.lastModified.getTime()) {
      throw new Flaw('was changed while it was being read');
    }
  } finally {
    await handle.close();
  }
}

function stillTime(signal: AbortSignal, what: string): void {
  if (signal.aborted)
    throw new Unavailable(`${printable(what)} was not read to its end before the task reached its deadline`);
}

async function readable<Answer>(answer: Promise<Answer>, what: string): Promise<Answer> {
  try {
    return await answered(answer, what);
  } catch (thrown) {
    if (codeOf(thrown) === undefined) throw thrown;
    throw new Unavailable(`${printable(what)} cannot be read: ${printable(messageOf(thrown))}`, { cause: thrown });
  }
}

function codeOf(thrown: unknown): string | undefined {
  const isSystemError = typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'errno' in thrown;
  return isSystemError ? String(thrown.code) : undefined;
}
