import { createHash } from 'node:crypto';
import { Unavailable } from '../../../core/errors.ts';
import { ARCHIVE_MAGIC, readHead, readTableOfContents } from './_archive.ts';
import { ByteReader } from './_byte-reader.ts';
import type { Backup } from './_catalogue.ts';
import { promisedDigest } from './_checksum.ts';
import type { Contents, Created } from './_contents.ts';
import { readCustom } from './_custom.ts';
import { decompressed, lacksZstdChecksum, type Codec } from './_decompress.ts';
import { Flaw, type FlawKind } from './_flaw.ts';
import { readFolderContents, readFolderDump } from './_folder-dump.ts';
import type { BackupFile, BackupSource, Sink } from './_source.ts';
import { countBytes } from './_rows.ts';
import { isDumpScript, readScript } from './_sql.ts';
import { isTar, readTar, readTarContents } from './_tar.ts';
import { unopenable } from './_unopenable.ts';

/** What came of reading a backup from its first byte to its last. */
export interface Reading {
  readonly flaw:
    { readonly kind: FlawKind | 'checksum-mismatch' | 'not-read-in-time'; readonly detail: string } | undefined;
  readonly contents: Contents | undefined;
  readonly bytesRead: number;
  /** In hexadecimal digits; undefined for a folder, and where it was not read to its end. */
  readonly sha256: string | undefined;
  /** The file beside it whose digest it has. */
  readonly agreesWith: string | undefined;
}

/** Reads a backup to its end with constant memory, and checks everything in it that can be checked without a server. */
export async function readBackup(source: BackupSource, backup: Backup, signal: AbortSignal): Promise<Reading> {
  let bytesRead = 0;
  const count = (bytes: number) => (bytesRead += bytes);
  const nothing = { contents: undefined, sha256: undefined, agreesWith: undefined };
  try {
    const read = backup.isFolder ? await readFolder(source, backup, count) : await readFile(source, backup, count);
    return { ...read, bytesRead };
  } catch (thrown) {
    if (thrown instanceof Flaw) return { ...nothing, bytesRead, flaw: { kind: thrown.kind, detail: thrown.message } };
    if (signal.aborted) {
      const detail = `not read to its end in time: ${bytesRead} of ${backup.sizeBytes} bytes`;
      return { ...nothing, bytesRead, flaw: { kind: 'not-read-in-time', detail } };
    }
    if (!(thrown instanceof Unavailable)) throw thrown;
    return { ...nothing, bytesRead, flaw: { kind: 'cannot-be-opened', detail: thrown.message } };
  }
}

type Read = Omit<Reading, 'bytesRead'>;
type Count = (bytes: number) => void;

async function readFolder(source: BackupSource, backup: Backup, count: Count): Promise<Read> {
  const contents = await readFolderDump(filesByName(backup), (file) =>
    tapped(source.open(file), (piece) => count(piece.length)),
  );
  return { contents, flaw: undefined, sha256: undefined, agreesWith: undefined };
}

async function readFile(source: BackupSource, backup: Backup, count: Count): Promise<Read> {
  const [file] = backup.files;
  if (!file) throw new Flaw('cut-short', 'it has no file');
  const digest = backup.checksum && (await promisedDigest(source, backup.name, backup.checksum));
  const sha256 = createHash('sha256');
  const other = digest && digest.algorithm !== 'sha256' ? createHash(digest.algorithm) : undefined;
  let hashedBytes = 0;
  const hash = (piece: Buffer) => {
    hashedBytes += piece.length;
    count(piece.length);
    sha256.update(piece);
    other?.update(piece);
  };
  const raw = new ByteReader(tapped(source.open(file), hash));
  const { contents, flaw } = await outcomeOf(raw, backup.name);
  // A digest says more than the first flaw on the way: for it, all that is left is read.
  if (digest && flaw && flaw.kind !== 'changed-while-read') await source.pour(file, { startByte: hashedBytes }, hash);
  const hex = sha256.digest('hex');
  const beside = JSON.stringify(backup.checksum?.file.path);
  if (digest && flaw?.kind !== 'changed-while-read' && (other?.digest('hex') ?? hex) !== digest.hex) {
    const detail = [`its ${digest.algorithm} is not the one in ${beside}`, ...(flaw ? [flaw.detail] : [])].join('; ');
    return { contents: undefined, flaw: { kind: 'checksum-mismatch', detail }, sha256: hex, agreesWith: undefined };
  }
  const isWhole = flaw === undefined || digest !== undefined;
  return { contents, flaw, sha256: isWhole ? hex : undefined, agreesWith: digest && beside };
}

