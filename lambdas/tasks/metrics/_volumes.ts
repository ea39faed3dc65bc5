import type { FreeSpace } from './_fill.ts';
import { keyOf, nameOf } from './_groups.ts';
import type { Prometheus } from './_prometheus.ts';
import type { Labels, Sample } from './_prometheus-answer.ts';
import { selector, type Matchers } from './_promql.ts';
import type { Volume } from './_usage.ts';

/** Filesystems that hold nothing of their own, or an image that is full by its nature. */
export const NO_DISK = [
  ...['autofs', 'binfmt_misc', 'bpf', 'cgroup2?', 'configfs', 'debugfs', 'devfs', 'devpts', 'devtmpfs', 'efivarfs'],
  ...['fusectl', 'hugetlbfs', 'mqueue', 'nsfs', 'proc', 'procfs', 'pstore', 'ramfs', 'rootfs', 'rpc_pipefs'],
  ...['securityfs', 'selinuxfs', 'sysfs', 'tmpfs', 'tracefs', 'overlay', 'aufs', 'fuse.lxcfs', 'fuse.portal'],
  ...['fuse.gvfsd-fuse', 'fuse.snapfuse', 'squashfs', 'iso9660', 'udf', 'erofs', 'cramfs', 'romfs'],
].join('|');
/** The same share mounted by many machines is one volume. */
const REMOTE = /^(nfs4?|cifs|smb3|ceph|fuse\.(ceph|glusterfs|sshfs)|glusterfs|lustre|efs)$/;
const DAY_SECONDS = 86_400;

export interface VolumeQuery extends Matchers {
  readonly by: readonly string[];
  readonly exceptFilesystems: Readonly<Record<string, string>>;
}

export interface Volumes {
  readonly volumes: readonly Volume[];
  /** Mounts whose statfs fails: a stale NFS handle, a dead disk. */
  readonly unreadable: readonly string[];
  /** The machines that told of any filesystem of a disk. */
  readonly machines: ReadonlySet<string>;
}

/** Reads every filesystem of a disk, each once however often it is mounted. */
export async function readVolumes(prometheus: Prometheus, query: VolumeQuery): Promise<Volumes> {
  const { by, exceptFilesystems } = query;
  const place = [...by, 'device', 'fstype', 'mountpoint'];
  const matchers = { only: query.only, except: { ...query.except, ...exceptFilesystems } };
  const metric = (name: string) => selector(`node_filesystem_${name}`, matchers, `fstype!~${JSON.stringify(NO_DISK)}`);
  const each = (how: 'min' | 'max', expression: string) => `${how} by (${place.join(', ')}) (${expression})`;
  const free = each('min', metric('avail_bytes'));
  const [available, sizes, inodes, readOnly, errors, days, hours] = await Promise.all([
    prometheus.instant(free),
    prometheus.instant(each('max', metric('size_bytes'))),
    prometheus.instant(each('max', `100 * (1 - ${metric('files_free')} / (${metric('files')} > 0))`)),
    // 3: always read-only; 2: read-only now and not within the last day.
    prometheus.instant(each('max', `2 * ${metric('readonly')} + min_over_time(${metric('readonly')}[1d])`)),
    prometheus.instant(each('max', `${metric('device_error')} == 1`)),
    prometheus.range(free, { withinSeconds: 7 * DAY_SECONDS, steps: 56 }),
    prometheus.range(free, { withinSeconds: DAY_SECONDS / 4, steps: 12 }),
  ]);
  const valueOf = lookup(place);
  const [availableOf, inodesOf, readOnlyOf] = [valueOf(available), valueOf(inodes), valueOf(readOnly)];
  const freeOf = (series: typeof days) => new Map(series.map(({ labels, points }) => [keyOf(labels, place), points]));
  const [daysOf, hoursOf] = [freeOf(days), freeOf(hours)];

  const volumes = sizes.flatMap(({ labels, value: size }): Volume[] => {
    const key = keyOf(labels, place);
    if (!(size > 0) || readOnlyOf.get(key) === 3) return [];
    const freeBytes = availableOf.get(key) ?? Number.NaN;
    const space: FreeSpace = { days: daysOf.get(key) ?? [], hours: hoursOf.get(key) ?? [] };
    return [
      {
        subject: subjectOf(labels, by),
        mountpoint: labels['mountpoint'] ?? '',
        usedPercent: 100 * (1 - freeBytes / size),
        inodesPercent: inodesOf.get(key),
        freeBytes,
        free: space,
        turnedReadOnly: readOnlyOf.get(key) === 2,
      },
    ];
  });
  return {
    volumes: onceEach(volumes, sizes, by),
    unreadable: errors
      .filter(({ labels }) => !(labels['mountpoint'] ?? '').startsWith('/run/'))
      .map(({ labels }) => subjectOf(labels, by))
      .sort(),
    machines: new Set(sizes.map(({ labels }) => nameOf(labels, by))),
  };
}

/** A device is one volume: of its mounts, bind mounts among them, the shortest path stands for it. */
function onceEach(volumes: readonly Volume[], sizes: readonly Sample[], by: readonly string[]): Volume[] {
  const devices = new Map(sizes.map(({ labels }) => [subjectOf(labels, by), deviceOf(labels, by)]));
  const groups = Map.groupBy(volumes, ({ subject }) => devices.get(subject) ?? subject);
  return [...groups.values()].flatMap((same) => {
    return (
      same.toSorted((a, b) => a.mountpoint.length - b.mountpoint.length || (a.subject < b.subject ? -1 : 1))[0] ?? []
    );
  });
}

function deviceOf(labels: Labels, by: readonly string[]): string {
  const device = labels['device'] ?? '';
  return REMOTE.test(labels['fstype'] ?? '') ? device : `${keyOf(labels, by)} ${device}`;
}

function subjectOf(labels: Labels, by: readonly string[]): string {
  return `${nameOf(labels, by)} ${labels['mountpoint'] ?? ''}`;
}

function lookup(place: readonly string[]) {
  return (samples: readonly Sample[]) => new Map(samples.map(({ labels, value }) => [keyOf(labels, place), value]));
}
