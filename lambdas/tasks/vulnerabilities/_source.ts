import { setTimeout as wait } from 'node:timers/promises';
import { Unavailable } from '../../../core/errors.ts';
import { Flaw } from './_flaw.ts';

/** A file of a folder, or an object below a prefix. */
export interface SourceFile {
  /** Relative to the place, with `/` between its parts. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly lastModified: Date;
  /** What S3 calls the ETag: another one is another content. */
  readonly etag?: string;
}

/** What was met in a place and is not read. */
export interface PassedBy {
  /** Links and devices, which lead elsewhere. */
  links: number;
  /** Folders that were not to be walked, such as `.git`. */
  folders: number;
  /** What could not be read or was too deep, with the reason. */
  readonly unread: { readonly path: string; readonly reason: string }[];
}

/** Where reports or repositories lie. Every call throws `Unavailable` where the place cannot be reached or read. */
export interface Source {
  /** For people: `s3://bucket/prefix/` or a folder. */
  readonly location: string;
  /** Every file below it; folders of these names are left out. */
  list(leftOut: ReadonlySet<string>): Promise<{ readonly files: readonly SourceFile[]; readonly passedBy: PassedBy }>;
  /** One file by its path; throws `Unavailable` where there is none. */
  look(path: string): Promise<SourceFile>;
  /** The bytes of exactly the listed file; throws `Flaw` where it is another one by now. */
  open(file: SourceFile): AsyncIterable<Buffer>;
}

// Above this it is a data store that was taken for a folder of reports or a repository.
export const MOST_FILES = 100_000;
/** No repository of people nests deeper. */
export const MOST_FOLDERS_DEEP = 60;

const PATIENCE_SECONDS = 60;

/** Waits for one answer of a disk; throws `Unavailable` where it does not come. */
export async function answered<Answer>(answer: Promise<Answer>, what: string): Promise<Answer> {
  const stop = new AbortController();
  try {
    return await Promise.race([answer, silence(what, stop.signal)]);
  } finally {
    stop.abort();
  }
}

async function silence(what: string, signal: AbortSignal): Promise<never> {
  await wait(PATIENCE_SECONDS * 1_000, undefined, { signal, ref: false });
  throw new Unavailable(`${what} did not answer for ${PATIENCE_SECONDS} s`);
}

/** The whole of a file as text; throws `Flaw` where it is larger than anyone writes. */
export async function wholeText(source: Source, file: SourceFile, mostBytes: number): Promise<string> {
  if (file.sizeBytes > mostBytes)
    throw new Flaw(`has ${file.sizeBytes} bytes, more than the ${mostBytes} that are read`);
  const pieces: Buffer[] = [];
  for await (const piece of source.open(file)) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  // PowerShell writes what a program says as UTF-16.
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.toString('utf16le', 2);
  return bytes.toString('utf8').replace(/^\ufeff/, '');
}
