import * as z from 'zod';
import { RecordedAction } from './action.ts';
import { canonicalJson, sha256 } from './json.ts';

/** The actions that a run would take, in order, and the SHA-256 that an approval names. */
export const Plan = z.object({ sha256: z.string(), actions: z.array(RecordedAction) });
export type Plan = z.infer<typeof Plan>;

/** Only what will be done counts for the hash: a new wording of a summary does not undo an approval. */
export function planOf(actions: readonly RecordedAction[]): Plan {
  const planned = actions.filter(({ status }) => status === 'planned');
  const bound = planned.map(({ id, task, verb, target, subject, statement, before, after }) => ({
    id,
    task,
    verb,
    target,
    subject,
    statement,
    before,
    after,
  }));
  return { sha256: sha256(canonicalJson(bound)), actions: planned };
}
