import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { effectsOfVerb } from '../core/effect.ts';
import { quoted } from '../core/calendar/problem.ts';
import { InvalidInput } from '../core/errors.ts';
import { KIND_NAMES } from '../core/platform.ts';
import type { TargetKind } from '../core/target-kinds.ts';
import { loadCatalogue } from '../lambdas/catalogue.ts';
import { nearestHint } from './profiles/nearest-word.ts';
import { changingTask, changingTaskTest } from './scaffold/changing-task.ts';
import type { TaskOutline } from './scaffold/outline.ts';
import { readingTask, readingTaskTest } from './scaffold/reading-task.ts';

export interface NewTask {
  /** `<domain>/<verb>-<object>` */
  readonly place: string;
  /** The root of the repository. */
  readonly root: string;
  /** Needed only where neither the domain nor its other tasks tell. */
  readonly target?: string | undefined;
}

const PLACE = /^([a-z][a-z0-9]*(?:-[a-z0-9]+)*)\/([a-z][a-z0-9]*(?:-[a-z0-9]+)*)$/;
// A longer name would be cut in the names of functions and wrap every line of a report.
const LONGEST_NAME = 48;

/**
 * Writes a new task and its test and gives their paths relative to the root; no existing file is touched.
 *
 * The task is valid and honest: until it is written it says `unknown` of every target. Throws `InvalidInput` where
 * the place is not one, is taken, or the kind of target cannot be told.
 */
export async function scaffoldTask(request: NewTask): Promise<readonly string[]> {
  const outline = await outlineOf(request);
  const [task, testOfTask] =
    outline.effect === 'read-only'
      ? [readingTask(outline), readingTaskTest(outline)]
      : [changingTask(outline), changingTaskTest(outline)];
  const stem = `lambdas/tasks/${outline.domain}/${outline.stem}`;
  const files = [
    [`${stem}.ts`, task],
    [`test/${stem}.test.ts`, testOfTask],
  ] as const;
  const taken = [...files.map(([file]) => file), stem].find((file) => existsSync(path.join(request.root, file)));
  if (taken) throw new InvalidInput('TASK_TAKEN', `${taken} exists already; choose another name or edit that file`);
  for (const [file, text] of files) {
    await mkdir(path.dirname(path.join(request.root, file)), { recursive: true });
    await writeFile(path.join(request.root, file), text, { flag: 'wx' });
  }
  return files.map(([file]) => file);
}

async function outlineOf({ place, root, target }: NewTask): Promise<TaskOutline> {
  const [, domain, stem] = PLACE.exec(place) ?? [];
  if (!domain || !stem) {
    throw new InvalidInput(
      'TASK_PLACE',
      `${quoted(place)} is no place for a task; write <domain>/<verb>-<object> in lower-case letters, digits and hyphens, ` +
        'such as postgres/check-orders',
    );
  }
  const { length } = `${domain}-${stem}`;
  if (length > LONGEST_NAME)
    throw new InvalidInput('TASK_PLACE', `${place} has ${length} letters; at most ${LONGEST_NAME} are allowed`);
  const [effect = 'mutating'] = effectsOfVerb(stem);
  return { domain, stem, effect, target: target === undefined ? await usualTarget(domain, root) : kindNamed(target) };
}

function kindNamed(target: string): TargetKind {
  const kind = KIND_NAMES.find((name) => name === target);
  if (kind) return kind;
  const hint = nearestHint(target, KIND_NAMES) || ';';
  const allowed = KIND_NAMES.join(', ');
  throw new InvalidInput('TASK_TARGET', `there is no kind of target ${quoted(target)}${hint} allowed: ${allowed}`);
}

/** The kind that the domain is named after, or the one that all its tasks act on. */
async function usualTarget(domain: string, root: string): Promise<TargetKind> {
  const named = KIND_NAMES.find((name) => name === domain);
  if (named) return named;
  const neighbours = [...(await loadCatalogue(root)).values()].filter((entry) => entry.domain === domain);
  const kinds = new Set(neighbours.map(({ task }) => task.target));
  const [only] = kinds;
  if (only && kinds.size === 1) return only;
  throw new InvalidInput(
    'TASK_TARGET',
    `what ${domain} tasks act on cannot be told from their name; add --target with one of ${KIND_NAMES.join(', ')}`,
  );
}
