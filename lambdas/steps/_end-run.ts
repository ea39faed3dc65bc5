import * as z from 'zod';
import { deriveReport } from '../../core/derive-report.ts';
import { planOf } from '../../core/plan.ts';
import { ResolvedPlatform } from '../../core/platform.ts';
import { RunReport } from '../../core/report.ts';
import { basicDay, basicForm, Ended, type Ending, GrantedLease, Started, StepRecord } from '../../core/run.ts';
import { renderPage } from '../report/page.ts';
import { announce } from '../runtime/announce.ts';
import { sealRun } from '../runtime/evidence.ts';
import type { StepRuntime } from '../runtime/handler.ts';
import { releaseLeases } from '../runtime/leases.ts';
import { asText, createRecord, readRecord, requireRecord } from '../runtime/records.ts';
import { indexRun, LATEST_KEY, LatestIndex } from '../runtime/run-index.ts';
import { openRunKey, runKeys } from '../runtime/run-keys.ts';
import type { Store } from '../runtime/store.ts';

export interface End {
  readonly ended: Ending;
  readonly because?: string;
  /** Step number to the error that its state caught. */
  readonly caught: Readonly<Record<string, string>>;
}

/**
 * Ends a run: derives everything from its records, gives its leases back and seals it.
 *
 * Each part is written once and in an order in which a repetition goes on where the last one stopped, so that
 * Finish and Reap may both come, and come twice. The first end stands.
 */
export async function endRun(runKey: string, end: End, runtime: StepRuntime): Promise<RunReport> {
  const { store, clock } = runtime;
  const keys = runKeys(runKey);
  const started = await requireRecord(store, keys.started, Started);
  const ended = await firstEnd(store, runKey, started, end, clock());
  const report = await writeReport(store, runKey, started, ended);
  const granted = await readRecord(store, keys.leases, z.array(GrantedLease));
  await releaseLeases(store, started.runId, granted?.value ?? []);
  await sealRun(store, runKey);
  await indexRun(store, runKey, report);
  await announce(report, runtime);
  await store.remove(openRunKey({ id: started.runId }));
  return report;
}

async function firstEnd(store: Store, runKey: string, started: Started, end: End, now: Date): Promise<Ended> {
  const key = runKeys(runKey).ended;
  const latest = (await readRecord(store, LATEST_KEY, LatestIndex))?.value.procedures[started.procedure];
  const previousRunKey = latest?.compared?.runKey;
  await createRecord(store, key, {
    schemaVersion: 1,
    ended: end.ended,
    endedAt: now.toISOString(),
    ...(end.because !== undefined && { because: end.because }),
    caught: { ...end.caught },
    ...(previousRunKey !== undefined && previousRunKey !== runKey && { previousRunKey }),
  } satisfies Ended);
  return requireRecord(store, key, Ended);
}

async function writeReport(store: Store, runKey: string, started: Started, ended: Ended): Promise<RunReport> {
  const keys = runKeys(runKey);
  const platform = await readRecord(store, keys.profile, ResolvedPlatform);
  const procedure = platform?.value.procedures[started.procedure];
  const report = deriveReport({
    started,
    procedure: procedure ?? { name: started.procedure, timezone: 'UTC', budgetSeconds: 1, planOnly: false, steps: [] },
    ended,
    steps: await readSteps(store, runKey),
    previous: ended.previousRunKey
      ? (await readRecord(store, runKeys(ended.previousRunKey).report, RunReport))?.value
      : undefined,
  });
  await createRecord(store, keys.report, report);
  await store.createIfAbsent(keys.page, renderPage(report));
  if (report.planSha256) await createRecord(store, keys.plan, planOf(report.actions));
  if (report.mode === 'execute' && report.ended !== 'refused') await writeDaily(store, report);
  return report;
}

/** The day's first executed run takes the day's key, later ones take one with their time; a repetition finds its own. */
async function writeDaily(store: Store, report: RunReport): Promise<void> {
  const start = new Date(report.start_time);
  const folder = `maintenance/${report.procedure}`;
  const day = `${folder}/${basicDay(start)}.json`;
  if ((await store.createIfAbsent(day, asText(report))) !== undefined) return;
  const taken = await requireRecord(store, day, z.object({ runId: z.string() }));
  if (taken.runId === report.runId) return;
  await store.createIfAbsent(`${folder}/${basicForm(start).replace('T', '-').replace('Z', '')}.json`, asText(report));
}

async function readSteps(store: Store, runKey: string): Promise<StepRecord[]> {
  const steps: StepRecord[] = [];
  for await (const { key } of store.list(`${runKey}/steps/`)) {
    if (key.includes('.pause-')) continue;
    steps.push(await requireRecord(store, key, StepRecord));
  }
  return steps.sort((a, b) => a.index - b.index);
}
