import { expect, test } from '@jest/globals';
import { StateMachine } from 'aws-local-stepfunctions';
import type { ResolvedPlatform } from '../../core/platform.ts';
import { defineTask, pause } from '../../core/task.ts';
import { runTask, TaskEvent } from '../../lambdas/runtime/run-task.ts';
import { BeginEvent, beginRun } from '../../lambdas/steps/begin-run.ts';
import { FinishEvent, finishRun } from '../../lambdas/steps/finish-run.ts';
import { procedureDefinition } from '../../state-machines/procedure.ts';
import type { States } from '../../state-machines/states.ts';
import { NOW, runtimeOf, temporaryStore } from '../harness/run-records.ts';
import { STAND_IN } from '../harness/stand-in.ts';
import { task as healthy } from '../harness/tasks/check-healthy.ts';
import { mostTransitions } from './transitions.ts';
import { entryOf, platformOf, procedureOf } from './written.ts';

const MOST_PAYLOAD_BYTES = 32 * 1_024;

/** Finds something in every target, and pauses once with all of them in its cursor. */
const talkative = defineTask({
  ...STAND_IN,
  name: 'test-check-talkative',
  summary: 'Stands for a task with much to say of each target',
  effect: 'read-only',
  pauses: true,
  run: ({ targets, resume }) => {
    if (resume === undefined) return Promise.resolve(pause({ seconds: 1, cursor: targets.map(({ name }) => name) }));
    const summary = `${'it is broken '.repeat(20)}, limit 0`;
    return Promise.resolve({
      findings: targets.map(({ name: target }) => ({ kind: 'broken' as const, target, summary })),
      measurements: targets.map(({ name }) => ({ name: 'seen', value: 1, unit: 'count' as const, target: name })),
    });
  },
});
const TASKS = new Map([healthy, talkative].map((task) => [task.name, task]));

interface Executed {
  /** How many states were entered, those of branches included. */
  readonly transitions: number;
  /** Of what the interpreter tells of one state: its input and its output. */
  readonly mostBytes: number;
  /** The longest way through the definition, on which nothing pauses. */
  readonly longest: number;
  readonly counts: unknown;
}

/** Executes Begin, three steps and Finish as they are, on so many targets, and listens to the interpreter. */
async function execute(count: number): Promise<Executed> {
  const targets = Array.from({ length: count }, (_, place) => `target-${place}`);
  const reading = { kind: 'logs', targets } as const;
  const procedure = procedureOf([
    entryOf(healthy.name, reading),
    entryOf(talkative.name, { ...reading, pauses: true }),
    [entryOf(healthy.name, reading)],
  ]);
  const platform = withTargets(platformOf(procedure), targets);
  const definition = procedureDefinition(platform, procedure);
  const machine = new StateMachine(definition as unknown as ConstructorParameters<typeof StateMachine>[0], {
    validationOptions: { checkPaths: true, checkArn: false },
  });
  const options = {
    overrides: {
      taskResourceLocalHandlers: await handlersFor(definition.States, platform),
      waitTimeOverrides: { [`${talkative.name}…`]: 0 },
    },
    context: { Execution: { Id: 'local:budget', StartTime: NOW.toISOString() } },
  };
  const input = { trigger: 'schedule', scheduledTime: NOW.toISOString() };
  const { result, eventLogs } = machine.run(input, options as never);
  const events: (typeof eventLogs extends AsyncGenerator<infer Event> ? Event : never)[] = [];
  for await (const event of eventLogs) events.push(event);
  const payloads = events
    .flatMap((event) => ('state' in event ? [event.state] : []))
    .map((state) => JSON.stringify(state));
  return {
    transitions: events.filter(({ type }) => type === 'StateEntered').length,
    mostBytes: Math.max(...payloads.map((payload) => Buffer.byteLength(payload))),
    longest: mostTransitions(definition.States, definition.StartAt),
    counts: ((await result) as { counts?: unknown }).counts,
  };
}

function withTargets(platform: ResolvedPlatform, targets: readonly string[]): ResolvedPlatform {
  const settings = targets.map((name) => [name, { url: `file:///nowhere/${name}` }] as const);
  return { ...platform, environment: 'local', targets: { logs: Object.fromEntries(settings) } };
}

type Handler = (parameters: { readonly Payload: unknown }) => Promise<{ readonly Payload: unknown }>;

/** The very steps and the runtime of tasks, called in this process and not each in its own. */
async function handlersFor(states: States, platform: ResolvedPlatform): Promise<Readonly<Record<string, Handler>>> {
  const runtime = runtimeOf(await temporaryStore());
  async function call(state: string, payload: unknown): Promise<unknown> {
    if (state === 'Begin') return beginRun(BeginEvent.parse(payload), platform, runtime);
    if (state === 'Finish') return finishRun(FinishEvent.parse(payload), runtime);
    const task = TASKS.get(state.split(' ')[0] ?? '');
    if (!task) throw new Error(`there is no task for the state ${state}`);
    return runTask(task, TaskEvent.parse(payload), runtime);
  }
  const names = Object.entries(states).flatMap(([name, state]): string[] => {
    if (state.Type === 'Parallel') return state.Branches.flatMap((branch) => Object.keys(branch.States));
    return state.Type === 'Task' ? [name] : [];
  });
  return Object.fromEntries(
    names.map((name) => [name, async ({ Payload }) => ({ Payload: await call(name, Payload) })]),
  );
}

test('a run on a hundred targets takes the transitions of a run on one, and its states carry no more', async () => {
  const one = await execute(1);
  const hundred = await execute(100);

  // Both have really run: every target has its verdict from each of the three steps.
  expect(one.counts).toMatchObject({ pass: 2, fail: 1, unknown: 0 });
  expect(hundred.counts).toMatchObject({ pass: 200, fail: 100, unknown: 0 });
  expect(hundred.transitions).toBe(one.transitions);
  // The pause costs three: the Wait, the task again, and the Choice behind it.
  expect(hundred.transitions).toBe(hundred.longest + 3);
  expect(hundred.transitions).toBeLessThanOrEqual(2 * 3 + 6 + 3);
  expect(hundred.mostBytes).toBeLessThan(one.mostBytes + 100);
  expect(hundred.mostBytes).toBeLessThanOrEqual(MOST_PAYLOAD_BYTES);
});
