import * as z from 'zod';
import { Corrupt, messageOf } from '../../core/errors.ts';
import type { RunReport } from '../../core/report.ts';
import { type Ended, type Ending, Started } from '../../core/run.ts';
import { dailyKeys, deriveRun } from '../report/derive-run.ts';
import { announce } from '../runtime/announce.ts';
import { type ChainPlace, sealRun } from '../runtime/evidence.ts';
import type { StepRuntime } from '../runtime/handler.ts';
import { LEASES_PREFIX, releaseLeaseAt } from '../runtime/leases.ts';
import { mendRollUps } from '../runtime/mend-index.ts';
import { asText, createRecord, readRecord, requireRecord } from '../runtime/records.ts';
import { indexRun, LATEST_KEY, LatestIndex, monthOf } from '../runtime/run-index.ts';
import { openRunKey, runIdOf, runKeys } from '../runtime/run-keys.ts';
import type { Store } from '../runtime/store.ts';

export interface End {
  readonly ended: Ending;
  readonly because?: string;
  /** Step number to the error that its state caught. */
  readonly caught: Readonly<Record<string, string>>;
}

export interface EndedRun {
  readonly report: RunReport;
  /** Where the chain of evidence ended with this run: kept elsewhere, it proves what stands in the store. */
  readonly link: ChainPlace;
}

/**
 * Ends a run: derives everything from its records, gives its leases back and seals it.
 *
 * Each part is written once and in an order in which a repetition goes on where the last one stopped, so that
 * Finish and Reap may both come, and come twice. The first end stands.
 */
export async function endRun(runKey: string, end: End, runtime: StepRuntime): Promise<EndedRun> {
  const { store, clock, log } = runtime;
  const started = await requireStarted(runKey, runtime);
  await mendRollUps(store, monthOf({ startedAt: started.startedAt }), (problem) => log.error(problem, { runKey }));
  await writeEnd(runKey, started, end, runtime);
  // Before the report, which cannot be written where a record was damaged: nobody has to wait for that.
  await giveBack(runKey, started.runId, runtime);
  const report = await writeReport(store, runKey);
  const link = await sealRun(store, runKey);
  log.info('run sealed', { runId: started.runId, link: link.n, linkSha256: link.sha256 });
  await indexRun(store, runKey, report, clock());
  await announce(report, link, runtime, Object.keys(end.caught).length);
  await store.remove(openRunKey({ id: started.runId }));
  return { report, link };
}

/**
 * How the run began; undefined where it did not. Where that cannot be told the run cannot be ended, but what it holds is
 * given back all the same.
 */
export async function readStarted(runKey: string, runtime: StepRuntime): Promise<Started | undefined> {
  try {
    return (await readRecord(runtime.store, runKeys(runKey).started, Started))?.value;
  } catch (thrown) {
    if (thrown instanceof Corrupt) await giveBack(runKey, runIdOf(runKey), runtime);
    throw thrown;
  }
}

export async function requireStarted(runKey: string, runtime: StepRuntime): Promise<Started> {
  const started = await readStarted(runKey, runtime);
  if (!started) throw new Corrupt(`${runKeys(runKey).started} is missing in ${runtime.store.location}`);
  return started;
}

/** Whose report a copy is; undefined where it is nobody's that can be read, which is left as it is. */
async function holderOf(store: Store, key: string): Promise<string | undefined> {
  try {
    return (await requireRecord(store, key, z.object({ runId: z.string() }))).runId;
  } catch (thrown) {
    if (thrown instanceof Corrupt) return undefined;
    throw thrown;
  }
}

/**
 * Gives back whatever names this run as its holder: a Begin that died between taking a lease and noting it left no list.
 *
 * What cannot be read cannot be given back; it ends by itself, and the end of the run does not depend on it.
 */
async function giveBack(runKey: string, runId: string, { store, log }: StepRuntime): Promise<void> {
  for await (const { key } of store.list(LEASES_PREFIX)) {
    try {
      await releaseLeaseAt(store, key, runId);
    } catch (thrown) {
      if (!(thrown instanceof Corrupt)) throw thrown;
      log.error('a lease was not given back', { runKey, error: messageOf(thrown) });
    }
  }
}

async function writeEnd(
  runKey: string,
  { procedure }: Started,
  end: End,
  { store, clock, bundleSha256 }: StepRuntime,
): Promise<void> {
  const latest = (await readRecord(store, LATEST_KEY, LatestIndex))?.value.procedures[procedure];
  const previousRunKey = latest?.compared?.runKey;
  const records: string[] = [];
  for (const folder of ['actions', 'steps']) {
    for await (const { key } of store.list(`${runKey}/${folder}/`)) records.push(key);
  }
  await createRecord(store, runKeys(runKey).ended, {
    schemaVersion: 1,
    ended: end.ended,
    endedAt: clock().toISOString(),
    ...(end.because !== undefined && { because: end.because }),
    caught: { ...end.caught },
    records,
    bundleSha256,
    ...(previousRunKey !== undefined && previousRunKey !== runKey && { previousRunKey }),
  } satisfies Ended);
}

async function writeReport(store: Store, runKey: string): Promise<RunReport> {
  const { report, files } = await deriveRun(store, runKey);
  for (const [key, text] of files) await store.createIfAbsent(key, text);
  for (const key of dailyKeys(report)) {
    if ((await store.createIfAbsent(key, asText(report))) !== undefined) break;
    if ((await holderOf(store, key)) === report.runId) break;
  }
  return report;
}
