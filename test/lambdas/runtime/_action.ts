import { type Action, actionId, type Intent, type Performed, type Seen } from '../../../core/action.ts';
import { type ActBinding, createAct } from '../../../lambdas/runtime/act.ts';
import { takeLease } from '../../../lambdas/runtime/leases.ts';
import type { Store } from '../../../lambdas/runtime/store.ts';
import { NOW, pointerOf, secondsLater } from '../../harness/run-records.ts';

export const RUN = pointerOf();
export const PREFIX = `${RUN.key}/actions/01-postgres-vacuum/`;

export function vacuum(subject: string, over: Partial<Action> = {}): Action {
  return {
    verb: 'vacuum',
    target: 'main',
    subject,
    summary: `vacuum ${subject}`,
    statement: `VACUUM ${subject}`,
    before: { deadRows: 900 },
    scope: { planned: 1, population: 10 },
    ...over,
  };
}

export function idOf(action: Action): string {
  return actionId('postgres-vacuum', action);
}

/** Takes the lease of `main` for the run, as Begin does. */
export async function leased(store: Store, expiresAt = secondsLater(2_400)): Promise<number> {
  const taken = await takeLease(store, {
    kind: 'postgres',
    target: 'main',
    runId: RUN.id,
    runKey: RUN.key,
    now: NOW,
    expiresAt,
  });
  if ('heldBy' in taken) throw new Error(`the lease is held by ${taken.heldBy}`);
  return taken.epoch;
}

/** An act as a new process of the step would make it. */
export function actOn(store: Store, over: Partial<ActBinding> = {}) {
  return createAct({
    store,
    runId: RUN.id,
    runKey: RUN.key,
    stem: '01-postgres-vacuum',
    task: 'postgres-vacuum',
    kind: 'postgres',
    effect: 'mutating',
    mode: 'execute',
    cap: { absolute: 100, percent: 100 },
    clock: () => NOW,
    deadline: secondsLater(600),
    epochs: new Map([['main', 1]]),
    ...over,
  });
}

/** A target that counts what is done to it and can be looked at. */
export class Counter {
  performed = 0;
  readonly lookedAt: Intent[] = [];

  readonly perform = (): Promise<Performed> => {
    this.performed += 1;
    return Promise.resolve({ state: 'done', after: { deadRows: 0 } });
  };

  /** Does the thing and dies before it can say so: the promise never comes back. */
  readonly performAndDie = (): Promise<Performed> => {
    this.performed += 1;
    return new Promise(() => undefined);
  };

  looksLike(seen: Seen) {
    return (intent: Intent): Promise<Seen> => {
      this.lookedAt.push(intent);
      return Promise.resolve(seen);
    };
  }
}
