import { shellWord } from '../../runtime/shell-word.ts';
import type { Confidence, Evidence, Interval } from './_series.ts';

export type Facts = Readonly<Record<string, number | string>>;

/** What a month costs now and would cost, in US dollars, or why that is not known. */
export type PriceDifference =
  { readonly usdPerMonthNow: number; readonly usdPerMonthProposed: number } | { readonly unknown: string };

/** One change that a person may decide on, with everything that speaks for it. */
export interface Recommendation {
  readonly action: string;
  /** It makes room where there is too little, or gives back what nobody used. */
  readonly aim: 'performance' | 'cost';
  /** One sentence without full stop. */
  readonly text: string;
  readonly now: Facts;
  readonly proposed: Facts;
  /** The numbers that it follows from. */
  readonly why: string;
  readonly evidence: Evidence;
  readonly interval: Interval;
  /** The figures of the month under review as they were, and as they would have been. */
  readonly lastMonth: { readonly now: Facts; readonly proposed: Facts };
  readonly price: PriceDifference;
  readonly confidence: Confidence;
  readonly reversible: string;
  /** The very command, where one makes the change. */
  readonly command?: string;
}

/** What a review says of a thing of which it can say nothing; why, is to be added. */
export function nothingSaid(subject: string, size: Verdict['size']): Omit<Verdict, 'unknown'> {
  return { subject, recommendations: [], withheld: [], figures: {}, size, peaks: {}, prediction: undefined };
}

/** What a review says of one thing. */
export interface Verdict {
  /** `service <cluster>/<name>`, `database <id>` or `cache <id>`. */
  readonly subject: string;
  readonly recommendations: readonly Recommendation[];
  /** What the thresholds would have said, and what speaks against it. */
  readonly withheld: readonly string[];
  /** Why nothing, or not everything, can be said. */
  readonly unknown: readonly string[];
  /** Averages and extremes as the report has them; absent where there are none. */
  readonly figures: Readonly<Record<string, number>>;
  /** Its size now, and the highest shares in percent that it reached, to hold an earlier prediction against. */
  readonly size: Facts | undefined;
  readonly peaks: Readonly<Record<string, number>>;
  /** What is expected of the next month if the first recommendation is followed. */
  readonly prediction: Prediction | undefined;
}

/** Sizes as facts, and the highest shares in percent that were expected with them. */
export interface Prediction {
  readonly now: Facts;
  readonly proposed: Facts;
  readonly expected: Readonly<Record<string, number>>;
}

/** A command of the AWS command line in the region under review, each argument quoted where it must be. */
export function awsCommand(region: string, ...words: readonly string[]): string {
  // The names of options are ours and mean nothing to a shell.
  return ['aws', ...words, '--region', region]
    .map((word) => (/^--[a-z-]+$/.test(word) ? word : shellWord(word)))
    .join(' ');
}

/** Numbers for the report: three digits after the point are more than anyone reads. */
export function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

/** The numbers that are there, rounded. */
export function figuresOf(values: Readonly<Record<string, number>>): Record<string, number> {
  const known = Object.entries(values).filter(([, value]) => Number.isFinite(value));
  return Object.fromEntries(known.map(([name, value]) => [name, rounded(value)]));
}

/** A share for people: one digit after the point at most. */
export function percentText(percent: number): string {
  return `${Math.round(percent * 10) / 10} %`;
}
