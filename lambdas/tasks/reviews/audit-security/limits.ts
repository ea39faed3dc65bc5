const DAY_MILLISECONDS = 86_400_000;

/** Where this audit draws its lines; they come from the task's input. */
export interface Limits {
  readonly unusedDays: number;
  readonly keyAgeDays: number;
  readonly publicPorts: readonly number[];
  readonly patchScanDays: number;
  readonly imageScanDays: number;
  readonly imagesPerRepository: number;
  readonly principals: number;
  readonly reportWaitSeconds: number;
}

/** Whole days from the first to the second. */
export function daysBetween(from: Date, to: Date): number {
  return Math.floor((to.getTime() - from.getTime()) / DAY_MILLISECONDS);
}
