import type { DataEntry } from './_archive.ts';
import { Flaw } from './_flaw.ts';

// What pg_dump writes after the last row of a COPY.
const CLOSING = Buffer.from('\\.\n\n\n');
// Statements of --inserts are followed by two empty lines.
const BLANK_BYTES = 2;

/**
 * Reads the rows of one table, and says how many bytes they are.
 *
 * Throws `Flaw` where COPY's closing line is not at their end.
 */
export async function readRows(pieces: AsyncIterable<Buffer>, entry: DataEntry): Promise<number> {
  let sizeBytes = 0;
  let tail = Buffer.alloc(0);
  for await (const piece of pieces) {
    sizeBytes += piece.length;
    tail = piece.length >= CLOSING.length ? Buffer.from(piece.subarray(-CLOSING.length)) : lastOf(tail, piece);
  }
  if (!entry.copies) return Math.max(0, sizeBytes - BLANK_BYTES);
  if (!tail.equals(CLOSING))
    throw new Flaw('cut-short', `the rows of ${entry.label} do not end with the closing line of COPY`);
  return sizeBytes - CLOSING.length;
}

function lastOf(tail: Buffer, piece: Buffer): Buffer<ArrayBuffer> {
  return Buffer.from(Buffer.concat([tail, piece]).subarray(-CLOSING.length));
}

/** Reads a stream to its end and says how many bytes it had. */
export async function countBytes(pieces: AsyncIterable<Buffer>): Promise<number> {
  let sizeBytes = 0;
  for await (const piece of pieces) sizeBytes += piece.length;
  return sizeBytes;
}

/** True for the file that lists the large objects of a tar or directory dump; there are several since PostgreSQL 17. */
export function isLargeObjectList(file: string): boolean {
  return /^blobs(_\d+)?\.toc$/.test(file);
}

/** Throws `Flaw` where a large object is there that no list names: the list has lost its end. */
export function requireListed(files: Iterable<string>, listed: ReadonlySet<string>): void {
  for (const file of files) {
    const name = /^blob_\d+\.dat/.exec(file)?.[0];
    if (name !== undefined && !listed.has(name))
      throw new Flaw('damaged', `${name} is there and in no list of large objects`);
  }
}

/** The files of the large objects that such a list names. */
export async function listedLargeObjects(pieces: AsyncIterable<Buffer>): Promise<string[]> {
  const kept: Buffer[] = [];
  for await (const piece of pieces) kept.push(piece);
  const lines = Buffer.concat(kept).toString('latin1').split('\n');
  if (lines.pop() !== '') throw new Flaw('cut-short', 'the list of large objects ends within a line');
  // pg_dump writes none for a database without large objects.
  if (lines.length === 0) throw new Flaw('cut-short', 'the list of large objects is empty');
  return lines.map((line) => {
    const name = /^\d+ (blob_\d+\.dat)$/.exec(line)?.[1];
    if (name === undefined) throw new Flaw('damaged', `the list of large objects has the line ${JSON.stringify(line)}`);
    return name;
  });
}
