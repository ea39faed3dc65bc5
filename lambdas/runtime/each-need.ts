import { messageOf } from '../../core/errors.ts';
import type { Need } from '../../core/need.ts';

/** Looks at what a task needs of each target; where a target cannot be looked at, that is unknown, with the reason. */
export async function eachNeed<Target extends { readonly name: string }>(
  targets: readonly Target[],
  look: (target: Target) => Promise<readonly Omit<Need, 'target'>[]>,
): Promise<Need[]> {
  const seen = await Promise.all(targets.map((target) => lookSafely(target, look)));
  return seen.flat();
}

async function lookSafely<Target extends { readonly name: string }>(
  target: Target,
  look: (target: Target) => Promise<readonly Omit<Need, 'target'>[]>,
): Promise<Need[]> {
  try {
    return (await look(target)).map((need) => ({ target: target.name, ...need }));
  } catch (thrown) {
    return [{ target: target.name, need: 'be reached', state: 'unknown', detail: messageOf(thrown) }];
  }
}
