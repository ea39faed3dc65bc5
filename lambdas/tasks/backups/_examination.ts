import { setTimeout as wait } from 'node:timers/promises';
import type { Measurement } from '../../../core/finding.ts';
import { catalogue, type Backup } from './_catalogue.ts';
import {
  hours,
  judgeAge,
  judgeDates,
  judgeObjects,
  judgeSize,
  madeAt,
  newestFirst,
  secondsBetween,
  type Band,
  type Observation,
} from './_judgement.ts';
import { glimpse, readBackup, sha256Of, type Glimpse, type Reading } from './_read-backup.ts';
import type { BackupSource } from './_source.ts';

/** The input of the task, in seconds and percent. */
export interface Limits extends Band {
  readonly maxAge: number;
  readonly match: string;
  readonly timezone: string;
  readonly stampTolerance: number;
  readonly history: number;
}

export interface Moment {
  readonly now: Date;
  readonly signal: AbortSignal;
}

// A file that was written to just now is looked at twice, or its growth would look like damage.
const FRESH_SECONDS = 120;
const GROWTH_WAIT_MS = 1_500;
// Nobody who still writes pauses for an hour.
const ABANDONED_SECONDS = 3_600;
const RUNGS = 10;

type Measured = Omit<Measurement, 'target'>;

/** Finds the newest finished backup, reads it to its end, and holds it against those before it. */
export async function examine(source: BackupSource, limits: Limits, moment: Moment) {
  const backups = newestFirst(catalogue(await source.list(), limits));
  const { unfinished, finished } = await sortOut(source, backups, moment);
  const [newest] = finished;
  const measurements: Measured[] = [{ name: 'backups', value: finished.length, unit: 'count' }];
  const pending = unfinished.flatMap((backup) => judgeUnfinished(backup, newest, moment.now));
  if (!newest) {
    const which = limits.match === '*' ? '' : ` whose name matches ${limits.match}`;
    const summary = `there is no finished backup${which} in ${source.location}`;
    return { observations: [{ kind: 'no-backup', summary } as const, ...pending], measurements };
  }
  measurements.push(
    { name: 'backup-age', value: hours(secondsBetween(madeAt(newest), moment.now)), unit: 'hours' },
    { name: 'backup-size', value: newest.sizeBytes, unit: 'bytes' },
  );
  const examined = await examineNewest(source, newest, finished, limits, moment);
  return {
    observations: [...pending, ...judgeSeries(finished), ...examined.observations],
    measurements: [...measurements, ...examined.measurements],
  };
}

async function examineNewest(
  source: BackupSource,
  newest: Backup,
  finished: readonly Backup[],
  limits: Limits,
  { now, signal }: Moment,
) {
  const earlier = finished
    .filter((other) => other !== newest && other.series === newest.series)
    .slice(0, limits.history);
  const reading = await readBackup(source, newest, signal);
  const { contents, flaw } = reading;
  const glimpses = new Map<Backup, Glimpse>();
  for (const other of earlier) {
    const seen = contents && (await glimpse(source, other));
    if (seen) glimpses.set(other, seen);
  }
  const age = judgeAge(newest, now, limits.maxAge);
  const dates = judgeDates(
    { backup: newest, created: contents?.created },
    earlier.map((backup) => ({ backup, created: glimpses.get(backup)?.created })),
    now,
    limits.stampTolerance,
  );
  const size = judgeSize(
    newest,
    earlier.map(({ sizeBytes }) => sizeBytes),
    limits,
  );
  const isMisdated = dates.some(({ kind }) => kind === 'misdated');
  const before = earlier.find((other) => glimpses.has(other));
  const objectsBefore = before && glimpses.get(before)?.objects;
  const observations = [
    ...age,
    ...dates,
    ...(size ?? [noHistory(newest, earlier)]),
    ...(isMisdated ? [] : await judgeTwin(source, newest, earlier, reading)),
    ...judgeReading(newest, reading),
    ...(contents?.objects && before && objectsBefore
      ? judgeObjects(newest.name, contents.objects, { name: before.name, objects: objectsBefore })
      : []),
  ];
  const whole = contents !== undefined && (contents.checksummed !== 'nothing' || reading.agreesWith !== undefined);
  const held = [true, age.length === 0 && !isMisdated, size?.length === 0, whole && contents.dataBytes > 0];
  const rungs = held.flatMap((holds, rung) => (holds ? [rung] : []));
  const isSound = flaw === undefined && contents !== undefined && contents.dataBytes > 0;
  const proof = isSound ? [verified(newest, reading, rungs)] : [];
  return { observations: [...observations, ...proof], measurements: measure(reading, rungs) };
}

/** Sets those apart that are still being written: by their name, by what pg_dump writes last, by growing. */
async function sortOut(source: BackupSource, backups: readonly Backup[], { now, signal }: Moment) {
  const unfinished: Backup[] = [];
  const finished = backups.filter((backup) => {
    const lacksContents = backup.isFolder && !backup.files.some(({ path }) => path.endsWith('/toc.dat'));
    const isAtWork = secondsBetween(backup.lastModified, now) < ABANDONED_SECONDS;
    if (!backup.unfinished && !(lacksContents && isAtWork)) return true;
    unfinished.push(backup);
    return false;
  });
  while (finished[0] && source.showsGrowth && secondsBetween(finished[0].lastModified, now) < FRESH_SECONDS) {
    await wait(GROWTH_WAIT_MS, undefined, { signal });
    if (!(await hasChanged(source, finished[0]))) break;
    unfinished.push(...finished.splice(0, 1));
  }
  return { unfinished, finished };
}

