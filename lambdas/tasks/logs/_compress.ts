import { createHash } from 'node:crypto';
import { statfs, type FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { addName, createFile, lookAt, openFile, removeName, type LogFolder } from './_log-folder.ts';
import { isSameFile, type LogFile } from './_log-files.ts';
import type { ByteName } from './_log-name.ts';
import type { OpennessJudge } from './_openness.ts';
import { putAway, workingName, type Stays } from './_put-away.ts';

export type CompressionEnd =
  | { readonly state: 'done'; readonly gzipBytes: number; readonly diskBytes: number; readonly sha256: string }
  | { readonly state: Stays | 'name-taken' | 'no-space' };

export interface Compression {
  readonly folder: LogFolder;
  readonly file: LogFile;
  readonly to: ByteName;
  /** Bytes that must stay free beside the largest that the copy can become. */
  readonly reserveBytes: number;
  readonly openness: OpennessJudge;
  readonly signal: AbortSignal;
}

/**
 * Replaces a log by its gzip. The original goes only after the copy was written, synced, read back and found equal,
 * and only if it is still the file that was looked at and nobody has it open; else nothing is changed at all.
 */
export async function compressLog(compression: Compression): Promise<CompressionEnd> {
  const { folder, file, to, openness } = compression;
  const handle = await openFile(folder, file.name);
  let made: Copy | undefined;
  try {
    if (!isSameFile(file, await handle.stat({ bigint: true }))) return { state: 'changed' };
    const { state } = await openness.judge(handle, file, `${folder.path}/${file.name}`);
    if (state !== 'free') return { state: state === 'held' ? 'held' : 'not-provable' };
    made = await copyOf(compression, handle);
    if (made.state !== 'made') return made;
    if (!isSameFile(file, await handle.stat({ bigint: true }))) {
      await undo(folder, to, made);
      return { state: 'changed' };
    }
  } finally {
    await handle.close();
  }
  const stays = await putAway(folder, file, openness).catch(async (thrown: unknown) => {
    await undo(folder, to, made);
    throw thrown;
  });
  if (stays !== undefined) {
    await undo(folder, to, made);
    return { state: stays };
  }
  await folder.handle.sync();
  const { gzipBytes, diskBytes, sha256 } = made;
  return { state: 'done', gzipBytes, diskBytes, sha256 };
}

const PIECE_BYTES = 1024 * 1024;

interface Made {
  readonly state: 'made';
  readonly ino: bigint;
  readonly gzipBytes: number;
  readonly diskBytes: number;
  readonly sha256: string;
  /** False where an earlier run that was killed had made it. */
  readonly isOurs: boolean;
}

type Copy = Made | { readonly state: 'name-taken' | 'no-space' };

/** What was made for nothing is taken away again; what was there before stays. */
async function undo(folder: LogFolder, name: ByteName, copy: Copy | undefined): Promise<void> {
  if (copy?.state !== 'made' || !copy.isOurs) return;
  const there = await lookAt(folder, name);
  if (there?.ino === copy.ino) await removeName(folder, name);
}

async function copyOf(compression: Compression, handle: FileHandle): Promise<Copy> {
  const { folder, file, to, reserveBytes } = compression;
  if ((await lookAt(folder, to)) !== undefined) return adopted(compression, handle);
  const { bavail, bsize } = await statfs(`/proc/self/fd/${folder.handle.fd}`);
  if (bavail * bsize < worstGzipBytes(file.sizeBytes) + reserveBytes) return { state: 'no-space' };
  const working = workingName(file.name, 'copy');
  const copy = await createFile(folder, working);
  try {
    const sha256 = await writeCopy(compression, handle, copy);
    const { ino, size, blocks } = await copy.stat({ bigint: true });
    const back = await readBack(folder, working, compression.signal);
    if (back?.sha256 !== sha256 || back.ino !== ino) throw new Error('the copy read back is not equal to the original');
    if (!(await addName(folder, working, to))) return { state: 'name-taken' };
    return { state: 'made', ino, gzipBytes: Number(size), diskBytes: Number(blocks) * 512, sha256, isOurs: true };
  } finally {
    await copy.close();
    await removeName(folder, working);
  }
}

/** A copy that stands there already is that of a run that was killed, if its content is the very same. */
async function adopted({ folder, to, signal }: Compression, handle: FileHandle): Promise<Copy> {
  const back = await readBack(folder, to, signal);
  const hash = createHash('sha256');
  for await (const piece of piecesOf(handle, signal)) hash.update(piece);
  if (back === undefined || back.sha256 !== hash.digest('hex')) return { state: 'name-taken' };
  const { ino, gzipBytes, diskBytes, sha256 } = back;
  return { state: 'made', ino, gzipBytes, diskBytes, sha256, isOurs: false };
}

async function writeCopy({ file, signal }: Compression, from: FileHandle, to: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  async function* hashed(): AsyncGenerator<Buffer> {
    for await (const piece of piecesOf(from, signal)) {
      hash.update(piece);
      yield piece;
    }
  }
  async function write(pieces: AsyncIterable<Buffer>): Promise<void> {
    for await (const piece of pieces) await to.appendFile(piece);
  }
  await pipeline(hashed, createGzip(), write, { signal });
  // The owner first: a change of the owner takes rights away.
  const made = await to.stat({ bigint: true });
  if (made.uid !== file.uid || made.gid !== file.gid) await to.chown(Number(file.uid), Number(file.gid));
  await to.chmod(Number(file.mode & 0o7777n));
  // Seconds as a fraction end a little below the microsecond that is meant.
  const written = Number(file.mtimeNs / 1_000n) / 1e6 + 0.3e-6;
  await to.utimes(written, written);
  await to.sync();
  return hash.digest('hex');
}

interface ReadBack {
  readonly ino: bigint;
  readonly gzipBytes: number;
  readonly diskBytes: number;
  readonly contentBytes: number;
  readonly mtimeMs: number;
  readonly sha256: string;
}

/** What a gzip holds; undefined where it is none, is damaged, or is no plain file. */
export async function readBack(folder: LogFolder, name: ByteName, signal: AbortSignal): Promise<ReadBack | undefined> {
  if ((await lookAt(folder, name))?.isFile() !== true) return undefined;
  const handle = await openFile(folder, name);
  try {
    const { ino, size, blocks, mtimeMs } = await handle.stat({ bigint: true });
    const hash = createHash('sha256');
    let contentBytes = 0;
    await pipeline(
      piecesOf(handle, signal),
      createGunzip(),
      async (pieces: AsyncIterable<Buffer>) => {
        for await (const piece of pieces) {
          hash.update(piece);
          contentBytes += piece.length;
        }
      },
      { signal },
    );
    return {
      ino,
      gzipBytes: Number(size),
      diskBytes: Number(blocks) * 512,
      contentBytes,
      mtimeMs: Number(mtimeMs),
      sha256: hash.digest('hex'),
    };
  } catch (thrown) {
    if (isDamage(thrown)) return undefined;
    throw thrown;
  } finally {
    await handle.close();
  }
}

function isDamage(thrown: unknown): boolean {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && /^Z_/.test(String(thrown.code));
}

/** The content from the start to the end. A stream of the handle would keep it from being closed. */
async function* piecesOf(handle: FileHandle, signal: AbortSignal): AsyncGenerator<Buffer> {
  for (let at = 0; ;) {
    signal.throwIfAborted();
    // A fresh buffer each time: the one before may still be at work in zlib's thread.
    const buffer = Buffer.allocUnsafeSlow(PIECE_BYTES);
    const { bytesRead } = await handle.read(buffer, 0, PIECE_BYTES, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Deflate stores what it cannot shrink, with five bytes around each 16 KB. */
function worstGzipBytes(sizeBytes: number): number {
  return sizeBytes + Math.ceil(sizeBytes / 16_384) * 5 + 64;
}
