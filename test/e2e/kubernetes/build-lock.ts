import { mkdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasCode } from '../error-code.ts';

const BEAT_MILLISECONDS = 5_000;
const DEAD_AFTER_MILLISECONDS = 30_000;
const LOOK_MILLISECONDS = 250;

export interface LockOptions {
  /** Called once when somebody else holds it. */
  readonly onWait?: () => void;
}

/**
 * Does something that only one process may do at a time; the others wait for it.
 *
 * The lock is a folder whose holder touches it every few seconds: one that nobody touches any more was left by a
 * process that was killed, and is taken over.
 */
export async function whileLocked<Result>(
  lock: string,
  work: () => Promise<Result>,
  { onWait }: LockOptions = {},
): Promise<Result> {
  for (let attempt = 1; !(await taken(lock)); attempt += 1) {
    if (attempt === 1) onWait?.();
    await removeDead(lock);
    await sleep(LOOK_MILLISECONDS);
  }
  const beat = setInterval(() => {
    const now = new Date();
    utimes(lock, now, now).catch((thrown: unknown) => {
      // After a long sleep of the machine somebody took this process for dead.
      clearInterval(beat);
      if (!hasCode(thrown, 'ENOENT')) throw thrown;
    });
  }, BEAT_MILLISECONDS);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    await rm(lock, { recursive: true, force: true });
  }
}

async function taken(lock: string): Promise<boolean> {
  try {
    await mkdir(lock);
    return true;
  } catch (thrown) {
    if (hasCode(thrown, 'EEXIST')) return false;
    throw thrown;
  }
}

async function removeDead(lock: string): Promise<void> {
  try {
    const { mtimeMs } = await stat(lock);
    if (Date.now() - mtimeMs < DEAD_AFTER_MILLISECONDS) return;
    // Renamed first: of several that wait, one gets it.
    const dead = `${lock}.dead-${process.pid}`;
    await rename(lock, dead);
    await rm(dead, { recursive: true, force: true });
  } catch (thrown) {
    // It was given back, or another one was quicker.
    if (hasCode(thrown, 'ENOENT')) return;
    throw thrown;
  }
}
