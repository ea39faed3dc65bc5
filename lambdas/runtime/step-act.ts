import * as z from 'zod';
import type { Cap } from '../../core/action.ts';
import { messageOf } from '../../core/errors.ts';
import type { Entry } from '../../core/platform.ts';
import { GrantedLease, type RunPointer } from '../../core/run.ts';
import type { Task } from '../../core/task.ts';
import { createAct, type BoundAct } from './act.ts';
import { readRecord } from './records.ts';
import type { Store } from './store.ts';

/** What of a step its actions are bound to. */
export interface ActingStep {
  readonly task: Task;
  readonly entry: Entry;
  readonly run: RunPointer;
  readonly stem: string;
}

/** The cap that the input gives; undefined where the task only reads, a text where it cannot be told. */
export function capOf({ effect, cap }: Task, input: unknown): Cap | string | undefined {
  if (effect === 'read-only' || !cap) return undefined;
  try {
    const { absolute, percent } = cap(input as never);
    if (!(Number.isInteger(absolute) && absolute >= 0)) return `absolute is ${absolute}`;
    return percent >= 0 && percent <= 100 ? { absolute, percent } : `percent is ${percent}`;
  } catch (thrown) {
    return messageOf(thrown);
  }
}

/** The `act` of a step: with the leases that its run was granted, and its records where the step's are. */
export async function boundAct(
  { task, entry, run, stem }: ActingStep,
  { store, clock }: { readonly store: Store; readonly clock: () => Date },
  cap: Cap,
  deadline: Date,
): Promise<BoundAct | undefined> {
  if (task.effect === 'read-only') return undefined;
  const granted = await readRecord(store, `${run.key}/leases.json`, z.array(GrantedLease));
  const ours = (granted?.value ?? []).filter(({ kind }) => kind === entry.kind);
  const epochs = new Map(ours.flatMap(({ target, epoch }) => (epoch === undefined ? [] : [[target, epoch] as const])));
  const { id: runId, key: runKey, mode } = run;
  const { name, effect } = task;
  return createAct({
    store,
    runId,
    runKey,
    stem,
    task: name,
    kind: entry.kind,
    effect,
    mode,
    cap,
    clock,
    deadline,
    epochs,
  });
}
