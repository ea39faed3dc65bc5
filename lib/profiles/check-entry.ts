import { KIND_NAMES } from '../../core/platform.ts';
import type { TargetKind } from '../../core/target-kinds.ts';
import type { CheckContext } from './check-context.ts';
import { settingsSchema } from './entry-schema.ts';
import { mappingEntries, taskOf, type WrittenEntry, type WrittenEnvironment } from './environments.ts';
import { nearestWord } from './nearest-word.ts';
import type { Complaint } from './problem.ts';

/** What is wrong with an entry in one environment: targets that are not there, settings that it cannot do without. */
export function checkEntry(
  { entry, path }: WrittenEntry,
  environment: WrittenEnvironment,
  { catalogue, isSound }: CheckContext,
): Complaint[] {
  const { name, settings } = taskOf(entry);
  const task = catalogue.get(name)?.task;
  if (!task) return [];
  const complaints: Complaint[] = [];
  if (settings === undefined) {
    const needed = neededSettings(settingsSchema(task));
    const fields = needed.map((field) => `${field}: …`).join(', ');
    const why = needed.includes('targets') ? '; a destructive task acts on targets that are named' : '';
    const message = `needs settings: write "- ${name}: { ${fields} }"${why}`;
    if (needed.length > 0) complaints.push({ code: 'CFG_MISSING', path, message });
  }

  // A misspelt kind is complained of where it stands; that its targets are missing here would be an echo.
  const targetsPath = [...environment.path, 'targets'];
  const kinds: Readonly<Record<string, unknown>> = environment.settings.targets ?? {};
  const allKindsKnown = Object.keys(kinds).every((kind) => (KIND_NAMES as readonly string[]).includes(kind));
  const targets = namesIn(kinds, task.target);
  if (targets.length === 0) {
    if (!allKindsKnown || !isSound([...targetsPath, task.target])) return complaints;
    const message = `acts on ${task.target} targets, and environment ${environment.name} has none`;
    return [...complaints, { code: 'TARGET_UNKNOWN', path, at: 'key', message }];
  }
  for (const [place, wanted] of (settings?.targets ?? []).entries()) {
    if (targets.includes(wanted)) continue;
    const at = { path: [...path, name, 'targets', place], found: wanted, allowed: targets };
    const otherKind = KIND_NAMES.find((kind) => namesIn(kinds, kind).includes(wanted));
    const nearest = nearestWord(wanted, targets);
    complaints.push(
      otherKind === undefined
        ? {
            ...at,
            code: 'TARGET_UNKNOWN',
            message: `environment ${environment.name} has no ${task.target} target "${wanted}"`,
            ...(nearest !== undefined && { nearest }),
          }
        : {
            ...at,
            code: 'TARGET_KIND_MISMATCH',
            message: `"${wanted}" is one of ${otherKind}, and ${name} acts on ${task.target}`,
          },
    );
  }
  return complaints;
}

function neededSettings(schema: ReturnType<typeof settingsSchema>): readonly string[] {
  const parsed = schema.safeParse({});
  return [...new Set((parsed.error?.issues ?? []).map(({ path }) => String(path[0] ?? '…')))];
}

function namesIn(kinds: Readonly<Record<string, unknown>>, kind: TargetKind): readonly string[] {
  return mappingEntries(kinds[kind]).map(([name]) => name);
}
