import * as z from 'zod';
import { type Action, Intent, RecordedAction } from '../../core/action.ts';
import { readRecord } from './records.ts';
import type { RecordSource } from './store.ts';

/** `<id>.outcome.json`: how an intent ended. */
export const Outcome = z.object({ intentKey: z.string(), finishedAt: z.iso.datetime(), recorded: RecordedAction });
export type Outcome = z.infer<typeof Outcome>;

/** How an action ended, as far as it differs from what was intended. */
export type End = Pick<RecordedAction, 'status' | 'reason' | 'detail' | 'reconciled' | 'possiblyRepeated'> & {
  readonly after?: Action['after'];
};

/** The keys of the actions of one step; `stem` is `<nn>-<task>`. */
export function actionKeys(runKey: string, stem: string) {
  const prefix = `${runKey}/actions/${stem}/`;
  return {
    prefix,
    intents: (id: string) => `${prefix}${id}.intent-`,
    intent: (id: string, attempt: number) => `${prefix}${id}.intent-${String(attempt).padStart(3, '0')}.json`,
    outcome: (id: string) => `${prefix}${id}.outcome.json`,
  } as const;
}

/** Every intent of a step, in the order in which they were written. */
export async function readIntents(store: RecordSource, runKey: string, stem: string): Promise<Intent[]> {
  const intents: Intent[] = [];
  for await (const { key } of store.list(actionKeys(runKey, stem).prefix)) {
    if (!key.includes('.intent-')) continue;
    const intent = await readRecord(store, key, Intent);
    if (intent) intents.push(intent.value);
  }
  return intents.sort(byTime);
}

/** What a step has done, from its intents and outcomes alone; an intent without outcome is an action whose end nobody saw. */
export async function readActions(store: RecordSource, runKey: string, stem: string): Promise<RecordedAction[]> {
  const all = new Map<string, RecordedAction>();
  for (const { id, task, action } of await readIntents(store, runKey, stem)) {
    const outcome = await readRecord(store, actionKeys(runKey, stem).outcome(id), Outcome);
    all.set(id, outcome?.value.recorded ?? recordedAction(id, task, action, { status: 'running' }));
  }
  return [...all.values()];
}

export function recordedAction(id: string, task: string, action: Action, end: End): RecordedAction {
  return RecordedAction.parse({ ...described(action), id, task, ...end });
}

/** The action as data: what is recorded of it, without its functions. */
export function described({ verb, target, subject, summary, statement, before, after, scope }: Action): Action {
  return {
    verb,
    target,
    subject,
    summary,
    ...(statement !== undefined && { statement }),
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
    scope,
  };
}

/** Of equal ones the store's own order stands, which is that of their ids. */
function byTime(a: Intent, b: Intent): number {
  if (a.intendedAt !== b.intendedAt) return a.intendedAt < b.intendedAt ? -1 : 1;
  return a.order - b.order;
}
