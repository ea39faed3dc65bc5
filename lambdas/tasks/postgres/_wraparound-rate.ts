import * as z from 'zod';
import type { Cluster } from './_wraparound-ages.ts';

/** The counters of a server at a moment, in seconds of the epoch. */
export const Sample = z.object({ takenAt: z.number(), nextXid: z.number(), nextMxid: z.number() });
export type Sample = z.infer<typeof Sample>;

/** How fast a server uses its ids, on average over the time that is remembered. */
export interface Rate {
  readonly xidsPerSecond: number;
  readonly mxidsPerSecond: number;
  readonly seconds: number;
}

const DAY_SECONDS = 86_400;
// A week has every kind of day in it.
const KEPT_SECONDS = 8 * DAY_SECONDS;
const SPACING_SECONDS = 6 * 3_600;
// A shorter time says more about the moment than about the server.
const SHORTEST_SECONDS = 60;
const MXIDS = 2 ** 32;

export function sampleOf({ now, nextXid, nextMxid }: Pick<Cluster, 'now' | 'nextXid' | 'nextMxid'>): Sample {
  return { takenAt: now, nextXid, nextMxid };
}

/** The samples to keep: none from the future, from another server or older than eight days, and with the new one where it is time. */
export function withSample(samples: readonly Sample[], now: Sample): Sample[] {
  const kept = samples.filter(
    ({ takenAt, nextXid }) => takenAt < now.takenAt && now.takenAt - takenAt <= KEPT_SECONDS && nextXid <= now.nextXid,
  );
  const last = kept.at(-1);
  return last && now.takenAt - last.takenAt < SPACING_SECONDS ? kept : [...kept, now];
}

/** The rate since the oldest sample; undefined where none is old enough. */
export function rateOf(samples: readonly Sample[], now: Sample): Rate | undefined {
  const [oldest] = withSample(samples, now);
  const seconds = oldest ? now.takenAt - oldest.takenAt : 0;
  if (!oldest || seconds < SHORTEST_SECONDS) return undefined;
  return {
    seconds,
    xidsPerSecond: (now.nextXid - oldest.nextXid) / seconds,
    mxidsPerSecond: ((now.nextMxid - oldest.nextMxid + MXIDS) % MXIDS) / seconds,
  };
}
