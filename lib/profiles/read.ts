import path from 'node:path';
import { quoted } from '../../core/calendar/problem.ts';
import { InvalidInput } from '../../core/errors.ts';
import type { CheckContext } from './check-context.ts';
import { checkProfile } from './checks.ts';
import type { TasksByName } from './entry-schema.ts';
import { DEFAULT_FILE, listPlatforms, PLATFORMS_FOLDER } from './inventory.ts';
import { withoutEchoes } from './issues.ts';
import { nearestWord } from './nearest-word.ts';
import { byPlace, type Complaint, type Path, type ProfileProblem } from './problem.ts';
import { readDocument, shownPath, type ReadDocument } from './read-document.ts';
import {
  defaultSchema,
  LATER_SECTIONS,
  profileSchema,
  type ProcedureSettings,
  type ProfileSettings,
} from './schema.ts';

/** A profile that was read and has nothing wrong with it. */
export interface Profile {
  /** As people type it. */
  readonly file: string;
  /** The absolute folder in which it lies. */
  readonly folder: string;
  readonly settings: ProfileSettings;
  /** The procedure of `platforms/default.yaml`, where the profile has none of its own. */
  readonly defaultDaily?: ProcedureSettings;
}

export interface ReadOptions {
  readonly catalogue: TasksByName;
  /** From when on calendars must be satisfiable. */
  readonly now: Date;
  /** Where names are looked up and `default.yaml` lies; the repository's `platforms/` by default. */
  readonly platformsFolder?: string;
}

/** Beyond so many mistakes the file is another kind of file, and looking for subtler ones costs time for nothing. */
const MOST_COMPLAINTS_FOR_CHECKS = 200;

/**
 * Reads a profile by its name or path; every problem at once, from the top of the file to its end.
 *
 * A word is a name, `platforms/<name>.yaml`; what has a slash or ends in `.yaml` is a path.
 */
export async function readProfile(
  pathOrName: string,
  { catalogue, now, platformsFolder = PLATFORMS_FOLDER }: ReadOptions,
): Promise<{ readonly profile: Profile } | { readonly problems: readonly ProfileProblem[] }> {
  const located = await locateProfile(pathOrName, platformsFolder);
  if ('problems' in located) return located;
  const document = await readDocument(located.file, profileSchema(catalogue));
  if ('problems' in document) return { problems: document.problems.toSorted(byPlace) };

  // Until the complaints are looked at, the settings may be anything; the checks take only what is sound.
  const settings = document.root.value as ProfileSettings;
  const isMapping = typeof settings === 'object' && !Array.isArray(settings);
  const standard =
    isMapping && settings.procedures === undefined
      ? await readDefault(path.join(platformsFolder, DEFAULT_FILE), catalogue)
      : { problems: [] };
  const defaultDaily = 'daily' in standard ? standard.daily : undefined;
  const context = { catalogue, now, defaultDaily, isSound: soundness(document.complaints) };
  const complaints = [...document.complaints, ...checksOf(document, settings, context)];
  const problems = [
    ...document.problemsOf(withoutEchoes(complaints)).toSorted(byPlace),
    ...('problems' in standard ? standard.problems : []),
  ];
  if (problems.length > 0) return { problems };
  const folder = path.dirname(path.resolve(located.file));
  return { profile: { file: shownPath(located.file), folder, settings, ...(defaultDaily && { defaultDaily }) } };
}

/** The parts of a profile that are checked and that nothing acts on yet; people are told so. */
export function sectionsNotActedOn({ settings }: Profile): readonly string[] {
  return Object.keys(LATER_SECTIONS).filter((section) => section in settings);
}

/** What to say of them, a line each. */
export function notesOn(profile: Profile): readonly string[] {
  return sectionsNotActedOn(profile).map(
    (section) => `${profile.file}: ${section} is checked and nothing acts on it yet`,
  );
}

function checksOf({ root, complaints }: ReadDocument, settings: ProfileSettings, context: CheckContext): Complaint[] {
  if (complaints.length > MOST_COMPLAINTS_FOR_CHECKS) return [];
  if (typeof root.value !== 'object' || Array.isArray(root.value)) return [];
  return checkProfile(settings, context);
}

function soundness(complaints: readonly Complaint[]): (path: Path) => boolean {
  return (path) =>
    !complaints.some(({ code, path: other }) => {
      // Of a secret in a comment nothing else follows.
      if (code === 'CFG_SECRET_INLINE' && other.length === 0) return false;
      const shared = Math.min(path.length, other.length);
      return path.slice(0, shared).every((part, place) => part === other[place]);
    });
}

async function readDefault(
  file: string,
  catalogue: TasksByName,
): Promise<{ readonly daily: ProcedureSettings } | { readonly problems: readonly ProfileProblem[] }> {
  const document = await readDocument(file, defaultSchema(catalogue));
  if ('problems' in document) return document;
  const problems = document.problemsOf(withoutEchoes(document.complaints)).toSorted(byPlace);
  if (problems.length > 0) return { problems };
  const { procedures } = document.root.value as { readonly procedures: { readonly daily: ProcedureSettings } };
  return procedures;
}

async function locateProfile(
  pathOrName: string,
  folder: string,
): Promise<{ readonly file: string } | { readonly problems: readonly ProfileProblem[] }> {
  if (/[/\\]|\.ya?ml$/.test(pathOrName)) return { file: pathOrName };
  const file = path.join(folder, `${pathOrName}.yaml`);
  const listed = await listedNames(folder);
  if ('problem' in listed) return { problems: [listed.problem] };
  if (listed.names.includes(pathOrName)) return { file };
  const nearest = nearestWord(pathOrName, listed.names);
  const problem = notFound(file, `there is no platform ${quoted(pathOrName)}`);
  return { problems: [{ ...problem, allowed: listed.names, ...(nearest !== undefined && { nearest }) }] };
}

async function listedNames(
  folder: string,
): Promise<{ readonly names: readonly string[] } | { readonly problem: ProfileProblem }> {
  try {
    return { names: (await listPlatforms(folder)).map(({ name }) => name) };
  } catch (thrown) {
    if (thrown instanceof InvalidInput) return { problem: notFound(folder, thrown.message) };
    throw thrown;
  }
}

function notFound(file: string, message: string): ProfileProblem {
  return { code: 'CFG_NOT_FOUND', file: shownPath(file), line: 1, column: 1, path: '', message };
}
