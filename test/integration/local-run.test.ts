import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Entry, ResolvedPlatform } from '../../core/platform.ts';
import { RunReport } from '../../core/report.ts';
import { DirectoryStore } from '../../lambdas/runtime/directory-store.ts';
import { requireRecord } from '../../lambdas/runtime/records.ts';
import { runKeys } from '../../lambdas/runtime/run-keys.ts';
import { type Bundles, bundleHandlers, withProfile } from '../../lib/bundle.ts';
import { reapExecution } from '../../lib/local/reap-locally.ts';
import { runLocally } from '../../lib/local/run-locally.ts';

const TASKS = ['check-healthy', 'check-throws', 'check-hangs', 'check-killed', 'check-nonsense', 'append'];
const taskFile = (name: string) => fileURLToPath(new URL(`../harness/tasks/${name}.ts`, import.meta.url));

let bundles: Bundles;

beforeAll(async () => {
  bundles = await bundleHandlers(new Map(TASKS.map((name) => [`test-${name}`, taskFile(name)])));
});

interface Wanted {
  readonly task: string;
  readonly required?: boolean;
  readonly timeoutSeconds?: number;
  readonly input?: Entry['input'];
}

/** A folder of its own with a platform whose one target is an empty file, and the run of these tasks on it. */
async function scene(...steps: readonly (Wanted | { readonly parallel: readonly Wanted[] })[]) {
  const folder = await mkdtemp(join(tmpdir(), 'fettle-run-'));
  const file = join(folder, 'target.log');
  await writeFile(file, '');
  let index = 0;
  const entry = ({ task, required = false, timeoutSeconds = 20, input = {} }: Wanted): Entry => {
    index += 1;
    const changes = task === 'test-append';
    const effect = changes ? 'mutating' : 'read-only';
    return { index, task, kind: 'logs', effect, pauses: changes, input, targets: ['one'], required, timeoutSeconds };
  };
  const platform: ResolvedPlatform = {
    schemaVersion: 1,
    platform: 'scene',
    environment: 'local',
    allowAddresses: [],
    targets: { logs: { one: { url: pathToFileURL(file).href } } },
    procedures: {
      daily: {
        name: 'daily',
        timezone: 'UTC',
        budgetSeconds: 600,
        planOnly: false,
        steps: steps.map((step) => ('parallel' in step ? { parallel: step.parallel.map(entry) } : entry(step))),
      },
    },
  };
  const store = new DirectoryStore(join(folder, 'store'));
  const storeLocation = pathToFileURL(join(folder, 'store')).href;
  const local = { platform, bundles: await withProfile(bundles, platform), storeLocation, folder };
  const start = async (mode: 'execute' | 'plan', signal = new AbortController().signal) =>
    runLocally({
      ...local,
      procedure: 'daily',
      input: { trigger: 'person', mode },
      logFolder: join(folder, 'logs'),
      signal,
      onProgress: () => undefined,
    });
  const reportOf = async (runKey = '') => requireRecord(store, runKeys(runKey).report, RunReport);
  return {
    start,
    reportOf,
    store,
    reap: { ...local, store, signal: new AbortController().signal },
    content: () => readFile(file, 'utf8'),
  };
}

function verdicts({ tasks }: RunReport): Record<string, string> {
  return Object.fromEntries(tasks.map(({ task, verdict }) => [task.replace('test-', ''), verdict]));
}

test('tasks that throw, hang, die or talk nonsense are unknown, and their neighbours are judged all the same', async () => {
  const { start, reportOf } = await scene(
    { task: 'test-check-throws' },
    { parallel: [{ task: 'test-check-hangs', timeoutSeconds: 2 }, { task: 'test-check-killed' }] },
    { task: 'test-check-nonsense' },
    { task: 'test-check-healthy' },
  );

  const { runKey, status } = await start('execute');
  const report = await reportOf(runKey);

  expect(status).toBe('SUCCEEDED');
  expect(verdicts(report)).toEqual({
    'check-throws': 'unknown',
    'check-hangs': 'unknown',
    'check-killed': 'unknown',
    'check-nonsense': 'unknown',
    'check-healthy': 'pass',
  });
  const said = report.findings.map(({ summary }) => summary).join('\n');
  expect(said).toContain('the disk is on fire');
  expect(said).toContain('killed after 2 s');
  expect(said).toContain('SIGKILL');
  expect(said).toContain('nowhere, which is not one of its targets');
  expect(report.tasks_completed).toEqual(['test-check-throws', 'test-check-nonsense', 'test-check-healthy']);
});

