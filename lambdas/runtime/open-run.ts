import { Refused } from '../../core/errors.ts';
import type { RunPointer } from '../../core/run.ts';
import { runKeys } from './run-keys.ts';
import type { Store } from './store.ts';

/**
 * Throws `Refused` where the run has ended: its records are sealed, and what a task adds later would accuse them.
 *
 * A task can be that late where its process was suspended, or its execution died and the run was ended in its place.
 */
export async function mustBeOpen(
  store: Pick<Store, 'get'>,
  { id, key }: Pick<RunPointer, 'id' | 'key'>,
): Promise<void> {
  if (await store.get(runKeys(key).ended))
    throw new Refused('STEP_RUN_ENDED', `${id} has ended without this step; its records are sealed`);
}
