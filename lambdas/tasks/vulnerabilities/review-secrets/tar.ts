import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract, type Extract } from 'tar-stream';
import { messageOf, Unavailable } from '../../../../core/errors.ts';
import { Flaw } from '../_flaw.ts';
import { Gathering, MOST_ARCHIVE_FILES, MOST_TOTAL_BYTES, REFUSED, ruleOf, type Unpacking } from './unpacking.ts';

/** Reads a tar archive as it comes, compressed or not; throws `Flaw` where it is cut, damaged or far too large. */
export async function readTar(bytes: AsyncIterable<Buffer>, isGzip: boolean, unpacking: Unpacking): Promise<void> {
  const entries = extract();
  const source = Readable.from(bytes);
  const sink = entries as unknown as NodeJS.WritableStream;
  const poured = isGzip ? pipeline(source, createGunzip(), sink) : pipeline(source, sink);
  // Its failure is told below, by whichever of the two sees it first.
  const outcome = poured.then(
    () => undefined,
    (thrown: unknown) => ({ thrown }),
  );
  try {
    await readEntries(entries, unpacking);
  } catch (thrown) {
    source.destroy();
    const failed = await outcome;
    const isOurs = thrown instanceof Flaw || thrown instanceof Unavailable;
    throw flawOf(isOurs ? thrown : (failed?.thrown ?? thrown));
  }
  const failed = await outcome;
  if (failed) throw flawOf(failed.thrown);
}

async function readEntries(entries: Extract, unpacking: Unpacking): Promise<void> {
  const { passed, leftOut } = unpacking;
  let total = 0;
  let count = 0;
  for await (const entry of entries) {
    const { name, type } = entry.header;
    count += 1;
    if (count > MOST_ARCHIVE_FILES) throw new Flaw(`has more than ${MOST_ARCHIVE_FILES} files`);
    const isFile = type === 'file' || type === 'contiguous-file';
    const rule = ruleOf(name, leftOut);
    const gathering = new Gathering();
    for await (const piece of entry as AsyncIterable<Buffer>) {
      total += piece.length;
      if (total > MOST_TOTAL_BYTES) throw new Flaw(`unpacks to more than ${MOST_TOTAL_BYTES} bytes`);
      if (isFile && rule === 'read') gathering.add(piece);
    }
    if (rule === 'refuse') passed.notSearched.push({ path: name, reason: REFUSED });
    else if (type === 'directory') passed.folders += isLeftOutFolder(name, leftOut) ? 1 : 0;
    else if (!isFile) passed.links += 1;
    else if (rule === 'read') gathering.end(name, unpacking);
  }
}

function isLeftOutFolder(name: string, leftOut: ReadonlySet<string>): boolean {
  return leftOut.has(name.replace(/\/+$/, '').split('/').at(-1) ?? '');
}

/** Where the archive could not be fetched, that; else what is wrong with it. */
function flawOf(thrown: unknown): unknown {
  if (thrown instanceof Unavailable || thrown instanceof Flaw) return thrown;
  return new Flaw(`is cut or damaged: ${messageOf(thrown)}`, { cause: thrown });
}
