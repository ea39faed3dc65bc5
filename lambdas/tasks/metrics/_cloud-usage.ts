import type { CloudMetric, CloudPeriod, CloudQuery, CloudWatch } from './_cloudwatch.ts';
import type { Point } from './_prometheus-answer.ts';
import type { Presence } from './_presence.ts';
import { wholeMatcher, type Matchers } from './_promql.ts';
import type { Machine, Room, Volume } from './_usage.ts';
import { NO_DISK } from './_volumes.ts';

const HOUR = 3_600;
const PERIOD = 900;
/** CloudWatch shows a point up to ten minutes late, and basic monitoring of EC2 sends one in five minutes. */
const LATE_SECONDS = 1_800;
const WEEK: Pick<CloudPeriod, 'backSeconds' | 'periodSeconds'> = {
  backSeconds: 7 * 24 * HOUR,
  periodSeconds: 3 * HOUR,
};

type Role = 'storage' | 'memory-bytes' | 'cpu' | 'disk' | 'memory';

interface Watched {
  readonly role: Role;
  readonly namespace: string;
  readonly name: string;
  readonly statistic: CloudQuery['statistic'];
}

const WATCHED: readonly Watched[] = [
  { role: 'storage', namespace: 'AWS/RDS', name: 'FreeStorageSpace', statistic: 'Minimum' },
  { role: 'memory-bytes', namespace: 'AWS/RDS', name: 'FreeableMemory', statistic: 'Average' },
  { role: 'cpu', namespace: 'AWS/RDS', name: 'CPUUtilization', statistic: 'Average' },
  { role: 'cpu', namespace: 'AWS/EC2', name: 'CPUUtilization', statistic: 'Average' },
  { role: 'disk', namespace: 'CWAgent', name: 'disk_used_percent', statistic: 'Maximum' },
  { role: 'memory', namespace: 'CWAgent', name: 'mem_used_percent', statistic: 'Average' },
];

export const WATCHED_NAMES = [...new Set(WATCHED.map(({ namespace }) => namespace))].join(', ');

export interface CloudUsageQuery extends Matchers {
  readonly exceptFilesystems: Readonly<Record<string, string>>;
  readonly within: number;
  readonly forgetAfter: number;
  readonly now: Date;
}

export interface CloudUsage {
  readonly volumes: readonly Volume[];
  readonly machines: readonly Machine[];
  readonly rooms: readonly Room[];
  readonly presence: Presence;
  readonly unreadable: readonly { readonly subject: string; readonly reason: string }[];
}

/** One metric of one thing with its points of the last day, or of as long as a machine is remembered. */
interface Read extends Watched {
  readonly owner: string;
  readonly path: string;
  readonly points: readonly Point[];
  /** Its newest points as one number; undefined where it has none that is recent. */
  readonly value: number | undefined;
  readonly week: readonly Point[];
}

/** Reads databases and machines in three calls for each 500 metrics, whatever their number. */
export async function readCloudUsage(cloudWatch: CloudWatch, query: CloudUsageQuery): Promise<CloudUsage> {
  const found: (Watched & { readonly metric: CloudMetric; readonly owner: string; readonly path: string })[] = [];
  for (const watched of WATCHED) {
    for (const metric of onceEach(await cloudWatch.list(watched.namespace, watched.name), query)) {
      found.push({ ...watched, metric, owner: ownerOf(metric) ?? '', path: metric.dimensions['path'] ?? '' });
    }
  }
  const { now, forgetAfter, within } = query;
  const backSeconds = Math.max(forgetAfter, within, 6 * HOUR);
  const recent = await cloudWatch.get(found, { end: now, backSeconds, periodSeconds: PERIOD });
  const growing = found.filter(({ role }) => role === 'storage' || role === 'disk');
  const weeks = await cloudWatch.get(growing, { end: now, ...WEEK });
  const weekOf = new Map(growing.map((one, i) => [one, weeks[i]]));

  const read: Read[] = [];
  const unreadable: CloudUsage['unreadable'][number][] = [];
  for (const [i, one] of found.entries()) {
    const series = recent[i] ?? { unreadable: 'no answer' };
    const week = weekOf.get(one) ?? { points: [] };
    const reason = 'unreadable' in series ? series.unreadable : 'unreadable' in week ? week.unreadable : undefined;
    const subject = subjectOf(one);
    if (reason !== undefined)
      unreadable.push({ subject, reason: `${one.namespace} ${one.name} of ${subject}: ${reason}` });
    if ('unreadable' in series) continue;
    const value = newest(series.points, one.statistic, query);
    read.push({ ...one, points: series.points, value, week: 'points' in week ? week.points : [] });
  }
  return { ...joined(read, query), unreadable };
}

