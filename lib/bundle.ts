import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, glob, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions, type Plugin } from 'esbuild';
import { sha256 } from '../core/json.ts';
import type { ResolvedPlatform } from '../core/platform.ts';
import { taskEntryPoints } from '../lambdas/catalogue.ts';
import { STEP_TIMEOUTS } from '../state-machines/procedure.ts';
import { leftOutPlugin } from './left-out-plugin.ts';
import { pureSchemasPlugin } from './pure-schemas-plugin.ts';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const TASK_PREFIX = 'fettle-task:';

/** Folder names of the bundles by handler: each has an `index.js` with an exported `handler`. */
export type Bundles = ReadonlyMap<string, string>;

/**
 * Every step and task, bundled by one esbuild call; the same sources give the same bundles and are bundled once.
 *
 * The tasks are those of the catalogue unless given, by name their absolute files.
 */
export async function bundleHandlers(given?: ReadonlyMap<string, string>): Promise<Bundles> {
  const tasks = given ?? (await taskEntryPoints());
  const names = [...Object.keys(STEP_TIMEOUTS), ...tasks.keys()];
  const folder = join(ROOT, 'node_modules', '.cache', 'fettle', await hashOfSources(tasks));
  await builtAside(folder, (draft) => bundleInto(draft, tasks));
  return new Map(names.map((name) => [name, join(folder, name)]));
}

/** The steps that read the profile from their own folder. */
export const STEPS_WITH_PROFILE = ['begin-run', 'tick'] as const;

/** The assets of Begin and Tick: their bundles with the profile as resolved beside them. */
export async function withProfile(bundles: Bundles, platform: ResolvedPlatform): Promise<Bundles> {
  const profile = JSON.stringify(platform, null, 2);
  const folders = STEPS_WITH_PROFILE.map(
    async (step) => [step, await folderWithProfile(bundles, step, profile)] as const,
  );
  return new Map([...bundles, ...(await Promise.all(folders))]);
}

async function folderWithProfile(bundles: Bundles, step: string, profile: string): Promise<string> {
  const bundle = bundles.get(step);
  if (!bundle) throw new Error(`${step} is not among the bundles`);
  const folder = `${bundle}-${sha256(profile).slice(0, 16)}`;
  await builtAside(folder, async (draft) => {
    await mkdir(draft, { recursive: true });
    await copyFile(join(bundle, 'index.js'), join(draft, 'index.js'));
    await writeFile(join(draft, 'profile.json'), profile);
  });
  return folder;
}

/** Makes a folder aside and moves it into place: what is there is whole, also when two commands make it at once. */
async function builtAside(folder: string, make: (draft: string) => Promise<void>): Promise<void> {
  if (existsSync(folder)) return;
  const draft = `${folder}.${process.pid}.${randomUUID()}`;
  await make(draft);
  await rename(draft, folder).catch(async (taken: NodeJS.ErrnoException) => {
    await rm(draft, { recursive: true });
    if (taken.code !== 'ENOTEMPTY' && taken.code !== 'EEXIST') throw taken;
  });
}

/** How every handler is bundled. */
export const BUNDLE_OPTIONS = {
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node24',
  // CommonJS starts about 10 ms sooner than ES modules with the same SDK in it.
  format: 'cjs',
  // Of an ES module only what is used is taken: a fifth less than of the CommonJS twin that Node.js itself would load.
  mainFields: ['module', 'main'],
  legalComments: 'none',
  external: ['pg-native'],
  define: { 'import.meta.url': '"file:///var/task/index.js"' },
  plugins: [leftOutPlugin, pureSchemasPlugin],
  logLevel: 'error',
} satisfies BuildOptions;

async function bundleInto(folder: string, tasks: ReadonlyMap<string, string>): Promise<void> {
  await build({ ...buildOf(tasks), outdir: folder });
}

/** The one build of every step and task, but for where it goes. */
export function buildOf(tasks: ReadonlyMap<string, string>) {
  const steps = Object.keys(STEP_TIMEOUTS).map((name) => [
    `${name}/index`,
    join(ROOT, 'lambdas', 'steps', `${name}.ts`),
  ]);
  return {
    absWorkingDir: ROOT,
    entryPoints: Object.fromEntries([
      ...steps,
      ...[...tasks.keys()].map((name) => [`${name}/index`, `${TASK_PREFIX}${name}`]),
    ]) as Record<string, string>,
    ...BUNDLE_OPTIONS,
    plugins: [taskEntries(tasks), ...BUNDLE_OPTIONS.plugins],
  } satisfies BuildOptions;
}

/** A task has no handler file: its entry is written here, once for all. */
function taskEntries(tasks: ReadonlyMap<string, string>): Plugin {
  return {
    name: 'task-entries',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^fettle-task:/ }, ({ path }) => ({
        path: path.slice(TASK_PREFIX.length),
        namespace: 'task',
      }));
      onLoad({ filter: /.*/, namespace: 'task' }, ({ path }) => ({
        contents: [
          `import { task } from ${JSON.stringify(tasks.get(path))};`,
          `import { taskHandler } from ${JSON.stringify(join(ROOT, 'lambdas', 'runtime', 'handler.ts'))};`,
          'export const handler = taskHandler(task);',
        ].join('\n'),
        resolveDir: ROOT,
        loader: 'ts',
      }));
    },
  };
}

async function hashOfSources(tasks: ReadonlyMap<string, string>): Promise<string> {
  const hash = createHash('sha256');
  const files: string[] = [];
  for await (const file of glob(
    ['core/**/*.ts', 'lambdas/**/*.ts', 'lib/bundle.ts', 'lib/*-plugin.ts', 'package-lock.json'],
    {
      cwd: ROOT,
    },
  )) {
    files.push(file);
  }
  for (const file of [...files, ...tasks.values()].sort())
    hash.update(relative(ROOT, resolve(ROOT, file))).update(await readFile(resolve(ROOT, file)));
  return hash.digest('hex').slice(0, 32);
}
