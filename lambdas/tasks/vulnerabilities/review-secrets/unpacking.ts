/** Source code is shorter; what is longer is data, and its beginning tells what it is. */
export const MOST_FILE_BYTES = 8 * 1024 * 1024;
/** What an archive may unpack to: above this it is a bomb, or no repository. */
export const MOST_TOTAL_BYTES = 2 * 1024 * 1024 * 1024;
export const MOST_ARCHIVE_FILES = 100_000;

/** A file of a repository, whole or its beginning. */
interface Content {
  readonly path: string;
  readonly bytes: Buffer;
}

/** What was not searched, with the reason, which ends the sentence «it …». */
export interface NotSearched {
  readonly path: string;
  readonly reason: string;
}

/** What a repository has besides the files that were searched. */
export interface Passed {
  links: number;
  folders: number;
  readonly notSearched: NotSearched[];
}

/** Hands over the files of an archive one after the other. */
export interface Unpacking {
  /** True where it is text, and was searched. */
  readonly visit: (content: Content) => boolean;
  readonly passed: Passed;
  readonly leftOut: ReadonlySet<string>;
}

/** The words for a file of which only the beginning was searched. */
export function tooLong(sizeBytes: number): string {
  return `has ${sizeBytes} bytes, of which the first ${MOST_FILE_BYTES} were searched`;
}

/** Puts the pieces of one file of an archive together, up to what is searched. */
export class Gathering {
  readonly #pieces: Buffer[] = [];
  #sizeBytes = 0;

  add(piece: Buffer): void {
    if (this.#sizeBytes < MOST_FILE_BYTES) this.#pieces.push(piece);
    this.#sizeBytes += piece.length;
  }

  /** Hands the file over, and says so where it was longer than is searched. */
  end(path: string, { visit, passed }: Unpacking): void {
    const isText = visit({ path, bytes: Buffer.concat(this.#pieces).subarray(0, MOST_FILE_BYTES) });
    if (isText && this.#sizeBytes > MOST_FILE_BYTES)
      passed.notSearched.push({ path, reason: tooLong(this.#sizeBytes) });
  }
}

/** What becomes of a name in an archive: it is read, left out, or refused where it leads out of the archive. */
export function ruleOf(name: string, leftOut: ReadonlySet<string>): 'read' | 'leave-out' | 'refuse' {
  const parts = name.replace(/^(\.\/)+/, '').split('/');
  const isForeign = name.startsWith('/') || name.includes('\\') || /^[a-z]:/i.test(name) || parts.includes('..');
  if (isForeign) return 'refuse';
  return parts.slice(0, -1).some((part) => leftOut.has(part)) ? 'leave-out' : 'read';
}

/** The words for a name that leads out of its archive. */
export const REFUSED = 'has a name that leads out of the archive, and was not read';
