/** One comparison: a number of ours against that of a named peer, measured in the same run. */
export interface Comparison {
  /** The goal it belongs to: `P12`, or `P9a` where a goal has several peers. */
  readonly goal: string;
  readonly what: string;
  readonly peer: string;
  readonly ours: number;
  readonly theirs: number;
  readonly unit: 'seconds' | 'bytes' | 'per second' | 'MiB';
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

interface Pairs {
  /** Five unless it must be more. */
  readonly pairs?: number;
  /** Puts the world back to where both sides begin; not timed. */
  readonly before?: () => Promise<void>;
  readonly ours: () => Promise<unknown>;
  readonly theirs: () => Promise<unknown>;
}

/** Runs both sides in turns, so that a drift of the machine meets both alike, and gives the medians in seconds. */
export async function inTurns({ pairs = 5, before, ours, theirs }: Pairs) {
  const seconds = { ours: [] as number[], theirs: [] as number[] };
  for (let pair = 0; pair < pairs; pair += 1) {
    // Who begins changes, or the second one would always find warm caches.
    const order = pair % 2 === 0 ? (['ours', 'theirs'] as const) : (['theirs', 'ours'] as const);
    for (const side of order) {
      await before?.();
      const start = performance.now();
      await (side === 'ours' ? ours() : theirs());
      seconds[side].push((performance.now() - start) / 1_000);
    }
  }
  return { pairs, ours: median(seconds.ours), theirs: median(seconds.theirs), unit: 'seconds' as const };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  if (upper === undefined) throw new Error('there is no median of nothing');
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
