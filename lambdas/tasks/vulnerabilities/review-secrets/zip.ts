import { crc32 } from 'node:zlib';
import { Unzip, UnzipInflate, type UnzipFile } from 'fflate';
import { messageOf, Unavailable } from '../../../../core/errors.ts';
import { Flaw } from '../_flaw.ts';
import { Gathering, MOST_ARCHIVE_FILES, MOST_TOTAL_BYTES, REFUSED, ruleOf, type Unpacking } from './unpacking.ts';
import { readZipDirectory } from './zip-directory.ts';

/** A piece of so many bytes unpacks to at most a thousand times as much at once. */
const PIECE_BYTES = 16 * 1024;
/** What is kept of the end: the directory of some hundred thousand files. */
const TAIL_BYTES = 16 * 1024 * 1024;
const STORED = 0;
const DEFLATED = 8;

interface Seen {
  sizeBytes: number;
  crc: number;
}

/** Reads a zip archive as it comes and holds it against its directory; throws `Flaw` where it is cut, damaged or far too large. */
export async function readZip(bytes: AsyncIterable<Buffer>, unpacking: Unpacking): Promise<void> {
  const seen = new Map<string, Seen>();
  const tail = new Tail();
  const total = { bytes: 0 };
  const unzip = new Unzip((file) => receive(file, { seen, total, unpacking }));
  unzip.register(UnzipInflate);
  for await (const piece of bytes) {
    tail.add(piece);
    for (let at = 0; at < piece.length; at += PIECE_BYTES)
      pushed(() => unzip.push(piece.subarray(at, at + PIECE_BYTES)));
  }
  const directory = readZipDirectory(tail.bytes());
  for (const { name, isEnciphered, crc32: crc, sizeBytes } of directory) {
    if (name.endsWith('/')) continue;
    const { notSearched } = unpacking.passed;
    const read = seen.get(name);
    if (isEnciphered) notSearched.push({ path: name, reason: 'is enciphered, and was not searched' });
    else if (read === undefined)
      notSearched.push({ path: name, reason: 'is in the directory of the zip and was not found' });
    else if (read.crc !== crc || read.sizeBytes !== sizeBytes) {
      notSearched.push({ path: name, reason: 'is not what its checksum says: the archive is damaged' });
    }
  }
}

interface Receiving {
  readonly seen: Map<string, Seen>;
  readonly total: { bytes: number };
  readonly unpacking: Unpacking;
}

function receive(file: UnzipFile, { seen, total, unpacking }: Receiving): void {
  const { name, compression } = file;
  const { passed, leftOut } = unpacking;
  if (name.endsWith('/')) {
    passed.folders += leftOut.has(name.slice(0, -1).split('/').at(-1) ?? '') ? 1 : 0;
    return;
  }
  if (seen.size >= MOST_ARCHIVE_FILES) throw new Flaw(`has more than ${MOST_ARCHIVE_FILES} files`);
  if (compression !== STORED && compression !== DEFLATED) {
    passed.notSearched.push({ path: name, reason: `is compressed by method ${compression}, which is not read` });
    return;
  }
  const rule = ruleOf(name, leftOut);
  const gathering = new Gathering();
  const sums: Seen = { sizeBytes: 0, crc: 0 };
  seen.set(name, sums);
  file.ondata = (failed, data, isFinal) => {
    if (failed) throw failed;
    total.bytes += data.length;
    if (total.bytes > MOST_TOTAL_BYTES) throw new Flaw(`unpacks to more than ${MOST_TOTAL_BYTES} bytes`);
    sums.sizeBytes += data.length;
    sums.crc = crc32(data, sums.crc);
    // What is handed over may be written over by what comes next.
    if (rule === 'read') gathering.add(Buffer.from(data));
    if (!isFinal) return;
    if (rule === 'refuse') passed.notSearched.push({ path: name, reason: REFUSED });
    else if (rule === 'read') gathering.end(name, unpacking);
  };
  file.start();
}

function pushed(push: () => void): void {
  try {
    push();
  } catch (thrown) {
    if (thrown instanceof Flaw || thrown instanceof Unavailable) throw thrown;
    throw new Flaw(`is damaged: ${messageOf(thrown)}`, { cause: thrown });
  }
}

/** The last bytes of a stream. */
class Tail {
  #pieces: Buffer[] = [];
  #length = 0;

  add(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#length += piece.length;
    for (let first = this.#pieces[0]; first && this.#length - first.length >= TAIL_BYTES; first = this.#pieces[0]) {
      this.#pieces.shift();
      this.#length -= first.length;
    }
  }

  bytes(): Buffer {
    return Buffer.concat(this.#pieces);
  }
}
