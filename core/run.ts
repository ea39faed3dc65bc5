import * as z from 'zod';
import { RecordedAction } from './action.ts';
import { ReportedFinding, ReportedMeasurement } from './finding.ts';
import { VERDICTS } from './verdict.ts';

export const TRIGGERS = ['schedule', 'person', 'alarm'] as const;
export const MODES = ['execute', 'plan'] as const;
export type Mode = (typeof MODES)[number];

/**
 * How a run ended: by its own Finish, refused before it began, reaped after its execution died, or missed: it was due
 * and never began.
 */
export const ENDINGS = ['finished', 'refused', 'aborted', 'missed'] as const;
export type Ending = (typeof ENDINGS)[number];

/** True of a run that looked at no target: it says nothing of them, and no later run is compared with it. */
export function sawNothing(ended: string): boolean {
  return ended === 'refused' || ended === 'missed';
}

/** How long a start of a schedule is tried; a later one is no start of this occurrence. */
export const START_MAX_AGE_SECONDS = 900;
/** When an occurrence without a run counts as missed: the last start, and the time that Begin may take. */
export const MISSED_AFTER_SECONDS = START_MAX_AGE_SECONDS + 300;

export const OVERRIDES = ['window', 'freeze', 'notice'] as const;

/** What starts a run. `{}`, which the console offers, is a person's plan and changes nothing. */
export const StartInput = z
  .strictObject({
    trigger: z.enum(TRIGGERS).default('person'),
    mode: z.enum(MODES).optional(),
    reason: z.string().min(1).max(1_000).optional(),
    scheduledTime: z.string().max(64).optional(),
    override: z.enum(OVERRIDES).optional(),
  })
  .refine(({ override, reason }) => override === undefined || reason !== undefined, {
    path: ['reason'],
    message: 'an override needs a reason',
  });
export type StartInput = z.output<typeof StartInput>;

/** The mode that a start asks for: schedules and alarms execute, a person plans until they say otherwise. */
export function requestedMode({ trigger, mode }: Pick<StartInput, 'trigger' | 'mode'>): Mode {
  return mode ?? (trigger === 'person' ? 'plan' : 'execute');
}

/** How every state of a run finds its records; it travels in the state of the machine. */
export const RunPointer = z.object({
  id: z.string(),
  procedure: z.string(),
  /** `runs/<procedure>/<run id>` */
  key: z.string(),
  mode: z.enum(MODES),
});
export type RunPointer = z.infer<typeof RunPointer>;

/** A process that may hold a lease; with its start time, because process ids come again. */
export const Holder = z.object({ host: z.string(), pid: z.int(), processStartedAt: z.string() });
export type Holder = z.infer<typeof Holder>;

export const GrantedLease = z.object({
  kind: z.string(),
  target: z.string(),
  /** Absent where another run holds the target: every action on it will be refused. */
  epoch: z.int().optional(),
  heldBy: z.string().optional(),
});
export type GrantedLease = z.infer<typeof GrantedLease>;

/** `runs/<procedure>/<run id>/started.json`: creating it claims the run. */
export const Started = z.object({
  schemaVersion: z.literal(1),
  platform: z.string(),
  environment: z.string(),
  procedure: z.string(),
  runId: z.string(),
  trigger: z.enum(TRIGGERS),
  requestedMode: z.enum(MODES),
  mode: z.enum(MODES),
  reason: z.string().optional(),
  override: z.enum(OVERRIDES).optional(),
  scheduledTime: z.iso.datetime().optional(),
  startedAt: z.iso.datetime(),
  deadline: z.iso.datetime(),
  execution: z.string(),
  holder: Holder.optional(),
  /** Why the run may not do what was asked; absent when it may. */
  refusal: z.object({ reason: z.enum(['input', 'window', 'approval', 'freeze']), detail: z.string() }).optional(),
});
export type Started = z.infer<typeof Started>;

/** `runs/<procedure>/<run id>/ended.json`: what only the end of a run knows; the report is derived from it and the steps. */
export const Ended = z.object({
  schemaVersion: z.literal(1),
  ended: z.enum(ENDINGS),
  endedAt: z.iso.datetime(),
  because: z.string().optional(),
  /** Step number to the error that its state caught. */
  caught: z.record(z.string(), z.string()),
  /** Keys of the steps and actions that were there; what comes later is no part of the report. */
  records: z.array(z.string()),
  /** SHA-256 of the code that derives report and page from the records: the same code gives the same bytes. */
  bundleSha256: z.string(),
  previousRunKey: z.string().optional(),
});
export type Ended = z.infer<typeof Ended>;

export const TargetVerdict = z.object({ target: z.string(), verdict: z.enum(VERDICTS) });
export type TargetVerdict = z.infer<typeof TargetVerdict>;

/** `runs/<procedure>/<run id>/steps/<nn>-<task>.json`: what one task found and did. */
export const StepRecord = z.object({
  schemaVersion: z.literal(1),
  task: z.string(),
  index: z.int().positive(),
  mode: z.enum(MODES),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  /** SHA-256 of the code that ran. */
  bundleSha256: z.string(),
  verdict: z.enum(VERDICTS),
  targets: z.array(TargetVerdict),
  findings: z.array(ReportedFinding),
  measurements: z.array(ReportedMeasurement),
  actions: z.array(RecordedAction),
  /** Keys of the attachments under the run. */
  evidence: z.array(z.string()),
  pauses: z.int().nonnegative(),
});
export type StepRecord = z.infer<typeof StepRecord>;

/** What a task state leaves in the state of the machine; everything else is in the store. */
export const StepOutcome = z.object({
  step: z.int().positive(),
  status: z.enum(['done', 'paused']),
  /** Of a paused step it is `unknown`: it has not ended. */
  verdict: z.enum(VERDICTS),
  /** True where a required step ended as fail or unknown and the run must go straight to Finish. */
  stop: z.boolean(),
  /** Seconds to wait before the step is called again; 0 when it is done. */
  waitSeconds: z.int().nonnegative(),
  /** Which pause to resume from; 0 when it is done. */
  pause: z.int().nonnegative(),
});
export type StepOutcome = z.infer<typeof StepOutcome>;

/** `<nn>-<task>`, the stem of every key that belongs to a step. */
export function stepStem(index: number, task: string): string {
  return `${String(index).padStart(2, '0')}-${task}`;
}

/** `20261121T020000Z`: an instant that may stand in a key or an execution name. */
export function basicForm(instant: Date): string {
  return instant
    .toISOString()
    .replace(/[-:]/g, '')
    .replace(/\.\d{3}/, '');
}

/** `20261121`: the UTC day of an instant. */
export function basicDay(instant: Date): string {
  return basicForm(instant).slice(0, 8);
}

/** True where a start was refused outright. A person outside of the window is not: they get the plan. */
export function isRefused({ refusal, trigger }: Pick<Started, 'refusal' | 'trigger'>): boolean {
  return refusal !== undefined && (trigger === 'schedule' || refusal.reason === 'input');
}
