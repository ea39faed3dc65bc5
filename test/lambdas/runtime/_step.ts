import * as z from 'zod';
import type { Json } from '../../../core/json.ts';
import type { Entry, ResolvedPlatform } from '../../../core/platform.ts';
import { type StepOutcome, StepRecord, type Started } from '../../../core/run.ts';
import { defineTask, type Pause, type Task, type TaskContext, type TaskResult } from '../../../core/task.ts';
import { createRecord, requireRecord } from '../../../lambdas/runtime/records.ts';
import { runTask } from '../../../lambdas/runtime/run-task.ts';
import type { Store } from '../../../lambdas/runtime/store.ts';
import {
  entryOf,
  NOW,
  platformOf,
  pointerOf,
  procedureOf,
  runtimeOf,
  startedOf,
  temporaryStore,
} from '../../harness/run-records.ts';

const Input = z.strictObject({ limit: z.int().default(5).describe('How many are too many') });
export type ReadingContext = TaskContext<'postgres', z.output<typeof Input>, never>;

/** A task that only reads, with the given body; what it returns may be nonsense. */
export function readingTask(run: (context: ReadingContext) => Promise<unknown>): Task {
  return defineTask({
    name: 'postgres-check-rows',
    summary: 'Counts rows',
    effect: 'read-only',
    target: 'postgres',
    input: Input,
    examples: [{}],
    findings: {
      'too-many': {
        severity: 'warn',
        means: 'There are many.',
        matters: 'They become more.',
        remedy: 'Remove some.',
        prevention: 'Let fewer in.',
      },
    },
    timeoutSeconds: 60,
    pauses: true,
    attaches: true,
    run: (context) => run(context) as Promise<TaskResult<'too-many', never> | Pause>,
  });
}

/** What a task says of a target that is well. */
export function measured(...targets: readonly string[]): TaskResult<'too-many'> {
  return { findings: [], measurements: targets.map((target) => ({ name: 'rows', value: 3, unit: 'rows', target })) };
}

export interface StepOptions {
  readonly entry?: Partial<Entry>;
  readonly targets?: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly mode?: 'execute' | 'plan';
  readonly started?: Partial<Started>;
  readonly store?: Store;
  readonly runId?: string;
}

export interface TestStep {
  readonly store: Store;
  readonly lines: string[];
  readonly key: string;
  readonly call: (
    task: Task,
    previous?: StepOutcome | Record<string, never>,
    clock?: () => Date,
  ) => Promise<StepOutcome>;
  readonly record: () => Promise<StepRecord>;
}

/** The records that Begin leaves for a procedure of one step, and the call that its state makes. */
export async function stepOf(task: Task, options: StepOptions = {}): Promise<TestStep> {
  const { mode = 'execute', store = await temporaryStore(), runId = 'daily-20261121T020000Z' } = options;
  const run = pointerOf(runId, mode);
  const { name, effect, pauses } = task;
  const entry = entryOf({ task: name, effect, pauses, targets: ['main', 'copy'], ...options.entry });
  const postgres = options.targets as Record<string, Record<string, Json>> | undefined;
  const over = (postgres ? { targets: { postgres } } : {}) as Partial<ResolvedPlatform>;
  await createRecord(store, `${run.key}/profile.json`, platformOf(procedureOf({ steps: [entry] }), over));
  await createRecord(store, `${run.key}/started.json`, startedOf(run, options.started));
  const lines: string[] = [];
  return {
    store,
    lines,
    key: run.key,
    call: (called, previous = {}, clock = () => NOW) =>
      runTask(called, { run, step: 1, previous }, runtimeOf(store, clock, lines)),
    record: () => requireRecord(store, `${run.key}/steps/01-${name}.json`, StepRecord),
  };
}
