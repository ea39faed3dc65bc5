import { findingOfAction } from './action-finding.ts';
import type { RecordedAction } from './action.ts';
import { compareFindings } from './compare-findings.ts';
import { RUNTIME_KINDS, SEVERITIES, verdictOf, ReportedFinding } from './finding.ts';
import { planOf } from './plan.ts';
import { entriesOf, type Entry, type Procedure } from './platform.ts';
import type { ReportedTask, RunReport } from './report.ts';
import { type Ended, sawNothing, type Started, type StepRecord } from './run.ts';
import { continueTrends } from './trends.ts';
import { countVerdicts, worstVerdict } from './verdict.ts';

/** All that a report is made of: the records of its run, and the report of the run before. */
export interface RunRecords {
  readonly started: Started;
  readonly procedure: Procedure;
  readonly ended: Ended;
  readonly steps: readonly StepRecord[];
  /** What steps without a record had done when they died, by their place; taken from the records of the actions. */
  readonly unrecorded?: ReadonlyMap<number, readonly RecordedAction[]>;
  /** Why a record of a step cannot be read, by the place of the step: it is there, and nothing is taken from it. */
  readonly unreadable?: ReadonlyMap<number, string>;
  readonly previous: RunReport | undefined;
  /** What else of the run could not be read, in words. */
  readonly problems?: readonly string[];
}

/**
 * Derives the report from the records of a run, held against the list of its tasks.
 *
 * A task without a record is `unknown`, with the error that its state caught; nothing counts as done because it was
 * due. Equal records give the same report to the byte.
 */
export function deriveReport(records: RunRecords): RunReport {
  const { started, procedure, ended, previous } = records;
  const seen = entriesOf(procedure).map((entry) => seenStep(entry, records));
  const findings = seen.flatMap((step) => step.findings);
  const compared = compareFindings(findings, previous?.findings ?? [], ({ task, target }) =>
    seen.some(
      (step) =>
        step.record?.task === task && step.targets.some((one) => one.target === target && one.verdict !== 'unknown'),
    ),
  );
  const sawNoTarget = sawNothing(ended.ended);
  const verdicts = sawNoTarget ? [] : seen.flatMap(({ targets }) => targets.map(({ verdict }) => verdict));
  const counts = countVerdicts(verdicts);
  const actions = seen.flatMap(({ actions }) => actions);
  const measurements = seen.flatMap(({ record }) => record?.measurements ?? []);
  const why = ended.because ?? started.refusal?.detail ?? setBack(started, ended);
  const because = [...(why === undefined ? [] : [why]), ...(records.problems ?? [])].join('; ');
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
    ...(because !== '' && { endedBecause: because }),
    verdict: worstVerdict(verdicts),
    counts,
    tasks: sawNoTarget ? [] : seen.map(reportedTask),
    findings: sawNoTarget ? [] : [...compared.findings].sort(byWorst),
    fixed: sawNoTarget ? [] : compared.fixed.map((finding) => ReportedFinding.parse(finding)),
    ...(previous && { previousRunId: previous.runId }),
    actions,
    measurements,
    trends: continueTrends(previous?.trends ?? [], sawNoTarget ? [] : measurements, started.startedAt),
    ...(started.mode === 'plan' && !sawNoTarget && { planSha256: planOf(actions).sha256 }),
  };
}

interface SeenStep {
  readonly entry: Entry;
  readonly record: StepRecord | undefined;
  readonly targets: StepRecord['targets'];
  readonly findings: readonly ReportedFinding[];
  readonly actions: readonly RecordedAction[];
}

function seenStep(entry: Entry, { steps, ended, unrecorded, unreadable }: RunRecords): SeenStep {
  const record = steps.find(({ index, task }) => index === entry.index && task === entry.task);
  if (record) return recordedStep(entry, record);
  const caught = ended.caught[String(entry.index)];
  const reasons = [caught, unreadable?.get(entry.index)].filter((reason) => reason !== undefined);
  const summary = `no record of this step: ${reasons.join('; ') || 'it was not reached'}`;
  const actions = unrecorded?.get(entry.index) ?? [];
  const said = [
    ...entry.targets.map((target) => ({ kind: 'no-record', target, summary }) as const),
    ...actions.flatMap(findingOfAction),
  ];
  const findings = said.map((finding) => ({ task: entry.task, ...finding, ...RUNTIME_KINDS[finding.kind] }));
  return {
    entry,
    record: undefined,
    targets: entry.targets.map((target) => ({
      target,
      verdict: verdictOf(ofTarget(findings, target)),
    })),
    findings,
    actions,
  };
}

/** What a record leaves out of the targets of its step was not seen, and that is said. */
function recordedStep(entry: Entry, record: StepRecord): SeenStep {
  const left = entry.targets.filter((name) => !record.targets.some(({ target }) => target === name));
  const summary = 'the record of this step says nothing of it';
  const unsaid = left.map((target) => ({ task: entry.task, kind: 'not-examined', target, summary }));
  const findings = [...record.findings, ...unsaid.map((finding) => ({ ...finding, ...RUNTIME_KINDS['not-examined'] }))];
  return {
    entry,
    record,
    targets: [...record.targets, ...left.map((target) => ({ target, verdict: verdictOf(ofTarget(findings, target)) }))],
    findings,
    actions: record.actions,
  };
}

function ofTarget(findings: readonly ReportedFinding[], target: string): ReportedFinding[] {
  return findings.filter((finding) => finding.target === target);
}

function reportedTask({ entry, record, targets }: SeenStep): ReportedTask {
  return {
    index: entry.index,
    task: entry.task,
    verdict: worstVerdict(targets.map(({ verdict }) => verdict)),
    targets,
    recorded: record !== undefined,
    ...(record && durationOf(record)),
  };
}

function byWorst(a: ReportedFinding, b: ReportedFinding): number {
  return SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity);
}

/** Left out where the clock was set back meanwhile: nobody knows how long it took. */
function durationOf({ startedAt, finishedAt }: StepRecord): Pick<ReportedTask, 'durationSeconds'> {
  const durationSeconds = secondsBetween(startedAt, finishedAt);
  return durationSeconds < 0 ? {} : { durationSeconds };
}

function setBack({ startedAt }: Started, { endedAt }: Ended): string | undefined {
  if (secondsBetween(startedAt, endedAt) >= 0) return undefined;
  return `the clock was set back during the run: it began at ${startedAt} and ended at ${endedAt}, so its times say nothing`;
}

function secondsBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 1_000;
}

function minutesBetween(from: string, to: string): number {
  return Math.max(0, Math.round(secondsBetween(from, to) / 6) / 10);
}
