const DAY_MILLISECONDS = 86_400_000;

/** The day of a moment, UTC: `2026-07-01`. */
export function dayOf(moment: Date): string {
  return moment.toISOString().slice(0, 10);
}

/** Whole days from now until a moment, begun ones counted; not above 0 where it is past. */
export function daysUntil(moment: Date, now: Date): number {
  return Math.ceil((moment.getTime() - now.getTime()) / DAY_MILLISECONDS);
}

/** The same time so many days later. */
export function addDays(moment: Date, days: number): Date {
  return new Date(moment.getTime() + days * DAY_MILLISECONDS);
}

/** The first Monday on or after a moment, at 00:00 UTC. */
export function mondayFrom(moment: Date): Date {
  const midnight = new Date(Math.ceil(moment.getTime() / DAY_MILLISECONDS) * DAY_MILLISECONDS);
  return addDays(midnight, (8 - midnight.getUTCDay()) % 7);
}

/** The quarter of a moment, UTC. */
export function quarterOf(moment: Date): { readonly year: number; readonly quarter: number } {
  return { year: moment.getUTCFullYear(), quarter: Math.floor(moment.getUTCMonth() / 3) + 1 };
}