async function outcomeOf(raw: ByteReader, name: string): Promise<Pick<Read, 'contents' | 'flaw'>> {
  try {
    return { contents: await readContents(raw, name), flaw: undefined };
  } catch (thrown) {
    if (!(thrown instanceof Flaw)) throw thrown;
    return { contents: undefined, flaw: { kind: thrown.kind, detail: thrown.message } };
  } finally {
    await raw.close();
  }
}

async function readContents(reader: ByteReader, name: string): Promise<Contents> {
  const head = await reader.peek(1024);
  if (head.toString('latin1', 0, 5) === ARCHIVE_MAGIC) return readCustom(reader);
  if (isTar(head)) return readTar(reader);
  if (isDumpScript(head)) return readScript(reader);
  const codec = codecOf(head);
  if (codec === undefined) throw unopenable(head, name);
  const gzippedAtSeconds = codec === 'gzip' && head.length >= 8 ? head.readUInt32LE(4) : 0;
  const checksummed = codec === 'zstd' && lacksZstdChecksum(head) ? 'nothing' : 'everything';
  const inner = new ByteReader(decompressed(reader.rest(), codec, 'its compressed stream'));
  try {
    const contents = await readContents(inner, name.replace(/\.(gz|zst)$/i, ''));
    // Only the end of the stream has its checksum, whatever the format within takes for its own end.
    const surplusBytes = await countBytes(inner.rest());
    if (surplusBytes > 0) throw new Flaw('damaged', `${surplusBytes} bytes follow its end`);
    const gzipped = gzippedAtSeconds > 0 ? { at: new Date(gzippedAtSeconds * 1_000), inUtc: true } : undefined;
    return { ...contents, format: `${contents.format}, ${codec}`, created: contents.created ?? gzipped, checksummed };
  } finally {
    await inner.close();
  }
}

function codecOf(head: Buffer): Codec | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  return head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528 ? 'zstd' : undefined;
}

/** What the head of an archive says without reading its rows. */
export interface Glimpse {
  readonly created: Created;
  readonly objects: readonly string[];
}

/** Reads only head and table of contents; undefined where the format has none or it cannot be read. */
export async function glimpse(source: BackupSource, backup: Backup): Promise<Glimpse | undefined> {
  const file = backup.isFolder ? filesByName(backup).get('toc.dat') : backup.files[0];
  if (!file || file.sizeBytes === 0) return undefined;
  const reader = new ByteReader(source.open(file));
  try {
    if (backup.isFolder) return glimpseOf(await readFolderContents(reader));
    const head = await reader.peek(1024);
    if (isTar(head)) return glimpseOf(await readTarContents(reader));
    if (head.toString('latin1', 0, 5) !== ARCHIVE_MAGIC) return undefined;
    const archive = await readHead(reader);
    return glimpseOf({ head: archive, ...(await readTableOfContents(reader, archive)) });
  } catch (thrown) {
    // It is not the one that is judged: without it there is nothing to compare with, and that is said.
    if (thrown instanceof Flaw || thrown instanceof Unavailable) return undefined;
    throw thrown;
  } finally {
    await reader.close();
  }
}

function glimpseOf({ head, objects }: { head: { created: Created }; objects: readonly string[] }): Glimpse {
  return { created: head.created, objects };
}

function filesByName(backup: Backup): ReadonlyMap<string, BackupFile> {
  return new Map(backup.files.map((file) => [file.path.slice(backup.name.length + 1), file]));
}

async function* tapped(pieces: AsyncIterable<Buffer>, tap: Sink): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    tap(piece);
    yield piece;
  }
}

/** The SHA-256 of a file in hexadecimal digits; undefined where it cannot be read. */
export async function sha256Of(source: BackupSource, file: BackupFile): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    await source.pour(file, {}, (piece) => hash.update(piece));
    return hash.digest('hex');
  } catch (thrown) {
    if (thrown instanceof Flaw || thrown instanceof Unavailable) return undefined;
    throw thrown;
  }
}
