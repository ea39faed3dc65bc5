import * as z from 'zod';
import { messageOf, Unavailable } from '../../core/errors.ts';
import type { ResolvedPlatform } from '../../core/platform.ts';
import { Holder } from '../../core/run.ts';
import { readRecord } from '../../lambdas/runtime/records.ts';
import { OPEN_RUNS_PREFIX, runKeys } from '../../lambdas/runtime/run-keys.ts';
import type { Store } from '../../lambdas/runtime/store.ts';
import { STEP_TIMEOUTS } from '../../state-machines/procedure.ts';
import type { Bundles } from '../bundle.ts';
import { environmentOf } from './environment.ts';
import { mayLive, thisHolder } from './holder.ts';
import { invoke } from './invoke.ts';

const OpenRun = z.object({ runKey: z.string(), execution: z.string(), holder: Holder.optional() });

export interface LocalReap {
  readonly store: Store;
  readonly storeLocation: string;
  readonly platform: ResolvedPlatform;
  readonly bundles: Bundles;
  readonly folder: string;
  readonly signal: AbortSignal;
}

/**
 * Ends the runs whose process is gone, by the same handler that AWS calls; the keys of the ended runs.
 *
 * A run that cannot be ended, because a record of it is corrupt, is told and left as it is: it keeps no other one from
 * its end, nor the next one from its beginning.
 */
export async function reapLocally(reap: LocalReap, tell: (problem: string) => void): Promise<string[]> {
  const reaped: string[] = [];
  for await (const { key } of reap.store.list(OPEN_RUNS_PREFIX)) {
    try {
      const runKey = await reapOpen(reap, key);
      if (runKey !== undefined) reaped.push(runKey);
    } catch (thrown) {
      if (thrown instanceof Unavailable) throw thrown;
      tell(`${key}: the run could not be ended: ${messageOf(thrown)}`);
    }
  }
  return reaped;
}

async function reapOpen(reap: LocalReap, key: string): Promise<string | undefined> {
  const open = (await readRecord(reap.store, key, OpenRun))?.value;
  if (!open?.holder || mayLive(open.holder)) return undefined;
  await reapExecution(reap, open.execution, 'ABORTED', `its process ${open.holder.pid} is gone`);
  if (await reap.store.get(runKeys(open.runKey).started)) return open.runKey;
  // It died before it began; nothing else leads to it.
  await reap.store.remove(key);
  return undefined;
}

/** Calls Reap for one execution, as EventBridge would. */
export async function reapExecution(
  { storeLocation, platform, bundles, folder, signal }: LocalReap,
  executionArn: string,
  status: 'FAILED' | 'ABORTED',
  cause: string,
): Promise<void> {
  await invoke({
    bundle: bundles.get('reap-run') ?? '',
    event: { detail: { executionArn, status, cause } },
    timeoutSeconds: STEP_TIMEOUTS['reap-run'],
    environment: environmentOf({ platform, storeLocation, holder: thisHolder() }, 'reap-run', undefined),
    folder,
    signal,
    onLog: () => undefined,
  });
}
