import { Unavailable } from '../../../core/errors.ts';
import type { Target } from '../../../core/target-kinds.ts';
import { type OpenSession, openSession, type Session, type SessionOptions } from './_session.ts';

/** One session at a time for what is done one after another on a target. */
export interface KeptSession extends AsyncDisposable {
  /** Uses the session that is kept where it is still fit for it, else a new one. Throws `Unavailable` as `withSession` does. */
  use<Result>(use: (session: Session) => Promise<Result>): Promise<Result>;
  /** Closes what is kept; the next use opens another. */
  release(): Promise<void>;
}

// A new session costs about 20 ms, which is much beside a small table and nothing beside a large one. What only new
// sessions learn (ALTER DATABASE … SET, another address behind the name) is learned after that time at the latest.
const KEPT_MILLISECONDS = 10_000;

/**
 * Keeps the session of one use for the next, with the same settings.
 *
 * Never kept: one in which anything failed, one whose use threw, and one that was left with a statement running. Before
 * each further use the server says anew who we are on it, and whether it is a primary.
 */
export function keepSession(target: Target<'postgres'>, options: SessionOptions): KeptSession {
  let kept: { readonly session: OpenSession; readonly opened: number } | undefined;

  async function release(): Promise<void> {
    const last = kept;
    kept = undefined;
    await last?.session.close();
  }

  async function take(): Promise<NonNullable<typeof kept>> {
    const last = kept;
    kept = undefined;
    if (last) {
      const isYoung = performance.now() - last.opened < KEPT_MILLISECONDS;
      const session = isYoung ? await fitAgain(last.session) : undefined;
      if (session) return { session, opened: last.opened };
      await last.session.close();
    }
    return { opened: performance.now(), session: await openSession(target, options) };
  }

  return {
    use: async (use) => {
      const taken = await take();
      let isDone = false;
      try {
        const result = await use(taken.session);
        isDone = true;
        return result;
      } finally {
        if (isDone && !kept && taken.session.isSound()) kept = taken;
        else await taken.session.close();
      }
    },
    release,
    [Symbol.asyncDispose]: release,
  };
}

/** The session with what the server says of itself now; undefined where it is lost, which a new session must find out about. */
async function fitAgain(session: OpenSession): Promise<OpenSession | undefined> {
  try {
    return { ...session, ...(await session.reintroduce()) };
  } catch (thrown) {
    if (thrown instanceof Unavailable) return undefined;
    throw thrown;
  }
}
