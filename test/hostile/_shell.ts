import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CANARY_FILE } from './_texts.ts';

const run = promisify(execFile);
/** What commands that are printed may start; each is stood in for by a program that only says how it was called. */
const PROGRAMS =
  'zgrep kubectl stat gzip cmp df ls du sort head tail dmesg openssl echo cat aws redis-cli gunzip zcat file pg_restore'.split(
    ' ',
  );

/** Says each path below the folder that it was called with and that is not there: a name that came out another one. */
const STAND_IN = `#!/bin/sh
for word in "$@"; do
  case "$word" in "$FOLDER"/*) [ -e "$word" ] || { printf 'no such file: %s\\n' "$word" >&2; exit 9; } ;; esac
done
exit 0
`;

/** Pastes each line into a shell in which no program does anything; what went wrong, in words. */
export async function runInShell(folder: string, lines: readonly string[]): Promise<string[]> {
  const [programs, cwd] = [join(folder, 'programs'), join(folder, 'cwd')];
  await mkdir(programs, { recursive: true });
  await mkdir(cwd, { recursive: true });
  for (const program of PROGRAMS) {
    await writeFile(join(programs, program), STAND_IN);
    await chmod(join(programs, program), 0o755);
  }
  const problems: string[] = [];
  for (const line of new Set(lines)) {
    if (line.includes('\n')) problems.push(`more than one line: ${JSON.stringify(line)}`);
    // An unknown program is 127, a broken line 2.
    await run('/bin/bash', ['--norc', '-c', `set -o pipefail; ${line}`], {
      cwd,
      env: { PATH: programs, FOLDER: folder },
    }).catch((failed: { code?: unknown; stderr?: string }) => {
      // A program that has read enough ends the one before it.
      if (failed.code === 141) return;
      problems.push(`${line}: ${String(failed.code)} ${failed.stderr ?? ''}`);
    });
  }
  const left = await readdir(cwd);
  if (left.length > 0) problems.push(`made ${left.join(', ')} (${CANARY_FILE} is made by a name that was run)`);
  return problems;
}
