import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Need } from '../../core/need.ts';
import { REPOSITORY } from './cruise.ts';
import type { NeedsQuestion } from './needs-of.ts';

const NOBODY = 65_534;
export const isRoot = process.getuid?.() === 0;

/** A process without privileges that asks tasks what they need: root may do everything, and would see no right missing. */
export interface PlainUser {
  ask(question: Pick<NeedsQuestion, 'targets' | 'input'> & { readonly file: string }): Promise<readonly Need[]>;
  stop(): Promise<void>;
}

/** Gives a path to the user of `startPlainUser`. */
export async function giveToPlainUser(path: string): Promise<void> {
  if (isRoot) await chown(path, NOBODY, NOBODY);
}

/** Starts it as nobody where this is root, else as ourselves; further groups only root can give. */
export function startPlainUser(
  options: { readonly groups?: readonly number[]; readonly environment?: Readonly<Record<string, string>> } = {},
): PlainUser {
  const { groups = [], environment = {} } = options;
  const program = [process.execPath, 'test/harness/answer-needs.ts'];
  const others = groups.length === 0 ? '--clear-groups' : `--groups=${groups.join(',')}`;
  // By their full paths: the task may be given a PATH in which nothing is.
  const [name = '', ...args] = isRoot
    ? ['/usr/bin/setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, others, ...program]
    : program;
  const child = spawn(name, args, {
    cwd: REPOSITORY,
    env: { ...process.env, NODE_OPTIONS: '', ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(question) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      const { value, done } = await answers.next();
      if (done) throw new Error('the process of the plain user ended');
      return JSON.parse(value) as readonly Need[];
    },
    async stop() {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}
