import { messageOf, Unavailable } from '../../core/errors.ts';
import type { Finding, RuntimeKind } from '../../core/finding.ts';
import type { Entry, ResolvedPlatform } from '../../core/platform.ts';
import { Secret } from '../../core/secret.ts';
import type { Target, TargetKind } from '../../core/target-kinds.ts';
import { ownCredentials, resolveTarget } from './references.ts';

/** The targets of a step as its task gets them. */
export interface StepTargets {
  readonly targets: readonly Target[];
  /** Those whose addresses could not be resolved. */
  readonly unresolved: readonly Finding<RuntimeKind>[];
  readonly secrets: readonly Secret[];
}

/** Each target on its own: one whose reference cannot be resolved takes nothing from the others. */
export async function resolveTargets(entry: Entry, platform: ResolvedPlatform): Promise<StepTargets> {
  const targets: Target[] = [];
  const unresolved: Finding<RuntimeKind>[] = [];
  for (const name of entry.targets) {
    const settings = platform.targets[entry.kind]?.[name];
    try {
      if (!settings) throw new Unavailable(`the profile of this run has no ${entry.kind} target ${name}`);
      targets.push(await resolveTarget<TargetKind>(entry.kind, name, settings));
    } catch (thrown) {
      unresolved.push({ kind: 'not-readable', target: name, summary: messageOf(thrown) });
    }
  }
  return { targets, unresolved, secrets: [...targets.flatMap(secretsOf), ...ownCredentials()] };
}

/** Everything of a target that no text may show. */
export function secretsOf(target: Target): Secret[] {
  return Object.values(target).filter((value) => value instanceof Secret);
}
