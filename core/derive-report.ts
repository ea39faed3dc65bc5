import type { RecordedAction } from './action.ts';
import { compareFindings } from './compare-findings.ts';
import { RUNTIME_KINDS, SEVERITIES, type ReportedFinding } from './finding.ts';
import { planOf } from './plan.ts';
import { entriesOf, type Entry, type Procedure } from './platform.ts';
import type { ReportedTask, RunReport } from './report.ts';
import type { Ended, Started, StepRecord } from './run.ts';
import { continueTrends } from './trends.ts';
import { countVerdicts, worstVerdict } from './verdict.ts';

/** All that a report is made of: the records of its run, and the report of the run before. */
export interface RunRecords {
  readonly started: Started;
  readonly procedure: Procedure;
  readonly ended: Ended;
  readonly steps: readonly StepRecord[];
  readonly previous: RunReport | undefined;
}

/**
 * Derives the report from the records of a run, held against the list of its tasks.
 *
 * A task without a record is `unknown`, with the error that its state caught; nothing counts as done because it was
 * due. Equal records give the same report to the byte.
 */
export function deriveReport({ started, procedure, ended, steps, previous }: RunRecords): RunReport {
  const seen = entriesOf(procedure).map((entry) => seenStep(entry, steps, ended));
  const findings = seen.flatMap((step) => step.findings);
  const compared = compareFindings(findings, previous?.findings ?? [], ({ task, target }) =>
    seen.some(
      (step) =>
        step.record?.task === task && step.targets.some((one) => one.target === target && one.verdict !== 'unknown'),
    ),
  );
  const refused = ended.ended === 'refused';
  const verdicts = refused ? [] : seen.flatMap(({ targets }) => targets.map(({ verdict }) => verdict));
  const counts = countVerdicts(verdicts);
  const actions = seen.flatMap(({ actions }) => actions);
  const measurements = seen.flatMap(({ record }) => record?.measurements ?? []);
  const because = ended.because ?? started.refusal?.detail;
  return {
    date: started.startedAt.slice(0, 10),
    start_time: started.startedAt,
    end_time: ended.endedAt,
    duration_minutes: minutesBetween(started.startedAt, ended.endedAt),
    tasks_completed: seen.flatMap(({ record }) => (record ? [record.task] : [])),
    warnings: counts.warn,
    errors: counts.fail + counts.unknown,
    schemaVersion: 1,
    platform: started.platform,
    environment: started.environment,
    procedure: started.procedure,
    runId: started.runId,
    trigger: started.trigger,
    mode: started.mode,
    ...(started.reason !== undefined && { reason: started.reason }),
    ...(started.override !== undefined && { override: started.override }),
    ended: ended.ended,
    ...(because !== undefined && { endedBecause: because }),
    verdict: worstVerdict(verdicts),
    counts,
    tasks: refused ? [] : seen.map(reportedTask),
    findings: refused ? [] : [...compared.findings].sort(byWorst),
    fixed: refused ? [] : [...compared.fixed],
    ...(previous && { previousRunId: previous.runId }),
    actions,
    measurements,
    trends: continueTrends(previous?.trends ?? [], refused ? [] : measurements, started.startedAt),
    ...(started.mode === 'plan' && !refused && { planSha256: planOf(actions).sha256 }),
  };
}

interface SeenStep {
  readonly entry: Entry;
  readonly record: StepRecord | undefined;
  readonly targets: StepRecord['targets'];
  readonly findings: readonly ReportedFinding[];
  readonly actions: readonly RecordedAction[];
}

function seenStep(entry: Entry, steps: readonly StepRecord[], ended: Ended): SeenStep {
  const record = steps.find(({ index, task }) => index === entry.index && task === entry.task);
  if (record) return { entry, record, targets: record.targets, findings: record.findings, actions: record.actions };
  const reason = ended.caught[String(entry.index)] ?? 'it was not reached';
  return {
    entry,
    record: undefined,
    targets: entry.targets.map((target) => ({ target, verdict: 'unknown' })),
    findings: entry.targets.map((target) => ({
      task: entry.task,
      kind: 'no-record',
      target,
      summary: `no record of this step: ${reason}`,
      ...RUNTIME_KINDS['no-record'],
    })),
    actions: [],
  };
}

function reportedTask({ entry, record, targets }: SeenStep): ReportedTask {
  return {
    index: entry.index,
    task: entry.task,
    verdict: worstVerdict(targets.map(({ verdict }) => verdict)),
    targets,
    recorded: record !== undefined,
    ...(record && { durationSeconds: secondsBetween(record.startedAt, record.finishedAt) }),
  };
}

function byWorst(a: ReportedFinding, b: ReportedFinding): number {
  return SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity);
}

function secondsBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 1_000;
}

function minutesBetween(from: string, to: string): number {
  return Math.round(secondsBetween(from, to) / 6) / 10;
}
