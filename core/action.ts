import * as z from 'zod';
import { canonicalJson, sha256, type Json } from './json.ts';

/** One change to a target, as the task describes it before anything happens. */
export interface Action {
  /** What is done, one word: `vacuum`, `analyze`, `restart`. */
  readonly verb: string;
  /** The name of the target as in the profile. */
  readonly target: string;
  /** The thing within the target: a table, a deployment, an object. */
  readonly subject: string;
  /** What a person reads in the plan: `vacuum public.orders, 1,200,000 dead rows`. */
  readonly summary: string;
  /** The exact statement or command, without secrets. */
  readonly statement?: string;
  /** The state that justifies the action; it becomes part of the plan and of the intent, and `look` gets it back. */
  readonly before?: Json;
  /** The state that the action is meant to reach. */
  readonly after?: Json;
  /** How many of its kind this run means to do, and of how many: the cap is held against it. */
  readonly scope: { readonly planned: number; readonly population: number };
  /** The action is refused when less time than this is left before the deadline. */
  readonly worstCaseSeconds?: number;
}

/** What a look at the target says of an action whose intent was written and whose outcome was not. */
export type Seen =
  { readonly state: 'done'; readonly after?: Json } | { readonly state: 'not-done' } | { readonly state: 'running' };

/** The record that precedes every effect. */
export const Intent = z.object({
  id: z.string(),
  task: z.string(),
  intendedAt: z.iso.datetime(),
  attempt: z.int().positive(),
  /** The place among the intents of its step, from 1; a clock does not tell two of one millisecond apart. */
  order: z.int().nonnegative().default(0),
  lease: z.object({ kind: z.string(), target: z.string(), epoch: z.int() }),
  action: z.custom<Action>((value) => typeof value === 'object' && value !== null),
});
export type Intent = z.infer<typeof Intent>;

/**
 * How a crash between intent and outcome is settled. A target that can show the effect is looked at; one that
 * cannot must make the action harmless to repeat, and the repetition is recorded.
 */
export type Settling =
  { readonly look: (intent: Intent) => Promise<Seen> } | { readonly idempotent: true; readonly look?: never };

/**
 * What `perform` says: done, with the state reached; started and still running on the target, to be followed; or
 * skipped because the target did not let it happen now (a lock, a busy neighbour) and nothing was changed. An error
 * that `perform` throws makes the action failed, which fails its target.
 */
export type Performed =
  | { readonly state: 'done'; readonly after?: Json }
  | { readonly state: 'running' }
  | { readonly state: 'skipped'; readonly detail: string };

export const REFUSALS = ['lease', 'deadline', 'plan', 'cap'] as const;
export type Refusal = (typeof REFUSALS)[number];

export type ActOutcome =
  | { readonly status: 'planned' }
  | { readonly status: 'done'; readonly after?: Json; readonly reconciled: boolean; readonly possiblyRepeated: boolean }
  | { readonly status: 'running'; readonly since: Date }
  | { readonly status: 'skipped'; readonly detail: string }
  | { readonly status: 'refused'; readonly reason: Refusal; readonly detail: string }
  | { readonly status: 'failed'; readonly error: string };

/** The only way to change anything: records in a plan; checks, records, performs and records again in a run. */
export type Act = (action: Action & Settling, perform: () => Promise<Performed>) => Promise<ActOutcome>;

/** The most that one run may do: both limits hold, and the smaller one decides. */
export interface Cap {
  readonly absolute: number;
  readonly percent: number;
}

/** How many of a population the cap allows. At least one where the population is not empty, or nothing small could be kept. */
export function allowedBy(cap: Cap, population: number): number {
  if (population === 0) return 0;
  return Math.min(cap.absolute, Math.max(1, Math.floor((population * cap.percent) / 100)));
}

/** An action as it is kept in the step record, the plan and the report. */
export const RecordedAction = z.object({
  id: z.string(),
  task: z.string(),
  verb: z.string(),
  target: z.string(),
  subject: z.string(),
  summary: z.string(),
  statement: z.string().optional(),
  before: z.json().optional(),
  after: z.json().optional(),
  status: z.enum(['planned', 'done', 'running', 'skipped', 'refused', 'failed']),
  reason: z.enum(REFUSALS).optional(),
  detail: z.string().optional(),
  reconciled: z.boolean().optional(),
  possiblyRepeated: z.boolean().optional(),
});
export type RecordedAction = z.infer<typeof RecordedAction>;

/** Names an action by what it does, so that the same action has the same name in the plan, the run and its repetition. */
export function actionId(task: string, { verb, target, subject, statement }: Action): string {
  return sha256(canonicalJson({ task, verb, target, subject, statement })).slice(0, 24);
}
