import { formatDuration } from '../../../core/duration.ts';
import type { Finding, Measurement } from '../../../core/finding.ts';
import { printable } from '../../runtime/http-failure.ts';
import { secondsToFull } from './_fill.ts';
import { bytesText, percentText, rounded, shown } from './_number-text.ts';
import {
  GAUGES,
  type Gauge,
  type GaugeKind,
  type Machine,
  type Room,
  type UsageLimits,
  type Volume,
} from './_usage.ts';

export type UsageKind =
  | GaugeKind
  | 'disk-full'
  | 'disk-high'
  | 'disk-full-soon'
  | 'disk-filling'
  | 'inodes-exhausted'
  | 'inodes-high'
  | 'turned-read-only'
  | 'free-storage-low'
  | 'free-memory-low'
  | 'host-incomplete'
  | 'not-a-number';

const DAY = 86_400;

/** One finding for the space of a volume, the worst that holds, with the day on which it is full. */
export function judgeVolume(target: string, volume: Volume, limits: UsageLimits, now: Date): Finding<UsageKind>[] {
  const { subject, mountpoint, usedPercent, inodesPercent, turnedReadOnly } = volume;
  const findings: Finding<UsageKind>[] = [];
  const place = { target, subject };
  const space = commandFor(mountpoint, 'du -xh --max-depth=1', 'sort -rh');
  if (turnedReadOnly) {
    const summary = `${subject} is mounted read-only and was writable within the last day`;
    findings.push({
      kind: 'turned-read-only',
      ...place,
      summary,
      command: 'dmesg --level=err,crit,alert,emerg --ctime | tail -50',
    });
  }
  if (!isShare(usedPercent)) {
    const summary = `${subject}: ${percentText(usedPercent)} of the space is used, which is no share`;
    return [...findings, { kind: 'not-a-number', ...place, summary }];
  }
  findings.push(...judgeSpace(volume, { limits, now }).map((finding) => ({ ...finding, ...place, ...space })));
  if (inodesPercent === undefined) return findings;
  const { diskAbove, diskFailAbove } = limits;
  if (inodesPercent > diskAbove) {
    const isFail = inodesPercent > diskFailAbove;
    const limit = isFail ? diskFailAbove : diskAbove;
    findings.push({
      kind: isFail ? 'inodes-exhausted' : 'inodes-high',
      ...place,
      summary: `${subject} has ${percentText(inodesPercent)} of its inodes in use, at most ${percentText(limit)} is expected`,
      value: rounded(inodesPercent),
      limit,
      unit: 'percent',
      ...commandFor(mountpoint, 'du -x --inodes --max-depth=2', 'sort -rn'),
    });
  }
  return findings;
}

interface Judging {
  readonly limits: UsageLimits;
  readonly now: Date;
}

type Unplaced = Omit<Finding<UsageKind>, 'target'>;

function judgeSpace({ subject, usedPercent, freeBytes, free }: Volume, { limits, now }: Judging): Unplaced[] {
  const { diskAbove, diskFailAbove, fullWithin, fullFailWithin } = limits;
  const left = freeBytes === undefined ? '' : ` (${bytesText(freeBytes)} left)`;
  const state = `${percentText(usedPercent)} full${left}`;
  const full = secondsToFull(free);
  const pace = full === undefined ? '' : `; at its pace it is full ${whenText(full, now)}`;
  const byShare = (kind: UsageKind, limit: number): Unplaced => {
    const summary = `${subject} is ${state}, at most ${percentText(limit)} is expected${pace}`;
    return { kind, summary, value: rounded(usedPercent), limit, unit: 'percent' };
  };
  if (usedPercent > diskFailAbove) return [byShare('disk-full', diskFailAbove)];
  const soon = full !== undefined && full < fullFailWithin;
  if (soon) return [byPace('disk-full-soon', subject, full, fullFailWithin, { now, state })];
  if (usedPercent > diskAbove) return [byShare('disk-high', diskAbove)];
  if (full !== undefined && full < fullWithin)
    return [byPace('disk-filling', subject, full, fullWithin, { now, state })];
  return [];
}

function byPace(
  kind: UsageKind,
  subject: string,
  seconds: number,
  limit: number,
  { now, state }: { now: Date; state: string },
): Unplaced {
  const summary = `${subject} will be full ${whenText(seconds, now)}, at its pace; at least ${formatDuration(limit)} is expected; now ${state}`;
  return { kind, summary, value: rounded(seconds / DAY), limit: rounded(limit / DAY), unit: 'days' };
}

/** In how long, and on which day of UTC. */
function whenText(seconds: number, now: Date): string {
  const at = new Date(now.getTime() + seconds * 1_000);
  const years = seconds / (365 * DAY);
  if (years > 2) return `in ${shown(years)} years`;
  const rough = seconds >= DAY ? `${shown(seconds / DAY)} days` : `${shown(seconds / 3_600)} hours`;
  return `in ${rough}, on ${at
    .toISOString()
    .slice(0, seconds < DAY ? 16 : 10)
    .replace('T', ' at ')}`;
}

