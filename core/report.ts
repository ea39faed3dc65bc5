import * as z from 'zod';
import { RecordedAction } from './action.ts';
import { ReportedFinding, ReportedMeasurement, verdictOf } from './finding.ts';
import { ENDINGS, MODES, OVERRIDES, TargetVerdict, TRIGGERS } from './run.ts';
import { Trend } from './trends.ts';
import { byWorst, countVerdicts, VERDICTS, worstVerdict } from './verdict.ts';

const Counts = z.record(z.enum(VERDICTS), z.int().nonnegative());

/** How a finding stands against the previous run of the same procedure. */
export const CHANGES = ['new', 'worse', 'unchanged', 'fixed'] as const;
export type Change = (typeof CHANGES)[number];

export const ReportedTask = z.object({
  index: z.int().positive(),
  task: z.string(),
  verdict: z.enum(VERDICTS),
  targets: z.array(TargetVerdict),
  /** False where the step left no record. */
  recorded: z.boolean(),
  durationSeconds: z.number().optional(),
});
export type ReportedTask = z.infer<typeof ReportedTask>;

/** The fields of a report; what they say together is held against each other below. */
const Fields = z.object({
  date: z.iso.date(),
  start_time: z.iso.datetime(),
  end_time: z.iso.datetime(),
  duration_minutes: z.number(),
  /** The tasks that left a record, nothing else. */
  tasks_completed: z.array(z.string()),
  /** How many targets of tasks have the verdict `warn`. */
  warnings: z.int().nonnegative(),
  /** How many have the verdict `fail` or `unknown`. */
  errors: z.int().nonnegative(),

  schemaVersion: z.literal(1),
  platform: z.string(),
  environment: z.string(),
  procedure: z.string(),
  runId: z.string(),
  trigger: z.enum(TRIGGERS),
  mode: z.enum(MODES),
  reason: z.string().optional(),
  override: z.enum(OVERRIDES).optional(),
  ended: z.enum(ENDINGS),
  /** In words, where it did not simply finish. */
  endedBecause: z.string().optional(),
  verdict: z.enum(VERDICTS),
  counts: Counts,
  tasks: z.array(ReportedTask),
  /** Worst first. */
  findings: z.array(ReportedFinding.extend({ change: z.enum(CHANGES) })),
  /** Findings of the previous run that are gone although their target was seen. */
  fixed: z.array(ReportedFinding),
  previousRunId: z.string().optional(),
  actions: z.array(RecordedAction),
  measurements: z.array(ReportedMeasurement),
  /** What this and the runs before it measured. */
  trends: z.array(Trend).default([]),
  planSha256: z.string().optional(),
});
/**
 * `runs/<procedure>/<run id>/report.json`, and the day's copy under `maintenance/`.
 *
 * The first seven fields are those of the daily report that came before Fettle, so that its readers go on working.
 * Fields are added, never renamed; a break is version 2.
 */
export const RunReport = Fields.superRefine((report, context) => {
  const message = contradictionIn(report);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});
export type RunReport = z.infer<typeof RunReport>;

/** Where a report claims more than it says itself of its tasks and findings; undefined where it does not. */
function contradictionIn({ verdict, counts, tasks, findings }: z.infer<typeof Fields>): string | undefined {
  const verdicts = tasks.flatMap(({ targets }) => targets.map((target) => target.verdict));
  const worst = worstVerdict(verdicts);
  if (verdict !== worst) return `its verdict is ${verdict}, and that of its targets is ${worst}`;
  const counted = countVerdicts(verdicts);
  const miscounted = VERDICTS.find((one) => counts[one] !== counted[one]);
  if (miscounted) return `it counts ${counts[miscounted]} targets as ${miscounted}, and has ${counted[miscounted]}`;
  for (const { index, task, targets, ...said } of tasks) {
    const own = worstVerdict(targets.map((target) => target.verdict));
    if (said.verdict !== own) return `task ${index}, ${task}, is ${said.verdict}, and its targets are ${own}`;
  }
  for (const finding of findings) {
    const places = tasks
      .filter(({ task }) => task === finding.task)
      .flatMap(({ targets }) => targets.filter(({ target }) => target === finding.target));
    const least = verdictOf([finding]);
    if (places.length > 0 && places.every((one) => byWorst(one.verdict, least) > 0)) {
      return `${finding.task} found ${finding.kind} (${finding.severity}) on ${finding.target}, whose verdict is better`;
    }
  }
  return undefined;
}
