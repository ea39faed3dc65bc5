import { MonthIndex, monthKey } from '../../lambdas/runtime/run-index.ts';
import { runKeyOf } from '../../lambdas/runtime/run-keys.ts';
import type { Store } from '../../lambdas/runtime/store.ts';
import { jsonOf } from './exact-record.ts';

/**
 * The key of a run by its id, which begins with the name of its procedure; undefined where nothing knows of it.
 *
 * A run that only the roll-up of its month still knows has been taken away, and that is for the verification to say.
 */
export async function findRunKey(store: Store, runId: string): Promise<string | undefined> {
  const parts = runId.split('-');
  for (let length = 1; length < parts.length; length += 1) {
    const runKey = runKeyOf(parts.slice(0, length).join('-'), runId);
    for await (const { key } of store.list(`${runKey}/`)) if (key) return runKey;
  }
  const [, year, month] = /-(\d{4})(\d{2})\d{2}T\d{6}(?:\d{3})?Z$/.exec(runId) ?? [];
  const stored = year === undefined ? undefined : await store.get(monthKey(`${year}-${month}`));
  const known = stored && MonthIndex.safeParse(jsonOf(stored.body)).data;
  return known?.runs.find((run) => run.runId === runId)?.runKey;
}