/** Every gauge of a machine by its limits, and what the machine does not tell. */
export function judgeMachine(target: string, machine: Machine, limits: UsageLimits): Finding<UsageKind>[] {
  const { name, untold } = machine;
  const place = { target, subject: name };
  const findings: Finding<UsageKind>[] = GAUGES.flatMap((gauge): Finding<UsageKind>[] => {
    const value = machine[gauge.field];
    if (value === undefined) return [];
    if (!Number.isFinite(value) || value < 0) {
      return [{ kind: 'not-a-number', ...place, summary: `${name}: ${gauge.name} is ${shown(value)}` }];
    }
    const level = gauge.levels.find(({ limit }) => value > limits[limit]);
    if (level === undefined) return [];
    const limit = limits[level.limit];
    const summary = `${name} ${gauge.says(textOf(value, gauge))}, at most ${textOf(limit, gauge)} is expected`;
    return [{ kind: level.kind, ...place, summary, value: rounded(value), limit, unit: gauge.unit }];
  });
  if (untold.length > 0) {
    findings.push({ kind: 'host-incomplete', ...place, summary: `${name} does not tell: ${untold.join(', ')}` });
  }
  return findings;
}

/** Room in a managed database by bytes, and by the day on which its storage is full. */
export function judgeRoom(target: string, room: Room, limits: UsageLimits, now: Date): Finding<UsageKind>[] {
  const { subject, freeStorageBytes, freeMemoryBytes, free } = room;
  const place = { target, subject };
  const numbers = { 'free storage': freeStorageBytes, 'free memory': freeMemoryBytes };
  const findings = Object.entries(numbers).flatMap(([what, value]): Finding<UsageKind>[] => {
    if (value === undefined || (Number.isFinite(value) && value >= 0)) return [];
    return [{ kind: 'not-a-number', ...place, summary: `${subject}: ${what} is ${shown(value)} bytes` }];
  });
  if (findings.length > 0) return findings;
  if (freeStorageBytes !== undefined) {
    const state = `${bytesText(freeStorageBytes)} of storage left`;
    const full = secondsToFull(free);
    const pace = full === undefined ? '' : `; at its pace it is full ${whenText(full, now)}`;
    const limit = limits.freeStorageBelow;
    if (full !== undefined && full < limits.fullFailWithin) {
      findings.push({ ...place, ...byPace('disk-full-soon', subject, full, limits.fullFailWithin, { now, state }) });
    } else if (freeStorageBytes < limit) {
      const summary = `${subject} has ${state}, at least ${bytesText(limit)} is expected${pace}`;
      findings.push({ kind: 'free-storage-low', ...place, summary, value: freeStorageBytes, limit, unit: 'bytes' });
    } else if (full !== undefined && full < limits.fullWithin) {
      findings.push({ ...place, ...byPace('disk-filling', subject, full, limits.fullWithin, { now, state }) });
    }
  }
  if (freeMemoryBytes !== undefined && freeMemoryBytes < limits.freeMemoryBelow) {
    const limit = limits.freeMemoryBelow;
    const summary = `${subject} has ${bytesText(freeMemoryBytes)} of memory left, at least ${bytesText(limit)} is expected`;
    findings.push({ kind: 'free-memory-low', ...place, summary, value: freeMemoryBytes, limit, unit: 'bytes' });
  }
  return findings;
}

/** What was read, as numbers: the fullest volumes and busiest machines first. */
export function measureUsage(target: string, volumes: readonly Volume[], machines: readonly Machine[]): Measurement[] {
  const disks = volumes
    .filter(({ usedPercent }) => isShare(usedPercent))
    .toSorted((a, b) => b.usedPercent - a.usedPercent)
    .map(({ subject, usedPercent }): Measurement => {
      return { name: 'disk-used', value: rounded(usedPercent), unit: 'percent', target, subject };
    });
  const gauges = machines.flatMap((machine) =>
    GAUGES.slice(0, 2).flatMap(({ field, name, unit }): Measurement[] => {
      const value = machine[field];
      if (value === undefined || !Number.isFinite(value)) return [];
      return [{ name, value: rounded(value), unit, target, subject: machine.name }];
    }),
  );
  return [{ name: 'machines', value: machines.length, unit: 'count', target }, ...gauges, ...disks];
}

function textOf(value: number, { unit }: Gauge): string {
  return unit === 'percent' ? percentText(value) : shown(value);
}

function isShare(percent: number): boolean {
  return percent >= -0.001 && percent <= 100.001;
}

/** What holds most of a volume, where its path is one that can be pasted. */
function commandFor(mountpoint: string, usage: string, sort: string): { readonly command?: string } {
  if (!mountpoint.startsWith('/') || printable(mountpoint) !== mountpoint) return {};
  return { command: `${usage} -- ${shellQuoted(mountpoint)} | ${sort} | head -20` };
}

function shellQuoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
