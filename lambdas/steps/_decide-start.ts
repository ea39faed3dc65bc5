import { parseSchedule, previousOccurrence } from '../../core/calendar/cron.ts';
import { closesAt, isOpen, parseWindow, type Window } from '../../core/calendar/window.ts';
import { coded } from '../../core/error-codes.ts';
import type { Procedure } from '../../core/platform.ts';
import { basicForm, requestedMode, type RunPointer, StartInput, type Started } from '../../core/run.ts';
import { runKeyOf } from '../runtime/run-keys.ts';

export interface Decision {
  readonly run: RunPointer;
  readonly started: Pick<
    Started,
    | 'trigger'
    | 'requestedMode'
    | 'mode'
    | 'reason'
    | 'override'
    | 'scheduledTime'
    | 'startedAt'
    | 'deadline'
    | 'refusal'
  >;
}

interface Start {
  readonly executionStartedAt: string;
  readonly input: unknown;
}

/** A scheduled time this far ahead is a clock that runs fast; one further ahead is no scheduled time of ours. */
const MAX_AHEAD_SECONDS = 300;
/** EventBridge Scheduler gives an event up after at most a day. */
const MAX_AGE_SECONDS = 86_400;

/** Decides what a start becomes: its run id, its mode, its deadline, or why it is refused. Pure. */
export function decideStart({ executionStartedAt, input }: Start, procedure: Procedure, now: Date): Decision {
  const parsed = StartInput.safeParse(input);
  if (!parsed.success) {
    const detail = parsed.error.issues
      .map(({ path, message }) => `${path.join('.') || 'input'}: ${message}`)
      .join('; ');
    const refused = { trigger: 'person', requestedMode: 'plan', mode: 'plan' } as const;
    const started = { ...refused, startedAt: now.toISOString(), deadline: now.toISOString() };
    return {
      run: pointer(procedure, manualId(procedure, executionStartedAt, now), 'plan'),
      started: { ...started, refusal: { reason: 'input', detail: coded(detail, 'RUN_INPUT') } },
    };
  }
  const { trigger, reason, override, scheduledTime } = parsed.data;
  const requested = procedure.planOnly ? 'plan' : requestedMode(parsed.data);
  const scheduled = trigger === 'schedule' ? scheduledInstant(scheduledTime, procedure, now) : undefined;
  const id = scheduled ? `${procedure.name}-${basicForm(scheduled)}` : manualId(procedure, executionStartedAt, now);
  const window = windowOf(procedure);
  const closed = window !== undefined && override !== 'window' && !isOpen(window, now, procedure.timezone);
  const refused = closed && requested === 'execute';
  const mode = refused ? 'plan' : requested;
  const started = {
    trigger,
    requestedMode: requested,
    mode,
    startedAt: now.toISOString(),
    deadline: deadlineOf(procedure, window, now, mode === 'execute' && override !== 'window').toISOString(),
    ...(reason !== undefined && { reason }),
    ...(override !== undefined && { override }),
    ...(scheduled && { scheduledTime: scheduled.toISOString() }),
    ...(refused && { refusal: { reason: 'window', detail: closedText(procedure, now) } as const }),
  };
  return { run: pointer(procedure, id, mode), started };
}

function pointer({ name }: Procedure, id: string, mode: RunPointer['mode']): RunPointer {
  return { id, procedure: name, key: runKeyOf(name, id), mode };
}

/** Milliseconds included: two people may start the same procedure in the same second. */
function manualId({ name }: Procedure, executionStartedAt: string, now: Date): string {
  const claimed = new Date(executionStartedAt);
  const started = Number.isNaN(claimed.getTime()) ? now : claimed;
  return `${name}-manual-${started.toISOString().replace(/[-:.]/g, '')}`;
}

/** The time that the schedule meant: the given one where it is plausible, else the latest one of the calendar. */
function scheduledInstant(given: string | undefined, { schedule, timezone }: Procedure, now: Date): Date {
  const claimed = new Date(given ?? Number.NaN);
  const ageSeconds = (now.getTime() - claimed.getTime()) / 1_000;
  if (ageSeconds >= -MAX_AHEAD_SECONDS && ageSeconds <= MAX_AGE_SECONDS) return claimed;
  const parsed = schedule === undefined ? undefined : parseSchedule(schedule);
  const latest = parsed && 'schedule' in parsed ? previousOccurrence(parsed.schedule, now, timezone) : undefined;
  return latest ?? now;
}

function windowOf({ window }: Procedure): Window | undefined {
  if (window === undefined) return undefined;
  const parsed = parseWindow(window);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.window;
}

/** The earlier of budget and end of the window; a plan changes nothing and needs no window. */
function deadlineOf(
  { budgetSeconds, timezone }: Procedure,
  window: Window | undefined,
  now: Date,
  bound: boolean,
): Date {
  const budgetEnd = new Date(now.getTime() + budgetSeconds * 1_000);
  const closes = bound && window ? closesAt(window, now, timezone) : undefined;
  return closes && closes < budgetEnd ? closes : budgetEnd;
}

function closedText({ window = '', timezone }: Procedure, now: Date): string {
  const time = new Intl.DateTimeFormat('en-GB', { timeZone: timezone, timeStyle: 'short' }).format(now);
  return coded(`it is ${time} ${timezone} and the window is ${window}`, 'RUN_WINDOW');
}
