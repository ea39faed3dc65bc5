import type { Verdict } from '../../../core/verdict.ts';

/** A review as a person reads it: what to decide first, then what it follows from. Both renderings are made of this. */
export interface ReviewPage {
  readonly title: string;
  /** Platform, environment and what it looked at. */
  readonly about: string;
  /** What it comes to, in one sentence. */
  readonly headline: string;
  readonly tone: Verdict;
  /** The most important first; of more than three the rest stands in a table. */
  readonly decisions: readonly Decision[];
  readonly sections: readonly Section[];
  /** What could not be known, and why. */
  readonly unknown: readonly string[];
  /** Where the numbers come from, and of which day. */
  readonly sources: readonly string[];
}

/** One thing to be decided. */
export interface Decision {
  readonly title: string;
  readonly tone: Exclude<Verdict, 'pass'> | 'info';
  /** The numbers that speak for it. */
  readonly why: string;
  /** Short facts: money, date, confidence, the way back. */
  readonly facts: readonly string[];
  /** The very command, where one does it. */
  readonly command?: string;
}

export interface Section {
  readonly title: string;
  readonly note?: string;
  readonly blocks: readonly Block[];
}

export type Block = Table | Bars | Lifelines | Columns;

export interface Table {
  readonly kind: 'table';
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** How much of what it has each thing used, in percent: from the lowest mark to the highest one. */
export interface Bars {
  readonly kind: 'bars';
  readonly caption: string;
  /** The names of the marks, lowest first: `p50`, `p95`. */
  readonly marks: readonly string[];
  /** In the order of the marks; undefined where it is not known. */
  readonly rows: readonly { readonly label: string; readonly percents: readonly (number | undefined)[] }[];
}

/** How long each version is supported, with a mark where today is. */
export interface Lifelines {
  readonly kind: 'lifelines';
  readonly caption: string;
  /** ISO date. */
  readonly today: string;
  readonly rows: readonly Lifeline[];
}

export interface Lifeline {
  readonly label: string;
  /** ISO dates; undefined where the vendor has not said. */
  readonly standardUntil: string | undefined;
  readonly extendedUntil: string | undefined;
}

/** What each thing costs, side by side: US dollars a month. */
export interface Columns {
  readonly kind: 'columns';
  readonly caption: string;
  /** The names of the bars beside one another: `now`, `proposed`. */
  readonly series: readonly string[];
  readonly rows: readonly { readonly label: string; readonly usdPerMonth: readonly number[] }[];
}

/** What an eye takes in; the JSON has them all. */
export const MOST_DRAWN = 30;
/** More than three are no decisions, they are a list. */
export const MOST_DECISIONS = 3;

const MONEY = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });
const SMALL_MONEY = new Intl.NumberFormat('en-GB', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** `1,204 USD`; what is below ten dollars with its cents. */
export function usd(amount: number): string {
  return `${(Math.abs(amount) < 10 && !Number.isInteger(amount) ? SMALL_MONEY : MONEY).format(amount)} USD`;
}

/** `22 November 2026` of an ISO date or time. */
export function dayText(at: string): string {
  return new Date(at).toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });
}
