import { messageOf, Unavailable } from '../../core/errors.ts';
import type { Finding, Measurement, RuntimeKind } from '../../core/finding.ts';
import { inParallel } from './in-parallel.ts';

interface Examined<Kind extends string> {
  readonly findings: readonly Finding<Kind>[];
  readonly measurements: readonly Measurement[];
}

/**
 * Examines targets side by side and joins what was found, in the order of the targets.
 *
 * An error of one target becomes that target's own `unknown` and hides nothing of the others: `Unavailable` says
 * that the target could not be read, anything else that the task itself went wrong.
 */
export async function eachTarget<Kind extends string, Target extends { readonly name: string }>(
  targets: readonly Target[],
  examine: (target: Target) => Promise<Examined<Kind>>,
  { concurrency = 1 }: { readonly concurrency?: number } = {},
): Promise<Examined<Kind | RuntimeKind>> {
  const examined = await inParallel(targets, concurrency, (target) => examineSafely(target, examine));
  return {
    findings: examined.flatMap(({ findings }) => findings),
    measurements: examined.flatMap(({ measurements }) => measurements),
  };
}

async function examineSafely<Kind extends string, Target extends { readonly name: string }>(
  target: Target,
  examine: (target: Target) => Promise<Examined<Kind>>,
): Promise<Examined<Kind | RuntimeKind>> {
  try {
    return await examine(target);
  } catch (thrown) {
    const kind = thrown instanceof Unavailable ? 'not-readable' : 'task-failed';
    return { findings: [{ kind, target: target.name, summary: messageOf(thrown) }], measurements: [] };
  }
}
