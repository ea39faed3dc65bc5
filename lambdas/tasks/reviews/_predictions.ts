import * as z from 'zod';
import type { Facts, Verdict } from './_recommendation.ts';

const Facts = z.record(z.string(), z.union([z.number(), z.string()]));

/** What a review remembers of each thing until the next one. */
export const Remembered = z.object({
  at: z.iso.datetime(),
  /** By subject. */
  sizes: z.record(z.string(), Facts),
  predictions: z.record(
    z.string(),
    z.object({ now: Facts, proposed: Facts, expected: z.record(z.string(), z.number()) }),
  ),
});
export type Remembered = z.output<typeof Remembered>;

/** Whether what the last review expected came true. */
export interface Outcome {
  readonly subject: string;
  readonly predictedAt: string;
  readonly outcome: 'held' | 'missed' | 'not-followed' | 'changed-otherwise' | 'unknown';
  readonly expected: Readonly<Record<string, number>>;
  readonly seen: Readonly<Record<string, number>>;
  /** In words, where it was missed or is not known. */
  readonly why?: string;
}

/** In points of percent: a busier month moves a peak by as much. */
const TOLERANCE_POINTS = 10;

/** Holds the predictions of the last review against what was seen since. */
export function holdAgainst({ at, predictions }: Remembered, verdicts: readonly Verdict[]): Outcome[] {
  const known = new Map(verdicts.map((verdict) => [verdict.subject, verdict]));
  return Object.entries(predictions).map(([subject, { now, proposed, expected }]): Outcome => {
    const about = { subject, predictedAt: at, expected };
    const verdict = known.get(subject);
    if (verdict?.size === undefined)
      return { ...about, outcome: 'unknown', seen: {}, why: 'it is gone, or could not be read' };
    const { size, peaks: seen } = verdict;
    if (isSame(size, now)) return { ...about, outcome: 'not-followed', seen };
    if (!isSame(size, proposed)) return { ...about, outcome: 'changed-otherwise', seen };
    const compared = Object.entries(expected).map(([name, value]) => ({ name, value, seen: seen[name] }));
    const unseen = compared.filter((one) => one.seen === undefined).map(({ name }) => name);
    if (unseen.length > 0)
      return { ...about, outcome: 'unknown', seen, why: `nothing was seen of ${unseen.join(', ')}` };
    const missed = compared.filter((one) => Math.abs((one.seen ?? 0) - one.value) > TOLERANCE_POINTS);
    if (missed.length === 0) return { ...about, outcome: 'held', seen };
    const why = missed.map((one) => `${one.name} is ${one.seen} and was to be ${one.value}`).join('; ');
    return { ...about, outcome: 'missed', seen, why };
  });
}

/** What this review leaves to the next one. */
export function remember(verdicts: readonly Verdict[], now: Date, earlier: Remembered | undefined): Remembered {
  const sized = verdicts.flatMap(({ subject, size }) => (size ? [[subject, { ...size }] as const] : []));
  const predicted = verdicts.flatMap(({ subject, prediction }) => {
    if (prediction === undefined) return [];
    const { now: before, proposed, expected } = prediction;
    return [[subject, { now: { ...before }, proposed: { ...proposed }, expected: { ...expected } }] as const];
  });
  // What could not be read this time keeps the size that it was last seen with.
  return {
    at: now.toISOString(),
    sizes: { ...earlier?.sizes, ...Object.fromEntries(sized) },
    predictions: Object.fromEntries(predicted),
  };
}

/** True where the last review saw this thing with another size. */
export function isResized(earlier: Remembered | undefined, subject: string, size: Facts | undefined): boolean {
  const before = earlier?.sizes[subject];
  return before !== undefined && size !== undefined && !isSame(before, size);
}

function isSame(one: Facts, other: Facts): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => one[name] === other[name]);
}
