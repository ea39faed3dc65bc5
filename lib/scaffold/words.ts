import type { TaskOutline } from '../scaffold.ts';

/** The words that a task is spelled with in code and in sentences. */
export interface Words {
  /** `check` of `check-something` */
  readonly verb: string;
  /** `something` of `check-something`; of a file that is only a verb, the domain. */
  readonly object: string;
  /** `Something`, for names of functions. */
  readonly Object: string;
  readonly name: string;
  readonly file: string;
}

export function wordsOf({ domain, stem }: TaskOutline): Words {
  const [verb = stem, ...rest] = stem.split('-');
  const object = rest.length > 0 ? rest.join('-') : domain;
  const Object = object
    .split('-')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
  return { verb, object, Object, name: `${domain}-${stem}`, file: `lambdas/tasks/${domain}/${stem}.ts` };
}
