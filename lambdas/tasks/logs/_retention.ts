import type { LogFile } from './_log-files.ts';
import { stemOf, type ByteName } from './_log-name.ts';

export interface RetentionLimits {
  readonly compressAfterSeconds: number;
  readonly deleteAfterSeconds: number;
  readonly quietForSeconds: number;
  readonly largeBytes: number;
}

export type Due = 'compress' | 'delete' | 'not-yet' | 'implausible-date';

const DAY_SECONDS = 86_400;
/** No log that is kept today was written before; such a date comes from a clock that stood still or a copy without dates. */
const EARLIEST = Date.parse('2000-01-01T00:00:00Z');

type Dated = Pick<LogFile, 'mtimeNs'>;

export function writtenAt({ mtimeNs }: Dated): number {
  return Number(mtimeNs / 1_000_000n);
}

export function ageSeconds(file: Dated, now: Date): number {
  return (now.getTime() - writtenAt(file)) / 1_000;
}

/** What is due with a log by its age alone. Only what is compressed is ever deleted, so that each has two chances. */
export function dueOf(file: Pick<LogFile, 'role' | 'sizeBytes' | 'mtimeNs'>, now: Date, limits: RetentionLimits): Due {
  const age = ageSeconds(file, now);
  if (writtenAt(file) < EARLIEST || age < -DAY_SECONDS) return 'implausible-date';
  if (age < limits.quietForSeconds) return 'not-yet';
  if (file.role === 'compressed') return age >= limits.deleteAfterSeconds ? 'delete' : 'not-yet';
  // An empty file has nothing that could be made smaller.
  return file.sizeBytes > 0 && age >= limits.compressAfterSeconds ? 'compress' : 'not-yet';
}

/**
 * The name of the gzip of a log. One that its program may write to again under the same name gets the day of its last
 * entry, as rotation with dates names it.
 */
export function gzipNameOf(file: Pick<LogFile, 'role' | 'name' | 'mtimeNs'>): ByteName {
  if (file.role === 'rotated') return `${file.name}.gz`;
  const day = new Date(writtenAt(file)).toISOString().slice(0, 10).replaceAll('-', '');
  return `${file.name}-${day}.gz`;
}

/** A week and a day: who rotates weekly is not late yet. */
const ROTATED_WITHIN_SECONDS = 8 * DAY_SECONDS;

/** The logs of one folder, as far as it matters for whether they are rotated. */
export class Rotation {
  readonly #large: LogFile[] = [];
  readonly #rotatedAt = new Map<ByteName, number>();
  readonly #mostStems: number;

  constructor(mostStems = 10_000) {
    this.#mostStems = mostStems;
  }

  add(file: LogFile, largeBytes: number): void {
    if (file.role === 'live') {
      if (file.sizeBytes >= largeBytes && this.#large.length < this.#mostStems) this.#large.push(file);
      return;
    }
    const stem = stemOf(file.name);
    if (this.#rotatedAt.size >= this.#mostStems && !this.#rotatedAt.has(stem)) return;
    this.#rotatedAt.set(stem, Math.max(this.#rotatedAt.get(stem) ?? 0, writtenAt(file)));
  }

  /** Large logs that are written to, are older than a week, and of which no rotation of the last week is there. */
  unrotated(now: Date): LogFile[] {
    // Where not every name could be remembered, none is accused.
    if (this.#rotatedAt.size >= this.#mostStems) return [];
    const since = now.getTime() - ROTATED_WITHIN_SECONDS * 1_000;
    return this.#large.filter(
      (file) => file.birthMs < since && writtenAt(file) >= since && (this.#rotatedAt.get(file.name) ?? 0) < since,
    );
  }
}

/** A list that keeps the oldest of what it was given, and how many those were. */
export class OldestFirst {
  readonly #most: number;
  #files: LogFile[] = [];
  count = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(file: LogFile): void {
    this.count += 1;
    this.#files.push(file);
    if (this.#files.length >= this.#most * 2) this.#files = this.files();
  }

  files(): LogFile[] {
    const byAge = (a: LogFile, b: LogFile) => Number(a.mtimeNs - b.mtimeNs) || (a.name < b.name ? -1 : 1);
    return this.#files.toSorted(byAge).slice(0, this.#most);
  }
}

/** `1.2 GB`, in powers of 1,000 as disks are sold. */
export function bytesInWords(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;
  const power = bytes < 1_000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1_000 ** power;
  return `${power === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${units[power] ?? 'PB'}`;
}

export function daysInWords(seconds: number): string {
  const days = Math.floor(seconds / DAY_SECONDS);
  return days === 1 ? '1 day' : `${days} days`;
}
