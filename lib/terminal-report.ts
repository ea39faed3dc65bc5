import { createColors } from 'picocolors';
import type { RecordedAction } from '../core/action.ts';
import type { Severity } from '../core/finding.ts';
import type { RunReport } from '../core/report.ts';
import { byWorst, type Verdict } from '../core/verdict.ts';
import { visible } from '../lambdas/report/markup.ts';
import { changesOf, headline, numbersOf, placeOf, spanOf } from '../lambdas/report/phrases.ts';

export interface TerminalOptions {
  /** True on a terminal; text that goes to a file or a pipe has no colours. */
  readonly colour: boolean;
}

/** The report as a person reads it in a terminal: worst first, nothing from a target can steer the terminal. */
export function renderTerminal(report: RunReport, { colour }: TerminalOptions): string {
  const paint = painter(colour);
  const lines = [
    paint.bold(paint.of(report.verdict, visible(headline(report)))),
    visible(`${report.platform} ${report.environment}, ${report.procedure}, ${spanOf(report)}`),
    ...(report.endedBecause ? [visible(report.endedBecause)] : []),
    ...(report.previousRunId === undefined ? [] : [visible(changesOf(report))]),
    '',
    ...report.findings.flatMap((finding) => findingLines(finding, report, paint)),
    ...fixedLines(report, paint),
    ...actionLines(report, paint),
    ...taskLines(report, paint),
  ];
  return `${lines.join('\n')}\n`;
}

type Painter = ReturnType<typeof painter>;

function painter(enabled: boolean) {
  const colours = createColors(enabled);
  const tones = {
    fail: colours.red,
    unknown: colours.magenta,
    warn: colours.yellow,
    pass: colours.green,
    info: colours.cyan,
  };
  return {
    bold: colours.bold,
    dim: colours.dim,
    of: (tone: Verdict | Severity, text: string) => tones[tone](text),
  };
}

function findingLines(finding: RunReport['findings'][number], { previousRunId }: RunReport, paint: Painter): string[] {
  const change = previousRunId === undefined ? '' : paint.dim(` (${finding.change})`);
  const numbers = numbersOf(finding);
  return [
    `${paint.of(finding.severity, finding.severity.padEnd(8))}${visible(placeOf(finding))}${change}`,
    `        ${visible(finding.summary)}${numbers ? ` [${numbers}]` : ''}`,
    ...(finding.command === undefined ? [] : [`        ${visible(finding.command)}`]),
    paint.dim(`        ${visible(finding.task)}/${visible(finding.kind)}: ${visible(finding.remedy)}`),
  ];
}

function fixedLines({ fixed, previousRunId = '' }: RunReport, paint: Painter): string[] {
  if (fixed.length === 0) return [];
  const lines = fixed.map(
    (finding) => `  ${paint.of('pass', 'fixed')}  ${visible(placeOf(finding))}: ${visible(finding.kind)}`,
  );
  return ['', `Fixed since ${visible(previousRunId)}`, ...lines];
}

function actionLines({ actions, mode }: RunReport, paint: Painter): string[] {
  if (actions.length === 0) return [];
  const title = mode === 'plan' ? 'A run would' : 'Done';
  return ['', title, ...actions.map((action) => actionLine(action, paint))];
}

function actionLine({ status, summary, detail, reconciled, possiblyRepeated }: RecordedAction, paint: Painter): string {
  const notes = [detail, reconciled && 'found done after a crash', possiblyRepeated && 'possibly repeated'].filter(
    Boolean,
  );
  const tone = status === 'failed' ? 'fail' : status === 'done' || status === 'planned' ? 'pass' : 'unknown';
  return `  ${paint.of(tone, status.padEnd(8))}${visible(summary)}${notes.length > 0 ? ` (${visible(notes.join(', '))})` : ''}`;
}

function taskLines({ tasks, runId }: RunReport, paint: Painter): string[] {
  if (tasks.length === 0) return ['', paint.dim(visible(runId))];
  const sorted = [...tasks].sort((a, b) => byWorst(a.verdict, b.verdict));
  const lines = sorted.map(({ task, verdict, targets, recorded, durationSeconds = 0 }) => {
    const time = recorded ? `${durationSeconds.toFixed(1)} s` : 'no record';
    return `  ${paint.of(verdict, verdict.padEnd(8))}${visible(task).padEnd(32)} ${`${targets.length} target${targets.length === 1 ? '' : 's'}`.padEnd(12)} ${time}`;
  });
  return ['', 'Tasks', ...lines, '', paint.dim(visible(runId))];
}
