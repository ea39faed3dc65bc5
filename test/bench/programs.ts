import { execFile } from 'node:child_process';
import { access, constants, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Where Debian keeps PostgreSQL's own programs; those in PATH are a script around them. */
const POSTGRES_FOLDER = '/usr/lib/postgresql/15/bin';

export interface Answer {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, and throws where it fails. */
export async function perform(program: string, ...args: readonly string[]): Promise<Answer> {
  return run(program, args, { maxBuffer: 64 * 2 ** 20 });
}

/** Runs lines of bash, whose `$1` and so on are the arguments; a part of a pipeline that fails fails it all. */
export async function shell(lines: string, ...args: readonly string[]): Promise<Answer> {
  return perform('bash', '-o', 'pipefail', '-c', lines, 'bash', ...args);
}

export async function isInstalled(program: string): Promise<boolean> {
  try {
    await run('which', [program]);
    return true;
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 1) return false;
    throw thrown;
  }
}

/** A client program of PostgreSQL itself, past the script that looks for it. */
export async function postgresProgram(name: string): Promise<string> {
  const path = join(POSTGRES_FOLDER, name);
  try {
    await access(path, constants.X_OK);
    return path;
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return name;
    throw thrown;
  }
}

/** A new folder that goes at the end of its block. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'fettle-bench-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
