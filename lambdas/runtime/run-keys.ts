import * as z from 'zod';
import { sha256 } from '../../core/json.ts';
import { stepStem, type RunPointer } from '../../core/run.ts';

/** The keys of one run, so that no two places spell them differently. */
export function runKeys(runKey: string) {
  return {
    started: `${runKey}/started.json`,
    profile: `${runKey}/profile.json`,
    leases: `${runKey}/leases.json`,
    ended: `${runKey}/ended.json`,
    report: `${runKey}/report.json`,
    page: `${runKey}/report.html`,
    plan: `${runKey}/plan.json`,
    manifest: `${runKey}/manifest.json`,
    step: (index: number, task: string) => `${runKey}/steps/${stepStem(index, task)}.json`,
  } as const;
}

export function runKeyOf(procedure: string, runId: string): string {
  return `runs/${procedure}/${runId}`;
}

/** The id of the run with this key. */
export function runIdOf(runKey: string): string {
  return runKey.slice(runKey.lastIndexOf('/') + 1);
}

/** `state/open/<run id>.json`: the runs that have begun and not ended; what Reap looks at on one machine. */
export const OPEN_RUNS_PREFIX = 'state/open/';

export function openRunKey({ id }: Pick<RunPointer, 'id'>): string {
  return `${OPEN_RUNS_PREFIX}${id}.json`;
}

/** What leads from an execution to its run. */
export const Execution = z.object({ execution: z.string(), runKey: z.string() });

export const EXECUTIONS_PREFIX = 'state/executions/';

/** `state/executions/<name>.json`: leads from an execution, whose name may be anything, to its run. */
export function executionKey(execution: string): string {
  const name = execution.split(':').at(-1) ?? execution;
  const plain = name.replace(/[^\w.-]/g, '_');
  // Two names that differ only in what a key cannot hold lead to two runs.
  return `${EXECUTIONS_PREFIX}${plain === name ? plain : `${plain}_${sha256(name).slice(0, 16)}`}.json`;
}