async function hasChanged(source: BackupSource, backup: Backup): Promise<boolean> {
  for (const file of backup.files) {
    const seen = await source.look(file);
    if (seen?.sizeBytes !== file.sizeBytes || seen.lastModified.getTime() !== file.lastModified.getTime()) return true;
  }
  return false;
}

function judgeUnfinished(
  backup: Backup,
  newest: Backup | undefined,
  now: Date,
): Observation<'still-written' | 'never-finished'>[] {
  if (newest && backup.lastModified <= newest.lastModified) return [];
  const idleSeconds = secondsBetween(backup.lastModified, now);
  const idle = hours(idleSeconds);
  const name = backup.name;
  if (idleSeconds < ABANDONED_SECONDS) {
    return [{ kind: 'still-written', summary: `${name} is still being written; it is not judged` }];
  }
  const summary = `${name} is not finished and has not been written to for ${idle} h`;
  return [{ kind: 'never-finished', summary, value: idle, limit: 1, unit: 'hours' }];
}

function judgeSeries(backups: readonly Backup[]): Observation<'several-series'>[] {
  const stamped = backups.filter(({ stamp }) => stamp !== undefined);
  const series = [...new Set(stamped.map((backup) => backup.series))];
  if (series.length < 2) return [];
  const named = series.slice(0, 5).join(', ');
  const summary = `there are backups of ${series.length} names (${named}) and only ${backups[0]?.name ?? ''} was verified`;
  return [{ kind: 'several-series', summary, value: series.length, limit: 1, unit: 'count' }];
}

async function judgeTwin(
  source: BackupSource,
  newest: Backup,
  earlier: readonly Backup[],
  { sha256 }: Reading,
): Promise<Observation<'identical'>[]> {
  const [file] = newest.files;
  if (newest.isFolder || !file || file.sizeBytes === 0) return [];
  const twin = earlier.find(({ sizeBytes, isFolder }) => sizeBytes === newest.sizeBytes && !isFolder);
  const [other] = twin?.files ?? [];
  if (!twin || !other) return [];
  const isSame =
    file.etag !== undefined && other.etag !== undefined
      ? file.etag === other.etag
      : sha256 !== undefined && (await sha256Of(source, other)) === sha256;
  if (!isSame) return [];
  return [{ kind: 'identical', summary: `${newest.name} has exactly the bytes of ${twin.name}` }];
}

function judgeReading(
  { name, sizeBytes }: Backup,
  { flaw, contents, agreesWith }: Reading,
): Observation<NonNullable<Reading['flaw']>['kind'] | 'empty' | 'no-checksum'>[] {
  if (sizeBytes === 0) return [{ kind: 'empty', summary: `${name} has 0 bytes`, value: 0, unit: 'bytes' }];
  if (flaw) return [{ kind: flaw.kind, summary: `${name}: ${flaw.detail}` }];
  if (!contents) return [];
  if (contents.dataBytes === 0) {
    return [
      {
        kind: 'empty',
        summary: `${name} has ${contents.tables} tables and not one row`,
        value: 0,
        unit: 'bytes',
      },
    ];
  }
  if (contents.checksummed !== 'nothing' || agreesWith !== undefined) return [];
  const summary = `${name} (${contents.format}) has no checksum over its rows, and there is none beside it`;
  return [{ kind: 'no-checksum', summary }];
}

function verified(
  { name }: Backup,
  { contents, sha256, agreesWith }: Reading,
  rungs: readonly number[],
): Observation<'verified'> {
  const facts = [
    contents?.format,
    `${contents?.tables} tables, ${contents?.indexes} indexes, ${contents?.constraints} constraints`,
    `${contents?.dataBytes} bytes of rows`,
    ...(sha256 === undefined ? [] : [`sha256 ${sha256}`]),
    ...(agreesWith === undefined ? [] : [`as ${agreesWith} says`]),
    ...(contents?.checksummed === 'rows' && agreesWith === undefined ? ['only its rows have checksums'] : []),
  ].join('; ');
  const summary = `${name} was read to its end and was not restored (${facts}); rungs held: ${rungs.join(', ')} of ${RUNGS}`;
  return { kind: 'verified', summary };
}

function noHistory({ series }: Backup, earlier: readonly Backup[]): Observation<'no-history'> {
  const summary = `${earlier.length} earlier backups of ${series}; 3 are needed to say which size is usual`;
  return { kind: 'no-history', summary, value: earlier.length, limit: 3, unit: 'count' };
}

function measure({ bytesRead, contents }: Reading, rungs: readonly number[]): Measured[] {
  const read: Measured[] = [
    { name: 'bytes-read', value: bytesRead, unit: 'bytes' },
    { name: 'rungs-held', value: rungs.length, unit: 'count' },
  ];
  if (!contents) return read;
  return [
    ...read,
    { name: 'tables', value: contents.tables, unit: 'count' },
    { name: 'indexes', value: contents.indexes, unit: 'count' },
    { name: 'constraints', value: contents.constraints, unit: 'count' },
    { name: 'rows-size', value: contents.dataBytes, unit: 'bytes' },
  ];
}
