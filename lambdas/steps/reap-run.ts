import * as z from 'zod';
import { stepHandler, type StepRuntime } from '../runtime/handler.ts';
import { readRecord } from '../runtime/records.ts';
import { Execution, executionKey, openRunKey, runIdOf } from '../runtime/run-keys.ts';
import { endRun, readStarted } from './_end-run.ts';

/** What EventBridge says when an execution ends without its last state: the fields that are used. */
export const ExecutionEvent = z.object({
  detail: z.object({
    executionArn: z.string(),
    status: z.enum(['FAILED', 'TIMED_OUT', 'ABORTED']),
    error: z.string().nullish(),
    cause: z.string().nullish(),
  }),
});
export type ExecutionEvent = z.infer<typeof ExecutionEvent>;

/**
 * Ends the run of an execution that died: its report says so, its leases come back.
 *
 * An execution that was a duplicate of another one's run is left alone; one that died before Begin left anything
 * has nothing to end.
 */
export async function reapRun({ detail }: ExecutionEvent, runtime: StepRuntime): Promise<{ reaped: boolean }> {
  const { store, log } = runtime;
  const execution = await readRecord(store, executionKey(detail.executionArn), Execution);
  if (!execution) {
    log.error('an execution died before its run began', { execution: detail.executionArn, status: detail.status });
    return { reaped: false };
  }
  const { runKey } = execution.value;
  const started = await readStarted(runKey, runtime);
  if (!started) {
    const id = runIdOf(runKey);
    // A record that leads to a run which never was would look like one whose run was taken away.
    await store.remove(executionKey(detail.executionArn));
    await store.remove(openRunKey({ id }));
    return { reaped: false };
  }
  if (started.execution !== detail.executionArn) return { reaped: false };
  const because = [detail.status, detail.error, detail.cause].filter(Boolean).join(': ').slice(0, 500);
  await endRun(runKey, { ended: 'aborted', because, caught: {} }, runtime);
  return { reaped: true };
}

export const handler = stepHandler((event, runtime) => reapRun(ExecutionEvent.parse(event), runtime));
