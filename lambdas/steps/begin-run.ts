import * as z from 'zod';
import { Corrupt, messageOf } from '../../core/errors.ts';
import { entriesOf, type Procedure, type ResolvedPlatform } from '../../core/platform.ts';
import { Ended, type GrantedLease, isRefused, type RunPointer, Started } from '../../core/run.ts';
import { stepHandler, type StepRuntime } from '../runtime/handler.ts';
import { type LeaseRequest, releaseLeases, takeLease } from '../runtime/leases.ts';
import { createRecord, readRecord, requireRecord } from '../runtime/records.ts';
import { Execution, executionKey, openRunKey, runIdOf, runKeys } from '../runtime/run-keys.ts';
import type { Store } from '../runtime/store.ts';
import { bundledPlatform } from './_bundled-platform.ts';
import { decideStart, type Decision } from './_decide-start.ts';

/** What the first state passes: who is started, by which execution, with what input. */
export const BeginEvent = z.object({
  procedure: z.string(),
  execution: z.string(),
  executionStartedAt: z.string(),
  input: z.unknown(),
});
export type BeginEvent = z.infer<typeof BeginEvent>;

/** What Begin leaves in the state of the machine; `next` is the branch of the Choice behind it. */
export interface Begun {
  readonly next: 'tasks' | 'finish' | 'end';
  readonly run: RunPointer;
  readonly previous: Record<string, never>;
  readonly caught: Record<string, never>;
}

/** How long a lease outlives the deadline of its run: the time that Finish and Reap may take. */
const LEASE_GRACE_SECONDS = 600;

/**
 * Decides whether a run may go on, claims its id and takes its leases.
 *
 * Called again by the same execution it goes on where it stood; called by another one for the same run id it is a
 * duplicate, which ends at once and leaves no record but its own `state/executions/<name>.json`.
 */
export async function beginRun(event: BeginEvent, platform: ResolvedPlatform, runtime: StepRuntime): Promise<Begun> {
  const { store, clock, holder } = runtime;
  const procedure = platform.procedures[event.procedure];
  if (!procedure) throw new Error(`${platform.platform} has no procedure ${event.procedure}`);
  const decision = decideStart(event, procedure, clock());
  const { run } = decision;
  const { execution } = event;
  const keys = runKeys(run.key);
  const duplicate: Begun = { next: 'end', run, previous: {}, caught: {} };
  // An execution has one run for ever, also where it comes once more so late that its time would mean another one.
  const known = (await readRecord(store, executionKey(execution), Execution))?.value.runKey ?? run.key;
  if (known !== run.key) return { ...duplicate, run: { ...run, id: runIdOf(known), key: known } };
  // Before the run is opened: one that has ended has nobody left who would close it again.
  const earlier = await readRecord(store, keys.started, Started);
  const isTaken = earlier !== undefined && earlier.value.execution !== execution;
  const isDuplicate = isTaken || (await readRecord(store, keys.ended, Ended)) !== undefined;
  // The pointer first: a start that dies after it is found and cleared away, and no execution leads to a run that never was.
  if (!isDuplicate)
    await createRecord(store, openRunKey(run), { runKey: run.key, execution, ...(holder && { holder }) });
  await createRecord(store, executionKey(execution), { execution, runKey: run.key });
  if (isDuplicate) return duplicate;
  const claimed = await claim(decision, event, platform, runtime);
  if (claimed.execution !== event.execution) return duplicate;

  await createRecord(store, keys.profile, platform);
  const begun: RunPointer = { ...run, mode: claimed.mode };
  if (isRefused(claimed)) return { next: 'finish', run: begun, previous: {}, caught: {} };
  const leases =
    claimed.mode === 'execute' ? await takeLeases(procedure, claimed, begun, { store, clock, holder }) : [];
  await createRecord(store, keys.leases, leases);
  // Reap may have ended the run since it was looked at, and comes no second time.
  if (await readRecord(store, keys.ended, Ended)) {
    await releaseLeases(store, run.id, leases);
    await store.remove(openRunKey(run));
    return duplicate;
  }
  return { next: 'tasks', run: begun, previous: {}, caught: {} };
}

/** Creates `started.json`, or returns the one that another start of the same run id created first. */
async function claim(
  { run, started }: Decision,
  event: BeginEvent,
  platform: ResolvedPlatform,
  { store, holder }: StepRuntime,
): Promise<Started> {
  const key = runKeys(run.key).started;
  await createRecord(store, key, {
    schemaVersion: 1,
    platform: platform.platform,
    environment: platform.environment,
    procedure: run.procedure,
    runId: run.id,
    execution: event.execution,
    ...(holder && { holder }),
    ...started,
  } satisfies Started);
  return requireRecord(store, key, Started);
}

async function takeLeases(
  procedure: Procedure,
  { deadline }: Started,
  run: RunPointer,
  { store, clock, holder }: Pick<StepRuntime, 'store' | 'clock' | 'holder'>,
): Promise<GrantedLease[]> {
  const expiresAt = new Date(new Date(deadline).getTime() + LEASE_GRACE_SECONDS * 1_000);
  const changed = new Map<string, { kind: string; target: string }>();
  for (const { kind, effect, targets } of entriesOf(procedure)) {
    if (effect === 'read-only') continue;
    for (const target of targets) changed.set(`${kind}/${target}`, { kind, target });
  }
  const granted: GrantedLease[] = [];
  for (const { kind, target } of changed.values()) {
    const request = { kind, target, runId: run.id, runKey: run.key, now: clock(), expiresAt, holder };
    granted.push({ kind, target, ...(await takeUnlessCorrupt(store, request)) });
  }
  return granted;
}

/** A lease that cannot be read is held by nobody knows whom: what would change the target is refused, and the rest runs. */
async function takeUnlessCorrupt(store: Store, request: LeaseRequest): ReturnType<typeof takeLease> {
  try {
    return await takeLease(store, request);
  } catch (thrown) {
    if (!(thrown instanceof Corrupt)) throw thrown;
    return { heldBy: `nobody knows who (${messageOf(thrown)})` };
  }
}

export const handler = stepHandler(async (event, runtime) =>
  beginRun(BeginEvent.parse(event), await bundledPlatform(runtime.assetFolder), runtime),
);
