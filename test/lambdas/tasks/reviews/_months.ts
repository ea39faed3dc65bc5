import type { Cache } from '../../../../lambdas/tasks/reviews/_cache.ts';
import type { Database } from '../../../../lambdas/tasks/reviews/_database.ts';
import { pricesOf } from '../../../../lambdas/tasks/reviews/_prices.ts';
import type { Point, Reading } from '../../../../lambdas/tasks/reviews/_series.ts';
import type { Service } from '../../../../lambdas/tasks/reviews/_service.ts';
import type { Review } from '../../../../lambdas/tasks/reviews/_service-judgement.ts';

const HOUR = 3_600;
export const HOURS = 720;
/** A Wednesday. */
export const TO = new Date('2026-07-01T00:00:00Z');
export const FROM = new Date(TO.getTime() - HOURS * HOUR * 1_000);
export const REVIEW: Review = { interval: { from: FROM, to: TO, step: 'hour' }, prices: pricesOf('us-east-1', {}) };

/** The hours of the month; `value` says what each has, undefined where it has none. */
export function hourly(
  value: number | ((hour: number, at: Date) => number | undefined),
  hours = HOURS,
): { points: Point[] } {
  const points = Array.from({ length: hours }, (_, hour) => {
    const at = TO.getTime() / 1_000 - (hours - hour) * HOUR;
    const its = typeof value === 'number' ? value : value(hour, new Date(at * 1_000));
    return its === undefined ? [] : [{ at, value: its }];
  });
  return { points: points.flat() };
}

export function daily(value: number): { points: Point[] } {
  return { points: hourly(value).points.filter((_, hour) => hour % 24 === 0) };
}

export interface Shares {
  readonly cpu: Reading;
  readonly memory: Reading;
  readonly usual?: Reading;
  readonly cpuAverage?: number;
  readonly memoryAverage?: number;
  readonly tasks?: Reading;
}

/** A service of Fargate with 1 vCPU and 2 GiB, two tasks and no autoscaling. */
export function service(shares: Shares, changes: Partial<Service> = {}): Service {
  const { cpu, memory, usual = cpu, cpuAverage = 50, memoryAverage = 60, tasks = hourly(120) } = shares;
  return {
    cluster: 'prod',
    name: 'web',
    isFargate: true,
    isArm: false,
    size: { cpuUnits: 1_024, memoryMiB: 2_048 },
    desired: 2,
    createdAt: undefined,
    deployedAt: undefined,
    isResized: false,
    bounds: undefined,
    outOfMemory: 0,
    load: {
      cpuAverage: daily(cpuAverage),
      memoryAverage: daily(memoryAverage),
      cpuMaximum: cpu,
      memoryMaximum: memory,
      cpuP95: usual,
      samples: tasks,
    },
    ...changes,
  };
}

const GIB = 1_024 ** 3;

/** A PostgreSQL of 2 vCPUs and 16 GiB with a standby, half of it in use. */
export function database(load: Partial<Database['load']>, changes: Partial<Database> = {}): Database {
  return {
    id: 'main',
    engine: 'postgres',
    class: 'db.r5.large',
    cluster: undefined,
    isWriter: true,
    machines: 2,
    createdAt: undefined,
    isResized: false,
    maxConnections: 'LEAST({DBInstanceClassMemory/9531392},5000)',
    load: {
      cpuAverage: daily(40),
      connectionsAverage: daily(100),
      readLatency: daily(0.002),
      writeLatency: daily(0.004),
      freeMemoryAverage: daily(6 * GIB),
      cpuMaximum: hourly(60),
      cpuP95: hourly(50),
      connectionsMaximum: hourly(200),
      freeMemoryMinimum: hourly(5 * GIB),
      samples: { points: [] },
      ...load,
    },
    ...changes,
  };
}

export function cache(load: Partial<Cache['load']>, changes: Partial<Cache> = {}): Cache {
  return {
    id: 'sessions',
    engine: 'redis',
    nodeType: 'cache.r6g.xlarge',
    group: undefined,
    nodes: 1,
    createdAt: undefined,
    isResized: false,
    load: {
      cpuMaximum: hourly(30),
      cpuP95: hourly(20),
      memoryMaximum: hourly(70),
      evictions: hourly(0),
      ...load,
    },
    ...changes,
  };
}
