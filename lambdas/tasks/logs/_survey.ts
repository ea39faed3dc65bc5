import type { OpenFiles } from './_open-files.ts';
import { pathOf, walkLogs, type LeftAlone, type LogFile, type Walked } from './_log-files.ts';
import type { LogFolder } from './_log-folder.ts';
import type { ByteName } from './_log-name.ts';
import { hasRoom } from './_put-away.ts';
import { dueOf, gzipNameOf, OldestFirst, Rotation, writtenAt, type RetentionLimits } from './_retention.ts';

/** Some of many, the first of them, and how many there are. */
export interface Some<Item> {
  readonly first: Item[];
  count: number;
}

export interface Leftover {
  readonly kind: 'copy' | 'aside';
  readonly file: LogFile;
  readonly original: ByteName;
}

/** What one walk through a folder of logs has seen; its size does not grow with the number of files. */
export interface Survey {
  files: number;
  bytes: number;
  exemptFiles: number;
  exemptBytes: number;
  oldestMs: number | undefined;
  readonly due: OldestFirst;
  readonly heldOpen: Some<LogFile>;
  readonly implausible: Some<LogFile>;
  readonly unrotated: Some<LogFile>;
  readonly leftovers: Some<Leftover>;
  readonly unreadable: Some<{ readonly path: ByteName; readonly reason: string }>;
  readonly left: Map<LeftAlone | 'name-too-long', number>;
}

export interface SurveyOptions {
  readonly now: Date;
  readonly limits: RetentionLimits;
  readonly exempt: readonly string[];
  /** More due files than these are counted and not remembered. */
  readonly mostDue: number;
  readonly mostEntries: number;
  readonly signal: AbortSignal;
}

const MOST_NAMED = 20;

export async function surveyFolder(root: LogFolder, open: OpenFiles, options: SurveyOptions): Promise<Survey> {
  const survey: Survey = {
    files: 0,
    bytes: 0,
    exemptFiles: 0,
    exemptBytes: 0,
    oldestMs: undefined,
    due: new OldestFirst(options.mostDue),
    heldOpen: none(),
    implausible: none(),
    unrotated: none(),
    leftovers: none(),
    unreadable: none(),
    left: new Map(),
  };
  let rotation = new Rotation();
  for await (const walked of walkLogs(root, options)) {
    if (walked.what === 'log') {
      countLog(survey, walked.file, root, open, options);
      rotation.add(walked.file, options.limits.largeBytes);
    } else if (walked.what === 'folder-end') {
      for (const file of rotation.unrotated(options.now)) note(survey.unrotated, file);
      rotation = new Rotation();
    } else countOther(survey, walked);
  }
  return survey;
}

function countLog(
  survey: Survey,
  file: LogFile,
  root: LogFolder,
  open: OpenFiles,
  { now, limits }: SurveyOptions,
): void {
  survey.files += 1;
  survey.bytes += file.diskBytes;
  const due = dueOf(file, now, limits);
  if (due === 'implausible-date') return note(survey.implausible, file);
  survey.oldestMs = Math.min(survey.oldestMs ?? Infinity, writtenAt(file));
  if (due === 'not-yet') return;
  if (open.holderOf(file, pathOf(root, file))) return note(survey.heldOpen, file);
  if (!hasRoom(due === 'compress' ? gzipNameOf(file) : file.name)) return leave(survey, 'name-too-long');
  survey.due.add(file);
}

function countOther(survey: Survey, walked: Exclude<Walked, { what: 'log' | 'folder-end' }>): void {
  if (walked.what === 'exempt') {
    survey.exemptFiles += 1;
    survey.exemptBytes += walked.sizeBytes;
  } else if (walked.what === 'left') leave(survey, walked.why);
  else if (walked.what === 'unreadable') note(survey.unreadable, walked);
  else note(survey.leftovers, walked);
}

function leave(survey: Survey, why: LeftAlone | 'name-too-long'): void {
  survey.left.set(why, (survey.left.get(why) ?? 0) + 1);
}

function none<Item>(): Some<Item> {
  return { first: [], count: 0 };
}

function note<Item>(some: Some<Item>, item: Item): void {
  some.count += 1;
  if (some.first.length < MOST_NAMED) some.first.push(item);
}
