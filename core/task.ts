import type * as z from 'zod';
import type { Act, Cap } from './action.ts';
import type { Effect } from './effect.ts';
import type { Finding, FindingKind, Measurement, RuntimeKind } from './finding.ts';
import type { Json } from './json.ts';
import type { Need } from './need.ts';
import type { ResolvedPlatform } from './platform.ts';
import type { Target, TargetKind } from './target-kinds.ts';

/** One IAM permission that a task needs for this platform. */
export interface Permission {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** Why; mandatory where a resource is `*`. */
  readonly because?: string;
}

/** What a task remembers from run to run; a change of shape is a new version, and an old baseline is then no baseline. */
export interface BaselineDefinition<Schema extends z.ZodType> {
  readonly version: number;
  readonly schema: Schema;
}

/** What `run` gets. Everything that a task may know stands here: no clock, no environment, no store. */
export interface TaskContext<Kind extends TargetKind, Input, Baseline> {
  readonly input: Input;
  readonly targets: readonly Target<Kind>[];
  /** When this call began, UTC. */
  readonly now: Date;
  /** The time now, for durations. */
  readonly clock: () => Date;
  /** When this call must have ended, UTC. */
  readonly deadline: Date;
  /** Aborts at the deadline. */
  readonly signal: AbortSignal;
  /** The cursor of the `pause` that this call resumes. */
  readonly resume: Json | undefined;
  readonly baseline: Baseline | undefined;
  /** What names our sessions on a target: `fettle:<run id>:<task>`. */
  readonly sessionName: string;
  /** CIDR ranges of private and loopback addresses that may be probed. */
  readonly allowAddresses: readonly string[];
  readonly mode: 'execute' | 'plan';
}

/** What `needs` gets: enough to look, nothing to change anything with. */
export type NeedsContext<Kind extends TargetKind, Input> = Pick<
  TaskContext<Kind, Input, never>,
  'input' | 'targets' | 'now' | 'deadline' | 'signal' | 'sessionName' | 'allowAddresses'
>;

export interface MutatingContext<Kind extends TargetKind, Input, Baseline> extends TaskContext<Kind, Input, Baseline> {
  readonly act: Act;
}

/** What a task says at its end. A target with neither finding nor measurement is `unknown`. */
export interface TaskResult<Kind extends string, Baseline = unknown> {
  readonly findings: readonly Finding<Kind | RuntimeKind>[];
  readonly measurements: readonly Measurement[];
  readonly baseline?: Baseline;
  /** Kept with the run's evidence, and written to the key that `documentKey` gives. */
  readonly document?: Json;
  /** File name to content; written to the run's evidence. Only of a task that declares `attaches`. */
  readonly attachments?: Readonly<Record<string, string>>;
}

/** Says that the work goes on at the target and the task wants to be called again. */
export interface Pause {
  readonly paused: true;
  readonly seconds: number;
  readonly cursor: Json;
  /** What was found until now: recorded only where the task does not come to its end. */
  readonly soFar?: Pick<TaskResult<string>, 'findings' | 'measurements'>;
}

/**
 * What `run` returns to be called again after so many seconds, with `resume` set to the cursor.
 *
 * `soFar` keeps what was found where the time of the run ends before the task does; at its end the task says it again.
 */
export function pause({ seconds, cursor, soFar }: Omit<Pause, 'paused'>): Pause {
  return { paused: true, seconds, cursor, ...(soFar && { soFar }) };
}

interface TaskParts<
  Kind extends TargetKind,
  Input extends z.ZodObject,
  Kinds extends string,
  Baseline extends z.ZodType,
