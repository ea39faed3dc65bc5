import type { Entry, ResolvedPlatform } from '../../core/platform.ts';

/** What a task that changes something is tried on: a real target that is quickly made as it was. */
export interface Scene {
  /** Starts what the target needs; one for each trial that goes on at the same time. */
  start(): Promise<Stage>;
}

export interface Stage {
  readonly targets: ResolvedPlatform['targets'];
  readonly input: Entry['input'];
  /** Makes the target as it is before each trial: something is due. */
  reset(): Promise<void>;
  shown(): Promise<Shown>;
  /** Waits until nothing that a dead process had begun is still going on; true where something was. */
  settle(): Promise<boolean>;
  stop(): Promise<void>;
}

/** What the target itself shows, without asking any record. */
export interface Shown {
  /** `<verb> <subject>` to how often the target shows it since the reset; every action that the task may do to it. */
  readonly effects: Readonly<Record<string, number>>;
  /** True where an effect may be repeated without harm, as the action declares. */
  readonly mayRepeat: boolean;
  /** What is due and was not done. */
  readonly due: readonly string[];
  /** What of ours lies about: files under working names, invalid indexes, notes. */
  readonly leftovers: readonly string[];
  /** What was lost or changed that must never be. */
  readonly damage: readonly string[];
}
