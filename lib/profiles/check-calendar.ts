import { parseSchedule } from '../../core/calendar/cron.ts';
import { calendarProblem } from '../../core/calendar/satisfiable.ts';
import { parseWindow, type Window } from '../../core/calendar/window.ts';
import { formatDuration, parseDuration } from '../../core/duration.ts';
import type { CheckContext } from './check-context.ts';
import type { WrittenProcedure } from './environments.ts';
import type { Complaint } from './problem.ts';

/** How long a run may take where its procedure says nothing. */
export const DEFAULT_BUDGET_SECONDS = 1_800;
export const DEFAULT_TIMEZONE = 'UTC';

const FIELDS = ['schedule', 'timezone', 'window', 'budget'] as const;

/** What is wrong with a procedure's calendar as a whole, proven over the months from now on. */
export function checkCalendar(
  { settings, pathOf }: WrittenProcedure,
  { now, isSound }: Pick<CheckContext, 'now' | 'isSound'>,
): Complaint[] {
  if (!FIELDS.every((field) => isSound(pathOf(field)))) return [];
  const { schedule: text, timezone = DEFAULT_TIMEZONE } = settings;
  const budgetSeconds = budgetSecondsOf(settings.budget);
  const window = windowOf(settings.window);
  if (window && minutesOpen(window) * 60 < budgetSeconds) {
    const open = formatDuration(minutesOpen(window) * 60);
    const message = `the window is open for ${open}, which is shorter than the budget of ${formatDuration(budgetSeconds)}`;
    return [{ code: 'CFG_WINDOW_TOO_SHORT', path: pathOf('window'), message }];
  }
  const parsed = text === undefined ? undefined : parseSchedule(text);
  if (!parsed || 'problem' in parsed) return [];
  const problem = calendarProblem({ schedule: parsed.schedule, window, timezone, budgetSeconds }, now);
  return problem === undefined ? [] : [{ code: 'CFG_CALENDAR', path: pathOf('schedule'), message: problem }];
}

/** The seconds of a budget as written; the default where none is. */
export function budgetSecondsOf(budget: string | undefined): number {
  return (budget === undefined ? undefined : parseDuration(budget)) ?? DEFAULT_BUDGET_SECONDS;
}

function windowOf(text: string | undefined): Window | undefined {
  const parsed = text === undefined ? undefined : parseWindow(text);
  return parsed && 'window' in parsed ? parsed.window : undefined;
}

function minutesOpen({ openMinute, closeMinute }: Window): number {
  return closeMinute > openMinute ? closeMinute - openMinute : closeMinute - openMinute + 24 * 60;
}
