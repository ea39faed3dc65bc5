import type { ScanResult } from './_login-scan.ts';

/** Which of the logs of one series a file is: the one written to, one turned over, or a copy aside. */
export type Turn =
  | { readonly kind: 'current' }
  | { readonly kind: 'numbered'; readonly number: number }
  | { readonly kind: 'dated'; readonly date: string }
  | { readonly kind: 'copy' };

export interface LogName {
  readonly name: string;
  /** What the log is called while it is written to: `auth.log` for `auth.log.2.gz`. */
  readonly series: string;
  readonly turn: Turn;
}

/** What was seen of one file. */
export interface FileReading extends LogName {
  readonly sizeBytes: number;
  readonly writtenMs?: number;
  /** Undefined where it was not read: it is too old, or it cannot be. */
  readonly scan?: ScanResult;
  /** Why not all of it was read. */
  readonly missing?: string;
}

/** What is known of a log as a whole. */
export interface LogState {
  readonly name: string;
  readonly lines: number;
  readonly undated: number;
  readonly future: number;
  readonly ofLogins: number;
  readonly newestMs?: number;
  readonly furthestMs?: number;
  /** Why the window is not seen from its beginning to its end; none where it is. */
  readonly holes: readonly string[];
}

const PACKED = String.raw`(?:\.(?:gz|zst|xz|bz2|lz4|Z|br))?`;
const NUMBERED = new RegExp(String.raw`^(.+)\.(\d{1,4})${PACKED}$`, 's');
const DATED = new RegExp(
  String.raw`^(.+?)[-.](20\d\d-?[01]\d-?[0-3]\d(?:[-T_]?\d{2,10})?)((?:\.[A-Za-z]{1,8})?)${PACKED}$`,
  's',
);
const COPY = /^(.+?)(?:~|\.(?:gz|zst|xz|bz2|lz4|Z|br|bak|old|orig|save|swp|tmp))+$/s;

/** Takes a name such as `auth.log.2.gz`, `secure-20261121` or `auth.log.bak` apart. */
export function logName(name: string): LogName {
  const [, dated, date, extension = ''] = DATED.exec(name) ?? [];
  if (dated !== undefined && date !== undefined) {
    return { name, series: dated + extension.replace(new RegExp(`^${PACKED}$`), ''), turn: { kind: 'dated', date } };
  }
  const [, numbered, number] = NUMBERED.exec(name) ?? [];
  if (numbered !== undefined) return { name, series: numbered, turn: { kind: 'numbered', number: Number(number) } };
  const [, copied] = COPY.exec(name) ?? [];
  if (copied !== undefined) return { name, series: logName(copied).series, turn: { kind: 'copy' } };
  return { name, series: name, turn: { kind: 'current' } };
}

/** Orders the files of a series from the newest turn to the oldest, copies last. */
export function byTurn(a: LogName, b: LogName): number {
  return placeOf(a) - placeOf(b) || numberOf(a) - numberOf(b) || (dateOf(a) < dateOf(b) ? 1 : -1);
}

/** Joins what was seen of the files of a series, and finds where they do not follow each other through the window. */
export function stateOf(series: string, files: readonly FileReading[], fromMs: number): LogState {
  const scans = files.flatMap(({ scan }) => scan ?? []);
  const newestMs = latest(scans.map((scan) => scan.newestMs));
  const furthestMs = latest(scans.map((scan) => scan.furthestMs));
  const sum = (field: 'lines' | 'undated' | 'future' | 'ofLogins') =>
    scans.reduce((total, scan) => total + scan[field], 0);
  return {
    name: series,
    lines: sum('lines'),
    undated: sum('undated'),
    future: sum('future'),
    ofLogins: sum('ofLogins'),
    ...(newestMs !== undefined && { newestMs }),
    ...(furthestMs !== undefined && { furthestMs }),
    holes: holesOf(series, files.toSorted(byTurn), fromMs),
  };
}

/** Goes back from the newest file until one reaches beyond the beginning of the window. */
function holesOf(series: string, files: readonly FileReading[], fromMs: number): string[] {
  const holes: string[] = [];
  let oldestMs = Infinity;
  let lastNumber = 0;
  for (const { name, turn, writtenMs = Infinity, scan, missing } of files) {
    // What a copy aside holds, the series holds too; when it was made is not known.
    if (turn.kind === 'copy') continue;
    if (turn.kind === 'numbered') {
      if (turn.number > lastNumber + 1) holes.push(`${series}.${lastNumber + 1} is not there`);
      lastNumber = turn.number;
    }
    // Nothing was written to it within the window, so all of the window is in the files after it.
    if (writtenMs < fromMs) return holes;
    if (missing !== undefined && !files.some((other) => isWholeTwin(other, turn))) holes.push(`${name}: ${missing}`);
    oldestMs = Math.min(oldestMs, scan?.oldestMs ?? Infinity);
    if (oldestMs <= fromMs) return holes;
  }
  if (holes.length > 0) return holes;
  if (oldestMs === Infinity) return [`${series} holds no line with a time`];
  return [`the oldest line of ${series} is of ${new Date(oldestMs).toISOString()}, and there is no file before it`];
}

/** While a log is being compressed it is there whole beside its compressed beginning. */
function isWholeTwin({ turn, scan, missing }: FileReading, of: Turn): boolean {
  const isSame = turn.kind === 'numbered' && of.kind === 'numbered' && turn.number === of.number;
  const isSameDate = turn.kind === 'dated' && of.kind === 'dated' && turn.date === of.date;
  return (isSame || isSameDate) && scan !== undefined && missing === undefined;
}

function latest(moments: readonly (number | undefined)[]): number | undefined {
  const known = moments.filter((moment) => moment !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

function placeOf({ turn }: LogName): number {
  return ['current', 'numbered', 'dated', 'copy'].indexOf(turn.kind);
}

function numberOf({ turn }: LogName): number {
  return turn.kind === 'numbered' ? turn.number : 0;
}

function dateOf({ turn }: LogName): string {
  return turn.kind === 'dated' ? turn.date : '';
}
