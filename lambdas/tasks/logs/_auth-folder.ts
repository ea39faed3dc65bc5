import { readdir } from 'node:fs/promises';
import { messageOf, Unavailable } from '../../../core/errors.ts';
import { linesOf, LogDamaged, LogUnreadable } from './_auth-bytes.ts';
import { answered, codeOf, openLog, type OpenLog } from './_auth-file.ts';
import { byTurn, logName, stateOf, type FileReading, type LogName, type LogState } from './_auth-series.ts';
import type { LoginScan } from './_login-scan.ts';
import { FURTHEST_ZONES_MS } from './_timestamp.ts';

export interface FolderOptions {
  /** Which names are logs, with * and ?. */
  readonly files: readonly string[];
  readonly fromMs: number;
  /** Aborts when there is just time left to say how far it came. */
  readonly signal: AbortSignal;
}

/** Files above this are a store of something else. */
const MOST_FILES = 5_000;
// A log is turned over in a moment; what changes again and again meanwhile is not.
const MOST_ROUNDS = 3;

interface Opened extends LogName {
  readonly log: OpenLog;
}

/**
 * Reads the logs of a folder that may reach into the window, those of a series from the oldest to the newest, and each
 * once: a file that is turned over meanwhile is found again by its inode, a copy by its lines.
 *
 * Throws `Unavailable` where the folder cannot be listed or has no such file.
 */
export async function readFolder(folder: string, scan: LoginScan, options: FolderOptions): Promise<LogState[]> {
  const readings = new Map<string, FileReading>();
  let keys = new Map<string, string>();
  let isChanging = true;
  for (let round = 0; round < MOST_ROUNDS && isChanging; round += 1) {
    isChanging = false;
    const names = await listLogs(folder, options.files);
    keys = new Map();
    for (const series of Map.groupBy(names, (one) => one.series).values()) {
      const opened: Opened[] = [];
      try {
        for (const one of series.toSorted(byTurn)) {
          const log = await openLog(folder, one.name);
          if ('bytes' in log) {
            keys.set(one.name, log.identity);
            if (readings.has(log.identity)) await log.close();
            else opened.push({ ...one, log });
          } else if (log.reason !== undefined) {
            const { reason: missing, ...written } = log;
            keys.set(one.name, one.name);
            readings.set(one.name, { ...one, sizeBytes: 0, missing, ...written });
          }
        }
        isChanging ||= opened.length > 0;
        for (const [identity, reading] of await readSeries(opened, round > 0, scan, options)) {
          readings.set(identity, reading);
        }
      } finally {
        await Promise.all(opened.map(({ log }) => log.close()));
      }
    }
  }
  const files = [...keys].flatMap(([name, key]) => {
    const reading = readings.get(key);
    return reading ? [{ ...reading, ...logName(name) }] : [];
  });
  return [...Map.groupBy(files, ({ series }) => series)].map(([series, members]) => {
    const state = stateOf(series, members, options.fromMs);
    return isChanging ? { ...state, holes: [...state.holes, `${series} was turned over while it was read`] } : state;
  });
}

/** The folder can be read, and no file of it is a log. */
export class NoLogs extends Unavailable {}

/** The logs of a folder by their names. Throws `NoLogs`, or `Unavailable` where it cannot be listed. */
export async function listLogs(folder: string, files: readonly string[]): Promise<LogName[]> {
  const patterns = files.map(
    (pattern) => new RegExp(`^${RegExp.escape(pattern).replaceAll('\\*', '.*').replaceAll('\\?', '.')}$`, 's'),
  );
  const listed = await listFolder(folder);
  const names = listed.filter((name) => patterns.some((pattern) => pattern.test(name)));
  if (names.length > MOST_FILES) throw new Unavailable(`${folder} holds more than ${MOST_FILES} such files`);
  if (names.length === 0) throw new NoLogs(`${folder} holds no file called ${files.join(' or ')}`);
  return names.map(logName);
}

async function listFolder(folder: string): Promise<string[]> {
  try {
    const entries = await answered(readdir(folder, { withFileTypes: true }), folder);
    return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  } catch (thrown) {
    const code = codeOf(thrown);
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new Unavailable(`${folder} is no folder`, { cause: thrown });
    throw new Unavailable(`${folder} cannot be listed: ${messageOf(thrown)}`, { cause: thrown });
  }
}

async function readSeries(
  newestFirst: readonly Opened[],
  isLater: boolean,
  scan: LoginScan,
  { fromMs, signal }: FolderOptions,
): Promise<Map<string, FileReading>> {
  const done = new Map<string, FileReading>();
  // Of a log that stopped long ago the newest file still tells when.
  const newest = isLater ? undefined : newestFirst.find(({ log }) => log.sizeBytes > 0);
  for (const one of newestFirst.toReversed()) {
    const { log, name, series, turn } = one;
    const { sizeBytes, writtenMs } = log;
    const reading = { name, series, turn, sizeBytes, writtenMs };
    if (done.has(log.identity)) continue;
    const mayReachIn = writtenMs >= fromMs - FURTHEST_ZONES_MS;
    done.set(
      log.identity,
      mayReachIn || one === newest ? { ...reading, ...(await readLog(one, scan, signal)) } : reading,
    );
  }
  return done;
}

async function readLog(
  { log, series }: Opened,
  scan: LoginScan,
  signal: AbortSignal,
): Promise<Pick<FileReading, 'scan' | 'missing'>> {
  const lines = scan.begin(series, log.writtenMs);
  try {
    for await (const batch of linesOf(log.bytes())) {
      if (signal.aborted) return { scan: lines.result(), missing: 'there was no time to read it to its end' };
      for (const line of batch) lines.take(line);
    }
    return { scan: lines.result() };
  } catch (thrown) {
    const isKnown = thrown instanceof LogDamaged || thrown instanceof LogUnreadable || thrown instanceof Unavailable;
    if (!isKnown && codeOf(thrown) === '') throw thrown;
    return { scan: lines.result(), missing: messageOf(thrown) };
  }
}
