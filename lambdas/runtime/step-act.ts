import * as z from 'zod';
import type { Cap } from '../../core/action.ts';
import { messageOf } from '../../core/errors.ts';
import type { Entry } from '../../core/platform.ts';
import { GrantedLease, type RunPointer, type Started } from '../../core/run.ts';
import type { Task } from '../../core/task.ts';
import { createAct, type BoundAct } from './act.ts';
import type { Log } from './log.ts';
import { recordWords } from './record-words.ts';
import { readRecord } from './records.ts';
import type { Store } from './store.ts';

/** What of a step its actions are bound to. */
export interface ActingStep {
  readonly task: Task;
  readonly entry: Entry;
  readonly run: RunPointer;
  readonly started: Pick<Started, 'startedAt'>;
  readonly stem: string;
}

/** How far the clocks of the functions of one run may be apart. */
const CLOCK_TOLERANCE_SECONDS = 900;

/** A clock that stands before this moment was set back since the run began. */
export function earliestOf({ startedAt }: Pick<Started, 'startedAt'>): Date {
  return new Date(new Date(startedAt).getTime() - CLOCK_TOLERANCE_SECONDS * 1_000);
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
  { task, entry, run, started, stem }: ActingStep,
  { store, clock, log }: { readonly store: Store; readonly clock: () => Date; readonly log: Pick<Log, 'clean'> },
  cap: Cap,
  deadline: Date,
): Promise<BoundAct | undefined> {
  if (task.effect === 'read-only') return undefined;
  const granted = await readRecord(store, `${run.key}/leases.json`, z.array(GrantedLease));
  const ours = (granted?.value ?? []).filter(({ kind }) => kind === entry.kind);
  const epochs = new Map(ours.flatMap(({ target, epoch }) => (epoch === undefined ? [] : [[target, epoch] as const])));
  const heldBy = new Map(
    ours.flatMap(({ target, heldBy }) => (heldBy === undefined ? [] : [[target, heldBy] as const])),
  );
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
    heldBy,
    clean: (text) => log.clean(text),
    spared: recordWords(task, entry),
    notBefore: earliestOf(started),
  });
}
