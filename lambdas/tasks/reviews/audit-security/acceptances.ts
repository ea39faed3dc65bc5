import * as z from 'zod';
import { TOPICS, type Flaw } from './flaw.ts';

const DAY_MILLISECONDS = 86_400_000;
const TOPIC_FIRST = new RegExp(`^(${TOPICS.join('|')}) \\S`);

/** A flaw that somebody decided to live with for a while. */
export const Acceptance = z.strictObject({
  flaw: z
    .string()
    .max(500)
    .regex(TOPIC_FIRST, 'write the id of the flaw as the report has it; `*` stands for any text behind its first word')
    .describe('The id of the flaw as the report has it; `*` stands for any text behind its first word'),
  until: z.iso.date().describe('The last day on which it is accepted, UTC'),
  reason: z.string().min(10).max(500).describe('Why it is accepted'),
  owner: z.string().min(1).max(200).describe('Who answers for it'),
});
export type Acceptance = z.output<typeof Acceptance>;

/** What became of an acceptance this time. */
export interface Applied {
  readonly acceptance: Acceptance;
  readonly state: 'holds' | 'expired' | 'matches-nothing' | 'not-known';
  /** The ids of the flaws that it is about. */
  readonly flaws: readonly string[];
}

/**
 * Holds the acceptances against what was found. `isAllSeen` is false where something could not be read: then one that
 * matches nothing may well be about what nobody saw.
 */
export function applyAcceptances(
  flaws: readonly Flaw[],
  acceptances: readonly Acceptance[],
  { now, isAllSeen }: { readonly now: Date; readonly isAllSeen: boolean },
): readonly Applied[] {
  return acceptances.map((acceptance): Applied => {
    const its = flaws.filter(({ id }) => matches(acceptance.flaw, id)).map(({ id }) => id);
    // Through the end of the day.
    const end = Date.parse(acceptance.until) + DAY_MILLISECONDS;
    if (its.length === 0) return { acceptance, state: isAllSeen ? 'matches-nothing' : 'not-known', flaws: [] };
    return { acceptance, state: now.getTime() < end ? 'holds' : 'expired', flaws: its };
  });
}

/** By the id of each flaw that is accepted now, the acceptance that holds for it. */
export function acceptedOf(applied: readonly Applied[]): ReadonlyMap<string, Acceptance> {
  const holding = applied.filter(({ state }) => state === 'holds');
  return new Map(holding.flatMap(({ acceptance, flaws }) => flaws.map((id) => [id, acceptance] as const)));
}

/** Whether a text is what a pattern says, in which `*` is any text. */
export function matches(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return pattern === text;
  if (!text.startsWith(first)) return false;
  const last = rest.pop() ?? '';
  let from = first.length;
  for (const middle of rest) {
    const found = text.indexOf(middle, from);
    if (found < 0) return false;
    from = found + middle.length;
  }
  return text.length - last.length >= from && text.endsWith(last);
}
