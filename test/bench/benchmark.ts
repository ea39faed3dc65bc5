import { SCALE } from './size.ts';

/** One comparison: a number of ours against that of a named peer, measured in the same run. */
export interface Comparison {
  /** The goal it belongs to: `P12`, or `P9a` where a goal has several peers. */
  readonly goal: string;
  readonly what: string;
  readonly peer: string;
  readonly ours: number;
  readonly theirs: number;
  readonly unit: 'seconds' | 'milliseconds' | 'bytes' | 'per second' | 'MiB' | 'count';
  /** The ratio of ours to theirs must be at most this, or at least where more is better. */
  readonly hold: number;
  readonly better: 'less' | 'more';
  /** How many pairs the medians are of; 1 where something is counted and not timed. */
  readonly pairs: number;
  /** Where the hold value is missed: why, as far as it is known. */
  readonly because?: string;
}

/** A goal with its measurement. The folder is the list: `test/bench/goals/<goal>-<what>.ts` exports one as `benchmark`. */
export interface Benchmark {
  readonly goal: string;
  readonly what: string;
  /** A program that must be there; without it the goal is passed over with a line that names it. */
  readonly needs?: readonly string[];
  /** Checks first that both sides give the same answer, and throws where they do not: a wrong answer has no time. */
  readonly run: (say: (text: string) => void) => Promise<readonly Comparison[]>;
}

export function ratioOf({ ours, theirs }: Pick<Comparison, 'ours' | 'theirs'>): number {
  return theirs === 0 ? Number.POSITIVE_INFINITY : ours / theirs;
}

export function isHeld(comparison: Comparison): boolean {
  const ratio = ratioOf(comparison);
  return comparison.better === 'less' ? ratio <= comparison.hold : ratio >= comparison.hold;
}

interface Rounds<Side extends string> {
  /** Five unless it must be more; two where everything is small. */
  readonly rounds?: number;
  /** Puts the world back to where every side begins; not timed. */
  readonly before?: () => Promise<void>;
  /** Throws where the side has not done what it was to do; not timed. */
  readonly after?: (side: Side) => Promise<void>;
  readonly sides: Readonly<Record<Side, () => Promise<unknown>>>;
}

/** Runs all sides in turns, so that a drift of the machine meets them alike, and gives the median seconds of each. */
export async function inRounds<Side extends string>({
  rounds = SCALE < 1 ? 2 : 5,
  before,
  after,
  sides,
}: Rounds<Side>): Promise<{ readonly pairs: number; readonly seconds: Readonly<Record<Side, number>> }> {
  const names = Object.keys(sides) as Side[];
  const taken = new Map<Side, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    // Who begins changes, or the later ones would always find warm caches.
    const first = round % names.length;
    for (const side of [...names.slice(first), ...names.slice(0, first)]) {
      await before?.();
      const start = performance.now();
      await sides[side]();
      taken.get(side)?.push((performance.now() - start) / 1_000);
      await after?.(side);
    }
  }
  const medians = [...taken].map(([side, seconds]) => [side, median(seconds)]);
  return { pairs: rounds, seconds: Object.fromEntries(medians) as Record<Side, number> };
}

/** The same of two sides, as the part of a comparison that it is. */
export async function inTurns(turns: Rounds<'ours' | 'theirs'>) {
  const { pairs, seconds } = await inRounds(turns);
  return { pairs, ours: seconds.ours, theirs: seconds.theirs, unit: 'seconds' as const };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  if (upper === undefined) throw new Error('there is no median of nothing');
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
