import { quoted } from '../../core/calendar/problem.ts';
import { InvalidInput } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import type { Entry, Procedure, ResolvedPlatform } from '../../core/platform.ts';
import { LOCAL_RANGES } from './address-range.ts';
import { budgetSecondsOf, DEFAULT_TIMEZONE } from './check-calendar.ts';
import type { TasksByName } from './entry-schema.ts';
import {
  IMPLIED_ENVIRONMENT,
  taskOf,
  writtenEntries,
  writtenEnvironments,
  writtenProcedures,
  type WrittenEntry,
  type WrittenEnvironment,
} from './environments.ts';
import { nearestHint } from './nearest-word.ts';
import type { Profile } from './read.ts';
import type { ProcedureSettings } from './schema.ts';

/** The names of a profile's environments in its order. */
export function environmentNames({ settings }: Profile): readonly string[] {
  return writtenEnvironments(settings).map(({ name }) => name);
}

/**
 * The profile as one environment has it: procedures merged, entries numbered and their targets named.
 *
 * References stay references and inputs stay as written. Throws `InvalidInput` where there is no such environment.
 */
export function resolvePlatform(profile: Profile, environment: string, catalogue: TasksByName): ResolvedPlatform {
  const written = writtenEnvironments(profile.settings).find(({ name }) => name === environment);
  if (!written) throw unknownEnvironment(profile, environment);
  const { account, region, network, targets } = written.settings;
  const { platform, allowAddresses = [] } = profile.settings;
  const isLocal = environment === IMPLIED_ENVIRONMENT && account === undefined;
  return {
    schemaVersion: 1,
    platform,
    environment,
    ...(account !== undefined && { account }),
    ...(region !== undefined && { region }),
    ...(network !== undefined && { network: { ...network } }),
    allowAddresses: [...new Set([...(isLocal ? LOCAL_RANGES : []), ...allowAddresses])],
    targets: targets as ResolvedPlatform['targets'],
    procedures: Object.fromEntries(
      proceduresOf(profile, written, catalogue).map((procedure) => [procedure.name, procedure]),
    ),
  };
}

function unknownEnvironment(profile: Profile, environment: string): InvalidInput {
  const names = environmentNames(profile);
  const hint = nearestHint(environment, names) || ';';
  return new InvalidInput(
    'CLI_UNKNOWN_ENVIRONMENT',
    `${profile.file} has no environment ${quoted(environment)}${hint} allowed: ${names.join(', ')}`,
  );
}

function proceduresOf(profile: Profile, environment: WrittenEnvironment, catalogue: TasksByName): Procedure[] {
  if (profile.settings.procedures === undefined) {
    if (!profile.defaultDaily) throw new Error(`${profile.file} was read without its default procedure`);
    return [resolveProcedure('daily', profile.defaultDaily, environment, catalogue, { planOnly: true })];
  }
  return writtenProcedures(profile.settings, environment).map(({ name, settings }) =>
    resolveProcedure(name, settings as ProcedureSettings, environment, catalogue, { planOnly: false }),
  );
}

function resolveProcedure(
  name: string,
  { schedule, startedBy, timezone = DEFAULT_TIMEZONE, window, budget, tasks }: ProcedureSettings,
  environment: WrittenEnvironment,
  catalogue: TasksByName,
  { planOnly }: { readonly planOnly: boolean },
): Procedure {
  return {
    name,
    ...(schedule !== undefined && { schedule }),
    ...(startedBy !== undefined && { alarms: [...new Set(startedBy.alarms)] }),
    timezone,
    ...(window !== undefined && { window }),
    budgetSeconds: budgetSecondsOf(budget),
    planOnly,
    steps: stepsOf(tasks, environment, catalogue, planOnly),
  };
}

function stepsOf(
  tasks: ProcedureSettings['tasks'],
  environment: WrittenEnvironment,
  catalogue: TasksByName,
  onlyWithTargets: boolean,
): Procedure['steps'] {
  const steps: Procedure['steps'] = [];
  let index = 0;
  let openGroup: number | undefined;
  for (const written of writtenEntries(tasks, [])) {
    const entry = resolveEntry(written, index + 1, environment, catalogue);
    // Of the default procedure an environment has those entries that it has targets for.
    if (onlyWithTargets && entry.targets.length === 0) continue;
    index += 1;
    const last = steps.at(-1);
    if (written.group === undefined) steps.push(entry);
    else if (written.group === openGroup && last && 'parallel' in last) last.parallel.push(entry);
    else steps.push({ parallel: [entry] });
    openGroup = written.group;
  }
  return steps;
}

function resolveEntry(
  { entry }: WrittenEntry,
  index: number,
  environment: WrittenEnvironment,
  catalogue: TasksByName,
): Entry {
  const { name, settings = {} } = taskOf(entry);
  const task = catalogue.get(name)?.task;
  if (!task) throw new Error(`the profile was read with another catalogue: there is no task ${name}`);
  const { targets, required = false, timeoutSeconds = task.timeoutSeconds, ...input } = settings;
  return {
    index,
    task: name,
    kind: task.target,
    effect: task.effect,
    pauses: task.pauses,
    input: input as Record<string, Json> as Entry['input'],
    targets: [...(targets ?? Object.keys(environment.settings.targets[task.target] ?? {}))],
    required,
    timeoutSeconds,
  };
}
