import type { Entry, Procedure, ResolvedPlatform } from '../core/platform.ts';
import { resourceName, stackName } from './names.ts';
import { invocation, type Definition, type State, type States, type TaskState } from './states.ts';

/** The steps that are not tasks, with the time limits of their functions in seconds. */
export const STEP_TIMEOUTS = { 'begin-run': 60, 'finish-run': 120, 'reap-run': 120, tick: 300 } as const;
export type StepName = keyof typeof STEP_TIMEOUTS;

/** A function that hangs is ended by Lambda; the state waits this much longer so that Lambda's own error arrives. */
const STATE_GRACE_SECONDS = 15;
/** What the machine may take beyond the budget of its procedure: Begin, Finish and their retries. */
const MACHINE_GRACE_SECONDS = 900;

const BEGIN = 'Begin';
const BEGUN = 'Begun?';
const DUPLICATE = 'Duplicate';
const FINISH = 'Finish';

/** What a task leaves in the state of the machine. */
const OUTCOME = Object.fromEntries(
  ['step', 'status', 'verdict', 'stop', 'waitSeconds', 'pause'].map((field) => [`${field}.$`, `$.Payload.${field}`]),
);

/**
 * Renders the state machine of a procedure.
 *
 * The text of this definition is what the cloud deploys and what the embedded engine runs. Its size depends on the
 * tasks alone, never on how many targets they have.
 */
export function procedureDefinition(platform: ResolvedPlatform, procedure: Procedure): Definition {
  const stack = stackName(platform.platform, platform.environment);
  const names = stateNames(procedure);
  const firsts = procedure.steps.map((step) => ('parallel' in step ? groupName(step.parallel) : nameOf(names, step)));
  const states: Record<string, State> = {
    [BEGIN]: begin(stack, procedure),
    [BEGUN]: {
      Type: 'Choice',
      Choices: [
        { Variable: '$.next', StringEquals: 'end', Next: DUPLICATE },
        { Variable: '$.next', StringEquals: 'finish', Next: FINISH },
      ],
      Default: firsts[0] ?? FINISH,
    },
    [DUPLICATE]: { Type: 'Succeed' },
  };
  for (const [place, step] of procedure.steps.entries()) {
    const next = firsts[place + 1] ?? FINISH;
    if ('parallel' in step) states[groupName(step.parallel)] = group(stack, step.parallel, names, next);
    else Object.assign(states, inLine(stack, step, nameOf(names, step), next));
  }
  states[FINISH] = {
    ...invocation(
      resourceName(stack, 'finish-run'),
      { 'run.$': '$.run', 'caught.$': '$.caught' },
      STEP_TIMEOUTS['finish-run'],
    ),
    Comment: 'Derives verdict and report from the records, gives the leases back',
    OutputPath: '$.Payload',
    End: true,
  };
  return {
    Comment: `${procedure.name} of ${platform.platform} ${platform.environment}`,
    StartAt: BEGIN,
    TimeoutSeconds: procedure.budgetSeconds + MACHINE_GRACE_SECONDS,
    States: states,
  };
}

function begin(stack: string, { name }: Procedure): State {
  const payload = {
    procedure: name,
    'execution.$': '$$.Execution.Id',
    'executionStartedAt.$': '$$.Execution.StartTime',
    'input.$': '$',
  };
  return {
    ...invocation(resourceName(stack, 'begin-run'), payload, STEP_TIMEOUTS['begin-run']),
    Comment: 'Decides whether the run may go on, claims its id, takes its leases',
    OutputPath: '$.Payload',
    Next: BEGUN,
  };
}

/** A task of the main line: its error is recorded and the next task runs, unless the profile requires it. */
function inLine(stack: string, entry: Entry, name: string, next: string): States {
  const asks = entry.pauses || entry.required;
  const states: Record<string, State> = {
    [name]: {
      ...taskState(stack, entry, `$.caught.${stepKey(entry)}`, entry.required ? FINISH : next),
      Next: asks ? `${name}?` : next,
    },
  };
  if (!asks) return states;
  return { ...states, ...afterwards(entry, name, next, FINISH) };
}

/** The Choice behind a task that may pause or that must not fail, and the Wait of the pause. */
function afterwards({ pauses, required }: Entry, name: string, next: string, stop: string): States {
  const paused = { Variable: '$.previous.status', StringEquals: 'paused', Next: `${name}…` } as const;
  const stopped = { Variable: '$.previous.stop', BooleanEquals: true, Next: stop } as const;
  const choices = [...(pauses ? [paused] : []), ...(required ? [stopped] : [])];
  const choice: State = { Type: 'Choice', Choices: choices, Default: next };
  if (!pauses) return { [`${name}?`]: choice };
  return {
    [`${name}?`]: choice,
    [`${name}…`]: { Type: 'Wait', SecondsPath: '$.previous.waitSeconds', Next: name },
  };
}

/** Tasks side by side. Each branch catches for itself, so the group as a whole never fails. */
function group(stack: string, entries: readonly Entry[], names: ReadonlyMap<number, string>, next: string): State {
  return {
    Type: 'Parallel',
    Parameters: { 'run.$': '$.run', previous: {}, error: null },
    Branches: entries.map((entry) => branch(stack, entry, nameOf(names, entry))),
    ResultSelector: Object.fromEntries(entries.map((entry, place) => [`${stepKey(entry)}.$`, `$[${place}].error`])),
    ResultPath: `$.caught.${groupName(entries).replace('group ', 'g')}`,
    Next: next,
  };
}

function branch(stack: string, entry: Entry, name: string): { StartAt: string; States: States } {
  const ended = `${name}.`;
  const task = taskState(stack, entry, '$.error', ended);
  const states: Record<string, State> = {
    [name]: { ...task, Next: entry.pauses ? `${name}?` : ended },
    [ended]: { Type: 'Succeed' },
  };
  return { StartAt: name, States: entry.pauses ? { ...states, ...afterwards(entry, name, ended, ended) } : states };
}

function taskState(stack: string, entry: Entry, errorPath: string, onError: string): Omit<TaskState, 'Next' | 'End'> {
  const payload = { 'run.$': '$.run', step: entry.index, 'previous.$': '$.previous' };
  const timeoutSeconds = entry.timeoutSeconds + STATE_GRACE_SECONDS;
  return {
    ...invocation(resourceName(stack, entry.task), payload, timeoutSeconds),
    Comment: `Step ${entry.index}: ${entry.targets.length === 1 ? '1 target' : `${entry.targets.length} targets`}`,
    ResultSelector: OUTCOME,
    ResultPath: '$.previous',
    Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: errorPath, Next: onError }],
  };
}

/** State names are task names, so that console, alarms and report use one word; a repeated task gets its step number. */
function stateNames({ steps }: Procedure): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  const taken = new Set<string>();
  for (const entry of steps.flatMap((step) => ('parallel' in step ? step.parallel : [step]))) {
    const name = taken.has(entry.task) ? `${entry.task} ${entry.index}` : entry.task;
    taken.add(name);
    names.set(entry.index, name);
  }
  return names;
}

function nameOf(names: ReadonlyMap<number, string>, { index, task }: Entry): string {
  return names.get(index) ?? task;
}

function stepKey({ index }: Entry): string {
  return `s${String(index).padStart(2, '0')}`;
}

function groupName([first]: readonly Entry[]): string {
  return `group ${String(first?.index ?? 0).padStart(2, '0')}`;
}
