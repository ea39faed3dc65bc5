import * as z from 'zod';

/** Starts of a procedure that did not happen and whose record is still to be made. */
export const MissedStarts = z.object({
  procedure: z.string(),
  /** How many this record is of: more than one after an outage in which many were due. */
  count: z.int().positive(),
  first: z.iso.datetime(),
  last: z.iso.datetime(),
});
export type MissedStarts = z.infer<typeof MissedStarts>;

/** `state/tick.json`: what Tick remembers from one time to the next. */
export const TickState = z.object({
  schemaVersion: z.literal(1),
  tickedAt: z.iso.datetime(),
  /** By procedure: until when all starts of this schedule are accounted for. */
  procedures: z.record(z.string(), z.object({ schedule: z.string(), timezone: z.string(), until: z.iso.datetime() })),
  /** Decided, and not yet recorded: what a Tick that died leaves to the next. */
  missed: z.array(MissedStarts),
  /** By task: since when it is known, and when it last passed. */
  checks: z.record(z.string(), z.object({ since: z.iso.datetime(), passedAt: z.iso.datetime().optional() })),
});
export type TickState = z.infer<typeof TickState>;

export const TICK_KEY = 'state/tick.json';

/** What a first Tick begins with: nothing was missed before it, for nothing was deployed. */
export const NEW_STATE: Pick<TickState, 'procedures' | 'missed' | 'checks'> = {
  procedures: {},
  missed: [],
  checks: {},
};
