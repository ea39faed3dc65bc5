import { isUtf8 } from 'node:buffer';
import type { ByteReader } from './_byte-reader.ts';
import { OBJECT_KINDS, type Created } from './_contents.ts';
import { Flaw } from './_flaw.ts';

export const ARCHIVE_MAGIC = 'PGDMP';
const FORMATS = { 1: 'custom', 3: 'tar', 5: 'directory' } as const;
const COMPRESSIONS = ['none', 'gzip', 'lz4', 'zstd'] as const;
export type Compression = (typeof COMPRESSIONS)[number];

// No function body and no column list comes near it; a damaged length must not be allocated.
const LONGEST_TEXT_BYTES = 64 * 1024 * 1024;
const NO_DATA = 3;
const POSITION_SET = 2;

/** The head of a pg_dump archive. */
export interface ArchiveHead {
  /** The minor version of the archive format: 14 is written by PostgreSQL 12 to 15, 15 by 16, 16 by 17 and later. */
  readonly version: number;
  readonly format: (typeof FORMATS)[keyof typeof FORMATS];
  readonly compression: Compression;
  readonly created: Created;
  readonly database: string;
  readonly offsetBytes: number;
}

/** An entry of the table of contents that has rows or large objects. */
export interface DataEntry {
  readonly dumpId: number;
  readonly label: string;
  readonly isLargeObjects: boolean;
  /** COPY closes its rows with a line of its own; INSERT statements do not. */
  readonly copies: boolean;
  /** Where its block begins; undefined where pg_dump wrote into a pipe and could not go back to say so. */
  readonly offset: bigint | undefined;
  /** The member or file that holds it, in the tar and directory formats. */
  readonly file: string | undefined;
}

export interface TableOfContents {
  readonly data: readonly DataEntry[];
  /** `INDEX public.users_pkey`; see `Contents.objects`. */
  readonly objects: readonly string[];
}

/** An integer as pg_dump writes it: a byte for the sign, then four bytes. */
export function archiveInteger(bytes: Buffer, at: number): number {
  const sign = bytes[at];
  if (sign !== 0 && sign !== 1) throw new Flaw('damaged', `an integer of the archive has the sign ${sign}`);
  const size = bytes.readUInt32LE(at + 1);
  return sign === 1 ? -size : size;
}

export async function readInteger(reader: ByteReader, what: string): Promise<number> {
  return archiveInteger(await reader.read(5, what), 0);
}

async function readText(reader: ByteReader, what: string): Promise<Buffer | undefined> {
  const length = await readInteger(reader, what);
  if (length === -1) return undefined;
  if (length < 0 || length > LONGEST_TEXT_BYTES) throw new Flaw('damaged', `${what} has a text of ${length} bytes`);
  const text = await reader.read(length, what);
  if (text.includes(0)) throw new Flaw('damaged', `${what} has a zero byte in a text`);
  return text;
}

/** Reads what precedes the table of contents. */
export async function readHead(reader: ByteReader): Promise<ArchiveHead> {
  const what = 'the head of the archive';
  const head = await reader.read(11, what);
  const [major, minor, , integerBytes, offsetBytes = 0, formatByte = 0] = head.subarray(5);
  if (head.toString('latin1', 0, 5) !== ARCHIVE_MAGIC || major !== 1)
    throw new Flaw('damaged', `${what} is not pg_dump's`);
  if (minor === undefined || minor < 12 || minor > 16) {
    throw new Flaw('cannot-be-opened', `its archive format is 1.${minor}; 1.12 to 1.16 can be read`);
  }
  if (integerBytes !== 4 || offsetBytes > 8 || !(formatByte in FORMATS))
    throw new Flaw('damaged', `${what} is not pg_dump's`);
  const format = FORMATS[formatByte as keyof typeof FORMATS];
  const compression = await readCompression(reader, minor);
  const created = await readCreated(reader);
  const database = (await readText(reader, what))?.toString() ?? '';
  await readText(reader, what);
  await readText(reader, what);
  return { version: minor, format, compression, created, database, offsetBytes };
}

async function readCompression(reader: ByteReader, version: number): Promise<Compression> {
  const what = 'the head of the archive';
  // Before 1.15 there was only zlib, and its level said whether.
  if (version < 15) return (await readInteger(reader, what)) === 0 ? 'none' : 'gzip';
  const [algorithm = -1] = await reader.read(1, what);
  const compression = COMPRESSIONS[algorithm];
  if (!compression) throw new Flaw('cannot-be-opened', `its compression has the unknown number ${algorithm}`);
  return compression;
}

