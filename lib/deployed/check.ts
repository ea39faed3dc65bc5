import { InvalidInput, messageOf, Unavailable } from '../../core/errors.ts';
import type { Verdict } from '../../core/verdict.ts';

/** One thing of a deployed platform, as it was found. */
export interface DeployedCheck {
  /** `function postgres-vacuum` */
  readonly part: string;
  readonly verdict: Verdict;
  /** What was seen: one sentence without full stop. */
  readonly detail: string;
  /** What to do where it is not as it should be. */
  readonly remedy?: string;
}

export type Found = Omit<DeployedCheck, 'part'>;

/** Looks at one thing; where it cannot be read it is `unknown`, and the reason names the permission that lacks. */
export async function looked(part: string, look: () => Promise<Found>): Promise<DeployedCheck> {
  try {
    return { part, ...(await look()) };
  } catch (thrown) {
    if (!(thrown instanceof Unavailable || thrown instanceof InvalidInput)) throw thrown;
    return { part, verdict: 'unknown', detail: messageOf(thrown) };
  }
}

/** So many looks at once: a stack has a hundred parts, and the services take a few calls a second. */
const CONCURRENCY = 6;

/** Does all the looks, a few at a time, and keeps their order. */
export async function lookedAtAll(looks: readonly (() => Promise<DeployedCheck>)[]): Promise<DeployedCheck[]> {
  const found: DeployedCheck[] = [];
  const queue = looks.entries();
  async function work(): Promise<void> {
    for (const [place, look] of queue) found[place] = await look();
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return found;
}
