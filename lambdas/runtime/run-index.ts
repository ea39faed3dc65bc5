import * as z from 'zod';
import { MODES, sawNothing, TRIGGERS } from '../../core/run.ts';
import type { RunReport } from '../../core/report.ts';
import { VERDICTS } from '../../core/verdict.ts';
import { updateRecord } from './records.ts';
import type { Store } from './store.ts';

/** One ended run as the roll-ups have it. */
export const IndexedRun = z.object({
  runId: z.string(),
  runKey: z.string(),
  procedure: z.string(),
  trigger: z.enum(TRIGGERS),
  mode: z.enum(MODES),
  ended: z.string(),
  verdict: z.enum(VERDICTS),
  counts: z.record(z.enum(VERDICTS), z.int()),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
});
export type IndexedRun = z.infer<typeof IndexedRun>;

/** `index/<YYYY-MM>.json`: the runs of a month, oldest first. */
export const MonthIndex = z.object({ runs: z.array(IndexedRun) });
/** `index/latest.json`: the newest run of each procedure, and the newest one whose findings can be compared with. */
export const LatestIndex = z.object({
  procedures: z.record(z.string(), z.object({ latest: IndexedRun, compared: IndexedRun.optional() })),
});

export const LATEST_KEY = 'index/latest.json';

export function monthKey(month: string): string {
  return `index/${month}.json`;
}

/** The month in whose roll-up a run is: the one in which it began. */
export function monthOf({ startedAt }: Pick<IndexedRun, 'startedAt'>): string {
  return startedAt.slice(0, 7);
}

/** A run that claims to have begun so much later than now was begun by a clock that was wrong. */
const FUTURE_SECONDS = 900;

/** Adds an ended run to the roll-ups; a run that is there already changes nothing. */
export async function indexRun(store: Store, runKey: string, report: RunReport, now: Date): Promise<void> {
  const plausible = new Date(now.getTime() + FUTURE_SECONDS * 1_000).toISOString();
  const run = indexedRun(runKey, report);
  await updateRecord(store, monthKey(monthOf(run)), MonthIndex, (month) =>
    month?.runs.some(({ runId }) => runId === run.runId) ? undefined : { runs: [...(month?.runs ?? []), run] },
  );
  await updateRecord(store, LATEST_KEY, LatestIndex, (index) => {
    const procedures = index?.procedures ?? {};
    const known = procedures[run.procedure];
    const isNewer = known && known.latest.startedAt >= run.startedAt && known.latest.startedAt <= plausible;
    if (isNewer || known?.latest.runId === run.runId) return undefined;
    // The next one compares itself with a run that looked.
    const compared = sawNothing(run.ended) ? known?.compared : run;
    return { procedures: { ...procedures, [run.procedure]: { latest: run, ...(compared && { compared }) } } };
  });
}

/** An ended run as the roll-ups have it. */
export function indexedRun(runKey: string, report: RunReport): IndexedRun {
  return {
    runId: report.runId,
    runKey,
    procedure: report.procedure,
    trigger: report.trigger,
    mode: report.mode,
    ended: report.ended,
    verdict: report.verdict,
    counts: report.counts,
    startedAt: report.start_time,
    endedAt: report.end_time,
  };
}
