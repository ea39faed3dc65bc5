import { randomUUID } from 'node:crypto';
import { link, rename, rm, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Corrupt, InvalidInput } from '../../core/errors.ts';
import { sha256 } from '../../core/json.ts';
import {
  isSameFile,
  makeFolder,
  readWhole,
  statOf,
  syncFolder,
  unlessMissing,
  unlessRefused,
} from './directory-files.ts';
import { bodyPath, currentVersion, isFirst, type Version } from './directory-versions.ts';
import { VERSIONS_FOLDER } from './store-key.ts';
import type { ListedObject } from './store.ts';

/** Where an object of a store on disk lives. */
export interface Place {
  readonly key: string;
  /** The file that people and tools read. */
  readonly plain: string;
  readonly history: string;
}

/** What has the key now: nothing, a plain file that was never replaced, or a version of its history. */
export type Holder =
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'plain';
      readonly path: string;
      readonly body: Uint8Array;
      readonly inode: bigint;
      readonly id: string;
    }
  | { readonly kind: 'version'; readonly version: Version };

export function placeOf(folder: string, key: string): Place {
  const plain = join(folder, key);
  return { key, plain, history: join(dirname(plain), VERSIONS_FOLDER, basename(plain)) };
}

export async function holderOf({ plain, history }: Place): Promise<Holder> {
  for (;;) {
    const version = await currentVersion(history);
    if (version !== undefined) return { kind: 'version', version };
    const read = await readWhole(plain);
    // A history that began meanwhile makes what was read of the plain file meaningless.
    if ((await currentVersion(history)) !== undefined) continue;
    if (read === undefined) return { kind: 'nothing' };
    return { kind: 'plain', path: plain, ...read, id: idOfPlain(read.body) };
  }
}

/**
 * Gives a key without history the written file; `{}` where the key is taken, undefined where a history began
 * meanwhile and the caller must look again.
 */
export async function createPlain(
  { key, plain, history }: Place,
  written: string,
  body: string | Uint8Array,
): Promise<{ readonly etag?: string } | undefined> {
  if (!(await unlessRefused(makeFolder(dirname(plain)), 'EEXIST', 'ENOTDIR'))) {
    throw new InvalidInput(
      'STORE_KEY_TAKEN',
      `${JSON.stringify(key)} cannot be a key here: a part of it is already the name of an object`,
    );
  }
  const linked = await unlessRefused(link(written, plain), 'EEXIST');
  if (linked) await syncFolder(dirname(plain));
  const isPlainTheTruth = (await currentVersion(history)) === undefined;
  if (!linked) return isPlainTheTruth ? {} : undefined;
  // Our file may have won and been replaced before we could look: then it is the first of the history. If it is
  // not, the key had come and gone between our two looks, and the link that we made means nothing.
  return isPlainTheTruth || (await isFirst(history, written)) ? { etag: idOfPlain(body) } : undefined;
}

/** Throws `InvalidInput` where the key's name is a folder: what S3 can hold side by side, a disk cannot. */
export async function assertNoFolder({ key, plain }: Place): Promise<void> {
  const stats = await statOf(plain);
  if (stats?.isDirectory() !== true) return;
  throw new InvalidInput(
    'STORE_KEY_TAKEN',
    `${JSON.stringify(key)} cannot be a key here: it is already the name of a folder`,
  );
}

/** Throws `Corrupt` where a version without a body is still the current one. */
export async function assertReplaced({ key, history }: Place, version: Version): Promise<void> {
  if ((await currentVersion(history))?.id !== version.id) return;
  throw new Corrupt(`${JSON.stringify(key)} has lost its content: ${bodyPath(history, version.id)} is missing`);
}

/**
 * Makes the plain file the current version.
 *
 * Somebody slower may put an older one in its place, and sees at once that the version has changed and mends it.
 */
export async function mendPlainFile({ plain, history }: Place, temporaryFolder: string): Promise<void> {
  for (;;) {
    const version = await currentVersion(history);
    if (version === undefined) return;
    if (version.removed) await unlessMissing(unlink(plain));
    else await linkOver(bodyPath(history, version.id), plain, temporaryFolder);
    if ((await currentVersion(history))?.id === version.id) return;
  }
}

/** Undefined where the key has nothing now. */
export async function describe({ key, plain, history }: Place): Promise<ListedObject | undefined> {
  for (;;) {
    const version = await currentVersion(history);
    if (version?.removed === true) return undefined;
    const stats = await statOf(version === undefined ? plain : bodyPath(history, version.id));
    if (stats?.isFile() === true) return { key, sizeBytes: Number(stats.size), lastModified: stats.mtime };
    if (version === undefined) return undefined;
    await assertReplaced({ key, plain, history }, version);
  }
}

async function linkOver(source: string, target: string, temporaryFolder: string): Promise<void> {
  if (await isSameFile(source, target)) return;
  const temporary = join(temporaryFolder, randomUUID());
  if (!(await unlessRefused(link(source, temporary), 'ENOENT'))) return;
  try {
    await rename(temporary, target);
  } finally {
    // A rename between two names of one file does nothing and leaves both.
    await rm(temporary, { force: true });
  }
}

/** A plain file has no place for an id, and needs none: it changes only by getting a history. */
function idOfPlain(body: string | Uint8Array): string {
  return `0-${sha256(body).slice(0, 32)}`;
}
