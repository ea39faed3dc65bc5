import { ARCHIVE_MAGIC, readHead, readTableOfContents } from './_archive.ts';
import { ByteReader } from './_byte-reader.ts';
import type { Contents } from './_contents.ts';
import { countObjects } from './_custom.ts';
import { Flaw } from './_flaw.ts';
import { countBytes, isLargeObjectList, listedLargeObjects, readRows, requireListed } from './_rows.ts';

const BLOCK_BYTES = 512;
const CHECKSUM_AT = 148;

/** One member of a tar archive. */
interface Member {
  readonly name: string;
  readonly sizeBytes: number;
}

/** True for the head of a tar member, by its magic. */
export function isTar(head: Buffer): boolean {
  return head.length >= 262 && head.toString('latin1', 257, 262) === 'ustar';
}

/** Reads an archive of pg_dump's tar format to its end: the table of contents, the rows of every table, the end mark. */
export async function readTar(reader: ByteReader): Promise<Contents> {
  const first = await nextMember(reader);
  if (first?.name !== 'toc.dat') {
    const detail = `it is a tar archive that pg_dump did not write: its first file is ${JSON.stringify(first?.name)}`;
    throw new Flaw('cannot-be-opened', detail);
  }
  const { head, objects, data } = await readTocMember(reader, first);
  // The entry of the large objects names a file that is never written: a list stands for it.
  const rows = new Map(data.filter(({ isLargeObjects }) => !isLargeObjects).map((entry) => [entry.file, entry]));
  const missing = new Set(rows.keys());
  const present = new Set<string>();
  const largeObjects: string[] = [];
  let dataBytes = 0;
  for (let member = await nextMember(reader); member; member = await nextMember(reader)) {
    const what = `the tar member ${member.name}`;
    const pieces = reader.take(member.sizeBytes, what);
    const entry = rows.get(member.name);
    missing.delete(member.name);
    present.add(member.name);
    if (isLargeObjectList(member.name)) largeObjects.push(...(await listedLargeObjects(pieces)));
    else if (entry) dataBytes += await readRows(pieces, entry);
    else if (member.name.startsWith('blob_')) dataBytes += await countBytes(pieces);
    else await countBytes(pieces);
    await reader.read(padding(member.sizeBytes), what);
  }
  if (data.some(({ isLargeObjects }) => isLargeObjects) && ![...present].some(isLargeObjectList))
    missing.add('blobs.toc');
  const [lost] = [...missing, ...largeObjects.filter((name) => !present.has(name))];
  if (lost !== undefined) throw new Flaw('damaged', `${lost} is in its table of contents and not in the tar archive`);
  requireListed(present, new Set(largeObjects));
  return {
    format: 'pg_dump tar',
    created: head.created,
    objects,
    ...countObjects(objects),
    dataBytes,
    checksummed: 'nothing',
  };
}

/** Reads only the table of contents of a tar archive, which is its first member. */
export async function readTarContents(reader: ByteReader) {
  const first = await nextMember(reader);
  if (first?.name !== 'toc.dat') throw new Flaw('cannot-be-opened', 'its first file is not toc.dat');
  return readTocMember(reader, first);
}

async function readTocMember(reader: ByteReader, { sizeBytes }: Member) {
  const what = 'the table of contents';
  if ((await reader.peek(5)).toString('latin1') !== ARCHIVE_MAGIC)
    throw new Flaw('damaged', `${what} is not pg_dump's`);
  const toc = new ByteReader(reader.take(sizeBytes, what));
  const head = await readHead(toc);
  const contents = await readTableOfContents(toc, head);
  if ((await toc.view()).length > 0) throw new Flaw('damaged', `${what} is followed by something`);
  await reader.read(padding(sizeBytes), what);
  return { head, ...contents };
}

/** The next member; undefined at the end mark, after which nothing but zeros may come. */
async function nextMember(reader: ByteReader): Promise<Member | undefined> {
  const at = reader.position;
  const head = await reader.read(BLOCK_BYTES, 'the head of a tar member');
  if (head.every((byte) => byte === 0)) {
    await reader.read(BLOCK_BYTES, 'the end mark of the tar archive');
    for await (const piece of reader.rest()) {
      if (piece.some((byte) => byte !== 0))
        throw new Flaw('damaged', 'something follows the end mark of the tar archive');
    }
    return undefined;
  }
  const sum = head.reduce((total, byte, i) => total + (i >= CHECKSUM_AT && i < CHECKSUM_AT + 8 ? 32 : byte), 0);
  if (!isTar(head) || octal(head, CHECKSUM_AT, 8) !== sum) {
    throw new Flaw('damaged', `the head of the tar member at byte ${at} fails its checksum`);
  }
  const name = head.toString('utf8', 0, 100).replace(/\0.*$/s, '');
  return { name, sizeBytes: memberSize(head) };
}

function memberSize(head: Buffer): number {
  // Above 8 GB the size does not fit in eleven octal digits and is written as a number, marked by the first bit.
  const isBinary = ((head[124] ?? 0) & 0x80) !== 0;
  const size = isBinary ? head.readUIntBE(130, 6) : octal(head, 124, 12);
  if (!Number.isSafeInteger(size)) throw new Flaw('damaged', 'a tar member has no valid size');
  return size;
}

function octal(head: Buffer, at: number, length: number): number {
  const digits = head.toString('latin1', at, at + length).replace(/[\0 ]/g, '');
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

function padding(sizeBytes: number): number {
  return (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES;
}
