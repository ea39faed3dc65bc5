import {
  actionId,
  allowedBy,
  Intent,
  type Act,
  type Action,
  type ActOutcome,
  type Cap,
  type Performed,
  type RecordedAction,
  type Refusal,
  type Seen,
  type Settling,
} from '../../core/action.ts';
import { messageOf, Refused } from '../../core/errors.ts';
import { shortened } from '../../core/shortened.ts';
import {
  actionKeys,
  described,
  type End,
  Outcome,
  readActions,
  readIntents,
  recordedAction,
} from './action-records.ts';
import { leaseProblem } from './leases.ts';
import { mustBeOpen } from './open-run.ts';
import { createRecord, readRecord, requireRecord, withCleanTexts } from './records.ts';
import type { Store } from './store.ts';

/** What an `act` is bound to: one step of one run. */
export interface ActBinding {
  readonly store: Store;
  readonly runId: string;
  /** `runs/<procedure>/<run id>` */
  readonly runKey: string;
  /** `<nn>-<task>` */
  readonly stem: string;
  readonly task: string;
  readonly kind: string;
  readonly effect: 'mutating' | 'destructive';
  readonly mode: 'execute' | 'plan';
  readonly cap: Cap;
  readonly clock: () => Date;
  /** No action starts that may not have ended by then. */
  readonly deadline: Date;
  /** Target name to the epoch of the lease that the run was granted; a target without one cannot be changed. */
  readonly epochs: ReadonlyMap<string, number>;
  /** Target name to the run that held it when this one asked. */
  readonly heldBy?: ReadonlyMap<string, string>;
  /** Before this moment the clock cannot be right, and a deadline measured by it is none. */
  readonly notBefore?: Date;
  /** Takes out of a text what no record may show; nothing by default. */
  readonly clean?: (text: string) => string;
  /** Words that stand in every record as they are. */
  readonly spared?: ReadonlySet<string>;
  /** The ids of the approved actions; undefined where the procedure needs no approval. */
  readonly approved?: ReadonlySet<string>;
}

export interface BoundAct {
  readonly act: Act;
  /** Everything planned, done, refused or failed so far in this step, earlier invocations included, in order. */
  readonly actions: () => Promise<RecordedAction[]>;
}

interface History {
  readonly intents: readonly Intent[];
  readonly outcome: Outcome | undefined;
}

/** A look at the lease is worth nothing after so long: the process may have been suspended, or the store slow. */
const STALE_LOOK_MS = 5_000;

