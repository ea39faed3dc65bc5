import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../error-code.ts';

export type ProgramName = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'kwok';

export interface ProgramOptions {
  /** The binary of `builtControlPlane()`. */
  readonly binary: string;
  /** Its home, and where its log goes. */
  readonly folder: string;
  readonly name: ProgramName;
  /** Flags without their dashes. */
  readonly flags: Readonly<Record<string, string | number | boolean>>;
}

/** A program that was started, running or ended. */
export interface Program {
  readonly name: ProgramName;
  readonly pid: number;
  readonly log: string;
  /** How it ended; undefined while it runs. */
  ending(): string | undefined;
  /** Sends it a signal, and whatever it started. */
  signal(signal: NodeJS.Signals): void;
  /** Ends it at once, also where it is stopped, and waits until it is gone. */
  kill(): Promise<void>;
}

/** Starts one program of the control plane in a process group of its own. It ends with this process, however that ends. */
export function startProgram({ binary, folder, name, flags }: ProgramOptions): Program {
  const log = join(folder, `${name}.log`);
  const file = openSync(log, 'a');
  const child = spawn(binary, [name, ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)], {
    detached: true,
    // It runs while this pipe is open.
    stdio: ['pipe', file, file],
    cwd: folder,
    env: { PATH: '/usr/bin:/bin', HOME: folder, TMPDIR: folder, TZ: 'UTC' },
  });
  closeSync(file);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${name} could not be started from ${binary}`);
  const ended = once(child, 'exit');
  return {
    name,
    pid,
    log,
    ending: () => endingOf(child),
    signal: (signal) => signalGroup(pid, signal),
    kill: async () => {
      if (endingOf(child) === undefined) signalGroup(pid, 'SIGKILL');
      await ended;
    },
  };
}

/** The end of a program's log. */
export async function lastWords({ log }: Program): Promise<string> {
  return (await readFile(log, 'utf8')).slice(-2_000);
}

function endingOf({ exitCode, signalCode }: ChildProcess): string | undefined {
  if (exitCode !== null) return `exit ${exitCode}`;
  return signalCode ?? undefined;
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (thrown) {
    // Nobody of the group is left.
    if (!hasCode(thrown, 'ESRCH')) throw thrown;
  }
}
