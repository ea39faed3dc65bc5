import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gate } from '../gate.ts';
import { perform } from '../programs.ts';
import type { AppAnswer, AppRequest } from './_app-process.ts';
import type { HandlerSources } from './_handlers.ts';

const SCRIPT = fileURLToPath(new URL('./_app-process.ts', import.meta.url));

/** Builds and synthesizes the app in a process of its own. */
export async function synthesizeApp(
  build: AppRequest['build'],
  { tasks, entries }: Pick<HandlerSources, 'tasks' | 'entries'>,
  outdir: string,
): Promise<AppAnswer> {
  const request: AppRequest = { build, tasks: [...tasks], entries: [...entries], outdir };
  const file = `${outdir}.json`;
  await writeFile(file, JSON.stringify(request));
  const { stdout } = await perform(process.execPath, SCRIPT, file);
  return JSON.parse(stdout) as AppAnswer;
}

/** The bytes of every file of an asset. */
export async function bytesOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Sees that every handler has an asset that exports it. */
export async function gateAssets({ assets }: AppAnswer, { entries }: Pick<HandlerSources, 'entries'>): Promise<void> {
  gate(Object.keys(assets).length === entries.size, `${Object.keys(assets).length} assets of ${entries.size} handlers`);
  for (const [name, folder] of Object.entries(assets)) {
    const script = `process.exit(typeof require(process.argv[1]).handler === 'function' ? 0 : 1)`;
    const loads = perform(process.execPath, '-e', script, join(folder, 'index.js'));
    const failure = await loads.then(
      () => undefined,
      (thrown: unknown) => String(thrown),
    );
    gate(failure === undefined, `the asset of ${name} exports no handler: ${failure ?? ''}`);
  }
}

/** Removes what the product's build keeps for the next time; nobody builds these sources again. */
export async function forgetBundles({ bundles }: AppAnswer): Promise<void> {
  const [folder] = Object.values(bundles);
  if (folder !== undefined) await rm(dirname(folder), { recursive: true, force: true });
}
