import { Unavailable } from '../../../../core/errors.ts';
import { printable } from '../../../runtime/http-failure.ts';
import { inParallel } from '../../../runtime/in-parallel.ts';
import type { Place } from '../_place.ts';
import { readContents } from './contents.ts';
import { fingerprintOf } from './fingerprint.ts';
import { searchText, textOf, type Hit } from './search.ts';
import type { NotSearched } from './unpacking.ts';

/** Each is hashed slowly; with more, the repository is a list of credentials, or something is generated. */
const MOST_HITS = 200;
const HASHES_AT_ONCE = 2;
const HIDDEN = '[redacted]';

/** A credential as it may be shown. */
export interface FoundSecret {
  readonly file: string;
  readonly line: number;
  readonly what: string;
  readonly isCertain: boolean;
  readonly fingerprint: string;
}

/** What a repository holds, and how much of it was searched. */
export interface SearchedRepository {
  readonly secrets: readonly FoundSecret[];
  /** How many more there are than were looked at one by one. */
  readonly further: number;
  readonly notSearched: readonly NotSearched[];
  readonly filesSearched: number;
  readonly binaryFiles: number;
  readonly links: number;
  readonly foldersLeftOut: number;
  /** When the archive was written; undefined for a folder. */
  readonly madeAt: Date | undefined;
}

export interface SearchOptions {
  readonly target: string;
  readonly leftOut: ReadonlySet<string>;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/** Searches every file of a repository. The values that it finds leave it only as fingerprints. */
export async function searchRepository(place: Place, options: SearchOptions): Promise<SearchedRepository> {
  const { target, leftOut, now, signal } = options;
  const passed = { links: 0, folders: 0, notSearched: [] as NotSearched[] };
  const hits: Hit[] = [];
  const paths: string[] = [];
  let binaryFiles = 0;
  const madeAt = await readContents(place, {
    passed,
    leftOut,
    visit: ({ path, bytes }) => {
      if (signal.aborted)
        throw new Unavailable(`it was searched up to ${printable(path)} when the task reached its deadline`);
      paths.push(path);
      const text = textOf(bytes);
      if (text === undefined) binaryFiles += 1;
      else hits.push(...searchText(path, text, now));
      return text !== undefined;
    },
  });
  const inner = place.archive === undefined ? (path: string) => path : innerPath(paths);
  const worstFirst = hits.toSorted((a, b) => Number(b.isCertain) - Number(a.isCertain));
  const secrets = await inParallel(
    worstFirst.slice(0, MOST_HITS),
    HASHES_AT_ONCE,
    async (hit): Promise<FoundSecret> => {
      const path = inner(hit.path);
      const { line, what, isCertain, value } = hit;
      const fingerprint = await fingerprintOf(target, path, value);
      return { file: printable(path.replaceAll(value, HIDDEN)), line, what, isCertain, fingerprint };
    },
  );
  const notSearched = [...new Map(passed.notSearched.map((one) => [one.path, one])).values()];
  return {
    secrets,
    further: Math.max(0, hits.length - MOST_HITS),
    notSearched: notSearched.map(({ path, reason }) => ({
      path: printable(inner(path)),
      reason: printable(reason),
    })),
    filesSearched: paths.length - binaryFiles,
    binaryFiles,
    links: passed.links,
    foldersLeftOut: passed.folders,
    madeAt,
  };
}

/** Leaves the folder out that an archive of a host has around everything: its name has the commit in it. */
function innerPath(paths: readonly string[]): (path: string) => string {
  const plain = (path: string) => path.replace(/^(\.\/)+/, '');
  const tops = new Set(paths.map((path) => (plain(path).includes('/') ? (plain(path).split('/')[0] ?? '') : '')));
  const [top = ''] = tops;
  if (tops.size !== 1 || top === '') return plain;
  return (path) => (plain(path).startsWith(`${top}/`) ? plain(path).slice(top.length + 1) : plain(path));
}
