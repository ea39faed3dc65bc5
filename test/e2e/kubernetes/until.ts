import { setTimeout as sleep } from 'node:timers/promises';

const BETWEEN_MILLISECONDS = 100;

/**
 * Asks again until there is an answer, and gives it.
 *
 * Throws what it waited for, with the last thing seen, when the time is over; what `ask` throws ends it at once.
 */
export async function until<Answer>(
  what: string,
  ask: () => Promise<Answer | undefined | false>,
  { withinSeconds = 60, seen = () => '' }: { readonly withinSeconds?: number; readonly seen?: () => string } = {},
): Promise<Answer> {
  const end = Date.now() + withinSeconds * 1_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > end) throw new Error(`${what}: not within ${withinSeconds} s ${seen()}`.trim());
    await sleep(BETWEEN_MILLISECONDS);
  }
}
