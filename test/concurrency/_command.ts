import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { hasCode } from '../../lambdas/runtime/directory-files.ts';

const FETTLE = fileURLToPath(new URL('../../bin/fettle.mjs', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A `fettle` command in a process group of its own, as a terminal starts it. */
export interface Command {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Sends a signal to the whole group, as Ctrl-C does; does nothing where nobody is left. */
  signalGroup(signal: NodeJS.Signals): void;
}

export function startFettle(args: readonly string[], cwd: string): Command {
  const child = spawn(process.execPath, [FETTLE, ...args], {
    cwd,
    detached: true,
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text) => (stdout += String(text)));
  child.stderr.on('data', (text) => (stderr += String(text)));
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, stdout, stderr }) as Ended);
  return {
    child,
    ended,
    signalGroup(signal) {
      try {
        process.kill(-(child.pid ?? 0), signal);
      } catch (thrown) {
        if (!hasCode(thrown, 'ESRCH')) throw thrown;
      }
    },
  };
}
