import type { Unit } from '../../../core/finding.ts';
import type { FreeSpace } from './_fill.ts';

/** A filesystem or volume. Of one that tells a share only, the bytes are not known. */
export interface Volume {
  /** The machine and the place on it, for people. */
  readonly subject: string;
  readonly mountpoint: string;
  readonly usedPercent: number;
  readonly inodesPercent?: number | undefined;
  readonly freeBytes?: number | undefined;
  readonly free: FreeSpace;
  /** Read-only now, and it was not within the last day. */
  readonly turnedReadOnly: boolean;
}

/** What a machine has beside its disks; each is undefined where the machine does not tell. */
export interface Load {
  readonly memoryPercent?: number | undefined;
  readonly cpuPercent?: number | undefined;
  readonly ioWaitPercent?: number | undefined;
  readonly stealPercent?: number | undefined;
  readonly loadPerCore?: number | undefined;
  readonly memoryStalledPercent?: number | undefined;
  readonly ioStalledPercent?: number | undefined;
  readonly swapInPagesPerSecond?: number | undefined;
  readonly oomKills?: number | undefined;
  readonly fileDescriptorsPercent?: number | undefined;
}

export interface Machine extends Load {
  readonly name: string;
  /** What it should tell and does not: `filesystems`, `available memory`, `CPU time`. */
  readonly untold: readonly string[];
}

/** Room in a managed database, whose whole size its metrics do not tell. */
export interface Room {
  readonly subject: string;
  readonly freeStorageBytes?: number | undefined;
  readonly freeMemoryBytes?: number | undefined;
  readonly free: FreeSpace;
}

/** Limits of a resource check; shares are numbers from 0 to 100. */
export interface UsageLimits {
  readonly diskAbove: number;
  readonly diskFailAbove: number;
  /** Seconds. */
  readonly fullWithin: number;
  /** Seconds. */
  readonly fullFailWithin: number;
  readonly memoryAbove: number;
  readonly memoryFailAbove: number;
  readonly cpuAbove: number;
  readonly ioWaitAbove: number;
  readonly stealAbove: number;
  readonly loadPerCoreAbove: number;
  readonly pressureAbove: number;
  readonly swapInAbove: number;
  readonly oomKillsAbove: number;
  readonly fileDescriptorsAbove: number;
  readonly freeStorageBelow: number;
  readonly freeMemoryBelow: number;
}

/** How one number of a machine is judged: the first level that it exceeds. */
export interface Gauge {
  readonly field: keyof Load;
  readonly name: string;
  readonly unit: Unit;
  readonly says: (value: string) => string;
  readonly levels: readonly { readonly kind: GaugeKind; readonly limit: keyof UsageLimits }[];
}

export type GaugeKind =
  | 'memory-exhausted'
  | 'memory-high'
  | 'cpu-high'
  | 'io-wait-high'
  | 'steal-high'
  | 'load-high'
  | 'memory-pressure'
  | 'io-pressure'
  | 'swapping'
  | 'oom-killed'
  | 'file-descriptors-high';

export const GAUGES: readonly Gauge[] = [
  {
    field: 'memoryPercent',
    name: 'memory-used',
    unit: 'percent',
    says: (value) => `has ${value} of its memory not available`,
    levels: [
      { kind: 'memory-exhausted', limit: 'memoryFailAbove' },
      { kind: 'memory-high', limit: 'memoryAbove' },
    ],
  },
  {
    field: 'cpuPercent',
    name: 'cpu-busy',
    unit: 'percent',
    says: (value) => `has its CPU busy for ${value} of the time`,
    levels: [{ kind: 'cpu-high', limit: 'cpuAbove' }],
  },
  {
    field: 'ioWaitPercent',
    name: 'io-wait',
    unit: 'percent',
    says: (value) => `waits for its disks for ${value} of the time`,
    levels: [{ kind: 'io-wait-high', limit: 'ioWaitAbove' }],
  },
  {
    field: 'stealPercent',
    name: 'cpu-steal',
    unit: 'percent',
    says: (value) => `has ${value} of its CPU time taken by the hypervisor`,
    levels: [{ kind: 'steal-high', limit: 'stealAbove' }],
  },
  {
    field: 'loadPerCore',
    name: 'load-per-core',
    unit: 'ratio',
    says: (value) => `has a load of ${value} for each core over 15 minutes`,
    levels: [{ kind: 'load-high', limit: 'loadPerCoreAbove' }],
  },
  {
    field: 'memoryStalledPercent',
    name: 'memory-stalled',
    unit: 'percent',
    says: (value) => `has all its tasks wait for memory for ${value} of the time`,
    levels: [{ kind: 'memory-pressure', limit: 'pressureAbove' }],
  },
  {
    field: 'ioStalledPercent',
    name: 'io-stalled',
    unit: 'percent',
    says: (value) => `has all its tasks wait for disks for ${value} of the time`,
    levels: [{ kind: 'io-pressure', limit: 'pressureAbove' }],
  },
  {
    field: 'swapInPagesPerSecond',
    name: 'swap-in',
    unit: 'count',
    says: (value) => `reads ${value} pages back from swap each second`,
    levels: [{ kind: 'swapping', limit: 'swapInAbove' }],
  },
  {
    field: 'oomKills',
    name: 'oom-kills',
    unit: 'count',
    says: (value) => `had ${value} processes killed for lack of memory within a day`,
    levels: [{ kind: 'oom-killed', limit: 'oomKillsAbove' }],
  },
  {
    field: 'fileDescriptorsPercent',
    name: 'file-descriptors-used',
    unit: 'percent',
    says: (value) => `has ${value} of its file descriptors in use`,
    levels: [{ kind: 'file-descriptors-high', limit: 'fileDescriptorsAbove' }],
  },
];
