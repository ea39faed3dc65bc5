import type { Finding } from '../../../../core/finding.ts';
import type { UpgradeKind } from './findings.ts';
import type { HopKind } from './hop-kinds.ts';
import type { UpgradeInput } from './input.ts';
import type { Stage } from './stage.ts';

/** What staying costs: US dollars a month from a day on, or why that is not known. */
export type Cost =
  { readonly usdPerMonth: number; readonly from: string; readonly why: string } | { readonly unknown: string };

/** One change of one thing, from one version to the next one that it can take. */
export interface Hop {
  readonly id: string;
  readonly kind: HopKind;
  /** What it has in common with others that it is tried out on: an engine, an add-on, a language. */
  readonly family: string;
  /** The thing, unique over the region: `database main`, `cluster prod`, `node group prod/web`. */
  readonly subject: string;
  readonly stage: Stage;
  readonly from: string;
  readonly to: string;
  /** The how-manieth change of this kind of the same thing, from 1. */
  readonly step: number;
  /** What must be done before, and how many weeks must lie between. */
  readonly after: readonly { readonly id: string; readonly weeks: number }[];
  /** The day on which the vendor acts, and what it then does. */
  readonly dueBy?: { readonly date: string; readonly why: string };
  readonly cost?: Cost;
  /** What must be true of this very thing before the change, beside what holds for all of its kind. */
  readonly preChecks: readonly string[];
  /** Why this very change is riskier than others of its kind. */
  readonly danger?: string;
  readonly command?: string;
}

/** A finding that does not know its target yet. */
export type Note = Omit<Finding<UpgradeKind>, 'target'>;

/** What is said of things of one sort. */
export interface Said<Row> {
  readonly rows: readonly Row[];
  readonly hops: readonly Hop[];
  readonly notes: readonly Note[];
  /** By the subject of a hop, the version that the thing has now. */
  readonly versions: ReadonlyMap<string, string>;
}

/** What every judgement needs besides the things. */
export interface Ground {
  readonly now: Date;
  readonly region: string;
  readonly input: UpgradeInput;
}

export function joined<Row>(said: readonly Said<Row>[]): Said<Row> {
  return {
    rows: said.flatMap(({ rows }) => rows),
    hops: said.flatMap(({ hops }) => hops),
    notes: said.flatMap(({ notes }) => notes),
    versions: new Map(said.flatMap(({ versions }) => [...versions])),
  };
}

export function hopId(kind: HopKind, subject: string, from: string, to: string): string {
  return `${kind}: ${subject} ${from} → ${to}`;
}

/** That a thing is not judged in one respect, and why. */
export function notKnown(subject: string, why: string): Note {
  return { kind: 'not-known', subject, summary: `${subject}: ${why}` };
}

/** That a newer version is there, with the command that takes it where one statement does. */
export function upgradeDue(subject: string, text: string, command?: string): Note {
  return { kind: 'upgrade-due', subject, summary: `${subject}: ${text}`, ...(command !== undefined && { command }) };
}
