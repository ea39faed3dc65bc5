import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Json } from '../../../../core/json.ts';
import { StepRecord, type StepOutcome } from '../../../../core/run.ts';
import type { Task } from '../../../../core/task.ts';
import { DirectoryStore } from '../../../../lambdas/runtime/directory-store.ts';
import { takeLease } from '../../../../lambdas/runtime/leases.ts';
import { createLog } from '../../../../lambdas/runtime/log.ts';
import { createRecord, requireRecord } from '../../../../lambdas/runtime/records.ts';
import { runTask } from '../../../../lambdas/runtime/run-task.ts';
import type { Store } from '../../../../lambdas/runtime/store.ts';

/** A real run of one task on one database, in a store on disk. */
export interface TestRun {
  readonly folder: string;
  readonly id: string;
  readonly url: string;
}

export interface RunOptions {
  readonly url: string;
  readonly task: Task;
  readonly input?: Readonly<Record<string, Json>>;
  readonly deadlineSeconds?: number;
  readonly timeoutSeconds?: number;
}

const PROCEDURE = 'daily';
const folders: string[] = [];

/** Removes the stores of all runs of this test file. */
export async function forgetRuns(): Promise<void> {
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
}

/** Writes what Begin would have written. */
export async function beginRun({
  url,
  task,
  input = {},
  deadlineSeconds = 600,
  timeoutSeconds = 300,
}: RunOptions): Promise<TestRun> {
  const folder = await mkdtemp(join(tmpdir(), 'fettle-store-'));
  folders.push(folder);
  const store = new DirectoryStore(folder);
  const id = `daily-manual-${Date.now()}`;
  const runKey = `runs/${PROCEDURE}/${id}`;
  const now = new Date();
  const deadline = new Date(now.getTime() + deadlineSeconds * 1_000);
  const entry = {
    index: 1,
    task: task.name,
    kind: 'postgres',
    effect: task.effect,
    pauses: true,
    input,
    targets: ['main'],
    required: false,
    timeoutSeconds,
  };
  const procedure = {
    name: PROCEDURE,
    timezone: 'UTC',
    budgetSeconds: deadlineSeconds,
    planOnly: false,
    steps: [entry],
  };
  const target = { main: { url: 'env:FETTLE_TEST_POSTGRES' } };
  await createRecord(store, `${runKey}/profile.json`, {
    schemaVersion: 1,
    platform: 'test',
    environment: 'local',
    allowAddresses: ['127.0.0.0/8', '::1/128'],
    targets: { postgres: target },
    procedures: { [PROCEDURE]: procedure },
  });
  await createRecord(store, `${runKey}/started.json`, {
    schemaVersion: 1,
    platform: 'test',
    environment: 'local',
    procedure: PROCEDURE,
    runId: id,
    trigger: 'schedule',
    requestedMode: 'execute',
    mode: 'execute',
    startedAt: now.toISOString(),
    deadline: deadline.toISOString(),
    execution: id,
  });
  const lease = await takeLease(store, {
    kind: 'postgres',
    target: 'main',
    runId: id,
    runKey,
    now,
    expiresAt: deadline,
  });
  await createRecord(store, `${runKey}/leases.json`, [{ kind: 'postgres', target: 'main', ...lease }]);
  return { folder, id, url };
}

/** Calls the step once, as its state does. */
export async function callStep(
  run: TestRun,
  task: Task,
  previous: StepOutcome | Record<string, never>,
  store?: Store,
): Promise<StepOutcome> {
  process.env['FETTLE_TEST_POSTGRES'] = run.url;
  const pointer = { id: run.id, procedure: PROCEDURE, key: `runs/${PROCEDURE}/${run.id}`, mode: 'execute' } as const;
  const clock = () => new Date();
  const log = createLog({}, clock, () => undefined);
  const runtime = { store: store ?? new DirectoryStore(run.folder), clock, log, bundleSha256: 'test' };
  return runTask(task, { run: pointer, step: 1, previous }, runtime);
}

/** Calls the step through its pauses, waiting a moment where the machine would wait longer. */
export async function finishStep(
  run: TestRun,
  task: Task,
  previous: StepOutcome | Record<string, never> = {},
): Promise<StepRecord> {
  for (let outcome: StepOutcome | Record<string, never> = previous; ; await sleep(200)) {
    outcome = await callStep(run, task, outcome);
    if (outcome.status === 'done') return recordOf(run, task);
  }
}

export async function recordOf(run: TestRun, task: Task): Promise<StepRecord> {
  return requireRecord(
    new DirectoryStore(run.folder),
    `runs/${PROCEDURE}/${run.id}/steps/01-${task.name}.json`,
    StepRecord,
  );
}

/** Calls the step in a process of its own; `dieAt` is part of the key of the record at whose writing it kills itself. */
export function spawnStep(
  run: TestRun,
  task: Task,
  previous: StepOutcome | Record<string, never>,
  dieAt = '',
): ChildProcess {
  const script = fileURLToPath(new URL('_step-process.ts', import.meta.url));
  const job = JSON.stringify({ run, previous, dieAt, task: task.name });
  return spawn(process.execPath, [script, job], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: withoutJest(),
  });
}

export async function ended(child: ChildProcess): Promise<NodeJS.Signals | null> {
  if (child.exitCode === null && child.signalCode === null) await new Promise((resolve) => child.once('exit', resolve));
  return child.signalCode;
}

function withoutJest(): NodeJS.ProcessEnv {
  return { ...process.env, NODE_OPTIONS: '' };
}

/** Waits for a condition of the server; fails after ten seconds. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let waited = 0; waited < 10_000; waited += 50) {
    if (await condition()) return;
    await sleep(50);
  }
  throw new Error(`in ten seconds this has not come true: ${condition.toString()}`);
}
