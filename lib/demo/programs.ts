import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../../core/errors.ts';

const run = promisify(execFile);
const INSTALLING_MILLISECONDS = 300_000;

/** A server that npm cannot bring, and the package of Debian that does. */
export interface Program {
  readonly name: string;
  readonly debianPackage: string;
}

/** The path of a program of the system; undefined where no folder of PATH has it. */
export async function pathOf(program: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter).filter(Boolean)) {
    const path = join(folder, program);
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch (absent) {
    if (['ENOENT', 'EACCES', 'ENOTDIR'].includes((absent as NodeJS.ErrnoException).code ?? '')) return false;
    throw absent;
  }
}

/**
 * Takes a program from the system, or lets the package manager install it when this is root.
 *
 * Says what it does; where neither is possible it says so and answers false.
 */
export async function obtain({ name, debianPackage }: Program, say: (text: string) => void): Promise<boolean> {
  if (await pathOf(name)) return true;
  const isRoot = process.getuid?.() === 0;
  if (!isRoot || !(await pathOf('apt-get'))) {
    say(`${name} is not installed, so the demo goes without it; the package ${debianPackage} has it`);
    return false;
  }
  say(`installing ${debianPackage} by apt-get …`);
  try {
    // Run level 1 keeps the package from starting its server: the demo starts one, on a port of its own.
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
    await run('apt-get', ['-qq', 'update'], { env, timeout: INSTALLING_MILLISECONDS });
    await run('apt-get', ['-qq', 'install', '--yes', '--no-install-recommends', debianPackage], {
      env,
      timeout: INSTALLING_MILLISECONDS,
    });
    return (await pathOf(name)) !== undefined;
  } catch (thrown) {
    say(`${debianPackage} could not be installed, so the demo goes without it: ${messageOf(thrown).split('\n', 1)[0]}`);
    return false;
  }
}
