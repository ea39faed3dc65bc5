import * as z from 'zod';
import { messageOf, Unavailable } from '../../core/errors.ts';
import type { RuntimeKind } from '../../core/finding.ts';
import type { Json } from '../../core/json.ts';
import { entriesOf, ResolvedPlatform, type Entry } from '../../core/platform.ts';
import { RunPointer, Started, StepOutcome, StepRecord, stepStem } from '../../core/run.ts';
import type { Secret } from '../../core/secret.ts';
import type { Target } from '../../core/target-kinds.ts';
import type { Pause, Task, TaskResult } from '../../core/task.ts';
import { worstVerdict } from '../../core/verdict.ts';
import type { BoundAct } from './act.ts';
import { readBaseline, writeBaseline } from './baselines.ts';
import { asEvidence, formsOf, publish } from './documents.ts';
import { acceptResult, findingOfEach, judgeStep } from './judge-step.ts';
import type { Log } from './log.ts';
import { mustBeOpen } from './open-run.ts';
import { recordWords } from './record-words.ts';
import { createRecord, readRecord, requireRecord, withoutSecrets } from './records.ts';
import { boundAct, capOf, earliestOf } from './step-act.ts';
import { resolveTargets } from './step-targets.ts';
import type { Store } from './store.ts';

/** What a task state passes to its function. */
export const TaskEvent = z.object({
  run: RunPointer,
  step: z.int().positive(),
  /** The outcome of the state before; of interest only where it is this step's own pause. */
  previous: z.union([StepOutcome, z.object({}).strict()]),
});
export type TaskEvent = z.infer<typeof TaskEvent>;

export interface TaskRuntime {
  readonly store: Store;
  readonly clock: () => Date;
  readonly log: Log;
  readonly bundleSha256: string;
}

/** `steps/<nn>-<task>.pause-<k>.json`: where a task that paused goes on. */
const PauseRecord = z.object({
  cursor: z.json(),
  seconds: z.int().positive(),
  startedAt: z.iso.datetime(),
  /** Accepted before it was written. */
  soFar: z.custom<SoFar>((value) => typeof value === 'object' && value !== null).optional(),
});

/** A pause that can be kept and come back from; anything else is nonsense. */
const AcceptedPause = z.strictObject({
  paused: z.literal(true),
  seconds: z.number().positive(),
  cursor: z.json(),
  soFar: z.unknown().optional(),
});
type SoFar = NonNullable<Pause['soFar']>;

/** Left between the end of a call and the time limit of its function, to write the records. */
const RECORDING_SECONDS = 5;

interface Step {
  readonly task: Task;
  readonly entry: Entry;
  readonly platform: ResolvedPlatform;
  readonly started: Started;
  readonly run: RunPointer;
  readonly stem: string;
  readonly now: Date;
  readonly firstStartedAt: string;
  readonly pauses: number;
  readonly cursor: Json | undefined;
  /** What the task found before its last pause. */
  readonly soFar: SoFar;
}

/** What one call of a task gets besides its step. */
interface Call {
  readonly input: unknown;
  readonly targets: readonly Target[];
  readonly deadline: Date;
  readonly bound: BoundAct | undefined;
}

/**
 * Runs one task of one run and records what it found and did.
 *
 * Called again for the same step it goes on where it stood: a record that exists is the answer. Whatever the task
 * does, the step has a record at the end, and what the record does not know is `unknown`.
 */
export async function runTask(task: Task, event: TaskEvent, runtime: TaskRuntime): Promise<StepOutcome> {
  const { store, clock } = runtime;
  const { run, step: index } = event;
  const stem = stepStem(index, task.name);
  const platform = await requireRecord(store, `${run.key}/profile.json`, ResolvedPlatform);
  const started = await requireRecord(store, `${run.key}/started.json`, Started);
  const entry = entryOf(platform, run.procedure, index, task.name);
  const existing = await readRecord(store, `${run.key}/steps/${stem}.json`, StepRecord);
  if (existing) return outcomeOf(existing.value, entry);
  await mustBeOpen(store, run);

  const resumed = 'pause' in event.previous && event.previous.step === index ? event.previous.pause : 0;
  const next = await readRecord(store, pauseKey(run, stem, resumed + 1), PauseRecord);
  if (next) return pausedOutcome(index, resumed + 1, next.value.seconds);
  const paused = resumed > 0 ? await requireRecord(store, pauseKey(run, stem, resumed), PauseRecord) : undefined;

  const now = clock();
  const firstStartedAt = paused?.startedAt ?? now.toISOString();
  const step: Step = {
    task,
    entry,
    platform,
    started,
    run,
    stem,
    now,
    firstStartedAt,
    pauses: resumed,
    cursor: paused?.cursor,
    soFar: paused?.soFar ?? nothing(),
  };
  return performStep(step, runtime);
}

