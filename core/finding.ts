import * as z from 'zod';
import { worstVerdict, type Verdict } from './verdict.ts';

/** `info` is worth reading and no reason to act; the others are the verdict that the finding gives its target. */
export const SEVERITIES = ['info', 'warn', 'unknown', 'fail'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const UNITS = [
  'bytes',
  'bytes/second',
  'count',
  'days',
  'hours',
  'milliseconds',
  'percent',
  'ratio',
  'restarts',
  'rows',
  'seconds',
  'transactions',
] as const;
export type Unit = (typeof UNITS)[number];

/** What a task can find, declared once: the severity, what it means and what a person does about it. */
export interface FindingKind {
  readonly severity: Severity;
  /** One sentence. */
  readonly means: string;
  /** One sentence in the imperative, with the command or statement where there is one. */
  readonly remedy: string;
}

/** One observation of a target: the number first, then its limit. */
export interface Finding<Kind extends string = string> {
  readonly kind: Kind;
  /** The name of the target as in the profile. */
  readonly target: string;
  /** The thing within the target: a table, a host, a pod. */
  readonly subject?: string;
  /** One sentence without full stop: which thing, what was found, what was expected. */
  readonly summary: string;
  readonly value?: number;
  readonly limit?: number;
  readonly unit?: Unit;
}

/** A number with its unit: the stuff of trends. A target without any finding passes only if it has a measurement. */
export interface Measurement {
  readonly name: string;
  readonly value: number;
  readonly unit: Unit;
  readonly target: string;
  readonly subject?: string;
}

/** The kinds that the runtime itself reports, of any task. No task may declare one of these names. */
export const RUNTIME_KINDS = {
  'not-readable': {
    severity: 'unknown',
    means: 'The target could not be reached or read, so nothing is known of it.',
    remedy: 'Read the reason, make the target reachable for Fettle, and run the procedure again.',
  },
  'not-examined': {
    severity: 'unknown',
    means: 'The task ended without saying anything of this target.',
    remedy: 'Run the task again; if it says nothing again, report a defect of the task.',
  },
  'task-failed': {
    severity: 'unknown',
    means: 'The task ended with an error before it could judge its targets.',
    remedy: 'Read the error in the step record, mend its cause, and run the procedure again.',
  },
  'task-timed-out': {
    severity: 'unknown',
    means: 'The task was stopped at its time limit; what it had not finished is not known.',
    remedy: 'Raise timeoutSeconds of the entry in the profile, or find out why the target answers slowly.',
  },
  'no-record': {
    severity: 'unknown',
    means: 'The step ended without a record: it was killed, or it never started.',
    remedy: 'Look at the error that the state caught and at the log of the step, then run the procedure again.',
  },
  'out-of-time': {
    severity: 'unknown',
    means: 'The run reached its deadline before this task could start.',
    remedy: 'Give the procedure a larger budget, or move tasks to another procedure.',
  },
  'action-failed': {
    severity: 'fail',
    means: 'An action was tried and the target refused it or it went wrong.',
    remedy: 'Read the error of the action, mend its cause, and run the procedure again.',
  },
  'action-unfinished': {
    severity: 'unknown',
    means: 'An action was begun and its end was not seen; it may still be going on at the target.',
    remedy: 'Look at the target for the statement that the action names; the next run looks too.',
  },
  'action-refused': {
    severity: 'unknown',
    means: 'An action was not taken because the lease, the deadline, the plan or the cap did not allow it.',
    remedy: 'Read which of the four it was; nothing was changed.',
  },
} as const satisfies Record<string, FindingKind>;
export type RuntimeKind = keyof typeof RUNTIME_KINDS;

/** A finding as it is kept: with what its kind declares, so that a reader needs no code to understand it. */
export const ReportedFinding = z.object({
  task: z.string(),
  kind: z.string(),
  severity: z.enum(SEVERITIES),
  target: z.string(),
  subject: z.string().optional(),
  summary: z.string(),
  value: z.number().optional(),
  limit: z.number().optional(),
  unit: z.enum(UNITS).optional(),
  means: z.string(),
  remedy: z.string(),
});
export type ReportedFinding = z.infer<typeof ReportedFinding>;

export const ReportedMeasurement = z.object({
  task: z.string(),
  name: z.string(),
  value: z.number(),
  unit: z.enum(UNITS),
  target: z.string(),
  subject: z.string().optional(),
});
export type ReportedMeasurement = z.infer<typeof ReportedMeasurement>;

/** The verdict that findings give: `info` takes nothing away, no finding at all is a pass. */
export function verdictOf(findings: readonly Pick<ReportedFinding, 'severity'>[]): Verdict {
  const verdicts = findings.map(({ severity }): Verdict => (severity === 'info' ? 'pass' : severity));
  return worstVerdict(['pass', ...verdicts]);
}