test('a required step that is unknown leads straight to the end', async () => {
  const { start, reportOf } = await scene(
    { task: 'test-check-throws', required: true },
    { task: 'test-append' },
    { task: 'test-check-healthy' },
  );

  const report = await reportOf((await start('execute')).runKey);

  expect(report.tasks.map(({ recorded }) => recorded)).toEqual([true, false, false]);
  expect(report.findings.map(({ summary }) => summary)).toContain('no record of this step: it was not reached');
  expect(report.verdict).toBe('unknown');
});

test('a plan changes nothing and says what a run would do', async () => {
  const { start, reportOf, content, store } = await scene({ task: 'test-append' });

  const report = await reportOf((await start('plan')).runKey);

  expect(await content()).toBe('');
  expect(report.actions).toMatchObject([{ verb: 'append', status: 'planned' }]);
  expect(report.planSha256).toMatch(/^[0-9a-f]{64}$/);
  expect(await store.get('state/leases/logs/one.json')).toBeUndefined();
  expect(await keysBelow(store, 'maintenance/')).toEqual([]);
});

test('a run acts once, pauses, goes on and gives its lease back', async () => {
  const { start, reportOf, content, store } = await scene({ task: 'test-append' });

  const report = await reportOf((await start('execute')).runKey);

  expect(await content()).toBe('line\n');
  expect(report.actions).toMatchObject([{ verb: 'append', status: 'done' }]);
  expect(report.verdict).toBe('pass');
  const lease = await store.get('state/leases/logs/one.json');
  expect(JSON.parse(Buffer.from(lease?.body ?? '{}').toString())).toEqual({ kind: 'logs', target: 'one', epoch: 1 });
  expect(await keysBelow(store, 'state/open/')).toEqual([]);
});

describe('a process killed with SIGKILL', () => {
  test.each`
    dieAt       | content     | actions
    ${'before'} | ${''}       | ${''}
    ${'inside'} | ${''}       | ${'append line running'}
    ${'after'}  | ${'line\n'} | ${'append line running'}
  `(
    '$dieAt its effect leaves a run that ends with the truth',
    async ({ dieAt, content: expected, actions }: Record<string, string>) => {
      const { start, reportOf, content, store } = await scene({ task: 'test-append', input: { dieAt: dieAt ?? '' } });

      const report = await reportOf((await start('execute')).runKey);

      expect(report).toMatchObject({ ended: 'finished', verdict: 'unknown', tasks_completed: [] });
      expect(await content()).toBe(expected);
      expect(report.actions.map(({ verb, subject, status }) => `${verb} ${subject} ${status}`).join()).toBe(actions);
      expect(await keysBelow(store, 'state/open/')).toEqual([]);
    },
  );
});

test('a run that is interrupted is ended by Reap, with its leases back', async () => {
  const { start, reportOf, reap, store } = await scene({ task: 'test-check-hangs' }, { task: 'test-append' });
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 2_500);

  const { status, execution, runKey } = await start('execute', controller.signal);
  await reapExecution(reap, execution, 'ABORTED', 'by hand');
  const report = await reportOf(runKey);

  expect(status).toBe('ABORTED');
  expect(report).toMatchObject({ ended: 'aborted', endedBecause: 'ABORTED: by hand', verdict: 'unknown' });
  const lease = await store.get('state/leases/logs/one.json');
  expect(Buffer.from(lease?.body ?? '').toString()).not.toContain('heldBy');
});

async function keysBelow(store: DirectoryStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}
