import * as z from 'zod';
import type { Act, ActOutcome, Action, Seen, Settling } from '../../../core/action.ts';
import { messageOf, Unavailable } from '../../../core/errors.ts';
import type { Finding, Measurement } from '../../../core/finding.ts';
import type { Target } from '../../../core/target-kinds.ts';
import { pause, type Pause, type TaskResult } from '../../../core/task.ts';
import { eachTarget } from '../../runtime/each-target.ts';
import { type Choice, skippedCommand, tablesLeft, type UpkeepKind } from './_choice.ts';
import { type KeptSession, keepSession } from './_kept-session.ts';
import { sessionOptions, withSession } from './_session.ts';
import { After, type Item, look, perform, type Times, type Verb } from './_statement.ts';

/** What happens to one target, from its choice to its end; it travels in the cursor of a pause. */
const Course = z.object({
  /** Worst first; the first is the one that may be running. */
  queue: z.array(z.custom<Item>((value) => typeof value === 'object' && value !== null)),
  planned: z.number(),
  population: z.number(),
  findings: z.array(z.custom<Finding>((value) => typeof value === 'object' && value !== null)),
  measurements: z.array(z.custom<Measurement>((value) => typeof value === 'object' && value !== null)),
  acted: z.number(),
});
const Cursor = z.record(z.string(), Course);

export interface UpkeepContext {
  readonly targets: readonly Target<'postgres'>[];
  readonly now: Date;
  readonly clock: () => Date;
  readonly deadline: Date;
  readonly resume: unknown;
  readonly sessionName: string;
  readonly allowAddresses: readonly string[];
  readonly mode: 'execute' | 'plan';
  readonly act: Act;
  readonly input: { readonly lockTimeout: number; readonly followAfter: number; readonly statementTimeout: number };
}

/** What is particular to a kind of upkeep. */
export interface Upkeep<Kind extends string> {
  readonly verb: Verb;
  /** The limit of a call as the task declares it; a call that has less is near the end of its run. */
  readonly timeoutSeconds: number;
  /** The name of the measurement of how many tables were done. */
  readonly measurement: string;
  readonly choose: (target: Target<'postgres'>) => Promise<Choice<Kind>>;
  /** What is to be said of a table after its statement. */
  readonly judge: (target: string, item: Item, after: After) => readonly Finding<Kind>[];
}

type State = z.infer<typeof Course>;

/** What is known of the time of one call. */
export type CallContext = Pick<UpkeepContext, 'now' | 'clock' | 'deadline'> & {
  readonly input: { readonly lockTimeout: number };
};

/** Left of a call to settle what was started. */
export const RESERVE_SECONDS = 10;
const FOLLOW_EVERY_SECONDS = 30;
// Between the end of a call and the time limit of its function lies what the runtime needs for its records.
const RUNTIME_SECONDS = 6;

/**
 * Brings the chosen tables of every target through one statement each, worst first.
 *
 * What was chosen is kept, by a pause, before anything is done: a call after a crash must come back to the table that
 * was being worked on, and by its statistics that table may not look due any more. The same cursor brings back the
 * statement that runs for longer than a call.
 */
export async function keepUp<Kind extends string>(
  context: UpkeepContext,
  upkeep: Upkeep<Kind | UpkeepKind>,
): Promise<TaskResult<Kind | UpkeepKind, never> | Pause> {
  const isFirst = context.resume === undefined;
  const states = new Map<string, State>(Object.entries(isFirst ? {} : Cursor.parse(context.resume)));
  const waits: number[] = [];
  const examined = await eachTarget<Kind | UpkeepKind, Target<'postgres'>>(context.targets, async (target) => {
    const state = states.get(target.name) ?? begun(await upkeep.choose(target));
    states.set(target.name, state);
    const keepsFirst = isFirst && context.mode === 'execute' && state.queue.length > 0;
    const wait = keepsFirst ? 1 : await workSafely(context, upkeep, target, state);
    if (wait !== undefined) waits.push(wait);
    return concluded(upkeep, target.name, state);
  });
  if (waits.length === 0) return examined;
  const cursor = Cursor.parse(Object.fromEntries(states)) as never;
  return pause({ seconds: Math.min(...waits), cursor, soFar: examined });
}

function begun<Kind extends string>({ queue, population, findings, measurements }: Choice<Kind>): State {
  return {
    queue: [...queue],
    planned: queue.length,
    population,
    findings: [...findings],
    measurements: [...measurements],
    acted: 0,
  };
}

function concluded<Kind extends string>(
  { measurement }: Pick<Upkeep<Kind>, 'measurement'>,
  target: string,
  { findings, measurements, acted }: State,
): { findings: Finding<Kind>[]; measurements: Measurement[] } {
  return {
    findings: findings as Finding<Kind>[],
    measurements: [...measurements, { name: measurement, value: acted, unit: 'count', target }],
  };
}

