import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { taskEntryPoints } from '../../../lambdas/catalogue.ts';
import { STEP_TIMEOUTS } from '../../../state-machines/procedure.ts';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Every handler of the catalogue, for two ways to bundle it. */
export interface HandlerSources extends AsyncDisposable {
  /** What the product's own build takes: by name the files of the tasks. */
  readonly tasks: ReadonlyMap<string, string>;
  /** What `NodejsFunction` takes: by name a file that exports `handler`, steps too. */
  readonly entries: ReadonlyMap<string, string>;
}

/** Writes what no build has seen yet: the sources are those of the repository, and one word in one of them is new. */
export async function writeSources(): Promise<HandlerSources> {
  const folder = join(ROOT, 'node_modules', '.cache', 'fettle-bench', randomUUID());
  await mkdir(folder, { recursive: true });
  const known = await taskEntryPoints();
  const tasks = new Map<string, string>();
  for (const [name, file] of known) {
    const again = join(folder, `${name}.task.ts`);
    await writeFile(again, `export { task } from ${JSON.stringify(file)};\n// ${folder}\n`);
    tasks.set(name, again);
  }
  const entries = new Map<string, string>();
  const runtime = join(ROOT, 'lambdas', 'runtime', 'handler.ts');
  for (const [name, file] of tasks) {
    const lines = [
      `import { task } from ${JSON.stringify(file)};`,
      `import { taskHandler } from ${JSON.stringify(runtime)};`,
      'export const handler = taskHandler(task);',
    ];
    entries.set(name, await entry(folder, name, lines));
  }
  for (const name of Object.keys(STEP_TIMEOUTS)) {
    const file = join(ROOT, 'lambdas', 'steps', `${name}.ts`);
    entries.set(name, await entry(folder, name, [`export { handler } from ${JSON.stringify(file)};`]));
  }
  return { tasks, entries, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

async function entry(folder: string, name: string, lines: readonly string[]): Promise<string> {
  const file = join(folder, `${name}.ts`);
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}
