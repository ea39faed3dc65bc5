import { messageOf } from '../../../core/errors.ts';
import { codeOf, entriesOf, lookAt, openWithin, type Entry, type LogFolder } from './_log-folder.ts';
import { isExempt, roleOf, type ByteName, type Role } from './_log-name.ts';
import type { FileIdentity } from './_open-files.ts';

/** A file as it was when it was looked at; it is acted on only while all of this still holds. */
export interface LogFile extends FileIdentity {
  /** The folders below the root. */
  readonly folder: readonly ByteName[];
  readonly name: ByteName;
  readonly role: Role;
  readonly sizeBytes: number;
  readonly diskBytes: number;
  readonly mtimeNs: bigint;
  readonly birthMs: number;
  /** When anything of it changed last, its name included. */
  readonly changedMs: number;
  readonly nlink: bigint;
  readonly uid: bigint;
  readonly gid: bigint;
  readonly mode: bigint;
}

/** Why something is left alone whatever its age. */
export type LeftAlone = 'link' | 'hard-link' | 'other-file-system';

export type Walked =
  | { readonly what: 'log'; readonly file: LogFile }
  | { readonly what: 'exempt'; readonly sizeBytes: number }
  | { readonly what: 'left'; readonly why: LeftAlone; readonly path: ByteName }
  | { readonly what: 'unreadable'; readonly path: ByteName; readonly reason: string }
  /** What an earlier run that was killed has left behind: a copy not finished, or a log under another name. */
  | { readonly what: 'leftover'; readonly kind: 'copy' | 'aside'; readonly file: LogFile; readonly original: ByteName }
  | { readonly what: 'folder-end' };

export interface WalkLimits {
  readonly exempt: readonly string[];
  readonly mostEntries: number;
  readonly signal: AbortSignal;
}

const DEEPEST = 32;
export const LEFTOVER = /^\.(.+)\.[0-9a-f]{8}\.fettle-(copy|aside)$/s;

/**
 * Goes through every folder below a root, one after the other, however many files there are. Links are not followed
 * and other file systems not entered.
 */
export async function* walkLogs(root: LogFolder, limits: WalkLimits): AsyncGenerator<Walked> {
  yield* walkFolder(root, [], { ...limits, root, entries: { count: 0 } });
}

interface Walk extends WalkLimits {
  readonly root: LogFolder;
  readonly entries: { count: number };
}

async function* walkFolder(folder: LogFolder, at: readonly ByteName[], walk: Walk): AsyncGenerator<Walked> {
  const unreadable = (name: ByteName, reason: string): Walked => ({
    what: 'unreadable',
    path: `${folder.path}/${name}`,
    reason,
  });
  const folders: ByteName[] = [];
  try {
    for await (const found of entriesOf(folder)) {
      walk.signal.throwIfAborted();
      walk.entries.count += 1;
      if (walk.entries.count > walk.mostEntries) {
        if (walk.entries.count === walk.mostEntries + 1) {
          yield unreadable('', `the walk ended after ${walk.mostEntries} entries`);
        }
        return;
      }
      if (found.kind === 'folder') folders.push(found.name);
      else yield* lookInto(folder, at, found, walk);
    }
  } catch (thrown) {
    if (codeOf(thrown) === undefined) throw thrown;
    yield unreadable('', reasonOf(thrown));
  }
  yield { what: 'folder-end' };
  for (const name of folders) {
    if (at.length >= DEEPEST) {
      yield unreadable(name, `it lies more than ${DEEPEST} folders deep`);
      continue;
    }
    yield* enter(folder, name, [...at, name], walk);
  }
}

async function* enter(parent: LogFolder, name: ByteName, at: readonly ByteName[], walk: Walk): AsyncGenerator<Walked> {
  let folder: LogFolder | undefined;
  try {
    folder = await openWithin(parent, name);
    if (folder === undefined) yield { what: 'left', why: 'other-file-system', path: `${parent.path}/${name}` };
    else yield* walkFolder(folder, at, walk);
  } catch (thrown) {
    if (codeOf(thrown) === undefined) throw thrown;
    // Gone since it was listed, or a link now.
    if (codeOf(thrown) === 'ENOENT') return;
    yield { what: 'unreadable', path: `${parent.path}/${name}`, reason: reasonOf(thrown) };
  } finally {
    await folder?.handle.close();
  }
}

async function* lookInto(
  folder: LogFolder,
  at: readonly ByteName[],
  { name, kind }: Entry,
  walk: Walk,
): AsyncGenerator<Walked> {
  const leftover = LEFTOVER.exec(name);
  const role = roleOf(name);
  const exempt = isExempt([...at, name].join('/'), walk.exempt);
  if (role === undefined && leftover === null && !exempt) return;
  const path = `${folder.path}/${name}`;
  if (kind === 'link') yield { what: 'left', why: 'link', path };
  if (kind !== 'file') return;
  const file = await readFile(folder, at, name, role ?? 'live');
  if (file === undefined) return;
  if (leftover) {
    const [, original = '', left] = leftover;
    yield { what: 'leftover', kind: left === 'copy' ? 'copy' : 'aside', file, original };
  } else if (exempt) yield { what: 'exempt', sizeBytes: file.sizeBytes };
  else if (file.nlink > 1n) yield { what: 'left', why: 'hard-link', path };
  else yield { what: 'log', file };
}

/** A file by its name; undefined where it is gone or no plain file. */
export async function readFile(
  folder: LogFolder,
  at: readonly ByteName[],
  name: ByteName,
  role: Role,
): Promise<LogFile | undefined> {
  const seen = await lookAt(folder, name);
  if (seen?.isFile() !== true) return undefined;
  const { dev, ino, size, blocks, mtimeNs, birthtimeMs, ctimeMs, nlink, uid, gid, mode } = seen;
  return {
    folder: at,
    name,
    role,
    dev,
    ino,
    sizeBytes: Number(size),
    diskBytes: Number(blocks) * 512,
    mtimeNs,
    birthMs: Number(birthtimeMs),
    changedMs: Number(ctimeMs),
    nlink,
    uid,
    gid,
    mode,
  };
}

/** True while a file is the very one that was looked at, with the same content as far as its dates and size tell. */
export function isSameFile(
  file: LogFile,
  seen: FileIdentity & { readonly size: bigint; readonly mtimeNs: bigint; readonly nlink: bigint },
): boolean {
  return (
    seen.dev === file.dev &&
    seen.ino === file.ino &&
    Number(seen.size) === file.sizeBytes &&
    seen.mtimeNs === file.mtimeNs &&
    seen.nlink === 1n
  );
}

export function pathOf(root: LogFolder, { folder, name }: Pick<LogFile, 'folder' | 'name'>): ByteName {
  return [root.path, ...folder, name].join('/');
}

/** The system's reason without the address through which the thing was reached. */
function reasonOf(thrown: unknown): string {
  return messageOf(thrown).replace(/, \w+ '.*'$/s, '');
}
