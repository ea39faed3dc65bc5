import { Flaw } from '../_flaw.ts';

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const END_BYTES = 22;
const ENTRY_BYTES = 46;
const ENCIPHERED = 1;
const UTF8 = 0x800;
/** A number that does not fit stands in a record of its own. */
const ELSEWHERE_16 = 0xffff;
const ELSEWHERE_32 = 0xffffffff;

/** What the directory at the end of a zip says of one of its files. */
export interface ZipEntry {
  readonly name: string;
  readonly isEnciphered: boolean;
  readonly crc32: number;
  readonly sizeBytes: number;
}

/**
 * Reads the directory of a zip from its last bytes; throws `Flaw` where it has none, as one that was cut.
 *
 * The files themselves are read forwards, as they come; the directory is what they are held against.
 */
export function readZipDirectory(tail: Buffer): ZipEntry[] {
  const end = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0 || end + END_BYTES > tail.length || tail.readUInt32LE(end) !== END) {
    throw new Flaw('has no directory at its end: it is cut, or no zip');
  }
  const count = tail.readUInt16LE(end + 10);
  const sizeBytes = tail.readUInt32LE(end + 12);
  if (count === ELSEWHERE_16 || sizeBytes === ELSEWHERE_32)
    throw new Flaw('is a zip of more files or bytes than are read');
  const start = end - sizeBytes;
  if (start < 0) throw new Flaw(`has a directory of ${sizeBytes} bytes, more than are read`);
  const entries: ZipEntry[] = [];
  for (let at = start; at + ENTRY_BYTES <= end && tail.readUInt32LE(at) === ENTRY;) {
    const nameLength = tail.readUInt16LE(at + 28);
    const flags = tail.readUInt16LE(at + 8);
    const encoding = (flags & UTF8) === 0 ? 'latin1' : 'utf8';
    const name = tail.toString(encoding, at + ENTRY_BYTES, at + ENTRY_BYTES + nameLength);
    entries.push({
      name,
      isEnciphered: (flags & ENCIPHERED) !== 0,
      crc32: tail.readUInt32LE(at + 16),
      sizeBytes: tail.readUInt32LE(at + 24),
    });
    at += ENTRY_BYTES + nameLength + tail.readUInt16LE(at + 30) + tail.readUInt16LE(at + 32);
  }
  if (entries.length !== count) throw new Flaw(`says that it has ${count} files and lists ${entries.length}`);
  return entries;
}
