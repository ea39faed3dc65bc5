import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { Unavailable } from '../../core/errors.ts';
import { entriesOf, ResolvedPlatform } from '../../core/platform.ts';
import { RunReport } from '../../core/report.ts';
import { isRefused, Started, StepRecord, stepStem } from '../../core/run.ts';
import { readRecord } from '../../lambdas/runtime/records.ts';
import { Execution, executionKey, runKeys } from '../../lambdas/runtime/run-keys.ts';
import type { Store } from '../../lambdas/runtime/store.ts';
import type { Progress } from '../local/run-locally.ts';
import { describeExecution } from './executions.ts';
import type { Deployment } from './deployment.ts';

/** A run that has ended in the account. */
export interface FollowedRun {
  readonly runKey: string;
  readonly report: RunReport;
  readonly started: Started;
}

interface Follow {
  readonly executionArn: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

const LOOK_SECONDS = 1;
/** How long Reap may take to end a run whose execution died: EventBridge, its function, and a try or two more. */
const REAP_SECONDS = 120;
/** How long a record may take to be seen after an execution ended; one that died before Begin has none. */
const SEEN_SECONDS = 5;
/** How long after its start an execution may be without a record of its run: a cold function, and its retries. */
const BEGIN_SECONDS = 60;

/** The part of a pause's record that is told. */
const Pause = z.object({ seconds: z.int() });

/** The run that an execution has begun; undefined until Begin has written it, for a minute at most. */
export async function beginningOf({ store }: Deployment, executionArn: string, signal: AbortSignal) {
  for (let waited = 0; waited <= BEGIN_SECONDS && !signal.aborted; waited += LOOK_SECONDS) {
    const runKey = await runKeyOfExecution(store, executionArn);
    if (runKey !== undefined) return runKey;
    await pause(signal);
  }
  return undefined;
}

/**
 * Follows an execution to the report of its run, telling what its records say on the way; undefined where the person
 * has stopped looking. The run goes on in any case.
 */
export async function followRun(deployment: Deployment, follow: Follow): Promise<FollowedRun | undefined> {
  const { store, clients } = deployment;
  const { executionArn, signal } = follow;
  const teller = recordTeller(store, follow.onProgress);
  let lookedAfterEnd = 0;
  while (!signal.aborted) {
    const state = await describeExecution(clients, executionArn);
    const runKey = await runKeyOfExecution(store, executionArn);
    if (runKey !== undefined) await teller.tellNew(runKey);
    if (state?.status !== 'RUNNING' && state?.status !== 'PENDING_REDRIVE') {
      const ended = runKey === undefined ? undefined : await endedRun(store, runKey);
      if (ended) return ended;
      const because = `${state?.status ?? 'it is not known'}${state?.error === undefined ? '' : `: ${state.error}`}`;
      // Reap ends only what has begun.
      const patienceSeconds = runKey === undefined || state?.status === 'SUCCEEDED' ? SEEN_SECONDS : REAP_SECONDS;
      if (lookedAfterEnd * LOOK_SECONDS >= patienceSeconds)
        throw new Unavailable(`the execution ${executionArn} ended without a report (${because}); see: fettle logs`);
      lookedAfterEnd += 1;
    }
    await pause(signal);
  }
  return undefined;
}

async function runKeyOfExecution(store: Store, executionArn: string): Promise<string | undefined> {
  return (await readRecord(store, executionKey(executionArn), Execution))?.value.runKey;
}

async function endedRun(store: Store, runKey: string): Promise<FollowedRun | undefined> {
  const keys = runKeys(runKey);
  const report = await readRecord(store, keys.report, RunReport);
  const started = await readRecord(store, keys.started, Started);
  return report && started ? { runKey, report: report.value, started: started.value } : undefined;
}

/** Tells each record of a run once, in the words in which a run on this machine is told. */
function recordTeller(store: Store, tell: (progress: Progress) => void) {
  const told = new Set<string>();
  let tasks: ReadonlyMap<string, { readonly task: string; readonly step: number }> | undefined;

  async function tellBeginning(runKey: string): Promise<void> {
    const keys = runKeys(runKey);
    const started = (await readRecord(store, keys.started, Started))?.value;
    const profile = started && (await readRecord(store, keys.profile, ResolvedPlatform))?.value;
    if (!started || !profile) return;
    const { runId, mode, procedure } = started;
    const entries = Object.values(profile.procedures)
      .filter(({ name }) => name === procedure)
      .flatMap(entriesOf);
    tasks = new Map(entries.map(({ index, task }) => [stepStem(index, task), { task, step: index }]));
    tell({ event: 'begun', runId, mode, next: isRefused(started) ? 'finish' : 'tasks' });
  }

  return {
    async tellNew(runKey: string): Promise<void> {
      if (!tasks) await tellBeginning(runKey);
      for await (const { key } of store.list(`${runKey}/steps/`)) {
        if (told.has(key)) continue;
        told.add(key);
        const [, stem = '', paused] = /\/steps\/(.+?)(\.pause-\d+)?\.json$/.exec(key) ?? [];
        const place = tasks?.get(stem);
        if (place) tell(await progressOf(store, key, place, paused !== undefined));
      }
    },
  };
}

async function progressOf(
  store: Store,
  key: string,
  place: { readonly task: string; readonly step: number },
  isPause: boolean,
): Promise<Progress> {
  const none = { step: place.step, stop: false, waitSeconds: 0, pause: 0 };
  if (isPause) {
    const waitSeconds = (await readRecord(store, key, Pause))?.value.seconds ?? 0;
    return { event: 'ended', ...place, outcome: { ...none, status: 'paused', verdict: 'unknown', waitSeconds } };
  }
  const verdict = (await readRecord(store, key, StepRecord))?.value.verdict ?? 'unknown';
  return { event: 'ended', ...place, outcome: { ...none, status: 'done', verdict } };
}

/** Waits for the next look, and not at all once nobody waits any more. */
async function pause(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const wake = () => resolve(undefined);
  signal.addEventListener('abort', wake, { once: true });
  if (!signal.aborted) await Promise.race([sleep(LOOK_SECONDS * 1_000), promise]);
  signal.removeEventListener('abort', wake);
}
