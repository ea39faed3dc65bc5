import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { REPOSITORY } from '../harness/cruise.ts';

const PROGRAM = join(REPOSITORY, 'bin/fettle.mjs');
const LONGEST_MS = 120_000;
const NOBODY = 65_534;

export interface Exit {
  /** As a shell gives it: 128 and the signal where one ended the process. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Start {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A shell's words behind the command: redirections, a pipe. */
  readonly behind?: string;
  /** Sends Ctrl-C as soon as this stands on standard error; the empty text at once. */
  readonly interruptAt?: string;
  /** As a user who owns nothing; only root can do so. */
  readonly asNobody?: boolean;
}

/** Runs the real program as a person does, in a process of its own. */
export async function fettle(words: readonly string[], start: Start): Promise<Exit> {
  const { cwd, env = { PATH: process.env['PATH'] ?? '', HOME: cwd }, behind, interruptAt, asNobody = false } = start;
  const own = [process.execPath, PROGRAM, ...words];
  const user = ['/usr/bin/setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
  const command = asNobody ? [...user, ...own] : own;
  const [program = '', ...given] =
    behind === undefined ? command : ['/bin/bash', '-o', 'pipefail', '-c', `"$@" ${behind}`, 'bash', ...command];
  const child = spawn(program, given, { cwd, env: { ...env }, timeout: LONGEST_MS, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  let interrupted = false;
  const interrupt = () => {
    if (interruptAt === undefined || interrupted || !said.stderr.includes(interruptAt)) return;
    interrupted = true;
    child.kill('SIGINT');
  };
  if (interruptAt === '') child.once('spawn', interrupt);
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
      interrupt();
    });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code: code ?? (signal === 'SIGINT' ? 130 : -1), ...said };
}

/** Does the work for each, so many at once: a start takes a second of one core. */
export async function eachOf<Given, Answer>(
  all: readonly Given[],
  work: (given: Given) => Promise<Answer>,
  atOnce = 3,
): Promise<ReadonlyMap<Given, Answer>> {
  const answers = new Map<Given, Answer>();
  const queue = all.values();
  const worker = async () => {
    for (const given of queue) answers.set(given, await work(given));
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return answers;
}
