import type { BigIntStats } from 'node:fs';
import { mkdir, open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A file as it was read in one piece. */
export interface ReadFile {
  readonly body: Uint8Array;
  readonly inode: bigint;
}

export function hasCode(thrown: unknown, ...codes: readonly string[]): boolean {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && codes.includes(String(thrown.code));
}

/** The answer, or undefined where the file or a folder on its way is not there. */
export async function unlessMissing<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (thrown) {
    if (hasCode(thrown, 'ENOENT', 'ENOTDIR')) return undefined;
    throw thrown;
  }
}

/** Whether the change was made; false where one of these codes says that somebody else was first. */
export async function unlessRefused(change: Promise<unknown>, ...codes: readonly string[]): Promise<boolean> {
  try {
    await change;
    return true;
  } catch (thrown) {
    if (hasCode(thrown, ...codes)) return false;
    throw thrown;
  }
}

export function statOf(path: string): Promise<BigIntStats | undefined> {
  return unlessMissing(stat(path, { bigint: true }));
}

/** Whether both names lead to one file; false where either is missing. */
export async function isSameFile(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([statOf(one), statOf(other)]);
  return first !== undefined && second !== undefined && first.ino === second.ino;
}

/** Undefined where there is no such file, or a folder in its place. */
export async function readWhole(path: string): Promise<ReadFile | undefined> {
  const file = await unlessMissing(open(path, 'r'));
  if (file === undefined) return undefined;
  try {
    const stats = await file.stat({ bigint: true });
    return stats.isFile() ? { body: await file.readFile(), inode: stats.ino } : undefined;
  } finally {
    await file.close();
  }
}

/** Writes a new file that survives a loss of power; on failure nothing of it stays. */
export async function writeDurably(path: string, body: string | Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(body);
    await file.sync();
  } catch (thrown) {
    await rm(path, { force: true });
    throw thrown;
  } finally {
    await file.close();
  }
}

/** Makes the names in a folder survive a loss of power. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Makes a folder and those above it, durably. */
export async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true }).catch(async (thrown: unknown) => {
    if (!hasCode(thrown, 'ENOENT')) throw thrown;
    return makeStepwise(path);
  });
  if (first === undefined) return;
  for (let made = path; made !== dirname(first); made = dirname(made)) await syncFolder(dirname(made));
}

/** Node makes folders at once, but calls a read-only disk a missing folder; this says what is really the matter. */
async function makeStepwise(path: string): Promise<string> {
  try {
    await mkdir(path);
    return path;
  } catch (thrown) {
    if (!hasCode(thrown, 'ENOENT') || dirname(path) === path) throw thrown;
    const first = await makeStepwise(dirname(path));
    await mkdir(path);
    return first;
  }
}
