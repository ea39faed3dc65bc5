import { execFile } from 'node:child_process';
import { REPOSITORY } from './cruise.ts';

interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line in a process of its own to its end. */
export function fettleCommand(...words: readonly string[]): Promise<Answer> {
  return fettleWith({}, ...words);
}

/** The same with variables of its own besides ours. */
export function fettleWith(variables: Readonly<Record<string, string>>, ...words: readonly string[]): Promise<Answer> {
  return new Promise((resolve) => {
    const options = { cwd: REPOSITORY, env: { ...process.env, NODE_OPTIONS: '', ...variables }, timeout: 60_000 };
    execFile(process.execPath, ['bin/fettle.mjs', ...words], options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}
