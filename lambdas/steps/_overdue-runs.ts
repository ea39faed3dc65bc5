import * as z from 'zod';
import { Corrupt, messageOf } from '../../core/errors.ts';
import { Holder, type Started } from '../../core/run.ts';
import type { StepRuntime } from '../runtime/handler.ts';
import { readRecord } from '../runtime/records.ts';
import { OPEN_RUNS_PREFIX } from '../runtime/run-keys.ts';
import { endRun, readStarted } from './_end-run.ts';

const OpenRun = z.object({ runKey: z.string(), holder: Holder.optional() });

/**
 * How long a run may be open after its deadline: by then its machine has ended itself, and Reap has been called, and
 * called again, as often as it is.
 */
const OVERDUE_AFTER_SECONDS = 3_600;

/**
 * Ends the runs whose executions must be over and that nobody ended: of the end of the execution Reap was not told, or
 * the store was away for longer than Reap is called again. Answers their keys.
 *
 * A run of which a record cannot be read is told and left as it is, and keeps no other one from its end.
 */
export async function endOverdueRuns(runtime: StepRuntime): Promise<string[]> {
  const { store, log } = runtime;
  const ended: string[] = [];
  for await (const { key } of store.list(OPEN_RUNS_PREFIX)) {
    try {
      const runKey = await endIfOverdue(key, runtime);
      if (runKey === undefined) continue;
      log.error('a run was left open, and is ended now', { runKey });
      ended.push(runKey);
    } catch (thrown) {
      if (!(thrown instanceof Corrupt)) throw thrown;
      log.error('an open run could not be ended', { key, error: messageOf(thrown) });
    }
  }
  return ended;
}

async function endIfOverdue(key: string, runtime: StepRuntime): Promise<string | undefined> {
  const open = (await readRecord(runtime.store, key, OpenRun))?.value;
  // A run of one machine is ended there, by whoever sees that its process is gone.
  if (!open || open.holder) return undefined;
  const started = await readStarted(open.runKey, runtime);
  if (!started || !isOverdue(started, runtime.clock())) return undefined;
  const because = `nobody had ended it an hour after its deadline ${started.deadline}`;
  await endRun(open.runKey, { ended: 'aborted', because, caught: {} }, runtime);
  return open.runKey;
}

function isOverdue({ deadline }: Pick<Started, 'deadline'>, now: Date): boolean {
  return now.getTime() - Date.parse(deadline) > OVERDUE_AFTER_SECONDS * 1_000;
}