/** A server that goes away takes nothing from what was found before. */
async function workSafely<Kind extends string>(
  context: UpkeepContext,
  upkeep: Upkeep<Kind | UpkeepKind>,
  target: Target<'postgres'>,
  state: State,
): Promise<number | undefined> {
  try {
    return await work(context, upkeep, target, state);
  } catch (thrown) {
    if (!(thrown instanceof Unavailable)) throw thrown;
    state.findings.push({ kind: 'not-readable', target: target.name, summary: messageOf(thrown) });
    state.queue = [];
    return undefined;
  }
}

/** Works through the queue; seconds to wait where the rest must be done by a later call. */
async function work<Kind extends string>(
  context: UpkeepContext,
  upkeep: Upkeep<Kind | UpkeepKind>,
  target: Target<'postgres'>,
  state: State,
): Promise<number | undefined> {
  // Small tables take less time than a new connection for each of them would.
  await using sessions = keepSession(target, { ...sessionOptions(context), outlivesClient: true });
  for (let [item] = state.queue; item; [item] = state.queue) {
    if (secondsLeft(context) <= neededSeconds(context)) {
      if (mayPause(context, upkeep, 1)) return 1;
      leaveRest(target.name, state);
      return undefined;
    }
    const outcome = await context.act(
      { ...actionOf(target.name, upkeep.verb, item, state), ...settling(context, upkeep, target, item, sessions) },
      () => perform(sessions, target.name, upkeep.verb, item, timesOf(context)),
    );
    if (outcome.status === 'running') {
      if (mayPause(context, upkeep, FOLLOW_EVERY_SECONDS)) return FOLLOW_EVERY_SECONDS;
      leaveRest(target.name, state);
      return undefined;
    }
    if (outcome.status === 'refused' && outcome.reason === 'deadline') {
      leaveRest(target.name, state);
      return undefined;
    }
    state.queue.shift();
    await take(context, upkeep, target, item, outcome, state);
  }
  return undefined;
}

async function take<Kind extends string>(
  context: UpkeepContext,
  upkeep: Upkeep<Kind>,
  target: Target<'postgres'>,
  item: Item,
  outcome: ActOutcome,
  state: State,
): Promise<void> {
  if (outcome.status === 'done') {
    state.acted += 1;
    state.findings.push(...upkeep.judge(target.name, item, After.parse(outcome.after)));
  }
  if (outcome.status === 'skipped') {
    const [, kind = '', detail = ''] = /^([a-z-]+): (.*)$/s.exec(outcome.detail) ?? [];
    const summary = `${item.label} ${detail}`;
    const command = skippedCommand(kind, item.relation);
    state.findings.push({ kind, target: target.name, subject: item.label, summary, ...command });
  }
  // The runtime reports the failure. Here it matters whether the server is there for the next table.
  if (outcome.status === 'failed') await withSession(target, sessionOptions(context), async () => undefined);
}

function settling<Kind extends string>(
  context: UpkeepContext,
  { verb }: Upkeep<Kind>,
  target: Target<'postgres'>,
  item: Item,
  sessions: KeptSession,
): Settling {
  return {
    look: async (): Promise<Seen> => {
      // A role may be allowed one connection at a time.
      await sessions.release();
      return look(target, verb, item, { ...sessionOptions(context), outlivesClient: true });
    },
  };
}

function actionOf(target: string, verb: Verb, item: Item, { planned, population }: State): Action {
  return {
    verb,
    target,
    subject: item.label,
    summary: `${verb} ${item.label}: ${item.why}`,
    statement: item.statement,
    before: { ...item.before },
    scope: { planned, population },
    worstCaseSeconds: RESERVE_SECONDS,
  };
}

function leaveRest(target: string, state: State): void {
  const labels = state.queue.map(({ label }) => label);
  const why = `time ended before ${labels.length} of ${state.planned} tables were finished`;
  state.findings.push(tablesLeft(target, labels, why, 0));
  state.queue = [];
}

export function secondsLeft({ deadline, clock }: Pick<CallContext, 'deadline' | 'clock'>): number {
  return (deadline.getTime() - clock().getTime()) / 1_000;
}

export function neededSeconds({ input }: Pick<CallContext, 'input'>): number {
  return RESERVE_SECONDS + input.lockTimeout + 1;
}

/** A call that began with less than the task's own time is limited by the end of the run, after which nobody calls again. */
export function mayPause(
  context: CallContext,
  { timeoutSeconds }: { timeoutSeconds: number },
  seconds: number,
): boolean {
  const given = (context.deadline.getTime() - context.now.getTime()) / 1_000;
  if (given <= neededSeconds(context)) return false;
  return given >= timeoutSeconds - RUNTIME_SECONDS || secondsLeft(context) > seconds + neededSeconds(context);
}

function timesOf(context: UpkeepContext): Times {
  const { lockTimeout, followAfter, statementTimeout } = context.input;
  return {
    followSeconds: Math.min(followAfter, secondsLeft(context) - RESERVE_SECONDS - lockTimeout),
    limitSeconds: statementTimeout,
    lockTimeoutSeconds: lockTimeout,
  };
}
