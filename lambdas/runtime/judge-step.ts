import * as z from 'zod';
import type { RecordedAction } from '../../core/action.ts';
import { findingOfAction } from '../../core/action-finding.ts';
import { messageOf } from '../../core/errors.ts';
import {
  type Finding,
  RUNTIME_KINDS,
  type ReportedFinding,
  type ReportedMeasurement,
  type RuntimeKind,
  UNITS,
  verdictOf,
} from '../../core/finding.ts';
import type { TargetVerdict } from '../../core/run.ts';
import { shortened } from '../../core/shortened.ts';
import type { Task, TaskResult } from '../../core/task.ts';
import { notJson } from './records.ts';

/** One segment of a key, and none that leads elsewhere. */
const ATTACHMENT = /^(?!\.{1,2}$)[\w.-]{1,200}$/;
const Text = z.string().min(1).max(4_000);

/** What a task may return; anything else is nonsense, and nonsense is `unknown`. */
const Result = z.object({
  findings: z.array(
    z.strictObject({
      kind: Text,
      target: Text,
      subject: Text.optional(),
      summary: Text,
      value: z.number().optional(),
      limit: z.number().optional(),
      unit: z.enum(UNITS).optional(),
      command: Text.optional(),
    }),
  ),
  measurements: z.array(
    z.strictObject({ name: Text, value: z.number(), unit: z.enum(UNITS), target: Text, subject: Text.optional() }),
  ),
  baseline: z.unknown().optional(),
  document: z.json().optional(),
  attachments: z.record(z.string(), z.string()).optional(),
});

/** What is known of a step when its task has ended. */
export interface Judged {
  readonly findings: readonly ReportedFinding[];
  readonly measurements: readonly ReportedMeasurement[];
  readonly targets: readonly TargetVerdict[];
}

/** Accepts what a task returned or says why it is nonsense: undeclared kinds, foreign targets, numbers that are none. */
export function acceptResult(
  task: Task,
  targets: readonly string[],
  returned: unknown,
): { result: TaskResult<string> } | { nonsense: string } {
  const parsed = Result.safeParse(returned);
  if (!parsed.success) {
    const [problem] = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the top'}: ${message}`);
    return { nonsense: `it returned nonsense at ${String(problem)}` };
  }
  const result = parsed.data as TaskResult<string>;
  const kinds = [...Object.keys(task.findings), ...Object.keys(RUNTIME_KINDS)];
  for (const { kind, target } of result.findings) {
    if (!kinds.includes(kind)) return { nonsense: `it reported ${kind}, which it does not declare` };
    if (!targets.includes(target)) return { nonsense: `it reported on ${target}, which is not one of its targets` };
  }
  for (const { target } of result.measurements) {
    if (!targets.includes(target)) return { nonsense: `it measured ${target}, which is not one of its targets` };
  }
  if (result.attachments !== undefined && !task.attaches)
    return { nonsense: 'it returned attachments and declares none' };
  const misnamed = Object.keys(result.attachments ?? {}).find((name) => !ATTACHMENT.test(name));
  if (misnamed !== undefined) {
    return { nonsense: `${JSON.stringify(misnamed)} is no name of an attachment: letters, digits, ".", "_" and "-"` };
  }
  const baseline = task.baseline?.schema.safeParse(result.baseline);
  if (result.baseline !== undefined && !baseline?.success) {
    return { nonsense: `its baseline does not fit its schema: ${messageOf(baseline?.error ?? 'it declares none')}` };
  }
  const unkept = notJson(result.baseline);
  if (unkept) return { nonsense: `its baseline cannot be kept as JSON: ${unkept}` };
  return { result };
}

/** One finding of the runtime for each of the targets. */
export function findingOfEach(kind: RuntimeKind, targets: readonly string[], summary: string): Finding<RuntimeKind>[] {
  return targets.map((target) => ({ kind, target, summary: shortened(summary) }));
}

/**
 * Gives every target its verdict.
 *
 * Failed and refused actions become findings here, so that no task can forget them; a target of which nothing was
 * said becomes `unknown`.
 */
export function judgeStep(
  task: Task,
  targets: readonly string[],
  result: Pick<TaskResult<string>, 'findings' | 'measurements'>,
  actions: readonly RecordedAction[],
): Judged {
  const said = [...result.findings, ...actions.flatMap(findingOfAction)];
  const silent = targets.filter(
    (name) => !said.some(({ target }) => target === name) && !result.measurements.some(({ target }) => target === name),
  );
  const findings = [...said, ...findingOfEach('not-examined', silent, 'nothing was said of it')].map((finding) =>
    reported(task, finding),
  );
  return {
    findings,
    measurements: result.measurements.map((measurement) => ({ task: task.name, ...measurement })),
    targets: targets.map((target) => ({
      target,
      verdict: verdictOf(findings.filter((finding) => finding.target === target)),
    })),
  };
}

function reported(task: Task, finding: Finding): ReportedFinding {
  const kinds: Task['findings'] = { ...RUNTIME_KINDS, ...task.findings };
  const kind = kinds[finding.kind] ?? RUNTIME_KINDS['task-failed'];
  return { task: task.name, ...finding, ...kind };
}
