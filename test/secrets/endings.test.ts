import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Entry, ResolvedPlatform } from '../../core/platform.ts';
import { RunReport } from '../../core/report.ts';
import { DirectoryStore } from '../../lambdas/runtime/directory-store.ts';
import { requireRecord } from '../../lambdas/runtime/records.ts';
import { runKeys } from '../../lambdas/runtime/run-keys.ts';
import { bundleHandlers, withProfile } from '../../lib/bundle.ts';
import { invoke } from '../../lib/local/invoke.ts';
import { type Progress, runLocally } from '../../lib/local/run-locally.ts';
import { renderTerminal } from '../../lib/terminal-report.ts';
import { pointerOf } from '../harness/run-records.ts';
import { canaryOf, SEED } from './_canaries.ts';
import { ENDINGS } from './_leaking-task.ts';
import { startParrot } from './_parrot.ts';
import { filesOf, searchFor, type Sink } from './_search.ts';

const VARIABLE = 'FETTLE_TEST_LEAKING_URL';
const PASSWORD = canaryOf('password', 'with quotes');
const search = searchFor([PASSWORD]);
const folders: string[] = [];
const sinks: Sink[] = [];
let report: RunReport;
let taskBundle: string;

/** One run with one step for each ending: every process of it, every file and everything that is shown. */
beforeAll(async () => {
  process.env[VARIABLE] = `redis://app:${encodeURIComponent(PASSWORD.value)}@127.0.0.1:1`;
  const folder = await mkdtemp(join(tmpdir(), 'fettle-endings-'));
  folders.push(folder);
  const task = fileURLToPath(new URL('./_leaking-task.ts', import.meta.url));
  const entries = ENDINGS.map((ending, place): Entry => {
    const isLong = ending === 'hangs';
    return {
      index: place + 1,
      task: 'test-leaking',
      kind: 'logs',
      effect: 'mutating',
      pauses: true,
      input: { ending },
      targets: ['one'],
      required: false,
      timeoutSeconds: isLong ? 2 : 20,
    };
  });
  const platform: ResolvedPlatform = {
    schemaVersion: 1,
    platform: 'scene',
    environment: 'local',
    allowAddresses: [],
    targets: { logs: { one: { url: `env:${VARIABLE}` } } },
    procedures: { daily: { name: 'daily', timezone: 'UTC', budgetSeconds: 600, planOnly: false, steps: entries } },
  };
  const bundles = await withProfile(await bundleHandlers(new Map([['test-leaking', task]])), platform);
  taskBundle = bundles.get('test-leaking') ?? '';
  const progress: Progress[] = [];
  const { runKey = '', error = '' } = await runLocally({
    platform,
    bundles,
    storeLocation: pathToFileURL(join(folder, 'store')).href,
    folder,
    procedure: 'daily',
    input: { trigger: 'person', mode: 'execute' },
    logFolder: join(folder, 'logs'),
    signal: new AbortController().signal,
    onProgress: (one) => void progress.push(one),
  });
  report = await requireRecord(new DirectoryStore(join(folder, 'store')), runKeys(runKey).report, RunReport);
  sinks.push(
    ...(await filesOf(folder)),
    { name: 'progress', content: JSON.stringify(progress) },
    { name: 'error', content: error },
    { name: 'terminal', content: renderTerminal(report, { colour: false }) },
  );
});

afterAll(async () => {
  Reflect.deleteProperty(process.env, VARIABLE);
  for (const folder of folders) await rm(folder, { recursive: true });
});

test.each(ENDINGS.map((ending, place) => [ending, place + 1] as const))(
  'a task that %s and says its secret wherever it can leaves a record without it',
  (ending, index) => {
    const stem = `${String(index).padStart(2, '0')}-test-leaking`;
    const ours = sinks.filter(({ name }) => name.includes(stem));
    const lost = ['rejects unseen', 'throws in a callback', 'exits', 'is killed', 'hangs', 'acts and dies'].includes(
      ending,
    );
    expect(ours.some(({ name }) => name.includes('/steps/'))).toBe(!lost);
    expect(search(ours)).toEqual([]);
  },
);

test(`no report, page, log or other file of these endings shows the secret (FETTLE_SEED=${SEED})`, () => {
  expect(sinks.map(({ name }) => name).join('\n')).toMatch(/report\.html[^]*\.log\n/);
  expect(report.findings.map(({ summary }) => summary).join('\n')).toContain('[redacted]');
  expect(search(sinks)).toEqual([]);
});

test('a store that repeats the credentials of the function gets them into no error and no log line', async () => {
  const parrot = await startParrot();
  const token = canaryOf('session token', 'long');
  const lines: string[] = [];
  const told = await invoke({
    bundle: taskBundle,
    event: { run: { ...pointerOf(), key: 'runs/daily/x' }, step: 1, previous: {} },
    timeoutSeconds: 20,
    environment: {
      FETTLE_STORE: 's3://fettle-secret-store',
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
      AWS_SECRET_ACCESS_KEY: canaryOf('secret key', 'like base64').value,
      AWS_SESSION_TOKEN: token.value,
      AWS_ENDPOINT_URL: `http://127.0.0.1:${parrot.port}`,
    },
    folder: tmpdir(),
    signal: new AbortController().signal,
    onLog: (text) => void lines.push(text),
  }).catch((thrown: unknown) => thrown);
  await parrot.close();
  const shown = [told instanceof Error ? `${told.message}\n${told.stack}` : JSON.stringify(told), ...lines];
  expect(shown.join('\n')).toContain('AccessDenied');
  expect(shown.join('\n')).toContain('[redacted]');
  expect(searchFor([token])(shown.map((content) => ({ name: 'shown', content })))).toEqual([]);
});

test('an error that nobody caught is in the log in words, and ends its process', () => {
  const log = sinks.find(({ name }) => name.endsWith('test-leaking.log'))?.content.toString() ?? '';
  expect(log).toContain('nobody caught an error');
  expect(log).toContain('cannot log in to [redacted]');
  const summaries = report.findings.map(({ summary }) => summary).join('\n');
  expect(summaries).toContain('exited with 1');
  expect(summaries).toContain('exited with 3');
});
