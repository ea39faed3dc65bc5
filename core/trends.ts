import * as z from 'zod';
import { UNITS, type ReportedMeasurement } from './finding.ts';

/** One measurement over the runs of a procedure, oldest first: when its run began, UTC, and the value. */
export const Trend = z.object({
  task: z.string(),
  name: z.string(),
  unit: z.enum(UNITS),
  target: z.string(),
  subject: z.string().optional(),
  points: z.array(z.tuple([z.iso.datetime(), z.number()])),
});
export type Trend = z.infer<typeof Trend>;

/** Two months of daily runs. */
const MOST_POINTS = 60;
/** Keeps a report legible by a program in one piece: beyond it, what this run measured comes before what it did not. */
const MOST_TRENDS = 1_000;

/**
 * Goes on with the trends of the previous report by what this run measured.
 *
 * A run that did not measure something leaves a gap and no zero; a trend that was not measured for as many runs as it
 * may have points fades by being last in line.
 */
export function continueTrends(
  previous: readonly Trend[],
  measurements: readonly ReportedMeasurement[],
  startedAt: string,
): Trend[] {
  const earlier = new Map(previous.map((trend) => [keyOf(trend), trend]));
  const measured = new Map<string, Trend>();
  for (const { task, name, unit, target, subject, value } of measurements) {
    const trend = { task, name, unit, target, ...(subject !== undefined && { subject }) };
    const key = keyOf(trend);
    const points = earlier.get(key)?.points ?? [];
    measured.set(key, { ...trend, points: [...points, [startedAt, value] as [string, number]].slice(-MOST_POINTS) });
  }
  const unmeasured = previous.filter((trend) => !measured.has(keyOf(trend)));
  return [...measured.values(), ...unmeasured].slice(0, MOST_TRENDS);
}

/** A change of unit is another trend. */
function keyOf({ task, name, unit, target, subject }: Omit<Trend, 'points'>): string {
  return JSON.stringify([task, name, unit, target, subject]);
}
