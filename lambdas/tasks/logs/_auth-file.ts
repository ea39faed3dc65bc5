import { constants, type Stats } from 'node:fs';
import { open, realpath, lstat, type FileHandle } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { messageOf, Unavailable } from '../../../core/errors.ts';

/** A log that is open for reading. */
export interface OpenLog {
  /** What it is under every name: device and inode. */
  readonly identity: string;
  readonly sizeBytes: number;
  readonly writtenMs: number;
  /** The bytes that it had when it was opened. */
  bytes(): AsyncGenerator<Buffer>;
  close(): Promise<void>;
}

/** Why a file of the folder cannot be read; without `reason` it is not there any more. */
export interface Unopened {
  readonly reason?: string;
  readonly writtenMs?: number;
}

const PATIENCE_SECONDS = 30;
// Each read costs a round through the thread pool.
const PIECE_BYTES = 256 * 1024;

/** Opens a file of a folder for reading; links that lead out of the folder, devices and pipes are never opened. */
export async function openLog(folder: string, name: string): Promise<OpenLog | Unopened> {
  const path = join(folder, name);
  let stats: Stats | undefined;
  let handle: FileHandle | undefined;
  try {
    const [home, real] = await answered(Promise.all([realpath(folder), realpath(path)]), path);
    if (!real.startsWith(home.endsWith(sep) ? home : home + sep))
      return { reason: 'it is a link that leads out of the folder' };
    stats = await answered(lstat(real), path);
    if (!stats.isFile()) return { reason: 'it is no file' };
    // Should it have become a pipe since, opening it does not wait for a writer.
    handle = await answered(open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK), path);
    const now = await answered(handle.stat(), path);
    if (!now.isFile()) throw new Unavailable(`${path} is no file`);
    const { size: sizeBytes, mtimeMs: writtenMs } = now;
    const opened = handle;
    return {
      identity: `${now.dev}:${now.ino}`,
      sizeBytes,
      writtenMs,
      bytes: () => bytesOf(opened, sizeBytes, path),
      close: () => opened.close(),
    };
  } catch (thrown) {
    await handle?.close();
    return unopened(thrown, stats);
  }
}

async function* bytesOf(handle: FileHandle, sizeBytes: number, path: string): AsyncGenerator<Buffer> {
  for (let at = 0; at < sizeBytes;) {
    const length = Math.min(PIECE_BYTES, sizeBytes - at);
    const { bytesRead, buffer } = await answered(handle.read(Buffer.allocUnsafe(length), 0, length, at), path);
    // It was emptied while it was read: what it held is in the copy that whoever emptied it made.
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

function unopened(thrown: unknown, stats: Stats | undefined): Unopened {
  const code = codeOf(thrown);
  if (code === 'ENOENT') return {};
  const written = stats === undefined ? {} : { writtenMs: stats.mtimeMs };
  if (code === 'EACCES' || code === 'EPERM') return { reason: 'permission denied', ...written };
  if (code === 'ELOOP') return { reason: 'it is a link that leads nowhere', ...written };
  return { reason: messageOf(thrown), ...written };
}

/** The code of an error of the system, such as `EACCES`; empty where it has none. */
export function codeOf(thrown: unknown): string {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown ? String(thrown.code) : '';
}

/** Waits for one answer of the disk; throws `Unavailable` where it does not come. */
export async function answered<Answer>(answer: Promise<Answer>, what: string): Promise<Answer> {
  const stop = new AbortController();
  try {
    return await Promise.race([answer, silence(what, stop.signal)]);
  } finally {
    stop.abort();
  }
}

async function silence(what: string, signal: AbortSignal): Promise<never> {
  await wait(PATIENCE_SECONDS * 1_000, undefined, { signal, ref: false });
  throw new Unavailable(`${what} did not answer for ${PATIENCE_SECONDS} s`);
}
