/** Met, missing as the target itself showed, or unknown because the target did not let it be seen. */
export const NEED_STATES = ['met', 'missing', 'unknown'] as const;
export type NeedState = (typeof NEED_STATES)[number];

/** One thing that a task needs of a target in order to work, as it was found there. */
export interface Need {
  /** The name of the target as in the profile. */
  readonly target: string;
  /** A few words that follow "it must": `log in`, `read pg_stat_statements`. The same need has the same words in every task. */
  readonly need: string;
  readonly state: NeedState;
  /** What was seen: one sentence without full stop. */
  readonly detail: string;
  /** The statement, command or policy that gives what is missing, ready to be pasted by someone who may: no placeholder, no secret. */
  readonly grant?: string;
}
