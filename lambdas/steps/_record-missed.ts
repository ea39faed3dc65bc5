import type { ResolvedPlatform } from '../../core/platform.ts';
import { basicForm, MISSED_AFTER_SECONDS, Started } from '../../core/run.ts';
import type { StepRuntime } from '../runtime/handler.ts';
import { createRecord, readRecord, requireRecord } from '../runtime/records.ts';
import { executionKey, openRunKey, runKeyOf, runKeys } from '../runtime/run-keys.ts';
import type { MissedStarts } from '../runtime/tick-state.ts';
import { endRun } from './_end-run.ts';

/**
 * Makes the record of starts that did not happen: a run of the last of them that was missed, sealed as any other.
 *
 * Whoever creates `started.json` first wins. Where that is Tick, a start that comes later still is a duplicate: it ends
 * at once, and nothing runs at a time for which it was not meant. Where it is Begin, the run has begun after all; it
 * goes on undisturbed, and false is returned. Repeated, it goes on where it stood and tells nobody twice who was told.
 */
export async function recordMissed(
  missed: MissedStarts,
  platform: ResolvedPlatform,
  runtime: StepRuntime,
): Promise<boolean> {
  const { store } = runtime;
  const { procedure, last } = missed;
  const id = `${procedure}-${basicForm(new Date(last))}`;
  const runKey = runKeyOf(procedure, id);
  const keys = runKeys(runKey);
  // The same for every Tick that comes to record it: no matter which of them goes on, it is one run.
  const execution = `tick:missed-${id}`;
  const earlier = (await readRecord(store, keys.started, Started))?.value;
  if (earlier && earlier.execution !== execution) return false;
  // The end of a run removes its pointer last.
  if (earlier && (await store.get(keys.ended)) && !(await store.get(openRunKey({ id })))) return true;
  await createRecord(store, openRunKey({ id }), { runKey, execution });
  await createRecord(store, executionKey(execution), { execution, runKey });
  await createRecord(store, keys.started, startedOf(missed, id, execution, platform));
  const claimed = await requireRecord(store, keys.started, Started);
  if (claimed.execution !== execution) {
    // Begin was quicker by a moment. Its Finish removes the pointer, unless it has been there already.
    if (await store.get(keys.ended)) await store.remove(openRunKey({ id }));
    return false;
  }
  await createRecord(store, keys.profile, platform);
  await endRun(runKey, { ended: 'missed', because: whyOf(missed), caught: {} }, runtime);
  return true;
}

function startedOf(
  { procedure, last }: MissedStarts,
  runId: string,
  execution: string,
  { platform, environment, procedures }: ResolvedPlatform,
): Started {
  const mode = procedures[procedure]?.planOnly ? 'plan' : 'execute';
  return {
    schemaVersion: 1,
    platform,
    environment,
    procedure,
    runId,
    execution,
    trigger: 'schedule',
    requestedMode: mode,
    mode,
    scheduledTime: last,
    // When it was due, so that the record stands in the night in which nothing happened.
    startedAt: last,
    deadline: new Date(new Date(last).getTime() + MISSED_AFTER_SECONDS * 1_000).toISOString(),
  };
}

function whyOf({ count, first, last }: MissedStarts): string {
  const minutes = MISSED_AFTER_SECONDS / 60;
  if (count === 1) return `it was due at ${first}, and no run began within ${minutes} minutes`;
  return (
    `${count} starts that were due between ${first} and ${last} did not happen: no run of them began within ` +
    `${minutes} minutes; this is the one record of all of them`
  );
}
