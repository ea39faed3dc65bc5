import * as z from 'zod';
import { dayOf } from './days.ts';
import { HOP_KINDS } from './hop-kinds.ts';
import type { Note } from './hop.ts';
import type { Week } from './timeline.ts';
import { compareVersions } from './versions.ts';

/** What a plan leaves to the next one. */
export const Remembered = z.object({
  at: z.iso.datetime(),
  hops: z.array(
    z.object({
      id: z.string(),
      kind: z.enum(HOP_KINDS),
      subject: z.string(),
      from: z.string(),
      to: z.string(),
      weekOf: z.iso.date(),
    }),
  ),
});
export type Remembered = z.output<typeof Remembered>;

/** What became of a hop of the last plan. */
export interface Outcome {
  readonly id: string;
  readonly subject: string;
  readonly from: string;
  readonly to: string;
  readonly plannedFor: string;
  readonly outcome: 'done' | 'not-done' | 'changed-otherwise' | 'gone' | 'unknown';
  /** When AWS says that it began; AWS keeps this of clusters alone, and of nothing when it ended. */
  readonly beganAt: string | undefined;
}

/** Kinds whose thing is no more once they are done. */
const VANISHING: ReadonlySet<string> = new Set(['image', 'database-maintenance', 'cache-update']);

export interface Seen {
  /** By the subject of a hop, the version that the thing has now. */
  readonly versions: ReadonlyMap<string, string>;
  /** True where parts of the account could not be read: what is not seen may be there. */
  readonly isPartial: boolean;
  /** By cluster and version, when its control plane was moved to it. */
  readonly began: ReadonlyMap<string, Date>;
}

/** Holds the last plan against what is there now. */
export function outcomesOf({ hops }: Remembered, { versions, isPartial, began }: Seen): Outcome[] {
  return hops.map(({ id, kind, subject, from, to, weekOf }): Outcome => {
    const now = versions.get(subject);
    const about = { id, subject, from, to, plannedFor: weekOf, beganAt: began.get(`${subject} ${to}`)?.toISOString() };
    if (now === undefined) {
      if (isPartial) return { ...about, outcome: 'unknown' };
      return { ...about, outcome: VANISHING.has(kind) ? 'done' : 'gone' };
    }
    if (now === from) return { ...about, outcome: 'not-done' };
    const isThere = kind === 'certificate-authority' ? now === to : compareVersions(now, to) >= 0;
    if (isThere) return { ...about, outcome: 'done' };
    // Of several hops of one thing, a later one is not done while the thing is on its way to the earlier one.
    const isOnItsWay = kind !== 'certificate-authority' && compareVersions(now, from) < 0;
    return { ...about, outcome: isOnItsWay ? 'not-done' : 'changed-otherwise' };
  });
}

/** Says which hops should have been done by now and are not. */
export function outcomeNotes(outcomes: readonly Outcome[], now: Date): Note[] {
  const late = outcomes.filter(({ outcome, plannedFor }) => outcome === 'not-done' && plannedFor < dayOf(now));
  return late.map(({ subject, from, to, plannedFor }) => {
    const summary = `${subject}: the last plan had ${from} → ${to} in the week of ${plannedFor}, and it is not done`;
    return { kind: 'plan-not-followed', subject, summary };
  });
}

/** What this plan leaves; where nothing could be read at all, the last one is kept. */
export function remember(weeks: readonly Week[], now: Date): Remembered {
  return {
    at: now.toISOString(),
    hops: weeks.flatMap(({ startsOn, hops }) =>
      hops.map(({ hop: { id, kind, subject, from, to } }) => ({
        id,
        kind,
        subject,
        from,
        to,
        weekOf: dayOf(startsOn),
      })),
    ),
  };
}
