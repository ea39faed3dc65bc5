import * as z from 'zod';
import type { ResolvedPlatform } from '../../core/platform.ts';
import { Holder } from '../../core/run.ts';
import { readRecord } from '../../lambdas/runtime/records.ts';
import { OPEN_RUNS_PREFIX } from '../../lambdas/runtime/run-keys.ts';
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

/** Ends the runs whose process is gone, by the same handler that AWS calls; the keys of the ended runs. */
export async function reapLocally(reap: LocalReap): Promise<string[]> {
  const reaped: string[] = [];
  for await (const { key } of reap.store.list(OPEN_RUNS_PREFIX)) {
    const open = (await readRecord(reap.store, key, OpenRun))?.value;
    if (!open?.holder || mayLive(open.holder)) continue;
    await reapExecution(reap, open.execution, 'ABORTED', `its process ${open.holder.pid} is gone`);
    reaped.push(open.runKey);
  }
  return reaped;
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
