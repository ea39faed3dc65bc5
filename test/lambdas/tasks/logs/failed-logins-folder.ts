import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Finding, Measurement } from '../../../../core/finding.ts';
import type { Json } from '../../../../core/json.ts';
import { task } from '../../../../lambdas/tasks/logs/check-failed-logins.ts';
import { resultOf } from '../../../harness/perform-task.ts';

export const NOW = new Date('2026-11-21T12:00:00Z');
const HOUR_MS = 3_600_000;

export function hoursAgo(hours: number, now = NOW): Date {
  return new Date(now.getTime() - hours * HOUR_MS);
}

/** `Nov 21 02:00:01`: a time as syslog has written it since 1984, on a host whose clock shows UTC. */
export function syslogTime(at: Date): string {
  const month = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'][at.getUTCMonth()];
  return `${month} ${String(at.getUTCDate()).padStart(2)} ${at.toISOString().slice(11, 19)}`;
}

export function line(at: Date, said: string): string {
  return `${syslogTime(at)} web1 ${said}`;
}

let pid = 1_000;

/** A failed login as sshd writes it, each of a process of its own. */
export function failed(at: Date, { user = 'root', address = '203.0.113.9' } = {}): string {
  pid += 1;
  return line(at, `sshd[${pid}]: Failed password for ${user} from ${address} port 40022 ssh2`);
}

export function failures(
  count: number,
  at: Date,
  options: Parameters<typeof failed>[1] & { everySeconds?: number } = {},
) {
  const { everySeconds = 30 } = options;
  return Array.from({ length: count }, (_, i) => failed(new Date(at.getTime() + i * everySeconds * 1_000), options));
}

/** What a living host writes each hour, up to now. */
export function alive(hours: number, now = NOW): string[] {
  return Array.from({ length: hours }, (_, i) =>
    line(
      hoursAgo(hours - i, now),
      `CRON[${i}]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)`,
    ),
  );
}

export interface LogFile {
  readonly content: readonly string[] | Uint8Array;
  readonly written?: Date;
}

const folders: string[] = [];

/** A new folder with these logs; a log was last written to now unless it says when. */
export async function folderWith(files: Readonly<Record<string, LogFile | readonly string[]>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fettle-logins-'));
  folders.push(folder);
  for (const [name, file] of Object.entries(files)) await writeLog(join(folder, name), file);
  return folder;
}

export async function writeLog(path: string, file: LogFile | readonly string[]): Promise<void> {
  const { content, written = NOW } = 'content' in file ? file : { content: file };
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, content instanceof Uint8Array ? content : content.map((one) => `${one}\n`).join(''));
  await utimes(path, written, written);
}

export async function removeFolders(): Promise<void> {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
}

export interface Checked {
  readonly findings: readonly Finding[];
  readonly measurements: readonly Measurement[];
  /** `kind` or `kind subject` of each finding but `root-login`. */
  readonly words: readonly string[];
  /** What was counted, by name; empty where nothing was measured. */
  readonly counted: Readonly<Record<string, number>>;
}

export async function check(folder: string, input: Record<string, Json> = {}, now = NOW): Promise<Checked> {
  return checkUrl(pathToFileURL(folder).href, input, now);
}

export async function checkUrl(url: string, input: Record<string, Json> = {}, now = NOW): Promise<Checked> {
  const { findings, measurements } = await resultOf({ task, targets: { auth: { url } }, input, now });
  return {
    findings,
    measurements,
    words: findings.map(({ kind, subject }) => [kind, subject].filter((word) => word !== undefined).join(' ')),
    counted: Object.fromEntries(measurements.map(({ name, value }) => [name, value])),
  };
}
