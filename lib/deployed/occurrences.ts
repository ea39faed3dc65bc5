import { previousOccurrence } from '../../core/calendar/cron.ts';
import type { Procedure } from '../../core/platform.ts';
import { basicForm, MISSED_AFTER_SECONDS } from '../../core/run.ts';
import { scheduleOf } from '../../lambdas/runtime/missed-starts.ts';
import type { IndexedRun } from '../../lambdas/runtime/run-index.ts';
import { runKeyOf, runKeys } from '../../lambdas/runtime/run-keys.ts';
import type { Store } from '../../lambdas/runtime/store.ts';

/** A run as far as it matters for what was due. */
export type BegunRun = Pick<IndexedRun, 'procedure' | 'trigger' | 'startedAt'>;

interface Expected {
  readonly procedure: Procedure;
  readonly store: Store;
  /** The runs that have begun lately, ended ones and others, in any order. */
  readonly begun: readonly BegunRun[];
  /** Nothing was due before: the schedule was another one, or not there. */
  readonly since: Date;
  readonly now: Date;
}

/** The newest occurrence that should have begun by now and has not; undefined where none is missing. */
export async function missedOccurrence(expected: Expected): Promise<Date | undefined> {
  const { procedure, now, since } = expected;
  const schedule = scheduleOf(procedure);
  if (!schedule) return undefined;
  const latest = new Date(now.getTime() - MISSED_AFTER_SECONDS * 1_000);
  if (schedule.kind === 'rate') return missedPeriod(expected, schedule.periodSeconds, latest);
  const due = previousOccurrence(schedule, latest, procedure.timezone);
  if (due === undefined || due < since) return undefined;
  const runId = `${procedure.name}-${basicForm(due)}`;
  const began = await expected.store.get(runKeys(runKeyOf(procedure.name, runId)).started);
  return began === undefined ? due : undefined;
}

/** EventBridge counts the periods of a rate from a moment of its own, so only the distance of its runs is known. */
function missedPeriod({ procedure, begun, since }: Expected, periodSeconds: number, latest: Date): Date | undefined {
  const due = new Date(latest.getTime() - periodSeconds * 1_000);
  if (due < since) return undefined;
  const runs = begun.filter(({ procedure: name, trigger }) => name === procedure.name && trigger === 'schedule');
  return runs.some(({ startedAt }) => new Date(startedAt) >= due) ? undefined : due;
}