async function performStep(step: Step, runtime: TaskRuntime): Promise<StepOutcome> {
  const { task, entry, run, stem, now, started } = step;
  const ended = (kind: RuntimeKind, summary: string) =>
    withSoFar(step, { findings: findingOfEach(kind, entry.targets, summary), measurements: [] });
  const input = task.input.safeParse(entry.input);
  if (!input.success) {
    return record(
      step,
      runtime,
      ended('task-failed', `its input in the profile does not fit: ${messageOf(input.error)}`),
    );
  }
  const cap = capOf(task, input.data);
  if (typeof cap === 'string') return record(step, runtime, ended('task-failed', `its cap cannot be told: ${cap}`));
  const runDeadline = new Date(started.deadline);
  const ownDeadline = now.getTime() + (entry.timeoutSeconds - RECORDING_SECONDS) * 1_000;
  const deadline = new Date(Math.min(ownDeadline, runDeadline.getTime()));
  const bound = cap && (await boundAct(step, runtime, cap, deadline));
  if (now >= runDeadline) {
    const result = ended('out-of-time', `the run's deadline ${started.deadline} had passed`);
    return record(step, runtime, result, { bound });
  }
  if (now < earliestOf(started)) {
    const moved = `the clock was set back during the run: it says ${now.toISOString()}, and the run began at ${started.startedAt}`;
    return record(step, runtime, ended('task-failed', moved), { bound });
  }
  const { targets, unresolved, secrets } = await resolveTargets(entry, step.platform);
  runtime.log.hide(secrets);
  const call = { input: input.data, targets, deadline, bound };
  const returned = targets.length === 0 ? nothing() : await callTask(step, runtime, call);
  if ('paused' in returned) {
    const seconds = Math.max(1, Math.ceil(returned.seconds));
    await mustBeOpen(runtime.store, run);
    const kept = { cursor: returned.cursor, soFar: returned.soFar };
    const { cursor, soFar } = withoutSecrets(kept, secrets, recordWords(task, entry));
    await createRecord(runtime.store, pauseKey(run, stem, step.pauses + 1), {
      cursor,
      seconds,
      startedAt: step.firstStartedAt,
      ...(soFar && { soFar }),
    });
    return pausedOutcome(entry.index, step.pauses + 1, seconds);
  }
  const findings = [...returned.findings, ...unresolved];
  const result = withoutSecrets({ ...returned, findings }, secrets, recordWords(task, entry));
  return record(step, runtime, result, { bound, secrets });
}

async function callTask(
  step: Step,
  { store, clock, log }: TaskRuntime,
  { input, targets, deadline, bound }: Call,
): Promise<TaskResult<string> | Pause> {
  const { task, platform, run, now, cursor } = step;
  const names = targets.map(({ name }) => name);
  const failed = (kind: RuntimeKind, summary: string) =>
    withSoFar(step, { findings: findingOfEach(kind, names, summary), measurements: [] });
  const left = deadline.getTime() - clock().getTime();
  const signal = AbortSignal.timeout(Math.max(1, left));
  const overdue = Promise.withResolvers<'overdue'>();
  const timer = setTimeout(() => overdue.resolve('overdue'), Math.max(1, left));
  try {
    const baseline = await readBaseline(store, task);
    const context = {
      input,
      targets,
      now,
      clock,
      deadline,
      signal,
      resume: cursor,
      baseline,
      sessionName: `fettle:${run.id}:${task.name}`,
      allowAddresses: platform.allowAddresses,
      mode: run.mode,
      ...(bound && { act: bound.act }),
    };
    const returned: unknown = await Promise.race([task.run(context as never), overdue.promise]);
    if (returned === 'overdue') return failed('task-timed-out', `it had not ended at ${deadline.toISOString()}`);
    const pause = AcceptedPause.safeParse(returned);
    const paused = task.pauses && pause.success ? pause.data : undefined;
    const accepted = acceptResult(task, names, paused ? (paused.soFar ?? nothing()) : returned);
    if ('nonsense' in accepted) return failed('task-failed', accepted.nonsense);
    return paused ? { ...paused, soFar: accepted.result } : accepted.result;
  } catch (thrown) {
    log.error('task failed', { task: task.name, error: messageOf(thrown) });
    return failed(thrown instanceof Unavailable ? 'not-readable' : 'task-failed', messageOf(thrown));
  } finally {
    clearTimeout(timer);
  }
}

