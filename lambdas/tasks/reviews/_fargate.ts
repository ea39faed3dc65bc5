/** What a task of ECS reserves: 1,024 units are one vCPU. */
export interface TaskSize {
  readonly cpuUnits: number;
  readonly memoryMiB: number;
}

interface Row {
  readonly cpuUnits: number;
  readonly fromMiB: number;
  readonly toMiB: number;
  readonly stepMiB: number;
}

const GIB = 1_024;
/** The sizes that Fargate has; the smallest also comes with half a GiB. */
const ROWS: readonly Row[] = [
  { cpuUnits: 256, fromMiB: 512, toMiB: 512, stepMiB: 512 },
  { cpuUnits: 256, fromMiB: GIB, toMiB: 2 * GIB, stepMiB: GIB },
  { cpuUnits: 512, fromMiB: GIB, toMiB: 4 * GIB, stepMiB: GIB },
  { cpuUnits: 1_024, fromMiB: 2 * GIB, toMiB: 8 * GIB, stepMiB: GIB },
  { cpuUnits: 2_048, fromMiB: 4 * GIB, toMiB: 16 * GIB, stepMiB: GIB },
  { cpuUnits: 4_096, fromMiB: 8 * GIB, toMiB: 30 * GIB, stepMiB: GIB },
  { cpuUnits: 8_192, fromMiB: 16 * GIB, toMiB: 60 * GIB, stepMiB: 4 * GIB },
  { cpuUnits: 16_384, fromMiB: 32 * GIB, toMiB: 120 * GIB, stepMiB: 8 * GIB },
];

/** The smallest size of Fargate that holds a need; undefined where none does. */
export function fargateSize({ cpuUnits, memoryMiB }: TaskSize): TaskSize | undefined {
  for (const row of ROWS) {
    if (row.cpuUnits < cpuUnits || row.toMiB < memoryMiB) continue;
    const steps = Math.max(0, Math.ceil((memoryMiB - row.fromMiB) / row.stepMiB));
    return { cpuUnits: row.cpuUnits, memoryMiB: row.fromMiB + steps * row.stepMiB };
  }
  return undefined;
}

const EC2_CPU_STEP = 64;
const EC2_MEMORY_STEP_MIB = 64;

/** On machines of one's own any size is allowed; these are rounded up to be readable. */
export function ownSize({ cpuUnits, memoryMiB }: TaskSize): TaskSize {
  return {
    cpuUnits: Math.max(1, Math.ceil(cpuUnits / EC2_CPU_STEP)) * EC2_CPU_STEP,
    memoryMiB: Math.max(1, Math.ceil(memoryMiB / EC2_MEMORY_STEP_MIB)) * EC2_MEMORY_STEP_MIB,
  };
}
