import { Temporal } from 'temporal-polyfill';

/** What the clocks of a zone show, in milliseconds as if they showed UTC. */
export type WallTimeMs = number;

/** A stretch of time through which a zone keeps its offset from UTC; half-open. */
interface OffsetSpan {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly offsetMs: number;
}

// No zone was ever further from UTC, local mean times included.
const LARGEST_OFFSET_MS = 26 * 3_600_000;
const DAY_MS = 86_400_000;

// Looking up a transition costs milliseconds and never answers differently, so each is looked up once.
const spansOfZone = new Map<string, OffsetSpan[]>();

function spanAt(instantMs: number, timezone: string): OffsetSpan {
  const spans = spansOfZone.get(timezone) ?? [];
  const known = spans.find(({ fromMs, untilMs }) => fromMs <= instantMs && instantMs < untilMs);
  if (known) return known;
  const moment = Temporal.Instant.fromEpochMilliseconds(instantMs).toZonedDateTimeISO(timezone);
  const span = {
    // One millisecond on, for "previous" is strictly before, and a transition belongs to the span it begins.
    fromMs: moment.add({ milliseconds: 1 }).getTimeZoneTransition('previous')?.epochMilliseconds ?? -Infinity,
    untilMs: moment.getTimeZoneTransition('next')?.epochMilliseconds ?? Infinity,
    offsetMs: moment.offsetNanoseconds / 1_000_000,
  };
  spansOfZone.set(timezone, [span, ...spans]);
  return span;
}

/** What the clocks of the zone show at an instant. Throws a RangeError where the zone is none. */
export function wallTimeOf(instantMs: number, timezone: string): WallTimeMs {
  return instantMs + spanAt(instantMs, timezone).offsetMs;
}

/** The furthest that the clocks of the zone have shown up to an instant: more than they show where they were set back. */
export function furthestWallTime(instantMs: number, timezone: string): WallTimeMs {
  const dayBeforeOffsetMs = spanAt(instantMs - DAY_MS, timezone).offsetMs;
  return Math.max(wallTimeOf(instantMs, timezone), instantMs + dayBeforeOffsetMs);
}

/**
 * The first instant at which the clocks of the zone show a time.
 *
 * Where they are set forward over it, `exists` is false and the instant is that of the change, the first that is later.
 */
export function firstInstantAt(
  wallMs: WallTimeMs,
  timezone: string,
): { readonly ms: number; readonly exists: boolean } {
  let span = spanAt(wallMs - LARGEST_OFFSET_MS, timezone);
  while (wallMs - span.offsetMs >= span.untilMs) span = spanAt(span.untilMs, timezone);
  const ms = wallMs - span.offsetMs;
  return ms >= span.fromMs ? { ms, exists: true } : { ms: span.fromMs, exists: false };
}

/** `2026-11-21 02:00 Europe/Berlin`: an instant as the people of the zone read it, to the minute. */
export function formatWallTime(instant: Date, timezone: string): string {
  const shown = new Date(wallTimeOf(instant.getTime(), timezone)).toISOString();
  return `${shown.slice(0, 10)} ${shown.slice(11, 16)} ${timezone}`;
}
