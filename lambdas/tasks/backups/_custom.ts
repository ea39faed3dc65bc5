import {
  archiveInteger,
  readHead,
  readInteger,
  readTableOfContents,
  type Compression,
  type DataEntry,
} from './_archive.ts';
import type { ByteReader } from './_byte-reader.ts';
import { OBJECT_KINDS, type Contents } from './_contents.ts';
import { decompressed, type Codec } from './_decompress.ts';
import { Flaw } from './_flaw.ts';
import { countBytes, readRows } from './_rows.ts';

const BLOCK_ROWS = 1;
const BLOCK_LARGE_OBJECTS = 3;
const CODECS: Readonly<Partial<Record<Compression, Codec>>> = { gzip: 'zlib', zstd: 'zstd' };

/** Counts the objects of a table of contents by what a schema loses first. */
export function countObjects(objects: readonly string[]): Pick<Contents, 'tables' | 'indexes' | 'constraints'> {
  const count = (kinds: readonly string[]) =>
    objects.filter((object) => kinds.some((kind) => object.startsWith(`${kind} `))).length;
  return {
    tables: count(OBJECT_KINDS.tables),
    indexes: count(OBJECT_KINDS.indexes),
    constraints: count(OBJECT_KINDS.constraints),
  };
}

/** Reads an archive of the custom format to its end: head, table of contents, then every block of data in its place. */
export async function readCustom(reader: ByteReader): Promise<Contents> {
  const head = await readHead(reader);
  if (head.format !== 'custom') {
    const detail = `it is the toc.dat of the ${head.format} format and has no rows`;
    throw new Flaw('cannot-be-opened', detail);
  }
  const { data, objects } = await readTableOfContents(reader, head);
  const missing = new Map(data.map((entry) => [entry.dumpId, entry]));
  let dataBytes = 0;
  while ((await reader.view()).length > 0) {
    const position = reader.position;
    const [type = 0] = await reader.read(1, 'a block of data');
    if (type !== BLOCK_ROWS && type !== BLOCK_LARGE_OBJECTS) {
      throw new Flaw('damaged', `byte ${position} should begin a block of data and is ${type}`);
    }
    const dumpId = await readInteger(reader, 'the head of a block');
    const entry = missing.get(dumpId);
    if (!entry)
      throw new Flaw('damaged', `the block at byte ${position} belongs to no entry that awaits one (${dumpId})`);
    if (entry.offset !== undefined && entry.offset !== BigInt(position)) {
      throw new Flaw(
        'damaged',
        `${entry.label} begins at byte ${position}; the table of contents says ${entry.offset}`,
      );
    }
    if (entry.isLargeObjects !== (type === BLOCK_LARGE_OBJECTS)) {
      throw new Flaw('damaged', `the block of ${entry.label} is of the wrong type`);
    }
    missing.delete(dumpId);
    const rows = type === BLOCK_ROWS ? unpacked(reader, head.compression, entry) : undefined;
    if (!rows) dataBytes += await readLargeObjects(reader, head.compression, entry);
    // Where a block cannot be unpacked, that it is all there is what can be said of it.
    else dataBytes += await (head.compression === 'lz4' ? countBytes(rows) : readRows(rows, entry));
  }
  const [first] = missing.values();
  if (first)
    throw new Flaw('cut-short', `${missing.size} of ${data.length} blocks of data are missing, ${first.label} first`);
  // Only now, so that a cut archive is called that even where its rows could not have been looked at.
  if (head.compression === 'lz4')
    throw new Flaw('cannot-be-opened', 'its blocks are all there, but lz4 cannot be read');
  return {
    format: `pg_dump custom, ${head.compression === 'none' ? 'not compressed' : head.compression}`,
    created: head.created,
    objects,
    ...countObjects(objects),
    dataBytes,
    // pg_dump asks zstd for no checksum.
    checksummed: head.compression === 'gzip' ? 'rows' : 'nothing',
  };
}

async function readLargeObjects(reader: ByteReader, compression: Compression, entry: DataEntry): Promise<number> {
  let sizeBytes = 0;
  while ((await readInteger(reader, 'the large objects')) !== 0) {
    sizeBytes += await countBytes(unpacked(reader, compression, entry));
  }
  return sizeBytes;
}

function unpacked(reader: ByteReader, compression: Compression, entry: DataEntry): AsyncIterable<Buffer> {
  const codec = CODECS[compression];
  const pieces = blockPieces(reader, entry.label);
  return codec ? decompressed(pieces, codec, `the data of ${entry.label}`) : pieces;
}

/**
 * The bytes of one block, which is written in pieces with their length before each and a length of zero after the last.
 *
 * Pieces are as small as a row: all that are at hand go on together, or their number would be the cost.
 */
async function* blockPieces(reader: ByteReader, label: string): AsyncGenerator<Buffer> {
  const what = `the data of ${label}`;
  let leftBytes = 0;
  for (;;) {
    if (leftBytes === 0) {
      const length = (await reader.peek(5)).length;
      if (length < 5) throw new Flaw('cut-short', `it ends at byte ${reader.position + length}, in ${what}`);
    }
    const view = await reader.view();
    if (view.length === 0) throw new Flaw('cut-short', `it ends at byte ${reader.position}, in ${what}`);
    const { pieces, usedBytes, unfinishedBytes, ended } = splitPieces(view, leftBytes);
    reader.advance(usedBytes);
    leftBytes = unfinishedBytes;
    if (pieces.length > 0) yield pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
    if (ended) return;
  }
}

interface Split {
  readonly pieces: readonly Buffer[];
  readonly usedBytes: number;
  /** What the last piece still lacks. */
  readonly unfinishedBytes: number;
  readonly ended: boolean;
}

function splitPieces(view: Buffer, firstBytes: number): Split {
  const pieces: Buffer[] = [];
  let at = 0;
  let leftBytes = firstBytes;
  for (;;) {
    const piece = view.subarray(at, at + leftBytes);
    if (piece.length > 0) pieces.push(piece);
    at += piece.length;
    leftBytes -= piece.length;
    if (leftBytes > 0 || view.length - at < 5)
      return { pieces, usedBytes: at, unfinishedBytes: leftBytes, ended: false };
    leftBytes = archiveInteger(view, at);
    at += 5;
    if (leftBytes < 0) throw new Flaw('damaged', `a piece of data claims ${leftBytes} bytes`);
    if (leftBytes === 0) return { pieces, usedBytes: at, unfinishedBytes: 0, ended: true };
  }
}
