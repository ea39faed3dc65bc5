import { messageOf, Unavailable } from '../../../core/errors.ts';
import type { Need } from '../../../core/need.ts';
import type { Target } from '../../../core/target-kinds.ts';
import type { NeedsContext } from '../../../core/task.ts';
import { eachNeed } from '../../runtime/each-need.ts';
import type { Seen } from './_needs-grants.ts';
import { isServerItself, type LoginContext, lookAtLogin, seesSessions, type Standing } from './_needs-login.ts';
import { type Session, withSession } from './_session.ts';

type Context = LoginContext & Pick<NeedsContext<'postgres', unknown>, 'targets'>;

/** Looks at the needs of one thing beyond the login. */
export type Look = (session: Session, standing: Standing) => Promise<readonly Seen[]>;

/** The longest look at one target; a little less than whoever asks for it gives. */
const LOOK_SECONDS = 25;
const LOCK_SECONDS = 3;

/** What the check of a connection needs: a login that may look around. */
export function connectionNeeds(context: Context): Promise<Need[]> {
  return eachNeed(context.targets, (target) =>
    inTime(target, context.signal, async () => {
      const { needs, standing } = await lookAtLogin(target, context);
      return standing ? [...needs, seesSessions(standing)] : needs;
    }),
  );
}

/** What a task needs that works in sessions of the server itself: the login, and what `look` finds in such a session. */
export function sessionNeeds(context: Context, look: Look): Promise<Need[]> {
  return eachNeed(context.targets, (target) =>
    inTime(target, context.signal, async () => {
      const { needs, standing } = await lookAtLogin(target, context);
      if (!standing) return needs;
      const itself = isServerItself(standing);
      if (itself.state !== 'met') return [...needs, itself];
      return [...needs, itself, seesSessions(standing), ...(await lookInSession(target, context, standing, look))];
    }),
  );
}

async function lookInSession(target: Target<'postgres'>, context: Context, standing: Standing, look: Look) {
  const { sessionName, allowAddresses } = context;
  const options = { sessionName, allowAddresses, lockTimeoutSeconds: LOCK_SECONDS, outlivesClient: false };
  try {
    return await withSession(target, options, (session) => look(session, standing));
  } catch (thrown) {
    if (!(thrown instanceof Unavailable)) throw thrown;
    return [{ need: 'be read', state: 'unknown', detail: messageOf(thrown) } satisfies Seen];
  }
}

/** Ends the wait for a look; its sessions end by their own limits. Throws `Unavailable` where it took too long. */
async function inTime<Result>(
  { name }: Target<'postgres'>,
  signal: AbortSignal,
  look: () => Promise<Result>,
): Promise<Result> {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const stop = AbortSignal.any([signal, AbortSignal.timeout(LOOK_SECONDS * 1_000)]);
  const onStop = () => reject(new Unavailable(`postgres ${name} did not show all within the time of a look`));
  stop.addEventListener('abort', onStop, { once: true });
  if (stop.aborted) onStop();
  try {
    const looking = look();
    // Whoever loses the race may still fail, with nobody left to hear it.
    void Promise.allSettled([looking]);
    return await Promise.race([looking, ended]);
  } finally {
    stop.removeEventListener('abort', onStop);
  }
}
