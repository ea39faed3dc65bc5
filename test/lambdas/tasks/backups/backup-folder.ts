import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { Json } from '../../../../core/json.ts';
import type { TaskResult } from '../../../../core/task.ts';
import { catalogue } from '../../../../lambdas/tasks/backups/_catalogue.ts';
import { readBackup, type Reading } from '../../../../lambdas/tasks/backups/_read-backup.ts';
import type { BackupFile, BackupSource } from '../../../../lambdas/tasks/backups/_source.ts';
import { task } from '../../../../lambdas/tasks/backups/verify.ts';
import { resultOf } from '../../../harness/perform-task.ts';

const FIXTURES = new URL('../../../fixtures/backups/', import.meta.url);

/** The time at which the tests of this folder look. */
export const NOW = new Date('2026-03-02T06:00:00Z');

export function hoursAgo(hours: number): Date {
  return new Date(NOW.getTime() - hours * 3_600_000);
}

export async function fixture(name: string): Promise<Buffer> {
  return readFile(new URL(name, FIXTURES));
}

/** A fixture that is kept compressed because it is mostly zeros or text. */
export async function unzippedFixture(name: string): Promise<Buffer> {
  return gunzipSync(await fixture(name));
}

/** The files of the fixture of the directory format, by their paths below `folder`. */
export async function folderFixture(folder: string): Promise<Record<string, Buffer>> {
  const files: Record<string, Buffer> = {};
  for (const name of await readdir(new URL('directory/', FIXTURES))) {
    files[`${folder}/${name}`] = await fixture(`directory/${name}`);
  }
  return files;
}

export interface BackupFolder extends AsyncDisposable {
  readonly path: string;
  /** Writes a file with its time of writing. */
  write(name: string, body: string | Uint8Array, lastModified: Date): Promise<void>;
  verify(input?: Readonly<Record<string, Json>>, now?: Date): Promise<TaskResult<string>>;
}

/** An empty folder of backups, which goes at the end of its block. */
export async function backupFolder(): Promise<BackupFolder> {
  const path = await mkdtemp(join(tmpdir(), 'fettle-backups-'));
  return {
    path,
    async write(name, body, lastModified) {
      await mkdir(dirname(join(path, name)), { recursive: true });
      await writeFile(join(path, name), body);
      await utimes(join(path, name), lastModified, lastModified);
    },
    verify: (input = {}, now = NOW) =>
      resultOf({ task, now, input, targets: { database: { url: `${pathToFileURL(path).href}/` } } }),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

/** The kinds of the findings, in their order. */
export function kindsOf({ findings }: TaskResult<string>): string[] {
  return findings.map(({ kind }) => kind);
}

export function summaryOf({ findings }: TaskResult<string>, kind: string): string | undefined {
  return findings.find((finding) => finding.kind === kind)?.summary;
}

/** Reads files as one backup, in pieces of a size that makes every boundary fall somewhere else. */
export async function readingOf(files: Readonly<Record<string, Buffer>>, pieceBytes = 1_000): Promise<Reading> {
  const listed: BackupFile[] = Object.entries(files).map(([path, body]) => ({
    path,
    sizeBytes: body.length,
    lastModified: hoursAgo(1),
  }));
  const source: BackupSource = {
    location: 'memory',
    showsGrowth: false,
    list: () => Promise.resolve(listed),
    look: (file) => Promise.resolve(file),
    async *open({ path }) {
      const body = files[path] ?? Buffer.alloc(0);
      for (let at = 0; at < body.length; at += pieceBytes) yield body.subarray(at, at + pieceBytes);
    },
    pour: ({ path }, { startByte = 0 }, sink) => {
      sink(files[path]?.subarray(startByte) ?? Buffer.alloc(0));
      return Promise.resolve();
    },
  };
  const [backup] = catalogue(listed, { match: '*', timezone: 'UTC' });
  if (!backup) throw new Error('there is no backup among the files');
  return readBackup(source, backup, new AbortController().signal);
}
