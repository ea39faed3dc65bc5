import { Unavailable } from '../../../../core/errors.ts';
import { printable } from '../../../runtime/http-failure.ts';
import { Flaw } from '../_flaw.ts';
import type { Place } from '../_place.ts';
import type { Source } from '../_source.ts';
import { textOf } from './search.ts';
import { readTar } from './tar.ts';
import { MOST_FILE_BYTES, MOST_TOTAL_BYTES, tooLong, type Unpacking } from './unpacking.ts';
import { readZip } from './zip.ts';

/** Reads every file of a repository once, in a folder or an archive, and holds no more than one of them. */
export async function readContents({ source, archive }: Place, unpacking: Unpacking): Promise<Date | undefined> {
  if (archive === undefined) {
    await readFolder(source, unpacking);
    return undefined;
  }
  const file = await source.look(archive);
  const bytes = source.open(file);
  const kind = await kindOf(source.open(file));
  if (kind === undefined) throw new Unavailable(`${printable(archive)} is neither a tar nor a zip archive`);
  try {
    await (kind === 'zip' ? readZip(bytes, unpacking) : readTar(bytes, kind === 'gzip', unpacking));
  } catch (thrown) {
    if (!(thrown instanceof Flaw)) throw thrown;
    throw new Unavailable(`${printable(source.location + archive)} ${printable(thrown.message)}`, { cause: thrown });
  }
  return file.lastModified;
}

/** By the first bytes and not by the name. */
async function kindOf(bytes: AsyncIterable<Buffer>): Promise<'zip' | 'gzip' | 'tar' | undefined> {
  let head = Buffer.alloc(0);
  for await (const piece of bytes) {
    head = Buffer.concat([head, piece]);
    if (head.length >= 512) break;
  }
  if (head.length === 0) throw new Unavailable('the archive is empty');
  if (head[0] === 0x50 && head[1] === 0x4b) return 'zip';
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  return head.toString('latin1', 257, 262) === 'ustar' ? 'tar' : undefined;
}

async function readFolder(source: Source, { visit, passed, leftOut }: Unpacking): Promise<void> {
  const { files, passedBy } = await source.list(leftOut);
  passed.links += passedBy.links;
  passed.folders += passedBy.folders;
  passed.notSearched.push(...passedBy.unread);
  let total = 0;
  for (const file of files) {
    try {
      const pieces: Buffer[] = [];
      let length = 0;
      for await (const piece of source.open(file)) {
        pieces.push(piece);
        length += piece.length;
        // Of what is no text nothing is searched, however much there is of it.
        if (length >= MOST_FILE_BYTES || textOf(pieces[0] ?? piece) === undefined) break;
      }
      total += length;
      if (total > MOST_TOTAL_BYTES) throw new Unavailable(`it holds more than ${MOST_TOTAL_BYTES} bytes`);
      const isText = visit({ path: file.path, bytes: Buffer.concat(pieces).subarray(0, MOST_FILE_BYTES) });
      if (isText && file.sizeBytes > MOST_FILE_BYTES)
        passed.notSearched.push({ path: file.path, reason: tooLong(file.sizeBytes) });
    } catch (thrown) {
      const isRefused = thrown instanceof Unavailable && thrown.cause !== undefined && !file.etag;
      if (!(thrown instanceof Flaw) && !isRefused) throw thrown;
      passed.notSearched.push({ path: file.path, reason: thrown.message });
    }
  }
}
