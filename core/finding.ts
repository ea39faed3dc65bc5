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
export type FindingKind = Explained & (Noted | Judged);

interface Explained {
  /** What was seen, in one sentence. */
  readonly means: string;
  /** What to do now: one sentence in the imperative, with the command or statement where there is one. */
  readonly remedy: string;
}

/** Worth reading and no reason to act: what follows from it may be left out. */
interface Noted {
  readonly severity: 'info';
  readonly matters?: string;
  readonly prevention?: string;
}

interface Judged {
  readonly severity: Exclude<Severity, 'info'>;
  /** What goes wrong, and when, if nobody acts: one sentence. */
  readonly matters: string;
  /** What keeps it from coming back: one sentence in the imperative. */
  readonly prevention: string;
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
  /** The very statement or command for this finding, ready to be pasted: names quoted, no placeholder, no secret. */
  readonly command?: string;
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
    matters: 'What is broken there stays unseen for as long as it cannot be read.',
    remedy: 'Read the reason, make the target reachable for Fettle, and run the procedure again.',
    prevention: 'Let `fettle doctor` say what is missing, and watch the account and the network path that Fettle uses.',
  },
  'not-examined': {
    severity: 'unknown',
    means: 'The task ended without saying anything of this target.',
    matters: 'A target that nobody judged may be broken without anyone knowing.',
    remedy: 'Run the task again; if it says nothing again, report a defect of the task.',
    prevention: 'Report it to those who keep the task, with the step record: each target must be judged or measured.',
  },
  'task-failed': {
    severity: 'unknown',
    means: 'The task ended with an error before it could judge its targets.',
    matters: 'None of the targets of this task was judged, so a fault of theirs would not be seen.',
    remedy: 'Read the error in the step record, mend its cause, and run the procedure again.',
    prevention: 'Report it to those who keep the task, with the step record, unless the cause lies in the profile.',
  },
  'task-timed-out': {
    severity: 'unknown',
    means: 'The task was stopped at its time limit; what it had not finished is not known.',
    matters: 'Targets behind the slow one were not judged at all.',
    remedy: 'Raise timeoutSeconds of the entry in the profile, or find out why the target answers slowly.',
    prevention: 'Split the targets over two entries, or make the slow one faster.',
  },
  'no-record': {
    severity: 'unknown',
    means: 'The step ended without a record: it was killed, or it never started.',
    matters:
      'What the task judged is lost; what it changed is among the actions, as far as it was written down before it happened.',
    remedy: 'Look at the error that the state caught and at the log of the step, then run the procedure again.',
    prevention:
      'Give the step more time or memory if it was killed for lack of it, and watch the errors of its function.',
  },
  'out-of-time': {
    severity: 'unknown',
    means: 'The run reached its deadline before this task could start.',
    matters: 'The same tasks at the end of the list are left out night after night.',
    remedy: 'Give the procedure a larger budget, or move tasks to another procedure.',
    prevention: 'Put the longest task last and keep the budget at twice of what a usual run takes.',
  },
  'action-failed': {
    severity: 'fail',
    means: 'An action was tried and the target refused it or it went wrong.',
    matters: 'What the action was to mend is still as it was.',
    remedy: 'Read the error of the action, mend its cause, and run the procedure again.',
    prevention:
      'Mend the cause for good: a missing right, a lack of space, or a lock that is always held at that time.',
  },
  'action-unfinished': {
    severity: 'unknown',
    means: 'An action was begun and its end was not seen; it may still be going on at the target.',
    matters: 'Doing it a second time while the first still runs would load the target twice.',
    remedy: 'Look at the target for the statement that the action names; the next run looks too.',
    prevention: 'Give the step more time if its own limit cut it off; find out who killed it if not.',
  },
  'action-refused': {
    severity: 'unknown',
    means: 'An action was not taken because the lease, the deadline, the plan or the cap did not allow it.',
    matters: 'What the action was to mend is still as it was.',
    remedy: 'Read which of the four it was; nothing was changed.',
    prevention:
      'If it repeats, choose a wider cap, a longer budget or another time on purpose, and have that reviewed.',
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
  matters: z.string().optional(),
  remedy: z.string(),
  prevention: z.string().optional(),
  command: z.string().optional(),
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
