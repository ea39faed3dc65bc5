import { checkCalendar } from './check-calendar.ts';
import type { CheckContext } from './check-context.ts';
import { checkEntry } from './check-entry.ts';
import { checkPeople } from './check-people.ts';
import { mappingEntries, writtenEntries, writtenEnvironments, writtenProcedures } from './environments.ts';
import { nearestWord } from './nearest-word.ts';
import type { Complaint } from './problem.ts';
import type { ProfileSettings } from './schema.ts';

/** What is wrong with a profile although each part for itself may stand as it does. */
export function checkProfile(profile: ProfileSettings, context: CheckContext): Complaint[] {
  const complaints = [
    ...checkShape(profile),
    ...checkOverrides(profile),
    ...checkEnvironments(profile, context),
    ...checkPeople(profile, context.isSound),
  ];
  const seen = new Set<string>();
  // A common procedure is looked at once for each environment, and wrong once.
  return complaints.filter(({ path, message }) => {
    const key = JSON.stringify([path, message]);
    return !seen.has(key) && seen.add(key);
  });
}

function checkShape({ environments, targets, procedures }: ProfileSettings): Complaint[] {
  const complaints: Complaint[] = [];
  if (environments !== undefined && targets !== undefined) {
    const message = 'targets stand at the top, or in environments; move these into one of the environments';
    complaints.push({ code: 'CFG_VALUE', path: ['targets'], at: 'key', message });
  }
  if (environments === undefined && targets === undefined) {
    const message = 'missing: targets, or environments with targets in each';
    complaints.push({ code: 'CFG_MISSING', path: ['targets'], message });
  }
  if (isEmptyMapping(environments)) {
    complaints.push({ code: 'CFG_MISSING', path: ['environments'], message: 'holds no environment' });
  }
  if (isEmptyMapping(procedures)) {
    const message = 'holds no procedure; leave it out to plan `daily` of platforms/default.yaml';
    complaints.push({ code: 'CFG_NO_TASKS', path: ['procedures'], message });
  }
  return complaints;
}

function checkOverrides(profile: ProfileSettings): Complaint[] {
  const common = mappingEntries(profile.procedures).map(([name]) => name);
  return writtenEnvironments(profile).flatMap((environment) =>
    mappingEntries(environment.settings.procedures)
      .filter(([name]) => !common.includes(name))
      .map(([name]): Complaint => {
        const nearest = nearestWord(name, common);
        return {
          code: 'CFG_OVERRIDE_UNMATCHED',
          path: [...environment.path, 'procedures', name],
          at: 'key',
          message: 'overrides a procedure that the platform does not have',
          found: name,
          allowed: common,
          ...(nearest !== undefined && { nearest }),
        };
      }),
  );
}

function checkEnvironments(profile: ProfileSettings, context: CheckContext): Complaint[] {
  return writtenEnvironments(profile).flatMap((environment) => {
    const { path, settings } = environment;
    const complaints: Complaint[] = [];
    if (settings.account !== undefined && settings.region === undefined) {
      const message = 'missing: an environment with an account has a region: eu-west-1';
      complaints.push({ code: 'CFG_MISSING', path: [...path, 'region'], message });
    }
    if (settings.account === undefined && settings.network !== undefined) {
      const message = 'missing: a network is that of an account: "111122223333"';
      complaints.push({ code: 'CFG_MISSING', path: [...path, 'account'], message });
    }
    if (profile.procedures === undefined) return [...complaints, ...checkDefault(profile, environment, context)];
    for (const procedure of writtenProcedures(profile, environment)) {
      complaints.push(...checkCalendar(procedure, context));
      const tasksPath = procedure.pathOf('tasks');
      if (!Array.isArray(procedure.settings.tasks)) continue;
      for (const written of writtenEntries(procedure.settings.tasks, tasksPath)) {
        if (context.isSound(written.path)) complaints.push(...checkEntry(written, environment, context));
      }
    }
    return complaints;
  });
}

function checkDefault(
  profile: ProfileSettings,
  { path, settings }: ReturnType<typeof writtenEnvironments>[number],
  { catalogue, defaultDaily, isSound }: CheckContext,
): Complaint[] {
  const targetsPath = [...path, 'targets'];
  if (profile.targets === undefined && profile.environments === undefined) return [];
  if (!defaultDaily || !isSound(targetsPath)) return [];
  const kinds = mappingEntries(settings.targets)
    .filter(([, targets]) => !isEmptyMapping(targets))
    .map(([kind]) => kind);
  const hasTask = writtenEntries(defaultDaily.tasks, []).some(({ entry }) => {
    const kind = catalogue.get(taskNameOf(entry))?.task.target;
    return kind !== undefined && kinds.includes(kind);
  });
  if (hasTask) return [];
  const message = 'no task of platforms/default.yaml looks at these targets; write procedures';
  return [{ code: 'CFG_NO_TASKS', path: targetsPath, at: 'key', message, found: kinds.join(', ') || 'nothing' }];
}

function taskNameOf(entry: Parameters<typeof checkEntry>[0]['entry']): string {
  return typeof entry === 'string' ? entry : (Object.keys(entry)[0] ?? '');
}

function isEmptyMapping(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
}
