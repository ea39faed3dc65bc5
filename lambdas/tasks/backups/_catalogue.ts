import type { BackupFile } from './_source.ts';
import { seriesOf, stampOf, type Stamp } from './_stamp.ts';

/** A backup as it lies there: one file, or the folder of a dump of the directory format. */
export interface Backup {
  /** Relative to the target; of a folder, without a slash at its end. */
  readonly name: string;
  readonly files: readonly BackupFile[];
  readonly isFolder: boolean;
  readonly sizeBytes: number;
  readonly lastModified: Date;
  readonly stamp: Stamp | undefined;
  /** The name without its time. */
  readonly series: string;
  /** True where the name says that it is still being written. */
  readonly unfinished: boolean;
  /** The file beside it that has its digest. */
  readonly checksum: Checksum | undefined;
}

export interface Checksum {
  readonly file: BackupFile;
  /** Undefined where the file says itself which. */
  readonly algorithm: 'md5' | 'sha1' | 'sha256' | 'sha512' | undefined;
}

const UNFINISHED = /(\.(partial|part|tmp|temp|incomplete|inprogress|in-progress|writing|filepart|crdownload)|~)$/i;
const CHECKSUM = /\.(md5|sha1|sha256|sha512)(sum)?$/i;
const DIGEST_LIST = /^(backup_metadata\.json|(md5|sha1|sha256|sha512)sums?(\.txt)?|checksums?(\.txt)?)$/i;
const COMPANION = /\.(asc|csv|html?|json|log|md|minisig|sig|txt|ya?ml)$/i;
const FOLDER_DUMP_FILE = /^(toc\.dat|blobs(_\d+)?\.toc|(blob_)?\d+\.dat(\.(gz|lz4|zst))?)$/;

/** The backups among the files, whatever their order; what only accompanies them (checksums, logs, hidden files) is none. */
export function catalogue(
  files: readonly BackupFile[],
  { match, timezone }: { match: string; timezone: string },
): Backup[] {
  const matches = matcherOf(match);
  const byPath = new Map(files.map((file) => [file.path, file]));
  const folders = Map.groupBy(
    files.filter(({ path }) => folderOf(path) !== '' && FOLDER_DUMP_FILE.test(baseOf(path))),
    ({ path }) => folderOf(path),
  );
  const single = files.filter(({ path }) => !folders.has(folderOf(path)) && !isCompanion(path));
  return [
    ...[...folders].map(([name, parts]) => backupOf(name, parts, true, timezone, undefined)),
    ...single.map((file) => backupOf(file.path, [file], false, timezone, checksumOf(file.path, byPath))),
  ].filter(({ name }) => matches(name) || matches(baseOf(name)));
}

function backupOf(
  name: string,
  files: readonly BackupFile[],
  isFolder: boolean,
  timezone: string,
  checksum: Checksum | undefined,
): Backup {
  const whole = name.replace(UNFINISHED, '');
  return {
    name,
    files,
    isFolder,
    sizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0),
    lastModified: files.reduce((last, file) => (file.lastModified > last ? file.lastModified : last), new Date(0)),
    stamp: stampOf(whole, timezone),
    series: seriesOf(whole),
    unfinished: whole !== name,
    checksum,
  };
}

function isCompanion(path: string): boolean {
  const base = baseOf(path);
  const isHidden = path.split('/').some((part) => part.startsWith('.'));
  return isHidden || CHECKSUM.test(base) || DIGEST_LIST.test(base) || COMPANION.test(base);
}

function checksumOf(path: string, files: ReadonlyMap<string, BackupFile>): Checksum | undefined {
  for (const algorithm of ['sha512', 'sha256', 'sha1', 'md5'] as const) {
    const file = files.get(`${path}.${algorithm}`) ?? files.get(`${path}.${algorithm}sum`);
    if (file) return { file, algorithm };
  }
  const prefix = folderOf(path) === '' ? '' : `${folderOf(path)}/`;
  for (const name of ['SHA512SUMS', 'SHA256SUMS', 'MD5SUMS', 'backup_metadata.json']) {
    const file = files.get(prefix + name);
    if (file) return { file, algorithm: undefined };
  }
  return undefined;
}

/**
 * Says of names whether a pattern fits the whole of them; `*` stands for anything but a slash, `?` for one such letter.
 *
 * Each step goes on or back to the last `*` alone, so that no pattern and no name makes the work more than their product.
 */
export function matcherOf(pattern: string): (name: string) => boolean {
  return (name) => {
    let at = 0;
    let star = -1;
    let starAt = 0;
    for (let place = 0; place < name.length || at < pattern.length;) {
      const mark = pattern[at];
      const letter = name[place];
      if (mark === '*') {
        star = at;
        starAt = place;
        at += 1;
      } else if (letter !== undefined && (mark === letter || (mark === '?' && letter !== '/'))) {
        at += 1;
        place += 1;
      } else {
        // One letter more for the last star, which a slash ends.
        if (star < 0 || starAt >= name.length || name[starAt] === '/') return false;
        starAt += 1;
        place = starAt;
        at = star + 1;
      }
    }
    return true;
  };
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
