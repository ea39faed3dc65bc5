import { actionId, type Act, type RecordedAction } from '../../core/action.ts';
import type { Json } from '../../core/json.ts';
import { Secret } from '../../core/secret.ts';
import { TARGET_KINDS } from '../../core/target-kinds.ts';
import type { Pause, Task, TaskResult } from '../../core/task.ts';
import { commandProblems } from './finding-commands.ts';

export interface Performance {
  readonly task: Task;
  /** Target name to settings as a profile has them, addresses as plain text. */
  readonly targets: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly input?: Readonly<Record<string, Json>>;
  readonly now?: Date;
  readonly timeoutSeconds?: number;
  /** One of the test's own in place of that of the time-out. */
  readonly signal?: AbortSignal;
  readonly mode?: 'execute' | 'plan';
  readonly resume?: Json;
  readonly baseline?: unknown;
  readonly allowAddresses?: readonly string[];
  readonly sessionName?: string;
  /** Replaces the plain `act` of this harness, for tests of crashes. */
  readonly act?: Act;
}

export interface Performed {
  readonly result: TaskResult<string> | Pause;
  readonly actions: readonly Pick<RecordedAction, 'id' | 'verb' | 'target' | 'subject' | 'status'>[];
}

/** Runs a task once on real targets without a run around it; throws where a command that it finds cannot be pasted. Its `act` performs at once, or only notes in a plan. */
export async function performTask(performance: Performance): Promise<Performed> {
  const { task, targets, mode = 'execute', now = new Date(), timeoutSeconds = task.timeoutSeconds } = performance;
  const actions: Performed['actions'][number][] = [];
  const plainAct: Act = async (action, perform) => {
    const { verb, target, subject } = action;
    const outcome = mode === 'plan' ? undefined : await perform();
    const status = outcome === undefined ? 'planned' : outcome.state;
    actions.push({ id: actionId(task.name, action), verb, target, subject, status });
    if (outcome === undefined) return { status: 'planned' };
    if (outcome.state === 'skipped') return { status: 'skipped', detail: outcome.detail };
    if (outcome.state === 'running') return { status: 'running', since: new Date() };
    return {
      status: 'done',
      ...(outcome.after !== undefined && { after: outcome.after }),
      reconciled: false,
      possiblyRepeated: false,
    };
  };
  const addresses: readonly string[] = TARGET_KINDS[task.target].addresses;
  const context = {
    input: task.input.parse(performance.input ?? {}),
    targets: Object.entries(targets).map(([name, settings]) => ({
      name,
      ...Object.fromEntries(
        Object.entries(settings).map(([field, value]) => [
          field,
          addresses.includes(field) ? new Secret(String(value)) : value,
        ]),
      ),
    })),
    now,
    clock: () => new Date(),
    deadline: new Date(Date.now() + timeoutSeconds * 1_000),
    signal: performance.signal ?? AbortSignal.timeout(timeoutSeconds * 1_000),
    resume: performance.resume,
    baseline: performance.baseline,
    sessionName: performance.sessionName ?? `fettle:test:${task.name}`,
    allowAddresses: performance.allowAddresses ?? ['127.0.0.0/8', '::1/128'],
    mode,
    act: performance.act ?? plainAct,
  };
  const result = await task.run(context as never);
  const unfit = 'findings' in result ? commandProblems(result.findings) : [];
  if (unfit.length > 0) throw new Error(unfit.join('; '));
  return { result, actions };
}

/** The result of a task that did not pause. */
export async function resultOf(performance: Performance): Promise<TaskResult<string>> {
  const { result } = await performTask(performance);
  if ('paused' in result) throw new Error(`${performance.task.name} paused and the test expected its end`);
  return result;
}
