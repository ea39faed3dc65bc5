import type { Action, ActOutcome, Seen } from '../../../core/action.ts';
import { compressLog, readBack, type CompressionEnd } from './_compress.ts';
import { inFolder, lookAt, openFile, removeName, type LogFolder } from './_log-folder.ts';
import { pathOf, type LogFile } from './_log-files.ts';
import { quotedPath, shownPath, type ByteName } from './_log-name.ts';
import { giveBack, putAway } from './_put-away.ts';
import type { FolderWork } from './_retention-work.ts';
import { ageSeconds, bytesInWords, daysInWords, gzipNameOf, writtenAt } from './_retention.ts';
import type { Leftover } from './_survey.ts';

/** How an action on a file ended: what `act` says, and why the file stayed where it did. */
export interface FileOutcome {
  readonly status: ActOutcome['status'];
  readonly end: CompressionEnd['state'];
  readonly bytesFreed: number;
}

const SKIPPED: Readonly<Record<Exclude<CompressionEnd['state'], 'done'>, string>> = {
  changed: 'it changed since it was looked at',
  held: 'a process has it open now',
  'not-provable': 'it could not be proven that no process has it open',
  'name-taken': 'another file has the name of its gzip',
  'no-space': 'the disk has not enough room for the copy',
};

/** Slower than any disk that logs are kept on: read, compressed, written, and read back. */
const BYTES_PER_SECOND = 10_000_000;
const CALLS_SECONDS = 10;

export function worstCaseSeconds({ role, sizeBytes }: Pick<LogFile, 'role' | 'sizeBytes'>): number {
  return CALLS_SECONDS + (role === 'compressed' ? 0 : Math.ceil(sizeBytes / BYTES_PER_SECOND));
}

/** Compresses a log that is due. */
export async function compress(work: FolderWork, file: LogFile): Promise<FileOutcome> {
  const to = gzipNameOf(file);
  const [path, target] = [pathOf(work.root, file), pathOf(work.root, { ...file, name: to })].map(quotedPath);
  const result = { end: 'changed' as CompressionEnd['state'], bytesFreed: 0 };
  const within = <Result>(use: (folder: LogFolder) => Promise<Result>) => inFolder(work.root, file.folder, use);
  const { status } = await work.act(
    {
      ...described(work, file, 'compress'),
      statement: `gzip -c < ${path} > ${target} && rm -- ${path}`,
      after: { file: shownPath(to) },
      look: () => within((folder) => seenCompressed(folder, file, to, work.signal)),
    },
    async () => {
      const end = await within((folder) => compressLog({ ...work, folder, file, to }));
      result.end = end.state;
      if (end.state !== 'done') return { state: 'skipped', detail: SKIPPED[end.state] };
      result.bytesFreed = file.diskBytes - end.diskBytes;
      const { gzipBytes, sha256 } = end;
      return { state: 'done', after: { file: shownPath(to), gzipBytes, contentSha256: sha256 } };
    },
  );
  return { status, ...result };
}

/** Deletes a compressed log that is beyond its retention. */
export async function remove(work: FolderWork, file: LogFile): Promise<FileOutcome> {
  const result = { end: 'changed' as CompressionEnd['state'], bytesFreed: 0 };
  const { status } = await work.act(
    {
      ...described(work, file, 'delete'),
      statement: `rm -- ${quotedPath(pathOf(work.root, file))}`,
      look: () => inFolder(work.root, file.folder, (folder) => seenGone(folder, file)),
    },
    async () => {
      const stays = await inFolder(work.root, file.folder, (folder) => putAway(folder, file, work.openness));
      result.end = stays ?? 'done';
      if (stays !== undefined) return { state: 'skipped', detail: SKIPPED[stays] };
      result.bytesFreed = file.diskBytes;
      return { state: 'done' };
    },
  );
  return { status, ...result };
}

/** Clears up after a run that was killed: removes its unfinished copy, or gives a log its name back. */
export async function clearUp(work: FolderWork, { kind, file, original }: Leftover): Promise<FileOutcome> {
  const result = { end: 'changed' as CompressionEnd['state'], bytesFreed: 0 };
  const path = quotedPath(pathOf(work.root, file));
  const back = quotedPath(pathOf(work.root, { ...file, name: original }));
  const within = <Result>(use: (folder: LogFolder) => Promise<Result>) => inFolder(work.root, file.folder, use);
  const { status } = await work.act(
    {
      ...described(work, file, kind === 'copy' ? 'clear-up' : 'put-back'),
      statement: kind === 'copy' ? `rm -- ${path}` : `mv -n -- ${path} ${back}`,
      look: () => within((folder) => seenGone(folder, file)),
    },
    async () => {
      const end = await within((folder) => settleLeftover(work, folder, { kind, file, original }));
      result.end = end;
      if (end !== 'done') return { state: 'skipped', detail: SKIPPED[end] };
      if (kind === 'copy' && file.nlink === 1n) result.bytesFreed = file.diskBytes;
      return { state: 'done' };
    },
  );
  return { status, ...result };
}

async function settleLeftover(
  work: FolderWork,
  folder: LogFolder,
  { kind, file, original }: Leftover,
): Promise<'done' | 'changed' | 'held' | 'not-provable'> {
  const handle = await openFile(folder, file.name);
  try {
    const { ino, size } = await handle.stat({ bigint: true });
    if (ino !== file.ino || Number(size) !== file.sizeBytes) return 'changed';
    const { state } = await work.openness.judge(handle, file, `${folder.path}/${file.name}`);
    if (state !== 'free') return state === 'held' ? 'held' : 'not-provable';
  } finally {
    await handle.close();
  }
  await (kind === 'copy' ? removeName(folder, file.name) : giveBack(folder, file.name, original));
  return 'done';
}

type Described = Omit<Action, 'statement' | 'after'>;

function described(work: FolderWork, file: LogFile, verb: string): Described {
  const subject = shownPath([...file.folder, file.name].join('/'));
  const age = daysInWords(ageSeconds(file, work.now));
  return {
    verb,
    target: work.target,
    subject,
    summary: `${verb} ${subject}, ${bytesInWords(file.sizeBytes)}, last written ${age} ago`,
    before: { sizeBytes: file.sizeBytes, lastWritten: new Date(writtenAt(file)).toISOString() },
    scope: work.scope,
    worstCaseSeconds: worstCaseSeconds(file),
  };
}

/** The original is gone, and a whole gzip has its length and its date. */
async function seenCompressed(folder: LogFolder, file: LogFile, to: ByteName, signal: AbortSignal): Promise<Seen> {
  if ((await lookAt(folder, file.name)) !== undefined) return { state: 'not-done' };
  const copy = await readBack(folder, to, signal);
  const isWhole = copy?.contentBytes === file.sizeBytes && copy.mtimeMs === writtenAt(file);
  if (!isWhole) return { state: 'not-done' };
  return {
    state: 'done',
    after: { file: shownPath(to), gzipBytes: copy.gzipBytes, contentSha256: copy.sha256 },
  };
}

async function seenGone(folder: LogFolder, file: LogFile): Promise<Seen> {
  const seen = await lookAt(folder, file.name);
  return seen?.ino === file.ino ? { state: 'not-done' } : { state: 'done' };
}
