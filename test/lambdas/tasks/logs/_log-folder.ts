import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Json } from '../../../../core/json.ts';
import { task } from '../../../../lambdas/tasks/logs/enforce-retention.ts';
import { performTask, type Performance } from '../../../harness/perform-task.ts';

export const NOW = new Date();
const DAY_MS = 86_400_000;

/** A folder of logs of which a test says how old each is, and the processes that it lets hold them. */
export interface Logs {
  readonly folder: string;
  /** Writes a file whose last change was so many days ago. */
  write(name: string, days: number, content?: string | Buffer): Promise<string>;
  /** Lets a process of its own hold a file open. */
  hold(name: string, flags?: string): Promise<ChildProcess>;
  names(): Promise<string[]>;
  remove(): Promise<void>;
}

export async function makeLogs({ below = tmpdir() }: { readonly below?: string } = {}): Promise<Logs> {
  const folder = await mkdtemp(join(below, 'fettle-logs-'));
  const holders: ChildProcess[] = [];
  return {
    folder,
    async write(name, days, content = `${name}\n`.repeat(200)) {
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
      await setAge(path, days);
      return path;
    },
    async hold(name, flags = 'r') {
      const handle = await open(join(folder, name), flags);
      const holder = spawn('sleep', ['600'], { stdio: [handle.fd, 'ignore', 'ignore'] });
      await once(holder, 'spawn');
      await handle.close();
      holders.push(holder);
      return holder;
    },
    async names() {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => !entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
        .sort();
    },
    async remove() {
      for (const holder of holders) {
        holder.kill('SIGKILL');
        if (holder.exitCode === null && holder.signalCode === null) await once(holder, 'exit');
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function setAge(path: string | Buffer, days: number): Promise<void> {
  const at = new Date(NOW.getTime() - days * DAY_MS);
  await utimes(path, at, at);
}

/** The name that the gzip of a log with its live name gets. */
export function datedName(name: string, days: number): string {
  const day = new Date(NOW.getTime() - days * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '');
  return `${name}-${day}.gz`;
}

type Options = Partial<Pick<Performance, 'mode' | 'now' | 'timeoutSeconds' | 'act'>> & {
  readonly input?: Readonly<Record<string, Json>>;
};

/** One run of the task on a folder, its target called `app`. */
export async function enforce(folder: string, { input = {}, ...options }: Options = {}) {
  const url = pathToFileURL(folder).href;
  const { result, actions } = await performTask({
    task,
    targets: { app: { url } },
    now: NOW,
    // The disk of a test machine may be as full as it likes.
    input: { maxPercent: '100%', keepFree: 0, ...input },
    ...options,
  });
  if ('paused' in result) throw new Error('it paused');
  const { findings, measurements } = result;
  return {
    findings,
    kinds: findings.map(({ kind, subject }) => (subject === undefined ? kind : `${kind} ${subject}`)),
    measured: Object.fromEntries(measurements.map(({ name, value }) => [name, value])),
    actions: actions.map(({ verb, subject, status }) => `${verb} ${subject} ${status}`),
  };
}
