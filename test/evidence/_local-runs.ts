import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Entry, ResolvedPlatform } from '../../core/platform.ts';
import { bundleHandlers, withProfile } from '../../lib/bundle.ts';
import { runLocally } from '../../lib/local/run-locally.ts';

const TASKS = ['check-healthy', 'append'];
const taskFile = (name: string) => fileURLToPath(new URL(`../harness/tasks/${name}.ts`, import.meta.url));

/** Runs a procedure of a task that changes its target and one that only looks, on this machine, into `<folder>/store`. */
export async function localRuns(folder: string, modes: readonly ('execute' | 'plan')[]): Promise<string> {
  const bundles = await bundleHandlers(new Map(TASKS.map((name) => [`test-${name}`, taskFile(name)])));
  const target = join(folder, 'target.log');
  await writeFile(target, '');
  const common = { kind: 'logs', input: {}, required: false, timeoutSeconds: 20 } as const;
  const targets = ['one'];
  const steps: Entry[] = [
    { ...common, targets, index: 1, task: 'test-append', effect: 'mutating', pauses: true },
    { ...common, targets, index: 2, task: 'test-check-healthy', effect: 'read-only', pauses: false },
  ];
  const daily = { name: 'daily', timezone: 'UTC', budgetSeconds: 600, planOnly: false, steps };
  const platform: ResolvedPlatform = {
    schemaVersion: 1,
    platform: 'scene',
    environment: 'local',
    allowAddresses: [],
    targets: { logs: { one: { url: pathToFileURL(target).href } } },
    procedures: { daily },
  };
  for (const mode of modes) {
    const { status, error } = await runLocally({
      platform,
      bundles: await withProfile(bundles, platform),
      storeLocation: pathToFileURL(join(folder, 'store')).href,
      folder,
      procedure: 'daily',
      input: { trigger: 'person', mode },
      logFolder: join(folder, 'logs'),
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
    if (status !== 'SUCCEEDED') throw new Error(error ?? status);
  }
  return join(folder, 'store');
}
