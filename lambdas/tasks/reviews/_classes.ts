/** A class of machine that a database or a cache runs on. */
export interface MachineClass {
  readonly name: string;
  readonly vcpus: number;
  readonly memoryGiB: number;
}

/** Beside `large`, in multiples of it. */
const SIZES = [
  ['large', 1],
  ['xlarge', 2],
  ['2xlarge', 4],
  ['4xlarge', 8],
  ['8xlarge', 16],
  ['12xlarge', 24],
  ['16xlarge', 32],
  ['24xlarge', 48],
] as const;
const BURSTABLE = [
  ['micro', 2, 1],
  ['small', 2, 2],
  ['medium', 2, 4],
  ['large', 2, 8],
  ['xlarge', 4, 16],
  ['2xlarge', 8, 32],
] as const;
const GIB_OF_LARGE: Readonly<Record<string, number>> = { c: 4, m: 8, r: 16, x: 32 };

/** The classes of RDS in the family of this one, smallest first; none where its family is not known. */
export function databaseFamily(name: string): readonly MachineClass[] {
  const [, family = '', letter = ''] = /^(db\.([a-z])\d+[a-z]*)\.\w+$/.exec(name) ?? [];
  if (letter === 't') {
    return BURSTABLE.map(([size, vcpus, memoryGiB]) => ({ name: `${family}.${size}`, vcpus, memoryGiB }));
  }
  const large = GIB_OF_LARGE[letter];
  if (large === undefined) return [];
  return SIZES.map(([size, times]) => ({ name: `${family}.${size}`, vcpus: 2 * times, memoryGiB: large * times }));
}

/** What Redis may fill, of each size; ElastiCache keeps a part for itself. */
const CACHE_GIB: Readonly<Record<string, readonly (readonly [size: string, vcpus: number, memoryGiB: number])[]>> = {
  t: [
    ['micro', 2, 0.5],
    ['small', 2, 1.37],
    ['medium', 2, 3.09],
  ],
  m: [
    ['large', 2, 6.38],
    ['xlarge', 4, 12.93],
    ['2xlarge', 8, 26.04],
    ['4xlarge', 16, 52.26],
  ],
  r: [
    ['large', 2, 13.07],
    ['xlarge', 4, 26.32],
    ['2xlarge', 8, 52.82],
    ['4xlarge', 16, 105.81],
  ],
};

/** The node types of ElastiCache in the family of this one, smallest first; none where its family is not known. */
export function cacheFamily(name: string): readonly MachineClass[] {
  const [, family = '', letter = ''] = /^(cache\.([tmr])\d+[a-z]*)\.\w+$/.exec(name) ?? [];
  return (CACHE_GIB[letter] ?? []).map(([size, vcpus, memoryGiB]) => ({ name: `${family}.${size}`, vcpus, memoryGiB }));
}

/** True for classes that earn credits while they rest and spend them while they work. */
export function isBurstable(name: string): boolean {
  return /^(db|cache)\.t\d/.test(name);
}
