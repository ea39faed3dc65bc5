import { readHead, readTableOfContents } from './_archive.ts';
import { ByteReader } from './_byte-reader.ts';
import type { Contents } from './_contents.ts';
import { countObjects } from './_custom.ts';
import { decompressed, lacksZstdChecksum, type Codec } from './_decompress.ts';
import { Flaw } from './_flaw.ts';
import { countBytes, isLargeObjectList, listedLargeObjects, readRows, requireListed } from './_rows.ts';
import type { BackupFile } from './_source.ts';

type Open = (file: BackupFile) => AsyncIterable<Buffer>;

const CODECS: Readonly<Record<string, Codec>> = { '.gz': 'gzip', '.zst': 'zstd' };

/** Reads a dump of pg_dump's directory format to its end: every file that its table of contents names. */
export async function readFolderDump(files: ReadonlyMap<string, BackupFile>, open: Open): Promise<Contents> {
  const toc = files.get('toc.dat');
  if (!toc) throw new Flaw('cut-short', 'toc.dat is missing, which pg_dump writes last');
  const { head, objects, data } = await readFolderContents(new ByteReader(open(toc)));
  let dataBytes = 0;
  let unprotected = false;
  const listed = new Set<string>();

  async function content(name: string): Promise<AsyncIterable<Buffer>> {
    const found = ['', '.gz', '.zst', '.lz4'].find((suffix) => files.has(name + suffix));
    const file = found === undefined ? undefined : files.get(name + found);
    if (found === undefined || !file)
      throw new Flaw('damaged', `${name} is in its table of contents and not in the folder`);
    if (found === '.lz4') throw new Flaw('cannot-be-opened', `${name}.lz4: lz4 cannot be read`);
    const codec = CODECS[found];
    if (!codec) {
      unprotected ||= !isLargeObjectList(name);
      return open(file);
    }
    const reader = new ByteReader(open(file));
    if (codec === 'zstd') unprotected ||= lacksZstdChecksum(await reader.peek(5));
    return decompressed(reader.rest(), codec, name + found);
  }

  for (const entry of data) {
    const name = entry.file ?? '';
    if (!isLargeObjectList(name)) {
      dataBytes += await readRows(await content(name), entry);
      continue;
    }
    for (const object of await listedLargeObjects(await content(name))) {
      listed.add(object);
      dataBytes += await countBytes(await content(object));
    }
  }
  requireListed(files.keys(), listed);
  return {
    format: 'pg_dump directory',
    created: head.created,
    objects,
    ...countObjects(objects),
    dataBytes,
    checksummed: unprotected ? 'nothing' : 'rows',
  };
}

/** Reads toc.dat, which is all that a dump of the directory format says of itself. */
export async function readFolderContents(reader: ByteReader) {
  const head = await readHead(reader);
  // pg_dump marks the toc.dat of both formats as that of a tar archive.
  if (head.format === 'custom') throw new Flaw('damaged', 'toc.dat says that it is an archive of the custom format');
  const contents = await readTableOfContents(reader, head);
  if ((await reader.view()).length > 0) throw new Flaw('damaged', 'toc.dat goes on after its last entry');
  return { head, ...contents };
}
