import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Sink } from './_search.ts';

const FETTLE = fileURLToPath(new URL('../../bin/fettle.mjs', import.meta.url));
const SAMPLE_MS = 25;

export interface Commanded {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What `ps` would have shown of every process below the command, itself included. */
  readonly processes: readonly SeenProcess[];
}

export interface SeenProcess {
  readonly arguments: string;
  /** As a root user reads it. */
  readonly environment: string;
}

/** Runs a command of the CLI in a folder and an environment of its own, and watches every process that it starts. */
export async function fettle(
  folder: string,
  environment: Readonly<Record<string, string>>,
  given: readonly string[],
): Promise<Commanded> {
  const child = spawn(process.execPath, [FETTLE, ...given], {
    cwd: folder,
    env: {
      PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
      HOME: folder,
      TMPDIR: join(folder, 'tmp'),
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const seen = new Map<number, SeenProcess>();
  let watching = true;
  const watched = (async () => {
    while (watching && child.pid !== undefined) {
      await lookAt(child.pid, seen, true);
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    }
  })();
  const texts = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (texts.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (texts.stderr += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  watching = false;
  await watched;
  return { code, ...texts, processes: [...seen.values()] };
}

async function lookAt(pid: number, seen: Map<number, SeenProcess>, isCommand = false): Promise<void> {
  const read = async (file: string) => readFile(`/proc/${pid}/${file}`, 'utf8');
  try {
    const [cmdline, environ, children] = await Promise.all([
      read('cmdline'),
      read('environ'),
      read(`task/${pid}/children`),
    ]);
    // Between fork and exec a process shows what its parent has.
    const isOwn = isCommand || environ.includes('FETTLE_HOLDER=');
    seen.set(pid, { arguments: cmdline, environment: isOwn && !isCommand ? environ : '' });
    for (const below of children.split(' ').filter(Boolean)) await lookAt(Number(below), seen);
  } catch (gone) {
    if (!['ENOENT', 'ESRCH', 'EACCES'].includes(String((gone as NodeJS.ErrnoException).code))) throw gone;
  }
}

/** What a command showed, as sinks. */
export function shownBy(name: string, { stdout, stderr, processes }: Commanded): Sink[] {
  return [
    { name: `${name}: standard output`, content: stdout },
    { name: `${name}: standard error`, content: stderr },
    { name: `${name}: arguments of processes`, content: processes.map((one) => one.arguments).join('\n') },
  ];
}
