import type * as z from 'zod';
import { Corrupt, messageOf } from '../../core/errors.ts';
import { RunReport } from '../../core/report.ts';
import { sawNothing } from '../../core/run.ts';
import { CHAIN_END_KEY, ChainEnd } from './evidence.ts';
import { readRecord, replaceCorrupt, requireRecord } from './records.ts';
import { LATEST_KEY, type IndexedRun, indexedRun, LatestIndex, MonthIndex, monthKey, monthOf } from './run-index.ts';
import type { RecordSource, Store } from './store.ts';

const REPORT = /^(runs\/[^/]+\/[^/]+)\/report\.json$/;

/** Every ended run, from the reports themselves; those that cannot be read are given to `unreadable` with the reason. */
export async function* indexedRuns(
  source: RecordSource,
  unreadable: (reason: string) => void,
): AsyncGenerator<IndexedRun> {
  for await (const { key } of source.list('runs/')) {
    const [, runKey] = REPORT.exec(key) ?? [];
    if (runKey === undefined) continue;
    try {
      yield indexedRun(runKey, await requireRecord(source, key, RunReport));
    } catch (thrown) {
      if (!(thrown instanceof Corrupt)) throw thrown;
      unreadable(messageOf(thrown));
    }
  }
}

/** The runs of a month, oldest first; from their reports where the roll-up is corrupt, which is told with the rest. */
export async function readMonth(
  source: RecordSource,
  month: string,
  tell: (problem: string) => void,
): Promise<readonly IndexedRun[]> {
  try {
    return (await readRecord(source, monthKey(month), MonthIndex))?.value.runs ?? [];
  } catch (thrown) {
    if (!(thrown instanceof Corrupt)) throw thrown;
    tell(messageOf(thrown));
    return runsOfMonth(source, month, tell);
  }
}

/** The latest run of each procedure; from the reports where the roll-up is corrupt, which is told with the rest. */
export async function readLatest(
  source: RecordSource,
  tell: (problem: string) => void,
): Promise<z.output<typeof LatestIndex>['procedures']> {
  try {
    return (await readRecord(source, LATEST_KEY, LatestIndex))?.value.procedures ?? {};
  } catch (thrown) {
    if (!(thrown instanceof Corrupt)) throw thrown;
    tell(messageOf(thrown));
    return latestRuns(source, tell);
  }
}

/**
 * Makes the roll-ups that the end of a run needs anew from the reports where they are corrupt: they say nothing of their
 * own, and must not keep a run from its end.
 */
export async function mendRollUps(store: Store, month: string, tell: (problem: string) => void): Promise<void> {
  const mended = [
    [
      monthKey(month),
      await replaceCorrupt(store, monthKey(month), MonthIndex, async () => ({
        runs: await runsOfMonth(store, month, tell),
      })),
    ],
    [
      LATEST_KEY,
      await replaceCorrupt(store, LATEST_KEY, LatestIndex, async () => ({ procedures: await latestRuns(store, tell) })),
    ],
    // The links themselves lead to the end; without the shortcut they are followed from the first one.
    [CHAIN_END_KEY, await replaceCorrupt(store, CHAIN_END_KEY, ChainEnd, async () => ({ n: 0 }))],
  ] as const;
  for (const [key, isMended] of mended) if (isMended) tell(`${key} was corrupt and has been made anew`);
}

async function runsOfMonth(
  source: RecordSource,
  month: string,
  tell: (problem: string) => void,
): Promise<IndexedRun[]> {
  const runs: IndexedRun[] = [];
  for await (const run of indexedRuns(source, tell)) if (monthOf(run) === month) runs.push(run);
  return runs.sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
}

async function latestRuns(source: RecordSource, tell: (problem: string) => void) {
  const procedures: z.output<typeof LatestIndex>['procedures'] = {};
  for await (const run of indexedRuns(source, tell)) {
    const known = procedures[run.procedure];
    const newer = (other: IndexedRun | undefined) => (other && other.startedAt > run.startedAt ? other : run);
    const compared = sawNothing(run.ended) ? known?.compared : newer(known?.compared);
    procedures[run.procedure] = { latest: newer(known?.latest), ...(compared && { compared }) };
  }
  return procedures;
}
