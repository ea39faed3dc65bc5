import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cloud } from '../cloud/server.ts';
import { errorCode } from '../error-code.ts';

/** The processes that run a function now: the emulator gives each a folder of its own, called like the function. */
export async function workersOf(cloud: Cloud, functionName: string): Promise<number[]> {
  const folder = join(cloud.folder, `ministack-lambda-${functionName}-`);
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0);
  const own = await Promise.all(pids.map(async (pid) => (await folderOf(pid)).startsWith(folder)));
  return pids.filter((_, place) => own[place]);
}

/** Sends a signal to every process that runs the function; throws where there is none. */
export async function signal(cloud: Cloud, functionName: string, name: NodeJS.Signals): Promise<void> {
  const workers = await workersOf(cloud, functionName);
  if (workers.length === 0) throw new Error(`no process runs ${functionName}`);
  for (const pid of workers) process.kill(pid, name);
}

/** Empty of a process that has ended meanwhile, or is not ours to see. */
async function folderOf(pid: number): Promise<string> {
  try {
    return await readlink(`/proc/${pid}/cwd`);
  } catch (thrown) {
    if (['ENOENT', 'ESRCH', 'EACCES'].includes(errorCode(thrown) ?? '')) return '';
    throw thrown;
  }
}