> {
  /** Its path: `postgres/vacuum.ts` is `postgres-vacuum`. */
  readonly name: string;
  /** One sentence without full stop, present tense. */
  readonly summary: string;
  readonly target: Kind;
  /** Strict; a description on every field; the only place of defaults. */
  readonly input: Input;
  /** Entries that a profile could have, the empty one included where it is valid. */
  readonly examples: readonly z.input<Input>[];
  readonly findings: Readonly<Record<Kinds, FindingKind>>;
  readonly permissions?: (platform: ResolvedPlatform) => readonly Permission[];
  /** Looks whether the targets let the task do its work, for `fettle doctor`; changes nothing. */
  readonly needs?: (context: NeedsContext<Kind, z.output<Input>>) => Promise<readonly Need[]>;
  readonly timeoutSeconds: number;
  readonly baseline?: BaselineDefinition<Baseline>;
  /** The same key within a day or a quarter: a later run takes the place of an earlier one. */
  readonly documentKey?: (now: Date) => string;
  /** The document for a reader; written beside it. */
  readonly documentPages?: (document: Json, platform: DocumentPlatform) => DocumentPages;
  /** True where it returns attachments. */
  readonly attaches?: boolean;
}

/** Whose document it is. */
export interface DocumentPlatform {
  readonly platform: string;
  readonly environment: string;
}

/** A document as a page and as the text of a ticket. */
export interface DocumentPages {
  readonly html: string;
  readonly markdown: string;
}

type Outcome<Kinds extends string, Baseline, Pauses> = Promise<
  TaskResult<Kinds, Baseline> | (Pauses extends true ? Pause : never)
>;

/** The behaviour of a task by its effect: `act` exists only where something may change. */
type Behaviour<Kind extends TargetKind, Input, Kinds extends string, Baseline, Pauses> =
  | {
      readonly effect: 'read-only';
      readonly cap?: never;
      readonly pauses?: Pauses;
      readonly run: (context: TaskContext<Kind, Input, Baseline>) => Outcome<Kinds, Baseline, Pauses>;
    }
  | {
      readonly effect: 'mutating' | 'destructive';
      /** The most that one run may do to one target; its numbers come from the input. */
      readonly cap: (input: Input) => Cap;
      readonly pauses?: Pauses;
      readonly run: (context: MutatingContext<Kind, Input, Baseline>) => Outcome<Kinds, Baseline, Pauses>;
    };

/** A task as the catalogue, the runtime and the generated pages see it. */
export interface Task {
  readonly name: string;
  readonly summary: string;
  readonly effect: Effect;
  readonly target: TargetKind;
  readonly input: z.ZodObject;
  readonly examples: readonly Readonly<Record<string, unknown>>[];
  readonly findings: Readonly<Record<string, FindingKind>>;
  readonly permissions: (platform: ResolvedPlatform) => readonly Permission[];
  readonly needs: ((context: NeedsContext<never, never>) => Promise<readonly Need[]>) | undefined;
  readonly timeoutSeconds: number;
  readonly pauses: boolean;
  readonly cap: ((input: never) => Cap) | undefined;
  readonly baseline: BaselineDefinition<z.ZodType> | undefined;
  readonly documentKey: ((now: Date) => string) | undefined;
  readonly documentPages: ((document: Json, platform: DocumentPlatform) => DocumentPages) | undefined;
  readonly attaches: boolean;
  readonly run: (context: MutatingContext<never, never, never>) => Promise<TaskResult<string> | Pause>;
}

/**
 * Declares a task.
 *
 * What must not be said does not compile: a finding kind that is not declared, an example that does not fit the
 * input, `act` in a read-only task, `pause` in a task that does not declare it.
 */
export function defineTask<
  const Kind extends TargetKind,
  Input extends z.ZodObject,
  const Kinds extends string,
  const Pauses extends boolean = false,
  Baseline extends z.ZodType = z.ZodNever,
>(
  definition: TaskParts<Kind, Input, Kinds, Baseline> &
    Behaviour<Kind, z.output<Input>, NoInfer<Kinds>, z.output<Baseline>, Pauses>,
): Task {
  const { permissions = () => [], needs, pauses = false, attaches = false, cap, baseline, ...rest } = definition;
  const { documentKey, documentPages } = definition;
  // The compiler has checked the definition as a whole; the catalogue needs it without its type parameters.
  return {
    ...rest,
    permissions,
    needs,
    pauses,
    attaches,
    cap,
    baseline,
    documentKey,
    documentPages,
  } as unknown as Task;
}
