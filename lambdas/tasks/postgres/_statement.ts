import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { Performed, Seen } from '../../../core/action.ts';
import { messageOf } from '../../../core/errors.ts';
import type { Target } from '../../../core/target-kinds.ts';
import { Holder, readHolders } from './_horizon.ts';
import type { KeptSession } from './_kept-session.ts';
import { isRunning, obstacleOn } from './_locks.ts';
import { requirePrimary, type Session, type SessionOptions, sqlStateOf, withSession } from './_session.ts';
import { DatabaseSettings, readSettings, readTable, TableStats } from './_tables.ts';

/** One table that a statement is meant for. */
export interface Item {
  readonly oid: number;
  /** As the server quotes it. */
  readonly relation: string;
  /** The same for a line of text. */
  readonly label: string;
  readonly statement: string;
  /** Why the table was chosen: `1,200,000 dead rows`. */
  readonly why: string;
  readonly before: TableStats;
}

/** What the table was like when its statement had ended. */
export const After = z.object({
  table: TableStats,
  settings: DatabaseSettings,
  holders: z.array(Holder),
  /** False where holders may be there that this role cannot see. */
  seesAllHolders: z.boolean(),
});
export type After = z.infer<typeof After>;

export type Verb = 'vacuum' | 'analyze';

export interface Times {
  readonly lockTimeoutSeconds: number;
  readonly followSeconds: number;
  readonly limitSeconds: number;
}

const LOCK_NOT_AVAILABLE = '55P03';
/** Until PostgreSQL 14 a collector of its own writes the statistics, twice a second when it gets to it. */
function statisticsLagSeconds({ version }: Session): number {
  return version < 150_000 ? 3 : 0.3;
}

/** Runs the statement of an item where nobody is in its way; proves the effect by the statistics, not by the answer. */
export async function perform(
  sessions: KeptSession,
  target: string,
  verb: Verb,
  item: Item,
  times: Times,
): Promise<Performed> {
  return sessions.use(async (session): Promise<Performed> => {
    requirePrimary(session, target);
    // A name can come to mean another table between the choice and now; an OID cannot.
    const current = await readTable(session, item.oid);
    if (current?.relation !== item.relation) {
      return skipped('gone', current ? `is now called ${current.relation}` : 'does not exist any more');
    }
    const obstacle = await obstacleOn(session, item.oid, times.lockTimeoutSeconds);
    if (obstacle) return skipped(obstacle.kind, obstacle.detail);
    const holdersBefore = await readHolders(session);
    const ran = await runUnlessLocked(session, item, times);
    if (ran.state !== 'done') return ran;
    const after = await effectOf(session, verb, { ...item, before: current });
    if (after) return { state: 'done', after: blamed(after, holdersBefore) };
    const warnings = ran.notices.filter(({ severity }) => severity !== 'INFO').map(({ message }) => message);
    if (warnings.length === 0) throw new Error(`the server says it is done and its statistics do not show it`);
    return skipped('not-permitted', `was skipped by the server for ${session.role}: ${warnings.join('; ')}`);
  });
}

/** Settles what nobody saw the end of: by the sessions on the server, then by the statistics. */
export async function look(target: Target<'postgres'>, verb: Verb, item: Item, times: SessionOptions): Promise<Seen> {
  return withSession(target, times, async (session): Promise<Seen> => {
    if (await isRunning(session, item.oid, item.statement)) return { state: 'running' };
    const after = await effectOf(session, verb, item);
    return after ? { state: 'done', after } : { state: 'not-done' };
  });
}

async function runUnlessLocked(session: Session, item: Item, times: Times) {
  try {
    return await session.run(item.statement, times);
  } catch (thrown) {
    if (sqlStateOf(thrown) !== LOCK_NOT_AVAILABLE) throw thrown;
    const obstacle = await obstacleOn(session, item.oid, 0);
    return skipped('locked', obstacle?.detail ?? `was locked for a moment: ${messageOf(thrown)}`);
  }
}

/** The state of the table if the statement has had its effect since the choice; undefined where it has had none. */
async function effectOf(
  session: Session,
  verb: Verb,
  { oid, before }: Pick<Item, 'oid' | 'before'>,
): Promise<After | undefined> {
  const pollSeconds = 0.1;
  for (let waited = 0; ; waited += pollSeconds) {
    const table = await readTable(session, oid);
    if (table && hasMoved(verb, before, table)) {
      const settings = await readSettings(session);
      const holders = await readHolders(session);
      return { table, settings, holders, seesAllHolders: session.readsAllStatistics };
    }
    if (waited >= statisticsLagSeconds(session)) return undefined;
    await sleep(pollSeconds * 1_000);
  }
}

/** True where the server itself has noted the end of such a statement since; a reset of the counters hides none. */
export function hasMoved(verb: Verb, before: TableStats, after: TableStats): boolean {
  const [count, countBefore, last, lastBefore] =
    verb === 'vacuum'
      ? [after.vacuum_count, before.vacuum_count, after.last_vacuum, before.last_vacuum]
      : [after.analyze_count, before.analyze_count, after.last_analyze, before.last_analyze];
  return count > countBefore || (last !== null && last !== lastBefore);
}

/**
 * The holders to blame: what came only while the statement ran forbade nothing, and what left just afterwards did.
 */
function blamed(after: After, before: readonly Holder[]): After {
  const stayed = after.holders.filter((one) => before.some(({ kind, id }) => kind === one.kind && id === one.id));
  return { ...after, holders: stayed.length > 0 ? stayed : [...before] };
}

function skipped(kind: 'gone' | 'busy' | 'locked' | 'not-permitted', detail: string) {
  return { state: 'skipped', detail: `${kind}: ${detail}` } as const;
}
