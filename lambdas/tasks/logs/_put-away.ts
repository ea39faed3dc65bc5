import { randomBytes } from 'node:crypto';
import { addName, lookAt, openFile, removeName, renameTo, type LogFolder } from './_log-folder.ts';
import { isSameFile, type LogFile } from './_log-files.ts';
import { shownPath, type ByteName } from './_log-name.ts';
import type { OpennessJudge } from './_openness.ts';

/** Why a file stays as it is. */
export type Stays = 'changed' | 'held' | 'not-provable';

/** The longest name of a file, in bytes, less what is put around it. */
const LONGEST_NAME = 255;
const AROUND = '.'.length + '.12345678.fettle-aside'.length;

/** True where a name leaves room for what is put around it while a file is worked on. */
export function hasRoom(name: ByteName): boolean {
  return name.length + AROUND <= LONGEST_NAME;
}

export function workingName(name: ByteName, kind: 'copy' | 'aside'): ByteName {
  return `.${name}.${randomBytes(4).toString('hex')}.fettle-${kind}`;
}

/**
 * Removes a file that is still the one that was looked at and that nobody has open; else says why it stays.
 *
 * It first takes another name, so that nobody can open it any more, and is then looked at once more: what came in
 * between gets its name back.
 */
export async function putAway(folder: LogFolder, file: LogFile, openness: OpennessJudge): Promise<Stays | undefined> {
  const path = `${folder.path}/${file.name}`;
  const handle = await openFile(folder, file.name);
  try {
    if (!isSameFile(file, await handle.stat({ bigint: true }))) return 'changed';
    const before = await openness.judge(handle, file, path, { keep: true });
    if (before.state !== 'free') return before.state === 'held' ? 'held' : 'not-provable';
    const named = await lookAt(folder, file.name);
    if (named === undefined || !isSameFile(file, named)) return 'changed';
    const aside = workingName(file.name, 'aside');
    await renameTo(folder, file.name, aside);
    try {
      const isStill = isSameFile(file, await handle.stat({ bigint: true }));
      const isFree = isStill && (await openness.confirm(handle, file, `${folder.path}/${aside}`, before));
      if (isFree) return void (await removeName(folder, aside));
      await giveBack(folder, aside, file.name);
      return isStill ? 'held' : 'changed';
    } catch (thrown) {
      await giveBack(folder, aside, file.name);
      throw thrown;
    }
  } finally {
    await handle.close();
  }
}

/** Gives a file that stands aside its name back. An error where that is taken by another now: both stay. */
export async function giveBack(folder: LogFolder, aside: ByteName, name: ByteName): Promise<void> {
  const set = await lookAt(folder, aside);
  if (set === undefined) return;
  if (!(await addName(folder, aside, name))) {
    const there = await lookAt(folder, name);
    if (there?.ino !== set.ino) {
      throw new Error(`${shownPath(name)} was written anew meanwhile; the old file is ${shownPath(aside)}`);
    }
  }
  await removeName(folder, aside);
}