function joined(read: readonly Read[], { forgetAfter, now }: CloudUsageQuery): Omit<CloudUsage, 'unreadable'> {
  const remembered = read.filter(({ points }) => (points.at(-1)?.at ?? 0) >= now.getTime() / 1_000 - forgetAfter);
  const owners = Map.groupBy(remembered, ({ owner }) => owner);
  const machines: Machine[] = [];
  const rooms: Room[] = [];
  const seen = new Map<string, number>();
  for (const [name, its] of owners) {
    seen.set(name, Math.max(...its.map(({ points }) => points.at(-1)?.at ?? 0)) + PERIOD);
    if (its.every(({ value }) => value === undefined)) continue;
    const of = (role: Role) => its.find((one) => one.role === role);
    const isDatabase = its.some(({ namespace }) => namespace === 'AWS/RDS');
    const stale = its
      .filter(({ value }) => value === undefined)
      .map((one) => `${one.name}${one.path && ` of ${one.path}`}`);
    const untold = isDatabase
      ? []
      : [...(of('disk') ? [] : ['filesystems']), ...(of('memory') ? [] : ['available memory'])];
    machines.push({
      name,
      untold: [...untold, ...stale],
      cpuPercent: of('cpu')?.value,
      memoryPercent: of('memory')?.value,
    });
    if (isDatabase) {
      const storage = of('storage');
      const freeStorageBytes = storage?.value;
      rooms.push({
        subject: name,
        freeStorageBytes,
        freeMemoryBytes: of('memory-bytes')?.value,
        free: freeOf(storage, now),
      });
    }
  }
  const volumes = remembered.flatMap((one): Volume[] => {
    if (one.role !== 'disk' || one.value === undefined) return [];
    const free = freeOf(one, now, (used) => 100 - used);
    return [{ subject: subjectOf(one), mountpoint: one.path, usedPercent: one.value, free, turnedReadOnly: false }];
  });
  return { volumes, machines, rooms, presence: { present: machines.map(({ name }) => name), seen, down: [] } };
}

function freeOf(one: Read | undefined, now: Date, free = (value: number) => value) {
  const turned = (points: readonly Point[]) => points.map(({ at, value }) => ({ at, value: free(value) }));
  const since = now.getTime() / 1_000 - 6 * HOUR - PERIOD;
  return { days: turned(one?.week ?? []), hours: turned((one?.points ?? []).filter(({ at }) => at >= since)) };
}

/** The points of the period as one number; undefined where the newest is older than CloudWatch is ever late. */
function newest(points: readonly Point[], statistic: CloudQuery['statistic'], { now, within }: CloudUsageQuery) {
  const nowSeconds = now.getTime() / 1_000;
  const last = points.at(-1);
  if (last === undefined || last.at + PERIOD < nowSeconds - LATE_SECONDS) return undefined;
  const values = points.filter(({ at }) => at > last.at - Math.max(within, PERIOD)).map(({ value }) => value);
  if (statistic === 'Minimum') return Math.min(...values);
  if (statistic === 'Maximum') return Math.max(...values);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * The metrics of single things. CloudWatch lists each one also summed up by class, image or group, and the agent
 * may send the same disk with more and with fewer dimensions.
 */
function onceEach(metrics: readonly CloudMetric[], query: CloudUsageQuery): CloudMetric[] {
  const isWanted = filterOf(query);
  const single = metrics.filter((metric) => ownerOf(metric) !== undefined && isWanted(metric.dimensions));
  const size = ({ dimensions }: CloudMetric) => Object.keys(dimensions).length;
  const things = Map.groupBy(single, (metric) => `${ownerOf(metric) ?? ''} ${metric.dimensions['path'] ?? ''}`);
  return [...things.values()].flatMap((same) => same.toSorted((a, b) => size(b) - size(a))[0] ?? []);
}

function ownerOf({ namespace, name, dimensions }: CloudMetric): string | undefined {
  const names = Object.keys(dimensions);
  if (namespace === 'AWS/RDS') return names.length === 1 ? dimensions['DBInstanceIdentifier'] : undefined;
  if (namespace === 'AWS/EC2') return names.length === 1 ? dimensions['InstanceId'] : undefined;
  if (name.startsWith('disk_') && !names.includes('path')) return undefined;
  return dimensions['InstanceId'] ?? dimensions['host'];
}

function filterOf({ only, except, exceptFilesystems }: CloudUsageQuery) {
  const compiled = (patterns: Readonly<Record<string, string>>) =>
    Object.entries(patterns).map(([name, pattern]) => ({ name, matches: wholeMatcher(pattern) }));
  const wanted = compiled(only);
  const left = [...compiled(except), ...compiled({ fstype: NO_DISK })];
  // The agent's word for a mountpoint is path.
  const filesystems = compiled(exceptFilesystems).map(({ name, matches }) => {
    return { name: name === 'mountpoint' ? 'path' : name, matches };
  });
  return (dimensions: Readonly<Record<string, string>>): boolean =>
    wanted.every(({ name, matches }) => matches(dimensions[name] ?? '')) &&
    ![...left, ...filesystems].some(({ name, matches }) => name in dimensions && matches(dimensions[name] ?? ''));
}

function subjectOf({ owner, path }: { readonly owner: string; readonly path: string }): string {
  return path === '' ? owner : `${owner} ${path}`;
}
