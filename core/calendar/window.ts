import { quoted, type Problem } from './problem.ts';
import { firstInstantAt, wallTimeOf } from './wall-time.ts';

/** When a procedure may run, each day anew: from one minute of the clock up to another, which may be the next day's. */
export interface Window {
  readonly openMinute: number;
  /** The first minute outside; not above `openMinute` where the window goes over midnight. */
  readonly closeMinute: number;
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const EXAMPLES = 'allowed are such as 02:00-04:00, or 22:00-02:00 over midnight';

/** A window such as `02:00-04:00`, half-open, or what is wrong with its text; never throws. */
export function parseWindow(text: string): { readonly window: Window } | Problem {
  const match = /^\s*(\d{1,2}):(\d{2})\s*[-–—]\s*(\d{1,2}):(\d{2})\s*$/.exec(text);
  if (!match) return { problem: `window ${quoted(text)} cannot be read; ${EXAMPLES}` };
  const [openHour, openMinute, closeHour, closeMinute] = match.slice(1).map(Number) as [number, number, number, number];
  if (closeHour === 24 && closeMinute === 0) {
    return { problem: `window ${quoted(text)} ends at 24:00; write midnight as 00:00` };
  }
  if (openHour > 23 || closeHour > 23 || openMinute > 59 || closeMinute > 59) {
    return { problem: `window ${quoted(text)} is out of range; hours are 00-23 and minutes 00-59` };
  }
  const window = { openMinute: openHour * 60 + openMinute, closeMinute: closeHour * 60 + closeMinute };
  if (window.openMinute === window.closeMinute) {
    return {
      problem: `window ${quoted(text)} is empty, for its ends are equal; leave the window out to be always open`,
    };
  }
  const written = formatWindow(window);
  if (written !== text)
    return { problem: `window ${quoted(text)} is not written as HH:MM-HH:MM; did you mean ${written}` };
  return { window };
}

/** The text that `parseWindow` reads back as the same window. */
export function formatWindow({ openMinute, closeMinute }: Window): string {
  return `${formatMinute(openMinute)}-${formatMinute(closeMinute)}`;
}

function formatMinute(minuteOfDay: number): string {
  const hour = Math.floor(minuteOfDay / 60);
  return `${String(hour).padStart(2, '0')}:${String(minuteOfDay % 60).padStart(2, '0')}`;
}

/** How long a window is open on a day on which no clock is changed. */
export function windowSeconds({ openMinute, closeMinute }: Window): number {
  const minutes = closeMinute - openMinute;
  return (minutes > 0 ? minutes : minutes + 24 * 60) * 60;
}

/** Whether a window is open at an instant; no window is always open. */
export function isOpen(window: Window | undefined, instant: Date, timezone: string): boolean {
  return window === undefined || closesAt(window, instant, timezone) !== undefined;
}

/**
 * When the window that is open at an instant closes; undefined where none is open.
 *
 * Each day's window is one stretch of time. An end that the clocks leave out when they are set forward is the moment
 * of that change, so the window is shorter, or closed for the day; one that they show twice is the first of the two.
 */
export function closesAt(window: Window, instant: Date, timezone: string): Date | undefined {
  const nowMs = instant.getTime();
  const todayMs = Math.floor(wallTimeOf(nowMs, timezone) / DAY_MS) * DAY_MS;
  // Yesterday's may reach over midnight; tomorrow's has begun where the clocks were then set back over midnight.
  for (const dayMs of [todayMs, todayMs - DAY_MS, todayMs + DAY_MS]) {
    const openWallMs = dayMs + window.openMinute * MINUTE_MS;
    const closesMs = firstInstantAt(openWallMs + windowSeconds(window) * 1_000, timezone).ms;
    if (firstInstantAt(openWallMs, timezone).ms <= nowMs && nowMs < closesMs) return new Date(closesMs);
  }
  return undefined;
}
