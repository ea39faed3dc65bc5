import type { Json } from '../../core/json.ts';
import type { Entry, ResolvedPlatform } from '../../core/platform.ts';
import { deriveReport } from '../../core/derive-report.ts';
import type { RunReport } from '../../core/report.ts';
import { Ended, type StepOutcome, StepRecord } from '../../core/run.ts';
import type { TargetKind } from '../../core/target-kinds.ts';
import type { Task } from '../../core/task.ts';
import { createRecord, requireRecord } from '../../lambdas/runtime/records.ts';
import { takeLease } from '../../lambdas/runtime/leases.ts';
import { runTask } from '../../lambdas/runtime/run-task.ts';
import { pointerOf, runtimeOf, secondsLater, startedOf, temporaryStore } from '../harness/run-records.ts';

/** Targets of one kind, and what of the tasks must be set for them to look closely. */
export interface Scene {
  readonly targets: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly inputs?: Readonly<Record<string, Readonly<Record<string, Json>>>>;
}

export interface Observed {
  readonly report: RunReport;
  /** Task to the bytes of its record. */
  readonly recordBytes: ReadonlyMap<string, number>;
  readonly outcomes: readonly StepOutcome[];
}

/** Runs every task of the kinds on their scenes, as a run would, and derives the report. */
export async function observe(
  tasks: readonly Task[],
  scenes: Readonly<Partial<Record<TargetKind, Scene>>>,
): Promise<Observed> {
  const now = new Date();
  const store = await temporaryStore();
  const run = pointerOf('daily-20261121T020000Z');
  const entries = tasks
    .filter((task) => scenes[task.target])
    .map((task, place): Entry => {
      const { targets = {}, inputs = {} } = scenes[task.target] ?? {};
      const { name, target: kind, effect, pauses = false, timeoutSeconds, examples } = task;
      const input = { ...examples[0], ...inputs[name] } as Entry['input'];
      const names = Object.keys(targets);
      return {
        index: place + 1,
        task: name,
        kind,
        effect,
        pauses,
        input,
        targets: names,
        required: false,
        timeoutSeconds,
      };
    });
  const procedure = { name: 'daily', timezone: 'UTC', budgetSeconds: 1_800, planOnly: false, steps: entries };
  const platform: ResolvedPlatform = {
    schemaVersion: 1,
    platform: 'shop',
    environment: 'local',
    allowAddresses: ['127.0.0.0/8', '::1/128'],
    targets: Object.fromEntries(Object.entries(scenes).map(([kind, { targets }]) => [kind, targets])),
    procedures: { daily: procedure },
  };
  const started = startedOf(run, { startedAt: now.toISOString(), deadline: secondsLater(900, now).toISOString() });
  await createRecord(store, `${run.key}/profile.json`, platform);
  await createRecord(store, `${run.key}/started.json`, started);
  const leases = [];
  for (const [kind, { targets }] of Object.entries(scenes)) {
    for (const target of Object.keys(targets)) {
      const lease = { kind, target, runId: run.id, runKey: run.key, now, expiresAt: secondsLater(1_800, now) };
      leases.push({ kind, target, ...(await takeLease(store, { ...lease, holder: undefined })) });
    }
  }
  await createRecord(store, `${run.key}/leases.json`, leases);
  const runtime = runtimeOf(store, () => new Date());
  const outcomes: StepOutcome[] = [];
  const steps: StepRecord[] = [];
  const recordBytes = new Map<string, number>();
  for (const entry of entries) {
    const task = tasks.find(({ name }) => name === entry.task);
    if (!task) continue;
    let previous: StepOutcome | Record<string, never> = {};
    for (let calls = 0; calls < 20; calls += 1) {
      const outcome: StepOutcome = await runTask(task, { run, step: entry.index, previous }, runtime);
      outcomes.push(outcome);
      previous = outcome;
      if (outcome.status === 'done') break;
    }
    const key = `${run.key}/steps/${String(entry.index).padStart(2, '0')}-${entry.task}.json`;
    recordBytes.set(entry.task, (await store.get(key))?.body.length ?? 0);
    steps.push(await requireRecord(store, key, StepRecord));
  }
  const ended = Ended.parse({
    schemaVersion: 1,
    ended: 'finished',
    endedAt: new Date().toISOString(),
    caught: {},
    records: [],
    bundleSha256: 'b'.repeat(64),
  });
  return { report: deriveReport({ started, procedure, ended, steps, previous: undefined }), recordBytes, outcomes };
}
