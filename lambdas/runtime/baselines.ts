import * as z from 'zod';
import { Corrupt, messageOf } from '../../core/errors.ts';
import type { Task } from '../../core/task.ts';
import { readRecord, updateRecord } from './records.ts';
import type { Store } from './store.ts';

const Baseline = z.object({ version: z.int(), writtenBy: z.string(), value: z.unknown() });

function baselineKey(task: Task): string {
  return `state/baselines/${task.name}.json`;
}

/**
 * What the task remembered last; undefined where it remembers nothing, or something of another version.
 *
 * Throws `Corrupt` where it is of this version and not what this version writes: nothing may be judged by it, and to begin
 * anew would hide that someone has changed it.
 */
export async function readBaseline(store: Store, task: Task): Promise<unknown> {
  if (!task.baseline) return undefined;
  const stored = await readRecord(store, baselineKey(task), Baseline);
  if (stored?.value.version !== task.baseline.version) return undefined;
  const parsed = task.baseline.schema.safeParse(stored.value.value);
  if (parsed.success) return parsed.data;
  const why = messageOf(parsed.error);
  throw new Corrupt(`${baselineKey(task)} in ${store.location} is not what ${task.name} writes: ${why}`);
}

export async function writeBaseline(store: Store, task: Task, value: unknown, runId: string): Promise<void> {
  const version = task.baseline?.version ?? 1;
  await updateRecord(store, baselineKey(task), Baseline, () => ({ version, writtenBy: runId, value }));
}
