import { Unavailable } from '../../../core/errors.ts';
import { printable } from '../../runtime/http-failure.ts';
import { inParallel } from '../../runtime/in-parallel.ts';
import { Flaw } from './_flaw.ts';
import type { Report, Scan } from './_report.ts';
import { wholeText, type Source, type SourceFile } from './_source.ts';

/** No scanner writes more about one image or project. */
const MOST_REPORT_BYTES = 50 * 1024 * 1024;
const MOST_REPORTS = 2_000;
// One of 50 MiB takes 300 MiB of memory while it is read.
const AT_ONCE = 1;

/** A report that says nothing, and why; the reason ends the sentence «the report …». */
export interface Unreadable {
  readonly file: string;
  readonly reason: string;
}

export interface ReadReports {
  readonly reports: readonly Report[];
  readonly unreadable: readonly Unreadable[];
  /** How many files of the right name there are, read or not. */
  readonly files: number;
}

// 20260301, 2026-03-01, with a time of day behind it or not, and the seconds since 1970.
const STAMP =
  /(?<!\d)20\d{2}([-_./]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?:[T_-]?\d{2}[-_:]?\d{2}(?:[-_:]?\d{2})?(?:\.\d+)?Z?)?(?!\d)|(?<!\d)1\d{9}(?:\d{3})?(?!\d)/g;

/** A path without the time in it: what is written again each day has one of them. */
export function withoutStamp(path: string): string {
  return path.replace(STAMP, '');
}

/** The files to read: all that are young, and of each series that has only old ones the youngest. */
export function chosen(files: readonly SourceFile[], youngFrom: Date): SourceFile[] {
  const newestFirst = files.toSorted((a, b) => b.lastModified.getTime() - a.lastModified.getTime());
  const series = new Set<string>();
  return newestFirst.filter(({ path, lastModified }) => {
    const name = withoutStamp(path);
    const isFirst = !series.has(name);
    series.add(name);
    return isFirst || lastModified >= youngFrom;
  });
}

/** Reads every report of a place that may be the newest of its image or project; one that cannot be read leaves the others. */
export async function readReports(
  source: Source,
  { match, youngFrom }: { readonly match: string; readonly youngFrom: Date },
  read: (text: string, file: SourceFile) => Scan,
): Promise<ReadReports> {
  const { files, passedBy } = await source.list(new Set());
  const wanted = files.filter(({ path }) => isCalled(path.slice(path.lastIndexOf('/') + 1), match));
  const picked = chosen(wanted, youngFrom);
  if (picked.length > MOST_REPORTS) {
    throw new Unavailable(
      `${printable(source.location)} has ${picked.length} reports to read; ${MOST_REPORTS} are the most`,
    );
  }
  const results = await inParallel(picked, AT_ONCE, async (file): Promise<Report | Unreadable> => {
    try {
      const scan = read(await wholeText(source, file, MOST_REPORT_BYTES), file);
      const { createdAt = file.lastModified } = scan;
      // A copy is younger than what it says, and no report is made after it was written.
      const madeAt = createdAt < file.lastModified ? createdAt : file.lastModified;
      return { ...scan, file: file.path, madeAt };
    } catch (thrown) {
      if (!(thrown instanceof Flaw)) throw thrown;
      return { file: file.path, reason: printable(thrown.message) };
    }
  });
  return {
    reports: results.filter((one) => 'madeAt' in one),
    unreadable: [
      ...results.filter((one) => 'reason' in one),
      ...passedBy.unread.map(({ path, reason }) => ({ file: path, reason: `was not looked at: ${printable(reason)}` })),
    ],
    files: wanted.length,
  };
}

/** True where a name is as the pattern says: `*` is any number of letters, `?` is one. */
export function isCalled(name: string, pattern: string): boolean {
  let at = 0;
  let place = 0;
  let star = -1;
  let starAt = 0;
  while (at < name.length) {
    if (pattern[place] === '*') {
      star = place;
      starAt = at;
      place += 1;
    } else if (pattern[place] === '?' || pattern[place] === name[at]) {
      at += 1;
      place += 1;
    } else if (star >= 0) {
      // The last star takes one letter more.
      starAt += 1;
      at = starAt;
      place = star + 1;
    } else return false;
  }
  return [...pattern.slice(place)].every((letter) => letter === '*');
}