/** Makes the one function through which a step changes its targets. */
export function createAct(binding: ActBinding): BoundAct {
  const { store, runKey, stem, task, kind, clock, clean = (text) => text, spared } = binding;
  const keys = actionKeys(runKey, stem);
  /** What leaves no intent behind: planned and refused actions of this invocation. */
  const noted = new Map<string, RecordedAction>();
  const startedOn = new Map<string, Set<string>>();
  let intended: number | undefined;

  async function act(action: Action & Settling, perform: () => Promise<Performed>): Promise<ActOutcome> {
    const id = actionId(task, action);
    if (binding.mode === 'plan') {
      noted.set(id, recorded(id, action, { status: 'planned' }));
      return { status: 'planned' };
    }
    const history = await readHistory(id);
    if (history.outcome) return outcomeOf(history.outcome.recorded);
    const open = history.intents.at(-1);
    const seen = open && action.look ? await action.look(open) : undefined;
    if (open && seen?.state === 'running') return { status: 'running', since: new Date(open.intendedAt) };
    if (open && seen?.state === 'done')
      return close(id, open, action, { status: 'done', ...afterOf(seen), reconciled: true });

    let lookedAt = clock();
    const refusal = await refusalOf(id, action);
    if (refusal) {
      const doubt = open && !action.look ? '; an earlier attempt may have taken effect' : '';
      const refused = { ...refusal, detail: `${refusal.detail}${doubt}` };
      noted.set(id, recorded(id, action, { status: 'refused', ...refused }));
      return { status: 'refused', ...refused };
    }
    const intent = await writeIntent(id, action, history.intents.length + 1);
    while (Math.abs(clock().getTime() - lookedAt.getTime()) >= STALE_LOOK_MS) {
      lookedAt = clock();
      const late = await refusalOf(id, action);
      if (late) return close(id, intent, action, { status: 'refused', ...late });
    }
    return performed(intent, action, perform, open !== undefined && action.look === undefined);
  }

  async function performed(
    intent: Intent,
    action: Action & Settling,
    perform: () => Promise<Performed>,
    possiblyRepeated: boolean,
  ): Promise<ActOutcome> {
    const repeated = possiblyRepeated ? { possiblyRepeated } : {};
    try {
      const result = await perform();
      if (result.state === 'running') return { status: 'running', since: new Date(intent.intendedAt) };
      if (result.state === 'skipped') {
        return await close(intent.id, intent, action, { status: 'skipped', detail: result.detail });
      }
      return await close(intent.id, intent, action, { status: 'done', ...afterOf(result), ...repeated });
    } catch (thrown) {
      return settleError(intent, action, thrown);
    }
  }

  /** An error may hide an effect (a lost connection does): the target is looked at before the action counts as failed. */
  async function settleError(intent: Intent, action: Action & Settling, thrown: unknown): Promise<ActOutcome> {
    const detail = shortened(messageOf(thrown));
    let seen: Seen | undefined;
    try {
      seen = await action.look?.(intent);
    } catch (blind) {
      const unsure = `${detail}; whether it took effect could not be seen: ${messageOf(blind)}`;
      return close(intent.id, intent, action, { status: 'failed', detail: unsure });
    }
    if (seen?.state === 'running') return { status: 'running', since: new Date(intent.intendedAt) };
    if (seen?.state === 'done')
      return close(intent.id, intent, action, { status: 'done', ...afterOf(seen), reconciled: true });
    return close(intent.id, intent, action, { status: 'failed', detail });
  }

  async function refusalOf(id: string, action: Action): Promise<{ reason: Refusal; detail: string } | undefined> {
    const { target, scope, worstCaseSeconds = 0 } = action;
    const now = clock();
    const { notBefore } = binding;
    if (notBefore && now < notBefore) {
      const clockSays = `the clock says ${now.toISOString()} and this run cannot have begun before ${notBefore.toISOString()}`;
      return { reason: 'deadline', detail: clockSays };
    }
    const epoch = binding.epochs.get(target);
    if (epoch === undefined) {
      const holder = binding.heldBy?.get(target);
      const because = holder === undefined ? '' : `: ${holder} held it when this run began`;
      return { reason: 'lease', detail: `this run was not granted the lease of ${kind} ${target}${because}` };
    }
    const problem = await leaseProblem(store, { kind, target, runId: binding.runId, epoch, now });
    if (problem) return { reason: 'lease', detail: problem };
    const left = (binding.deadline.getTime() - now.getTime()) / 1_000;
    if (left <= worstCaseSeconds) {
      return { reason: 'deadline', detail: `${Math.floor(left)} s are left and it may take ${worstCaseSeconds} s` };
    }
    if (binding.approved && !binding.approved.has(id))
      return { reason: 'plan', detail: 'it is not in the approved plan' };
    const allowed = allowedBy(binding.cap, scope.population);
    const started = await startedOnTarget(target);
    // What cannot be undone is not begun where it could not be finished within the cap.
    const over =
      binding.effect === 'destructive' ? scope.planned > allowed : !started.has(id) && started.size >= allowed;
    if (!over) return undefined;
    return { reason: 'cap', detail: `${scope.planned} of ${scope.population} are due and the cap allows ${allowed}` };
  }

  async function writeIntent(id: string, action: Action, attempt: number): Promise<Intent> {
    // What has no lease was refused before.
    const lease = { kind, target: action.target, epoch: binding.epochs.get(action.target) as number };
    intended = (intended ?? (await allIntents()).length) + 1;
    const intendedAt = clock().toISOString();
    const intent: Intent = { id, task, intendedAt, attempt, order: intended, lease, action: described(action) };
    const shown: Intent = { ...intent, action: withCleanTexts(intent.action, clean, spared) };
    const created = await createRecord(store, keys.intent(id, attempt), shown);
    if (!created)
      throw new Refused('STEP_CONCURRENT', `${action.summary}: another invocation of this step is doing it now`);
    (await startedOnTarget(action.target)).add(id);
    return intent;
  }

  async function close(id: string, intent: Intent, action: Action, end: End): Promise<ActOutcome> {
    // The run may have been ended while this was under way, as one whose end nobody saw: its records are sealed.
    await mustBeOpen(store, { id: binding.runId, key: runKey });
    const ended = recorded(id, action, end);
    const outcome: Outcome = {
      intentKey: keys.intent(id, intent.attempt),
      finishedAt: clock().toISOString(),
      recorded: withCleanTexts(ended, clean, spared),
    };
    await createRecord(store, keys.outcome(id), outcome);
    return outcomeOf(ended);
  }

  async function readHistory(id: string): Promise<History> {
    const intents: Intent[] = [];
    for await (const { key } of store.list(keys.intents(id))) {
      intents.push(await requireRecord(store, key, Intent));
    }
    return { intents, outcome: (await readRecord(store, keys.outcome(id), Outcome))?.value };
  }

  async function startedOnTarget(target: string): Promise<Set<string>> {
    const known = startedOn.get(target);
    if (known) return known;
    const ids = new Set<string>();
    for (const intent of await allIntents()) if (intent.action.target === target) ids.add(intent.id);
    startedOn.set(target, ids);
    return ids;
  }

  const allIntents = () => readIntents(store, runKey, stem);

  async function actions(): Promise<RecordedAction[]> {
    const all = new Map((await readActions(store, runKey, stem)).map((action) => [action.id, action]));
    for (const [id, action] of noted) if ((all.get(id)?.status ?? 'running') === 'running') all.set(id, action);
    return [...all.values()];
  }

  const recorded = (id: string, action: Action, end: End) => recordedAction(id, task, action, end);

  return { act, actions };
}

function afterOf({ after }: { readonly after?: Action['after'] }): { after?: Action['after'] } {
  return after === undefined ? {} : { after };
}

function outcomeOf({
  status,
  reason = 'lease',
  after,
  detail = '',
  reconciled = false,
  possiblyRepeated = false,
}: RecordedAction): ActOutcome {
  if (status === 'failed') return { status, error: detail };
  if (status === 'skipped') return { status, detail };
  if (status === 'refused') return { status, reason, detail };
  return {
    status: 'done',
    ...(after !== undefined && { after: after as Action['after'] & {} }),
    reconciled,
    possiblyRepeated,
  };
}
