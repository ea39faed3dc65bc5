import type { TargetKind } from '../../core/target-kinds.ts';

/** What every part of the demo gets. */
export interface PartOptions {
  /** Where the part may keep what it needs, below the folder of the demo. */
  readonly folder: string;
  readonly now: Date;
  /** True where everything is planted again, also what an earlier demo mended. */
  readonly fresh: boolean;
  /** Says something to the person who watches. */
  readonly say: (text: string) => void;
}

/** Real servers or files with planted problems beside healthy things, and what a run must make of them. */
export interface DemoPart {
  /** File name to address: what `platforms/demo.yaml` refers to. */
  readonly addresses: Readonly<Record<string, string>>;
  /** What is where, for a person who wants to break something by hand. */
  readonly places: Readonly<Record<string, string>>;
  /** Shell commands that break something, each with what a run then says. */
  readonly hints: readonly string[];
  /** What a run must find: `<task> <kind> <target>`, then the subject where there is one. */
  readonly findings: readonly string[];
  /** What a run must do where no earlier one has done it: `<verb> <target> <subject>`. */
  readonly actions: readonly string[];
  /** True where earlier mending was undone, so that the actions are due again. */
  readonly plantedAnew: boolean;
  stop(): Promise<void>;
}

/** A part whose server this machine does not have: the demo's platform then goes without this kind of target. */
export interface MissingPart {
  readonly missing: TargetKind;
}
