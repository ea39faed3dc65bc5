import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Corrupt } from '../../core/errors.ts';
import { isSameFile, makeFolder, statOf, syncFolder, unlessMissing, unlessRefused } from './directory-files.ts';

/*
 * The history of a key that has been replaced or removed, a folder of its own:
 *
 *   body-<id>                     the whole content of a version
 *   current-<id>, removed-<id>    the pointer: an empty file, and there is exactly one
 *   first                         the file that had the key before it got a history
 *
 * A writer adds its body and then renames the pointer from the version it has seen to its own. The kernel lets one
 * rename of a name succeed, so one writer wins, no lock is held, and a writer killed at any moment leaves at worst a
 * body that nothing points to. Ids are never used twice, so a pointer that was seen cannot come back as another's.
 * A history is never taken away: the pointer of a removed key is what tells its next writer from a stale one.
 */

export interface Version {
  readonly id: string;
  readonly removed: boolean;
}

const FIRST = 'first';
const POINTER = /^(current|removed)-(\d+-[0-9a-f]+)$/;
const BODY = /^body-(\d+)-[0-9a-f]+$/;

// A listing of a folder is not one atomic act, so it may show a pointer under both of its names or under neither
// while a rename goes on. That passes within microseconds; a pointer absent for seconds was taken away by hand.
const POINTER_TRIES = 400;
const POINTER_WAIT_MS = 5;

export function bodyPath(history: string, id: string): string {
  return join(history, `body-${id}`);
}

/** Whether this file is the one that had the key before its history began. */
export function isFirst(history: string, path: string): Promise<boolean> {
  return isSameFile(join(history, FIRST), path);
}

/** Undefined where the key has no history: it was never replaced nor removed. */
export async function currentVersion(history: string): Promise<Version | undefined> {
  for (let attempt = 1; attempt <= POINTER_TRIES; attempt += 1) {
    const names = await unlessMissing(readdir(history));
    if (names === undefined) return undefined;
    const [pointer, ...others] = names.flatMap((name) => pointerFrom(name) ?? []);
    if (pointer !== undefined && others.length === 0) return pointer;
    if (attempt > 10) await sleep(POINTER_WAIT_MS);
  }
  throw new Corrupt(
    `${history} does not have exactly one file current-… or removed-…, so no version is the current one`,
  );
}

/** Begins the history of a key with its plain file as the first version; does nothing where either has changed. */
export async function beginHistory(
  history: string,
  plain: { readonly path: string; readonly inode: bigint; readonly id: string },
  temporaryFolder: string,
): Promise<void> {
  const draft = join(temporaryFolder, randomUUID());
  await mkdir(draft);
  try {
    const first = join(draft, FIRST);
    if (!(await unlessRefused(link(plain.path, first), 'ENOENT', 'ENOTDIR'))) return;
    if ((await statOf(first))?.ino !== plain.inode) return;
    await link(first, bodyPath(draft, plain.id));
    await writeFile(join(draft, pointerName({ id: plain.id, removed: false })), '');
    await syncFolder(draft);
    await makeFolder(dirname(history));
    if (await unlessRefused(rename(draft, history), 'EEXIST', 'ENOTEMPTY')) await syncFolder(dirname(history));
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** The version after this one; its id is unlike any other. */
export function versionAfter(seen: Version, { removed = false } = {}): Version {
  return { id: `${numberOf(seen.id) + 1}-${randomBytes(16).toString('hex')}`, removed };
}

/** Makes `next` the current version if `seen` still is; `body` is a file on the same disk, or none for a removal. */
export async function advance(history: string, seen: Version, next: Version, body?: string): Promise<boolean> {
  if (body !== undefined) {
    await link(body, bodyPath(history, next.id));
    await syncFolder(history);
  }
  const won = await unlessRefused(rename(join(history, pointerName(seen)), join(history, pointerName(next))), 'ENOENT');
  if (won) await syncFolder(history);
  else await rm(bodyPath(history, next.id), { force: true });
  return won;
}

/**
 * Removes the bodies that the winner of this version has outlived.
 *
 * A body of the same number belongs to a writer that lost; one of a higher number may still win and stays.
 */
export async function prune(history: string, won: Version): Promise<void> {
  for (const name of await readdir(history)) {
    const number = BODY.exec(name)?.[1];
    if (number === undefined || name === `body-${won.id}` || Number(number) > numberOf(won.id)) continue;
    await rm(join(history, name), { force: true });
  }
}

function pointerName({ id, removed }: Version): string {
  return `${removed ? 'removed' : 'current'}-${id}`;
}

function pointerFrom(name: string): Version | undefined {
  const [, state, id] = POINTER.exec(name) ?? [];
  return id === undefined ? undefined : { id, removed: state === 'removed' };
}

function numberOf(id: string): number {
  return Number.parseInt(id, 10);
}
