import type { TaskSize } from './_fargate.ts';
import type { Reading } from './_series.ts';

/** Between how many tasks autoscaling may choose, and the metrics that it holds at a value. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly tracked: readonly { readonly metric: string; readonly target: number }[];
}

/** A service of ECS as the review needs it. */
export interface Service {
  readonly cluster: string;
  readonly name: string;
  readonly isFargate: boolean;
  readonly isArm: boolean;
  /** Undefined where its task definition says none, or cannot be read. */
  readonly size: TaskSize | undefined;
  readonly desired: number;
  readonly createdAt: Date | undefined;
  /** When its present task definition was first deployed. */
  readonly deployedAt: Date | undefined;
  /** True where the last review saw another size: shares of before are of that one. */
  readonly isResized: boolean;
  /** Undefined where it has none; `unknown` where that could not be read. */
  readonly bounds: Bounds | 'unknown' | undefined;
  /** Containers of stopped tasks that were killed for lack of memory; undefined where that could not be read. */
  readonly outOfMemory: number | undefined;
  readonly load: ServiceLoad;
}

/** All in percent of what a task reserves, but `samples`: one for each task and minute. */
export interface ServiceLoad {
  /** Daily. */
  readonly cpuAverage: Reading;
  readonly memoryAverage: Reading;
  /** Hourly, as all that follow. */
  readonly cpuMaximum: Reading;
  readonly memoryMaximum: Reading;
  readonly cpuP95: Reading;
  readonly samples: Reading;
}
