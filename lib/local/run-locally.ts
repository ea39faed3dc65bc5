import { randomUUID } from 'node:crypto';
import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { StateMachine } from 'aws-local-stepfunctions';
import { messageOf } from '../../core/errors.ts';
import { entriesOf, type Entry, type ResolvedPlatform } from '../../core/platform.ts';
import { RunPointer, StepOutcome } from '../../core/run.ts';
import { resourceName, stackName } from '../../state-machines/names.ts';
import { procedureDefinition, STEP_TIMEOUTS, type StepName } from '../../state-machines/procedure.ts';
import type { State, States, TaskState } from '../../state-machines/states.ts';
import type { Bundles } from '../bundle.ts';
import { environmentOf } from './environment.ts';
import { thisHolder } from './holder.ts';
import { invoke } from './invoke.ts';

/** What a person may watch while a run goes on. */
export type Progress =
  | { readonly event: 'begun'; readonly runId: string; readonly mode: string; readonly next: string }
  | { readonly event: 'started'; readonly task: string; readonly step: number }
  | { readonly event: 'ended'; readonly task: string; readonly step: number; readonly outcome: StepOutcome }
  | { readonly event: 'lost'; readonly task: string; readonly step: number; readonly error: string }
  | { readonly event: 'unlogged'; readonly error: string };

export interface LocalRun {
  readonly platform: ResolvedPlatform;
  readonly procedure: string;
  /** The start input, as an execution would get it. */
  readonly input: Readonly<Record<string, unknown>>;
  /** With Begin's profile in place. */
  readonly bundles: Bundles;
  readonly storeLocation: string;
  /** Where `file:` references of the profile start. */
  readonly folder: string;
  /** Where the log lines of the handlers go. */
  readonly logFolder: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

export interface LocalEnd {
  readonly execution: string;
  /** How the execution ended, in the words of Step Functions. */
  readonly status: 'SUCCEEDED' | 'FAILED' | 'ABORTED';
  /** Known once Begin has answered. */
  readonly runKey: string | undefined;
  /** True where this start was a second delivery of a run that is there already. */
  readonly duplicate: boolean;
  readonly error?: string;
}

/**
 * Executes a procedure on this machine: the very definition that is deployed, by an embedded interpreter, each
 * function from its Lambda bundle in a process of its own.
 */
export async function runLocally(run: LocalRun): Promise<LocalEnd> {
  const { platform, signal } = run;
  const procedure = platform.procedures[run.procedure];
  if (!procedure) throw new Error(`${platform.platform} has no procedure ${run.procedure}`);
  const definition = procedureDefinition(platform, procedure);
  const execution = `local:${randomUUID()}`;
  const begun: { run?: RunPointer; duplicate: boolean } = { duplicate: false };
  const machine = new StateMachine(definition as unknown as ConstructorParameters<typeof StateMachine>[0], {
    validationOptions: { checkPaths: true, checkArn: false },
  });
  const options = {
    overrides: { taskResourceLocalHandlers: await handlersOf(definition.States, run, begun) },
    context: contextOf(execution, run),
  };
  // The interpreter's types know JSON only as a recursive union that plain interfaces do not fit.
  const [input, runOptions] = [run.input, options] as unknown as Parameters<StateMachine['run']>;
  const { result, abort } = machine.run(input, runOptions);
  const onAbort = () => abort();
  signal.addEventListener('abort', onAbort, { once: true });
  const known = () => ({ execution, runKey: begun.run?.key, duplicate: begun.duplicate });
  try {
    await result;
    return { ...known(), status: 'SUCCEEDED' };
  } catch (thrown) {
    return { ...known(), status: signal.aborted ? 'ABORTED' : 'FAILED', error: messageOf(thrown) };
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function contextOf(execution: string, { input, procedure }: LocalRun) {
  const now = new Date().toISOString();
  return {
    Execution: { Id: execution, Name: execution.replace('local:', ''), Input: input, RoleArn: 'local', StartTime: now },
    StateMachine: { Id: procedure, Name: procedure },
    State: { EnteredTime: now, Name: 'Begin', RetryCount: 0 },
  };
}

type Handler = (parameters: TaskState['Parameters']) => Promise<{ Payload: unknown }>;

/** One local handler for each Task state, however deep; what it runs is decided by the function's name alone. */
async function handlersOf(
  states: States,
  run: LocalRun,
  begun: { run?: RunPointer; duplicate: boolean },
): Promise<Record<string, Handler>> {
  const { platform, bundles, logFolder } = run;
  await mkdir(logFolder, { recursive: true });
  const stack = stackName(platform.platform, platform.environment);
  const byFunction = new Map([...bundles.keys()].map((name) => [resourceName(stack, name), name]));
  const procedure = platform.procedures[run.procedure];
  const entries = procedure ? entriesOf(procedure) : [];
  const surroundings = { platform, storeLocation: run.storeLocation, holder: thisHolder() };
  let isLogging = true;

  async function call(name: string, entry: Entry | undefined, payload: unknown): Promise<unknown> {
    const timeoutSeconds = entry?.timeoutSeconds ?? STEP_TIMEOUTS[name as StepName];
    return invoke({
      bundle: bundles.get(name) ?? '',
      event: payload,
      timeoutSeconds,
      environment: environmentOf(surroundings, name, entry),
      folder: run.folder,
      signal: run.signal,
      onLog: (text) => void log(name, text),
    });
  }

  /** What cannot be logged is told once; the records are what counts, and the run goes on. */
  async function log(name: string, text: string): Promise<void> {
    try {
      await appendFile(join(logFolder, `${name}.log`), text);
    } catch (thrown) {
      if (!isLogging) return;
      isLogging = false;
      run.onProgress({ event: 'unlogged', error: messageOf(thrown) });
    }
  }

  async function step(name: string, payload: { step?: number }): Promise<unknown> {
    const entry = entries.find(({ index }) => index === payload.step);
    if (!entry) {
      const answer = await call(name, undefined, payload);
      if (name === 'begin-run') noteBegun(answer, begun, run);
      return answer;
    }
    const place = { task: entry.task, step: entry.index };
    run.onProgress({ event: 'started', ...place });
    try {
      const outcome = StepOutcome.parse(await call(name, entry, payload));
      run.onProgress({ event: 'ended', ...place, outcome });
      return outcome;
    } catch (thrown) {
      run.onProgress({ event: 'lost', ...place, error: messageOf(thrown) });
      throw thrown;
    }
  }

  return Object.fromEntries(
    taskStates(states).map(([state, { Parameters }]) => {
      const name = byFunction.get(Parameters.FunctionName);
      if (!name) throw new Error(`no handler is bundled for ${Parameters.FunctionName}`);
      return [state, async ({ Payload }) => ({ Payload: await step(name, Payload as { step?: number }) })];
    }),
  );
}

function noteBegun(answer: unknown, begun: { run?: RunPointer; duplicate: boolean }, { onProgress }: LocalRun): void {
  const { run, next } = answer as { run: unknown; next: string };
  begun.run = RunPointer.parse(run);
  begun.duplicate = next === 'end';
  onProgress({ event: 'begun', runId: begun.run.id, mode: begun.run.mode, next });
}

function taskStates(states: States): [string, TaskState][] {
  return Object.entries<State>(states).flatMap(([name, state]) => {
    if (state.Type === 'Task') return [[name, state] as [string, TaskState]];
    return state.Type === 'Parallel' ? state.Branches.flatMap((branch) => taskStates(branch.States)) : [];
  });
}
