import type { PlantedSeries } from './metrics-data.ts';

const GIB = 1_073_741_824;

export interface PlantedDisk {
  readonly mountpoint?: string;
  readonly device?: string;
  readonly fstype?: string;
  readonly sizeGib?: number;
  /** Free space so many seconds before now. */
  readonly freeGib: (secondsAgo: number) => number;
  readonly inodesUsed?: number;
  /** 1 where it is mounted read-only so many seconds before now. */
  readonly readOnly?: (secondsAgo: number) => 0 | 1;
}

export interface PlantedHost {
  readonly instance: string;
  readonly disks: readonly PlantedDisk[];
  /** Shares from 0 to 1. */
  readonly memoryAvailable?: number | 'not-told';
  readonly cpuBusy?: number;
  readonly ioWait?: number;
  readonly steal?: number;
  readonly loadPerCore?: number;
  readonly memoryStalled?: number;
  readonly ioStalled?: number;
  readonly swapInPages?: number;
  readonly oomKills?: number;
  readonly fileDescriptors?: number;
  /** How long before now its samples end; they go on by default. */
  readonly endedSecondsAgo?: number;
  readonly job?: string;
}

const CORES = 2;
const HOUR = 3_600;
const DAY = 24 * HOUR;
/** How far the samples of a machine reach back: free space is forecast, the rest is judged as it is. */
const WEEK = 7 * DAY;

/** How much of a machine's past must be planted at the least. */
export const HOST_SPAN_SECONDS = WEEK;

type Series = (
  name: string,
  backSeconds: number,
  value: (secondsAgo: number) => number,
  more?: Readonly<Record<string, string>>,
) => PlantedSeries;

/** What node_exporter tells of one machine; a healthy one unless something else is said. */
export function hostSeries(host: PlantedHost): PlantedSeries[] {
  const { instance, job = 'node', disks, endedSecondsAgo } = host;
  const { memoryAvailable = 0.6, cpuBusy = 0.2, ioWait = 0.01, steal = 0, loadPerCore = 0.3 } = host;
  const { memoryStalled = 0, ioStalled = 0, swapInPages = 0, oomKills = 0, fileDescriptors = 0.01 } = host;
  const ended = endedSecondsAgo === undefined ? {} : { endedSecondsAgo };
  const series: Series = (name, backSeconds, value, more = {}) => ({
    name,
    labels: { job, instance, ...more },
    value: (age) => value(backSeconds - age),
    beganSecondsAgo: backSeconds,
    ...ended,
  });
  /** A counter that grows by so much a second. */
  const counter = (name: string, perSecond: number, more: Readonly<Record<string, string>> = {}) =>
    series(name, HOUR, (secondsAgo) => (WEEK - secondsAgo) * perSecond, more);
  const modes = { idle: 1 - cpuBusy - ioWait, user: cpuBusy - steal, iowait: ioWait, steal };
  return [
    ...disks.flatMap((disk) => diskSeries(disk, series)),
    series('node_memory_MemTotal_bytes', DAY, () => 8 * GIB),
    // What is free is little on a healthy machine: the rest holds caches.
    series('node_memory_MemFree_bytes', HOUR, () => 0.2 * GIB),
    ...(memoryAvailable === 'not-told'
      ? []
      : [series('node_memory_MemAvailable_bytes', HOUR, () => memoryAvailable * 8 * GIB)]),
    ...Object.entries(modes).flatMap(([mode, share]) =>
      Array.from({ length: CORES }, (_, cpu) => counter('node_cpu_seconds_total', share, { mode, cpu: String(cpu) })),
    ),
    series('node_load15', HOUR, () => loadPerCore * CORES),
    counter('node_pressure_memory_stalled_seconds_total', memoryStalled),
    counter('node_pressure_io_stalled_seconds_total', ioStalled),
    counter('node_vmstat_pswpin', swapInPages),
    series('node_vmstat_oom_kill', DAY, (secondsAgo) => (secondsAgo < 2 * HOUR ? oomKills : 0)),
    series('node_filefd_allocated', HOUR, () => fileDescriptors * 1_000_000),
    series('node_filefd_maximum', HOUR, () => 1_000_000),
    series('up', DAY, () => 1),
  ];
}

function diskSeries(disk: PlantedDisk, series: Series): PlantedSeries[] {
  const { mountpoint = '/', device = '/dev/vda1', fstype = 'ext4', sizeGib = 100, freeGib } = disk;
  const { inodesUsed = 0.1, readOnly = () => 0 } = disk;
  const place = { mountpoint, device, fstype };
  return [
    series('node_filesystem_size_bytes', HOUR, () => sizeGib * GIB, place),
    series('node_filesystem_avail_bytes', WEEK, (secondsAgo) => Math.max(0, freeGib(secondsAgo)) * GIB, place),
    series('node_filesystem_files', HOUR, () => 6_000_000, place),
    series('node_filesystem_files_free', HOUR, () => 6_000_000 * (1 - inodesUsed), place),
    series('node_filesystem_readonly', DAY, readOnly, place),
    series('node_filesystem_device_error', HOUR, () => 0, place),
  ];
}
