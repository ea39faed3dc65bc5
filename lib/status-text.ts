import { visible } from '../lambdas/report/markup.ts';
import type { OpenRun } from './open-runs.ts';
import { concerns, type PlatformStatus, type ProcedureStatus } from './status.ts';

/** The status as a person reads it in a terminal: what needs them stands last, next to the prompt. */
export function statusText(status: PlatformStatus): string {
  const { platform, environment, store, lookedAt, running, procedures, alarms } = status;
  const worries = concerns(status);
  const lines = [
    `${platform} ${environment} at ${minute(lookedAt)}, ${store}`,
    '',
    running.length === 0 ? 'nothing runs now' : 'running',
    ...running.map(runLine),
    '',
    'procedures',
    ...procedures.map((one) => procedureLine(one, procedures)),
    ...(alarms ? ['', alarms.length === 0 ? 'no alarm rings' : `${alarms.length} of the alarms ring`] : []),
    '',
    ...(worries.length === 0 ? ['nothing needs you'] : ['look at:', ...worries.map((worry) => `  ${worry}`)]),
  ];
  return `${lines.map(visible).join('\n')}\n`;
}

function runLine({ runId, state, started, tasksEnded, tasks }: OpenRun): string {
  if (!started) return `  ${state.padEnd(8)} ${runId}`;
  const { mode, startedAt, deadline } = started;
  return `  ${state.padEnd(8)} ${runId}  ${mode}, ${tasksEnded} of ${tasks} tasks ended, since ${minute(startedAt)}, until ${minute(deadline)} at the latest`;
}

function procedureLine(
  { procedure, latest, next, schedule }: ProcedureStatus,
  all: readonly ProcedureStatus[],
): string {
  const width = Math.max(...all.map((one) => one.procedure.length));
  const last = latest
    ? `${latest.verdict.padEnd(8)} ${latest.mode.padEnd(8)} ${minute(latest.startedAt)}  ${latest.runId}`
    : 'no run has ended';
  const coming = next === undefined ? (schedule ?? 'started by persons and alarms') : minute(next);
  return `  ${procedure.padEnd(width)}  ${last}; next: ${coming}`;
}

function minute(time: string): string {
  return `${time.slice(0, 16).replace('T', ' ')} UTC`;
}
