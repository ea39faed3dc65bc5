import type { Reading } from './_series.ts';

/** An instance of RDS, alone or in an Aurora cluster, as the review needs it. */
export interface Database {
  readonly id: string;
  readonly engine: string;
  readonly class: string;
  /** Of Aurora. */
  readonly cluster: string | undefined;
  readonly isWriter: boolean;
  /** Two machines are paid for where a standby waits. */
  readonly machines: number;
  readonly createdAt: Date | undefined;
  /** True where the last review saw another class: a part of the month is of that one. */
  readonly isResized: boolean;
  /** The parameter as RDS has it, a number or a formula; undefined where it could not be read. */
  readonly maxConnections: string | undefined;
  readonly load: DatabaseLoad;
}

/** CPU in percent, memory in bytes, latencies in seconds. */
export interface DatabaseLoad {
  /** Daily, as the latencies. */
  readonly cpuAverage: Reading;
  readonly connectionsAverage: Reading;
  readonly readLatency: Reading;
  readonly writeLatency: Reading;
  readonly freeMemoryAverage: Reading;
  /** Hourly, as all that follow. */
  readonly cpuMaximum: Reading;
  readonly cpuP95: Reading;
  readonly connectionsMaximum: Reading;
  readonly freeMemoryMinimum: Reading;
  /** One for each minute; read only where a month is read by days. */
  readonly samples: Reading;
}

/** What RDS leaves of a machine's memory to the engine's formulas, about: the system takes the rest. */
const BYTES_OF_GIB = 1_024 ** 3;

/**
 * How many connections a parameter of RDS allows on a machine with so much memory; undefined where the formula has
 * something in it that is not known.
 */
export function connectionsAllowed(parameter: string, memoryGiB: number): number | undefined {
  const text = parameter.replace(/[{}\s]/g, '').replaceAll('DBInstanceClassMemory', String(memoryGiB * BYTES_OF_GIB));
  const call = /^(LEAST|GREATEST)\((.+)\)$/.exec(text);
  if (call) {
    const parts = (call[2] ?? '').split(',').map(quotientOf);
    if (parts.includes(undefined)) return undefined;
    return call[1] === 'LEAST' ? Math.min(...(parts as number[])) : Math.max(...(parts as number[]));
  }
  return quotientOf(text);
}

function quotientOf(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(?:\/(\d+(?:\.\d+)?))?$/.exec(text);
  return match ? Math.floor(Number(match[1]) / Number(match[2] ?? 1)) : undefined;
}
