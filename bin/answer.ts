import type { RunReport } from '../core/report.ts';
import type { Progress } from '../lib/local/run-locally.ts';
import type { RunResult } from '../lib/local/perform-run.ts';
import { renderTerminal } from '../lib/terminal-report.ts';
import { EXIT } from './command.ts';

/** The answer of a command that shows a report: JSON where asked for, else the report for a person. */
export function printReport(report: RunReport, { json }: { json: boolean }): void {
  const text = json ? `${JSON.stringify(report, null, 2)}\n` : renderTerminal(report, { colour: process.stdout.isTTY });
  process.stdout.write(text);
}

/** The exit code of a run: refused before anything else, then its verdict. */
export function exitCodeOf({ report, started, interrupted }: RunResult): number {
  if (interrupted) return EXIT.interrupted;
  if (started.refusal) return EXIT.refused;
  return report.verdict === 'pass' || report.verdict === 'warn' ? EXIT.fine : EXIT.bad;
}

/** Talk while a run works, on standard error. */
export function tell(progress: Progress): void {
  process.stderr.write(`${progressText(progress)}\n`);
}

function progressText(progress: Progress): string {
  switch (progress.event) {
    case 'begun':
      return `${progress.runId}: ${progress.next === 'finish' ? 'refused' : progress.mode}`;
    case 'started':
      return `  ${progress.task} …`;
    case 'lost':
      return `  ${progress.task} ended without an answer: ${progress.error}`;
    case 'unlogged':
      return `  the log cannot be written: ${progress.error}`;
    case 'ended': {
      const { status, verdict, waitSeconds } = progress.outcome;
      return `  ${progress.task} ${status === 'paused' ? `goes on at the target, looked at again in ${waitSeconds} s` : verdict}`;
    }
  }
}
