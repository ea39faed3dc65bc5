import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Task } from '../core/task.ts';

/** A task with the place where it was found. */
export interface CataloguedTask {
  readonly task: Task;
  /** Relative to the root of the repository, with `/` between its parts. */
  readonly file: string;
  /** The folder under `lambdas/tasks/`. */
  readonly domain: string;
}

export type Catalogue = ReadonlyMap<string, CataloguedTask>;

const REPOSITORY = path.resolve(fileURLToPath(new URL('..', import.meta.url)));
const TASKS = path.join('lambdas', 'tasks');

/**
 * The absolute file of every task by name, in the order of the names, without importing any of them.
 *
 * The folder is the catalogue: `<domain>/<name>.ts`, or `<domain>/<name>/index.ts` once a task has grown. Files and
 * folders that begin with `_` are private to their domain.
 */
export async function taskEntryPoints(root = REPOSITORY): Promise<ReadonlyMap<string, string>> {
  const tasks = path.join(root, TASKS);
  const files = new Map<string, string>();
  for (const domain of await visibleEntries(tasks)) {
    if (!domain.isDirectory()) throw new Error(`${at(TASKS, domain.name)} stands in no domain; move it into a folder`);
    const folder = path.join(tasks, domain.name);
    for (const entry of await visibleEntries(folder)) {
      const name = `${domain.name}-${path.parse(entry.name).name}`;
      const file = path.join(folder, entry.name, ...(entry.isDirectory() ? ['index.ts'] : []));
      if (!existsSync(file))
        throw new Error(`${relative(root, file)} is missing: a task that grew is its folder's index`);
      const earlier = files.get(name);
      if (earlier) throw new Error(`${relative(root, earlier)} and ${relative(root, file)} are both called ${name}`);
      files.set(name, file);
    }
  }
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Imports every task of `lambdas/tasks/`, by the name that its path gives, in the order of the names.
 *
 * Throws where a file exports no `task`; that its own name equals its path is for the contract tests.
 */
export async function loadCatalogue(root = REPOSITORY): Promise<Catalogue> {
  const catalogue = new Map<string, CataloguedTask>();
  for (const [name, file] of await taskEntryPoints(root)) catalogue.set(name, await loadTask(name, file, root));
  return catalogue;
}

/** Imports one task from its absolute file. Throws where the file exports no `task`. */
export async function loadTask(name: string, absolute: string, root = REPOSITORY): Promise<CataloguedTask> {
  const file = relative(root, absolute);
  const { task } = (await import(pathToFileURL(absolute).href)) as { readonly task?: unknown };
  if (isTask(task)) return { task, file, domain: path.basename(path.dirname(taskPath(absolute))) };
  throw new Error(
    `${file} exports no task; export one with \`export const task = defineTask({ name: '${name}', … })\`, ` +
      `or begin its name with _ where it is private to its domain`,
  );
}

function isTask(value: unknown): value is Task {
  return typeof value === 'object' && value !== null && 'name' in value && 'run' in value && 'findings' in value;
}

/** A task that grew is its folder. */
function taskPath(absolute: string): string {
  return path.basename(absolute) === 'index.ts' ? path.dirname(absolute) : absolute;
}

async function visibleEntries(folder: string) {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.filter((entry) => !/^[._]/.test(entry.name) && (entry.isDirectory() || entry.name.endsWith('.ts')));
}

function relative(root: string, file: string): string {
  return at(path.relative(root, file));
}

function at(...parts: readonly string[]): string {
  return path.join(...parts).replaceAll(path.sep, '/');
}
