import type { Effect } from '../../core/effect.ts';
import type { TargetKind } from '../../core/target-kinds.ts';

/** What the text of a new task is made from. */
export interface TaskOutline {
  readonly domain: string;
  /** The name of its file without ending. */
  readonly stem: string;
  readonly effect: Effect;
  readonly target: TargetKind;
}

interface Words {
  /** `check` of `check-something` */
  readonly verb: string;
  readonly name: string;
  readonly file: string;
}

/** What the task is called, in code and on disk. */
export function wordsOf({ domain, stem }: TaskOutline): Words {
  const [verb = stem] = stem.split('-');
  return { verb, name: `${domain}-${stem}`, file: `lambdas/tasks/${domain}/${stem}.ts` };
}
