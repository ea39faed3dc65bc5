import type { TaskOutline } from '../scaffold.ts';

/** What a new task is called, in code and on disk. */
export interface Words {
  /** `check` of `check-something` */
  readonly verb: string;
  readonly name: string;
  readonly file: string;
}

export function wordsOf({ domain, stem }: TaskOutline): Words {
  const [verb = stem] = stem.split('-');
  return { verb, name: `${domain}-${stem}`, file: `lambdas/tasks/${domain}/${stem}.ts` };
}
