import type { Path } from './problem.ts';
import type { EnvironmentSettings, ProcedureSettings, ProfileSettings } from './schema.ts';
import type { StepEntry, TaskEntry } from './entry-schema.ts';

/** The environment of a profile that writes its targets at the top. */
export const IMPLIED_ENVIRONMENT = 'local';

/** An environment with the place where it is written. */
export interface WrittenEnvironment {
  readonly name: string;
  readonly path: Path;
  readonly settings: EnvironmentSettings;
}

/** A procedure as one environment has it, with the place where each part is written. */
export interface WrittenProcedure {
  readonly name: string;
  readonly settings: Partial<ProcedureSettings>;
  readonly pathOf: (field: string) => Path;
}

/** One entry with its place: `index` is its number in the procedure, from 1. */
export interface WrittenEntry {
  readonly entry: TaskEntry;
  readonly path: Path;
  readonly index: number;
  /** The number of its first neighbour where it runs in a group. */
  readonly group: number | undefined;
}

/** The environments of a profile in its order; the implied one where there are none. */
export function writtenEnvironments(profile: ProfileSettings): readonly WrittenEnvironment[] {
  if (profile.environments === undefined) {
    return [{ name: IMPLIED_ENVIRONMENT, path: [], settings: { targets: profile.targets ?? {} } }];
  }
  return mappingEntries<EnvironmentSettings>(profile.environments).map(([name, settings]) => ({
    name,
    path: ['environments', name],
    settings,
  }));
}

/** The procedures of one environment: the common ones, each field replaced that the environment writes anew. */
export function writtenProcedures(
  profile: ProfileSettings,
  { path, settings }: WrittenEnvironment,
): readonly WrittenProcedure[] {
  const overrides = new Map(mappingEntries<Partial<ProcedureSettings>>(settings.procedures));
  return mappingEntries<ProcedureSettings>(profile.procedures).map(([name, common]) => {
    const override = overrides.get(name) ?? {};
    return {
      name,
      settings: { ...common, ...override },
      pathOf: (field) => [...(field in override ? path : []), 'procedures', name, field],
    };
  });
}

/** The entries of a procedure in order, numbered from 1 through its groups. */
export function writtenEntries(steps: readonly StepEntry[], path: Path): readonly WrittenEntry[] {
  const entries: WrittenEntry[] = [];
  for (const [place, step] of steps.entries()) {
    if (!isGroup(step)) {
      entries.push({ entry: step, path: [...path, place], index: entries.length + 1, group: undefined });
      continue;
    }
    const group = entries.length + 1;
    for (const [member, entry] of step.parallel.entries()) {
      entries.push({ entry, path: [...path, place, 'parallel', member], index: entries.length + 1, group });
    }
  }
  return entries;
}

/** The name of an entry's task and its settings. */
export function taskOf(entry: TaskEntry): { readonly name: string; readonly settings: TaskSettings | undefined } {
  if (typeof entry === 'string') return { name: entry, settings: undefined };
  const [name = '', settings] = Object.entries(entry)[0] ?? [];
  return { name, settings };
}
type TaskSettings = Exclude<TaskEntry, string>[string];

/** The entries of what should be a mapping; none of anything else, of which the schema complains. */
export function mappingEntries<Value>(value: unknown): readonly (readonly [string, Value])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  // What stands in it is what the schema says, or the schema has complained of it.
  return Object.entries(value).filter(([, inner]) => typeof inner === 'object' && inner !== null) as [string, Value][];
}

function isGroup(step: StepEntry): step is { readonly parallel: readonly TaskEntry[] } {
  return typeof step === 'object' && step !== null && 'parallel' in step && Array.isArray(step.parallel);
}
