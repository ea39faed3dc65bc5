import { setTimeout as wait } from 'node:timers/promises';
import { Unavailable } from '../../../core/errors.ts';

/** A file of a folder of backups, or an object below a prefix. */
export interface BackupFile {
  /** Relative to the folder, with `/` between its parts. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly lastModified: Date;
  /** What S3 calls the ETag: another one is another content. */
  readonly etag?: string;
}

export interface Range {
  readonly startByte?: number;
  /** The first byte that is not read any more. */
  readonly endByte?: number;
}

/** Where backups lie. Every call throws `Unavailable` where the place cannot be reached, read, or does not answer in time. */
export interface BackupSource {
  /** For people: `s3://bucket/prefix/` or a folder. */
  readonly location: string;
  /** False where a file appears only when it is whole. */
  readonly showsGrowth: boolean;
  /** Every file below it, however many there are; links are not followed. */
  list(): Promise<readonly BackupFile[]>;
  /** The file as it is now; undefined where it is gone. */
  look(file: BackupFile): Promise<BackupFile | undefined>;
  /** The bytes of exactly the listed file; throws `Flaw` where it is another one by now. */
  open(file: BackupFile, range?: Range): AsyncIterable<Buffer>;
  /** The same for a sink, whose pieces are overwritten as soon as it returns: what is only hashed needs no new memory. */
  pour(file: BackupFile, range: Range, sink: Sink): Promise<void>;
}

export type Sink = (piece: Buffer) => void;

// Lists above this are a data store that was taken for a folder of backups.
export const MOST_FILES = 200_000;

const PATIENCE_SECONDS = 60;

/** Waits for one answer of a disk or a service; throws `Unavailable` where it does not come. */
export async function answered<Answer>(
  answer: Promise<Answer>,
  what: string,
  seconds = PATIENCE_SECONDS,
): Promise<Answer> {
  const stop = new AbortController();
  try {
    return await Promise.race([answer, silence(what, seconds, stop.signal)]);
  } finally {
    stop.abort();
  }
}

async function silence(what: string, seconds: number, signal: AbortSignal): Promise<never> {
  await wait(seconds * 1_000, undefined, { signal, ref: false });
  throw new Unavailable(`${what} did not answer for ${seconds} s`);
}
