import { Temporal } from 'temporal-polyfill';
import { formatDuration } from '../duration.ts';
import { nextOccurrence, occurrencesFrom, type Schedule } from './cron.ts';
import { formatWallTime } from './wall-time.ts';
import { closesAt, formatWindow, windowSeconds, type Window } from './window.ts';

/** When a procedure is due, when it may run, and how long it may take. */
export interface ProcedureCalendar {
  readonly schedule: Schedule;
  /** None is always open. */
  readonly window?: Window | undefined;
  readonly timezone: string;
  readonly budgetSeconds: number;
}

interface DueTime {
  readonly at: Date;
  /** What is left of the window then; 0 outside. */
  readonly leftSeconds: number;
}

const MONTHS_PROVEN = 13;

/**
 * Why a calendar cannot be kept in the 13 months from an instant; undefined where it can.
 *
 * Each occurrence of a `cron` must lie in its window and leave time for the budget. Of a `rate`, which knows nothing
 * of the clock, one that does is enough: those outside are refused when they come.
 */
export function calendarProblem(calendar: ProcedureCalendar, from: Date): string | undefined {
  const { schedule, window, timezone, budgetSeconds } = calendar;
  const start = Temporal.Instant.fromEpochMilliseconds(from.getTime()).toZonedDateTimeISO(timezone);
  const until = new Date(start.add({ months: MONTHS_PROVEN }).epochMilliseconds);
  const first = nextOccurrence(schedule, new Date(from.getTime() - 1), timezone);
  if (first === undefined || first >= until) {
    const after = first ? `; the next is ${formatWallTime(first, timezone)}` : ', and none after';
    return `${schedule.text} has no occurrence in the ${MONTHS_PROVEN} months from ${formatWallTime(from, timezone)}${after}`;
  }
  if (window === undefined) return undefined;
  // Without this, a rate would pass for the one night a year that is an hour longer.
  if (budgetSeconds > windowSeconds(window)) {
    const size = `${formatWindow(window)} is ${formatDuration(windowSeconds(window))} long`;
    return `window ${size}, which cannot hold the budget ${formatDuration(budgetSeconds)} of ${schedule.text}, next due ${formatWallTime(first, timezone)}`;
  }
  const dueTimes = dueTimesOf(calendar, window, first, until);
  return schedule.kind === 'cron'
    ? cronMisfit(calendar, window, dueTimes)
    : rateMisfit(calendar, window, dueTimes, first);
}

function* dueTimesOf(
  { schedule, timezone }: ProcedureCalendar,
  window: Window,
  from: Date,
  until: Date,
): Generator<DueTime, void, undefined> {
  for (const at of occurrencesFrom(schedule, from, timezone)) {
    if (at >= until) return;
    const closes = closesAt(window, at, timezone) ?? at;
    yield { at, leftSeconds: (closes.getTime() - at.getTime()) / 1_000 };
  }
}

function cronMisfit(calendar: ProcedureCalendar, window: Window, dueTimes: Iterable<DueTime>): string | undefined {
  const { schedule, timezone, budgetSeconds } = calendar;
  for (const { at, leftSeconds } of dueTimes) {
    if (leftSeconds >= budgetSeconds) continue;
    const due = `${schedule.text} is due ${formatWallTime(at, timezone)}`;
    if (leftSeconds === 0) return `${due}, outside its window ${formatWindow(window)}`;
    const left = `${formatDuration(leftSeconds)} of its window ${formatWindow(window)}`;
    return `${due}, which leaves ${left}; its budget is ${formatDuration(budgetSeconds)}`;
  }
  return undefined;
}

function rateMisfit(
  calendar: ProcedureCalendar,
  window: Window,
  dueTimes: Iterable<DueTime>,
  first: Date,
): string | undefined {
  const { schedule, timezone, budgetSeconds } = calendar;
  let longest: DueTime = { at: first, leftSeconds: 0 };
  for (const dueTime of dueTimes) {
    if (dueTime.leftSeconds >= budgetSeconds) return undefined;
    if (dueTime.leftSeconds > longest.leftSeconds) longest = dueTime;
  }
  const never = `${schedule.text} is never due in its window ${formatWindow(window)}`;
  const due = formatWallTime(longest.at, timezone);
  if (longest.leftSeconds === 0) return `${never} in ${MONTHS_PROVEN} months; it is next due ${due}`;
  const left = `at most ${formatDuration(longest.leftSeconds)} are left, when due ${due}`;
  return `${never} with time for its budget ${formatDuration(budgetSeconds)}; ${left}`;
}
