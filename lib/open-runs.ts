import * as z from 'zod';
import { Corrupt, InvalidInput, messageOf, Unavailable } from '../core/errors.ts';
import { entriesOf, type ResolvedPlatform } from '../core/platform.ts';
import { Holder, type Mode, Started } from '../core/run.ts';
import { readRecord } from '../lambdas/runtime/records.ts';
import { OPEN_RUNS_PREFIX, runKeys } from '../lambdas/runtime/run-keys.ts';
import type { Store } from '../lambdas/runtime/store.ts';
import type { Deployment } from './deployed/deployment.ts';
import { describeExecution, runningExecutions } from './deployed/executions.ts';
import { machineArn } from './deployed/stack.ts';
import { mayLive } from './local/holder.ts';

/** A run that has begun and not ended, or is about to begin. */
export interface OpenRun {
  readonly runId: string;
  readonly procedure: string;
  readonly execution: string;
  /** `died`: what executed it is gone, and nothing has ended it; `overdue`: it is past its deadline. */
  readonly state: 'begins' | 'running' | 'overdue' | 'died';
  /** What it began with, once it has. */
  readonly started?: Pick<Started, 'procedure' | 'trigger' | 'startedAt' | 'deadline'> & { readonly mode: Mode };
  readonly tasksEnded: number;
  readonly tasks: number;
}

interface OpenRunsOptions {
  readonly platform: ResolvedPlatform;
  readonly store: Store;
  readonly deployment: Deployment | undefined;
  readonly now: Date;
  readonly tell: (problem: string) => void;
}

const Pointer = z.object({ runKey: z.string(), execution: z.string(), holder: Holder.optional() });
type Pointer = z.infer<typeof Pointer>;

/** The runs that are open now, and the executions that have not begun theirs; what cannot be read is told. */
export async function openRuns(options: OpenRunsOptions): Promise<readonly OpenRun[]> {
  const { store, tell } = options;
  const runs: OpenRun[] = [];
  for await (const { key } of store.list(OPEN_RUNS_PREFIX)) {
    try {
      const pointer = (await readRecord(store, key, Pointer))?.value;
      const run = pointer && (await openRun(pointer, options));
      // One that ended while it was looked at is no longer open, and has not died.
      if (run && (run.state !== 'died' || (await store.get(key)))) runs.push(run);
    } catch (thrown) {
      if (!(thrown instanceof Corrupt || thrown instanceof Unavailable)) throw thrown;
      tell(messageOf(thrown));
    }
  }
  return [...runs, ...(await beginning(runs, options))];
}

async function openRun(pointer: Pointer, { platform, store, deployment, now }: OpenRunsOptions): Promise<OpenRun> {
  const { runKey, execution } = pointer;
  const started = (await readRecord(store, runKeys(runKey).started, Started))?.value;
  const [, procedure = '', runId = runKey] = runKey.split('/');
  const isLost = await isGone(pointer, deployment);
  const isLate = started !== undefined && new Date(started.deadline) < now;
  const state = isLost ? 'died' : isLate ? 'overdue' : started ? 'running' : 'begins';
  const known = platform.procedures[procedure];
  return {
    ...{ runId, procedure, execution, state },
    ...(started && { started: briefly(started) }),
    tasksEnded: await endedTasks(store, runKey),
    tasks: known ? entriesOf(known).length : 0,
  };
}

function briefly({ procedure, trigger, startedAt, deadline, mode }: Started): NonNullable<OpenRun['started']> {
  return { procedure, trigger, startedAt, deadline, mode };
}

async function endedTasks(store: Store, runKey: string): Promise<number> {
  let count = 0;
  for await (const { key } of store.list(`${runKey}/steps/`)) if (!key.includes('.pause-')) count += 1;
  return count;
}

/** Whether what executes a run is gone: its process on this machine, or its execution in the account. */
async function isGone({ execution, holder }: Pointer, deployment: Deployment | undefined): Promise<boolean> {
  if (holder) return !mayLive(holder);
  if (!deployment || !execution.startsWith('arn:')) return false;
  return (await describeExecution(deployment.clients, execution))?.status !== 'RUNNING';
}

/** Executions of which no run is known yet: the function of Begin has not been there. */
async function beginning(known: readonly OpenRun[], { platform, deployment, tell }: OpenRunsOptions) {
  if (!deployment) return [];
  const found: OpenRun[] = [];
  for (const procedure of Object.keys(platform.procedures)) {
    try {
      const running = await runningExecutions(deployment.clients, machineArn(deployment.stack, procedure));
      for (const execution of running) {
        if (known.some((run) => run.execution === execution)) continue;
        const runId = execution.split(':').at(-1) ?? execution;
        found.push({ runId, procedure, execution, state: 'begins', tasksEnded: 0, tasks: 0 });
      }
    } catch (thrown) {
      if (!(thrown instanceof InvalidInput || thrown instanceof Unavailable)) throw thrown;
      tell(messageOf(thrown));
    }
  }
  return found;
}
