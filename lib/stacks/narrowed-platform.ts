import type { Entry, ResolvedPlatform } from '../../core/platform.ts';
import type { TargetKind } from '../../core/target-kinds.ts';

/** The platform with only those targets of a kind that the entries act on: what a role is not for, it may not reach. */
export function narrowedTo(
  platform: ResolvedPlatform,
  kind: TargetKind,
  entries: readonly Pick<Entry, 'targets'>[],
): ResolvedPlatform {
  const wanted = new Set(entries.flatMap(({ targets }) => targets));
  const own = Object.entries(platform.targets[kind] ?? {}).filter(([name]) => wanted.has(name));
  return { ...platform, targets: { ...platform.targets, [kind]: Object.fromEntries(own) } };
}