async function record(
  { task, entry, platform, run, stem, firstStartedAt, pauses, now }: Step,
  { store, clock, bundleSha256 }: TaskRuntime,
  result: TaskResult<string>,
  more: { bound?: BoundAct | undefined; secrets?: readonly Secret[] } = {},
): Promise<StepOutcome> {
  await mustBeOpen(store, run);
  const secrets = more.secrets ?? [];
  const actions = withoutSecrets((await more.bound?.actions()) ?? [], secrets, recordWords(task, entry));
  const { forms, unwritten } = formsOf(task, entry.targets, result, platform);
  const said = { ...result, findings: [...result.findings, ...unwritten] };
  const judged = judgeStep(task, entry.targets, said, actions);
  const evidence: string[] = [];
  for (const [name, content] of Object.entries({ ...result.attachments, ...asEvidence(forms) })) {
    const key = `${run.key}/evidence/${stem}/${name}`;
    await store.createIfAbsent(key, content);
    evidence.push(key);
  }
  if (run.mode === 'execute') {
    if (result.baseline !== undefined) await writeBaseline(store, task, result.baseline, run.id);
    await publish(store, task, now, forms);
  }
  const stepRecord: StepRecord = {
    schemaVersion: 1,
    task: task.name,
    index: entry.index,
    mode: run.mode,
    startedAt: firstStartedAt,
    finishedAt: clock().toISOString(),
    bundleSha256,
    verdict: worstVerdict(judged.targets.map(({ verdict }) => verdict)),
    targets: [...judged.targets],
    findings: [...judged.findings],
    measurements: [...judged.measurements],
    actions,
    evidence,
    pauses,
  };
  const key = `${run.key}/steps/${stem}.json`;
  await createRecord(store, key, stepRecord);
  return outcomeOf(await requireRecord(store, key, StepRecord), entry);
}

function entryOf(platform: ResolvedPlatform, procedure: string, index: number, task: string): Entry {
  const definition = platform.procedures[procedure];
  const entry = definition && entriesOf(definition).find((candidate) => candidate.index === index);
  if (entry?.task !== task) throw new Error(`step ${index} of ${procedure} is not ${task} in the profile of this run`);
  return entry;
}

function outcomeOf({ verdict, index }: StepRecord, { required }: Entry): StepOutcome {
  const stop = required && (verdict === 'fail' || verdict === 'unknown');
  return { step: index, status: 'done', verdict, stop, waitSeconds: 0, pause: 0 };
}

function pausedOutcome(step: number, pause: number, waitSeconds: number): StepOutcome {
  return { step, status: 'paused', verdict: 'unknown', stop: false, waitSeconds, pause };
}

function pauseKey(run: RunPointer, stem: string, pause: number): string {
  return `${run.key}/steps/${stem}.pause-${String(pause).padStart(4, '0')}.json`;
}

/** What was found before the last pause stands where the task cannot say it again. */
function withSoFar({ soFar }: Step, { findings, measurements }: SoFar): SoFar {
  return {
    findings: [...soFar.findings, ...findings],
    measurements: [...soFar.measurements, ...measurements],
  };
}

function nothing(): SoFar {
  return { findings: [], measurements: [] };
}