async function readCreated(reader: ByteReader): Promise<Created> {
  const parts: number[] = [];
  for (let i = 0; i < 7; i += 1) parts.push(await readInteger(reader, 'the time in the head of the archive'));
  const [second = -1, minute = -1, hour = -1, day = -1, month = -1, year = -1] = parts;
  const at = new Date(Date.UTC(year + 1900, month, day, hour, minute, Math.min(second, 59)));
  const same = at.getUTCMonth() === month && at.getUTCDate() === day && at.getUTCHours() === hour;
  if (!same || at.getUTCMinutes() !== minute || second < 0 || second > 60 || year < 96) {
    throw new Flaw('damaged', `the time in the head of the archive is none: ${parts.join(' ')}`);
  }
  return { at, inUtc: false };
}

/** Reads the table of contents, which follows the head; every entry must be well-formed. */
export async function readTableOfContents(reader: ByteReader, head: ArchiveHead): Promise<TableOfContents> {
  const count = await readInteger(reader, 'the table of contents');
  if (count < 0) throw new Flaw('damaged', `the table of contents claims ${count} entries`);
  const data: DataEntry[] = [];
  const objects: string[] = [];
  const seen = new Set<number>();
  const kept = new Set<string>(Object.values(OBJECT_KINDS).flat());
  let isUnicode = false;
  for (let index = 1; index <= count; index += 1) {
    const what = `entry ${index} of ${count} of the table of contents`;
    const entry = await readEntry(reader, head, what);
    if (seen.has(entry.dumpId)) throw new Flaw('damaged', `${what} repeats the number ${entry.dumpId}`);
    seen.add(entry.dumpId);
    if (entry.kind === 'ENCODING') isUnicode = entry.definition?.includes("'UTF8'") ?? false;
    if (isUnicode && !entry.texts.every((text) => isUtf8(text))) throw new Flaw('damaged', `${what} is not UTF-8`);
    if (kept.has(entry.kind)) objects.push(`${entry.kind} ${entry.label}`);
    if (entry.data) data.push(entry.data);
  }
  return { data, objects };
}

interface Entry {
  readonly dumpId: number;
  readonly kind: string;
  readonly label: string;
  readonly definition: Buffer | undefined;
  readonly texts: readonly Buffer[];
  readonly data: DataEntry | undefined;
}

async function readEntry(reader: ByteReader, head: ArchiveHead, what: string): Promise<Entry> {
  const texts: Buffer[] = [];
  async function text(): Promise<Buffer | undefined> {
    const bytes = await readText(reader, what);
    if (bytes) texts.push(bytes);
    return bytes;
  }
  const dumpId = await readInteger(reader, what);
  const hadDumper = await readInteger(reader, what);
  const catalogue = [await text(), await text()];
  const tag = await text();
  const kind = (await text())?.toString('latin1') ?? '';
  const section = await readInteger(reader, what);
  const definition = await text();
  await text();
  const copyStatement = await text();
  const namespace = await text();
  await text();
  if (head.version >= 14) await text();
  if (head.version >= 16) await readInteger(reader, what);
  await text();
  const withOids = await text();
  // The dependencies end with an absent text.
  const dependencies: Buffer[] = [];
  for (let one = await text(); one; one = await text()) dependencies.push(one);
  const file = head.format === 'custom' ? undefined : (await text())?.toString() || undefined;
  const position = head.format === 'custom' ? await readPosition(reader, head, what) : undefined;

  const numbers = [...catalogue, ...dependencies];
  const sound =
    dumpId > 0 &&
    (hadDumper === 0 || hadDumper === 1) &&
    section >= 1 &&
    section <= 4 &&
    /^[A-Z][A-Z -]*$/.test(kind) &&
    ['false', 'true'].includes(String(withOids)) &&
    numbers.every((number) => number === undefined || /^\d{1,10}$/.test(number.toString('latin1')));
  if (!sound) throw new Flaw('damaged', `${what} is not well-formed`);

  const hasData = position ? position.state !== NO_DATA : file !== undefined;
  const label = [namespace, tag].filter((part) => part && part.length > 0).join('.');
  const copies = (copyStatement?.length ?? 0) > 0;
  const isLargeObjects = kind === 'BLOBS';
  const data = hasData ? { dumpId, label, isLargeObjects, copies, offset: position?.offset, file } : undefined;
  return { dumpId, kind, label, definition, texts, data };
}

async function readPosition(reader: ByteReader, { offsetBytes }: ArchiveHead, what: string) {
  const bytes = await reader.read(1 + offsetBytes, what);
  const state = bytes[0] ?? 0;
  if (state < 1 || state > NO_DATA) throw new Flaw('damaged', `${what} has no valid position`);
  let offset = 0n;
  for (const byte of bytes.subarray(1).toReversed()) offset = offset * 256n + BigInt(byte);
  return { state, offset: state === POSITION_SET ? offset : undefined };
}
