import { parseSchedule, type Schedule } from '../../../core/calendar/cron.ts';
import { parseWindow, type Window } from '../../../core/calendar/window.ts';

/** The schedule of a text that a test knows to be good. */
export function scheduleOf(text: string): Schedule {
  const parsed = parseSchedule(text);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.schedule;
}

/** The window of a text that a test knows to be good. */
export function windowOf(text: string): Window {
  const parsed = parseWindow(text);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.window;
}

/** The instants as ISO texts without what is always zero. */
export function minutesOf(instants: readonly Date[]): string[] {
  return instants.map((instant) => instant.toISOString().replace(/:00\.000Z$/, 'Z'));
}
