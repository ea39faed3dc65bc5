import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { beginRun, type Begun } from '../../lambdas/steps/begin-run.ts';
import { finishRun } from '../../lambdas/steps/finish-run.ts';
import { reapRun } from '../../lambdas/steps/reap-run.ts';
import { createRecord } from '../../lambdas/runtime/records.ts';
import type { Store } from '../../lambdas/runtime/store.ts';
import { verifyRuns, type Verification, type VerifyOptions } from '../../lib/evidence/verify-runs.ts';
import {
  NOW,
  platformOf,
  procedureOf,
  reportedFinding,
  runtimeOf,
  secondsLater,
  stepRecordOf,
} from '../harness/run-records.ts';

export const DAY_SECONDS = 86_400;
/** What `runtimeOf` says of the code that ends a run. */
export const BUNDLE = 'b'.repeat(64);

const daily = procedureOf({ window: '02:00-04:00' });
const platform = platformOf(daily, { procedures: { daily, weekly: procedureOf({ name: 'weekly' }) } });

export interface Start {
  readonly procedure?: string;
  readonly execution: string;
  readonly at: Date;
  readonly input?: unknown;
}

export function begin(store: Store, { procedure = 'daily', execution, at, input }: Start): Promise<Begun> {
  const event = { procedure, execution, executionStartedAt: at.toISOString(), input: input ?? { trigger: 'schedule' } };
  return beginRun(
    event,
    platform,
    runtimeOf(store, () => at),
  );
}

export async function recordStep(store: Store, { run }: Begun, over: Parameters<typeof stepRecordOf>[0] = {}) {
  await createRecord(store, `${run.key}/steps/01-postgres-vacuum.json`, stepRecordOf({ mode: run.mode, ...over }));
}

export function finish(store: Store, { run }: Begun, at: Date) {
  return finishRun(
    { run, caught: {} },
    runtimeOf(store, () => at),
  );
}

export function reap(store: Store, execution: string, at: Date) {
  return reapRun(
    { detail: { executionArn: execution, status: 'ABORTED' } },
    runtimeOf(store, () => at),
  );
}

/** A whole run from Begin to Finish. */
export async function run(store: Store, start: Start, over: Parameters<typeof stepRecordOf>[0] = {}): Promise<Begun> {
  const begun = await begin(store, start);
  await recordStep(store, begun, over);
  await finish(store, begun, secondsLater(60, start.at));
  return begun;
}

/** The first of five runs that ended in different ways: as planned, with a finding, as a plan, refused, and reaped. */
export async function endedRuns(store: Store, number = 5): Promise<readonly Begun[]> {
  const day = (n: number) => secondsLater(n * DAY_SECONDS);
  const late = secondsLater(4 * 3_600, day(2));
  const ways: readonly (() => Promise<Begun>)[] = [
    () => run(store, { execution: 'one', at: NOW }),
    () =>
      run(
        store,
        { execution: 'two', at: day(1) },
        {
          findings: [reportedFinding({ kind: 'bloat', severity: 'warn' })],
          verdict: 'warn',
          targets: [{ target: 'main', verdict: 'warn' }],
        },
      ),
    () => run(store, { procedure: 'weekly', execution: 'three', at: day(1), input: {} }),
    async () => {
      const refused = await begin(store, { execution: 'four', at: late });
      await finish(store, refused, secondsLater(1, late));
      return refused;
    },
    async () => {
      const died = await begin(store, { execution: 'five', at: day(3) });
      await recordStep(store, died);
      await reap(store, 'five', secondsLater(90, day(3)));
      return died;
    },
  ];
  const ended: Begun[] = [];
  for (const way of ways.slice(0, number)) ended.push(await way());
  return ended;
}

/** Verifies with this version's code taken for the one that ended the runs. */
export function verified(store: Store, options: Partial<VerifyOptions> = {}): Promise<Verification> {
  return verifyRuns({ store, ownBundles: async () => new Set([BUNDLE]), ...options });
}

/** Every flaw in words, the keys included. */
export function flawTexts({ flaws }: Verification): string {
  return flaws.map(({ kind, key, summary }) => `${kind} ${key}: ${summary}`).join('\n');
}

/** Every file below a folder with its content, the histories of replaced keys included. */
export async function filesOf(folder: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files.set(path.slice(folder.length + 1), await readFile(path));
  }
  return files;
}

/** Makes an object what it never was, past the store: what replaced it before is forgotten. */
export async function overwrite(folder: string, key: string, body: string | Uint8Array): Promise<void> {
  const path = join(folder, key);
  await rm(join(dirname(path), '.versions', basename(path)), { recursive: true, force: true });
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, body);
}
