import { constants, type BigIntStats } from 'node:fs';
import { access, link, lstat, open, opendir, rename, stat, unlink, type FileHandle } from 'node:fs/promises';
import { messageOf, Unavailable } from '../../../core/errors.ts';
import { byteName, bytesOf, shownPath, type ByteName } from './_log-name.ts';

/**
 * A folder that is held open: everything in it is addressed through the handle, so that no folder of the path can be
 * exchanged for a link between the look and the act.
 */
export interface LogFolder {
  readonly handle: FileHandle;
  /** Absolute, for people. */
  readonly path: ByteName;
  readonly device: bigint;
}

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
// A pipe that bears the name of a log must not be waited for.
const FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Folders of the system of which none is a folder of logs as a whole. */
const SYSTEM = /^\/(|bin|boot|dev|etc|home|lib\w*|opt|proc|root|run|sbin|srv|sys|tmp|usr|var)(\/lib\w*|\/bin|\/sbin)?$/;

/**
 * Opens the folder that a target names. The address must name the folder itself: a link might lead anywhere.
 *
 * Throws `Unavailable` where it cannot be read, is a link, or is a folder of the system.
 */
export async function openRoot(folder: string): Promise<LogFolder> {
  const path = folder.replace(/(?<=.)\/+$/, '');
  if (process.platform !== 'linux') {
    throw new Unavailable(
      `${path}: who holds a file open is known on Linux only, and this machine runs ${process.platform}`,
    );
  }
  if (SYSTEM.test(path)) throw new Unavailable(`${path} is a folder of the system; name the folder of logs itself`);
  try {
    const seen = await lstat(path);
    if (seen.isSymbolicLink()) throw new Unavailable(`${path} is a link; name the folder that it leads to`);
    return await opened(await open(path, FOLDER), byteName(path));
  } catch (thrown) {
    if (thrown instanceof Unavailable) throw thrown;
    throw new Unavailable(`${path} cannot be read: ${messageOf(thrown)}`, { cause: thrown });
  }
}

/** Opens a folder within a folder; undefined where it lies on another file system. */
export async function openWithin(parent: LogFolder, name: ByteName): Promise<LogFolder | undefined> {
  const folder = await opened(await open(entry(parent, name), FOLDER), `${parent.path}/${name}`);
  if (folder.device === parent.device) return folder;
  await folder.handle.close();
  return undefined;
}

async function opened(handle: FileHandle, path: ByteName): Promise<LogFolder> {
  const { dev } = await handle.stat({ bigint: true });
  return { handle, path, device: dev };
}

/** Opens the folder of a path below a root, lets it be used, and closes all that was opened for it. */
export async function inFolder<Result>(
  root: LogFolder,
  names: readonly ByteName[],
  use: (folder: LogFolder) => Promise<Result>,
): Promise<Result> {
  const [name, ...rest] = names;
  if (name === undefined) return use(root);
  const folder = await openWithin(root, name);
  if (folder === undefined) throw new Error(`${shownPath(`${root.path}/${name}`)} is now on another file system`);
  try {
    return await inFolder(folder, rest, use);
  } finally {
    await folder.handle.close();
  }
}

export interface Entry {
  readonly name: ByteName;
  readonly kind: 'file' | 'folder' | 'link' | 'other';
}

/** The entries of a folder, however many there are. */
export async function* entriesOf(folder: LogFolder): AsyncGenerator<Entry> {
  const listing = await opendir(entry(folder, '.').toString('latin1'), { encoding: 'latin1', bufferSize: 256 });
  for await (const found of listing) {
    if (found.isFile()) yield { name: found.name, kind: 'file' };
    else if (found.isDirectory()) yield { name: found.name, kind: 'folder' };
    else if (found.isSymbolicLink()) yield { name: found.name, kind: 'link' };
    else yield { name: found.name, kind: await kindOf(folder, found.name) };
  }
}

/** Some file systems do not say in a listing what a thing is. */
async function kindOf(folder: LogFolder, name: ByteName): Promise<Entry['kind']> {
  const seen = await lookAt(folder, name);
  if (seen?.isFile()) return 'file';
  if (seen?.isDirectory()) return 'folder';
  return seen?.isSymbolicLink() ? 'link' : 'other';
}

/** What stands under a name, a link as a link; undefined where there is nothing. */
export async function lookAt(folder: LogFolder, name: ByteName): Promise<BigIntStats | undefined> {
  try {
    return await lstat(entry(folder, name), { bigint: true });
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}

export function openFile(folder: LogFolder, name: ByteName): Promise<FileHandle> {
  return open(entry(folder, name), FILE);
}

/** Creates a file that nobody but its owner can read; an error where the name is taken. */
export function createFile(folder: LogFolder, name: ByteName): Promise<FileHandle> {
  return open(entry(folder, name), NEW, 0o600);
}

/** Gives a file a second name; false where that is taken. Nothing is ever replaced. */
export async function addName(folder: LogFolder, name: ByteName, added: ByteName): Promise<boolean> {
  try {
    await link(entry(folder, name), entry(folder, added));
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false;
    throw thrown;
  }
}

/** Renames within a folder; `to` must be a name that nobody else can have. */
export function renameTo(folder: LogFolder, name: ByteName, to: ByteName): Promise<void> {
  return rename(entry(folder, name), entry(folder, to));
}

export function removeName(folder: LogFolder, name: ByteName): Promise<void> {
  return unlink(entry(folder, name));
}

/** True where this process may add and remove names in a folder. */
export async function isWritable(folder: LogFolder): Promise<boolean> {
  return (await writeRefusal(folder)) === undefined;
}

/** The system's word for why no name may be added or removed in a folder; undefined where it may. */
export async function writeRefusal(folder: LogFolder): Promise<string | undefined> {
  try {
    await access(entry(folder, '.'), constants.W_OK);
    return undefined;
  } catch (thrown) {
    const code = codeOf(thrown) ?? '';
    if (['EACCES', 'EROFS', 'EPERM'].includes(code)) return code;
    throw thrown;
  }
}

/** The device that the root of this process's file system is on. */
export async function rootDevice(): Promise<bigint> {
  return (await stat('/', { bigint: true })).dev;
}

function entry({ handle }: LogFolder, name: ByteName): Buffer {
  // What is missing in a folder that is closed is not missing.
  if (handle.fd < 0) throw new Error(`the folder of ${shownPath(name)} is closed already`);
  return Buffer.concat([Buffer.from(`/proc/self/fd/${handle.fd}/`), bytesOf(name)]);
}

/** The system's word for an error of a call to it. */
export function codeOf(thrown: unknown): string | undefined {
  const isSystemError = typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'errno' in thrown;
  return isSystemError ? String(thrown.code) : undefined;
}
