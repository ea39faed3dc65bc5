import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as z from 'zod';
import type { Json } from '../../core/json.ts';
import { entriesOf, type Entry, type ResolvedPlatform } from '../../core/platform.ts';
import { RunReport } from '../../core/report.ts';
import type { RunPointer } from '../../core/run.ts';
import { openStore } from '../../lambdas/runtime/open-store.ts';
import { requireRecord } from '../../lambdas/runtime/records.ts';
import { runKeys } from '../../lambdas/runtime/run-keys.ts';
import type { Store } from '../../lambdas/runtime/store.ts';
import { type Bundles, bundleHandlers, withProfile } from '../../lib/bundle.ts';
import { environmentOf } from '../../lib/local/environment.ts';
import { thisHolder } from '../../lib/local/holder.ts';
import { reapExecution } from '../../lib/local/reap-locally.ts';
import { type LocalEnd, type Progress, runLocally } from '../../lib/local/run-locally.ts';
import { type HandlerOptions, type HandlerProcess, startHandler, until } from './_handler-process.ts';

const FILES: Readonly<Record<string, string>> = {
  'test-append-lines': './tasks/append-lines.ts',
  'test-check-healthy': '../harness/tasks/check-healthy.ts',
};

/** The bundles of the steps and of the tasks that scenes use; the same sources are bundled once. */
export function sceneBundles(files = FILES): Promise<Bundles> {
  const absolute = (file: string) => fileURLToPath(new URL(file, import.meta.url));
  return bundleHandlers(new Map(Object.entries(files).map(([name, file]) => [name, absolute(file)])));
}

export type Steps = readonly { readonly task: string; readonly input?: Entry['input'] }[];

export interface SceneOptions {
  readonly bundles: Bundles;
  readonly procedures: Readonly<Record<string, Steps>>;
  readonly budgetSeconds?: number;
  /** A folder by default. */
  readonly storeLocation?: string;
  readonly targets?: ResolvedPlatform['targets'];
}

export type Scene = Awaited<ReturnType<typeof makeScene>>;

/** A platform with one target, an empty file unless another is given, its store, and processes on them. */
export async function makeScene({ bundles, procedures, budgetSeconds = 600, ...more }: SceneOptions) {
  const folder = await mkdtemp(join(tmpdir(), 'fettle-scene-'));
  const file = join(folder, 'target.log');
  await writeFile(file, '');
  const targets = more.targets ?? { logs: { one: { url: pathToFileURL(file).href } } };
  const [kind = 'logs'] = Object.keys(targets) as (keyof typeof targets)[];
  const platform: ResolvedPlatform = {
    schemaVersion: 1,
    platform: 'scene',
    environment: 'local',
    allowAddresses: ['127.0.0.0/8'],
    targets,
    procedures: Object.fromEntries(
      Object.entries(procedures).map(([name, steps]) => [
        name,
        { name, timezone: 'UTC', budgetSeconds, planOnly: false, steps: steps.map(entryOn(kind, targets[kind] ?? {})) },
      ]),
    ),
  };
  const storeLocation = more.storeLocation ?? pathToFileURL(join(folder, 'store')).href;
  const store = openStore(storeLocation);
  const local = { platform, bundles: await withProfile(bundles, platform), storeLocation, folder };

  const told: Progress[] = [];
  const engine = (procedure: string, input: Record<string, Json>, signal = new AbortController().signal) =>
    runLocally({
      ...local,
      procedure,
      input,
      logFolder: join(folder, 'logs'),
      signal,
      onProgress: (progress) => void told.push(progress),
    });

  function handler(name: string, event: unknown, options: Partial<HandlerOptions> = {}): HandlerProcess {
    const step = z.object({ run: z.object({ procedure: z.string() }), step: z.int() }).safeParse(event).data;
    const procedure = platform.procedures[step?.run.procedure ?? ''];
    const entry = procedure && entriesOf(procedure).find(({ index }) => index === step?.step);
    const environment = environmentOf({ platform, storeLocation, holder: thisHolder() }, name, entry);
    return startHandler({ bundle: local.bundles.get(name), event, environment, ...options });
  }

  return {
    ...local,
    file,
    store,
    /** What was told while runs went on. */
    told,
    engine,
    handler,
    reap: ({ execution }: Pick<LocalEnd, 'execution'>) =>
      reapExecution({ ...local, store, signal: new AbortController().signal }, execution, 'ABORTED', 'by hand'),
    /** Begin in a process of its own, with the clock of that process. */
    begin: (procedure: string, execution: string, input: Record<string, Json>, clockFile?: string) => {
      const event = { procedure, execution, executionStartedAt: new Date().toISOString(), input };
      return handler('begin-run', event, clockFile === undefined ? {} : { clockFile });
    },
    step: (run: RunPointer, task: string, options: Partial<HandlerOptions> = {}, step = 1) =>
      handler(task, { run, step, previous: {} }, options),
    finish: (run: RunPointer) => handler('finish-run', { run, caught: {} }).answer,
    report: (runKey = ''): Promise<RunReport> => requireRecord(store, runKeys(runKey).report, RunReport),
    lines: async () => (await readFile(file, 'utf8')).split('\n').filter((line) => line !== ''),
    held: () => until('the task waits', () => existsSync(`${file}.held`)),
    letGo: () => writeFile(`${file}.go`, ''),
    /** A clock that is wrong by so many seconds, for the processes that are given its file. */
    clock: async (seconds: number) => setClock(join(folder, `clock-${seconds}`), seconds),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

function entryOn(kind: Entry['kind'], targets: object) {
  return ({ task, input = {} }: Steps[number], place: number): Entry => ({
    index: place + 1,
    task,
    kind,
    effect: task.includes('check') ? 'read-only' : 'mutating',
    pauses: kind === 'postgres',
    input,
    targets: Object.keys(targets),
    required: false,
    timeoutSeconds: 60,
  });
}

/** Sets a clock in one step, so that nobody reads half of a number. */
export async function setClock(file: string, seconds: number): Promise<string> {
  await writeFile(`${file}.new`, String(seconds));
  await rename(`${file}.new`, file);
  return file;
}

/** What a lease says now. */
export async function leaseOf(store: Store, kind = 'logs', target = 'one'): Promise<Record<string, Json>> {
  const stored = await store.get(`state/leases/${kind}/${target}.json`);
  return JSON.parse(Buffer.from(stored?.body ?? '{}').toString()) as Record<string, Json>;
}

export async function keysBelow(store: Store, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}
