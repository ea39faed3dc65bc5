import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { Performed, Seen } from '../../../core/action.ts';
import type { Target } from '../../../core/target-kinds.ts';
import { Bloat } from './_bloat.ts';
import { describeHolder } from './_horizon.ts';
import { IndexStats, readIndexesOf } from './_indexes.ts';
import type { KeptSession } from './_kept-session.ts';
import { obstacleOn } from './_locks.ts';
import { backendOf, giveWay, readOldTransactions } from './_reindex-guard.ts';
import { type KeptNote, leftoversOf, type Note, noteRemoval, readNotes, writeNote } from './_reindex-note.ts';
import { requirePrimary, type Session, type SessionOptions, sqlStateOf, withSession } from './_session.ts';
import { labelOf } from './_tables.ts';

/** One index that is to be rebuilt. */
export const Item = z.object({
  label: z.string(),
  statement: z.string(),
  why: z.string(),
  index: IndexStats,
  bloat: Bloat,
  /** Every index that the table had at the choice. */
  known: z.array(z.number()),
});
export type Item = z.infer<typeof Item>;

/** What an index was like before and after its rebuild. */
export const After = z.object({
  oid: z.number(),
  /** Just before the statement; at the choice, where nobody was left to look again. */
  bytesBefore: z.number(),
  bytesAfter: z.number(),
  tableRows: z.number(),
});
export type After = z.infer<typeof After>;

export interface Times extends SessionOptions {
  readonly followSeconds: number;
  readonly limitSeconds: number;
  /** How long to wait for one transaction of others. */
  readonly transactionSeconds: number;
}

const LOCK_NOT_AVAILABLE = '55P03';
const LEAVING_SECONDS = 5;
const POLL_SECONDS = 0.1;

/** Rebuilds one index where nobody is in the way, watching that we are in nobody's. */
export async function rebuild(
  target: Target<'postgres'>,
  watchers: KeptSession,
  item: Item,
  times: Times,
): Promise<Performed> {
  const { index } = item;
  return withWorker(target, watchers, times, async (session, guard): Promise<Performed> => {
    const indexes = await readIndexesOf(session, index.table_oid);
    const current = indexes.find(({ oid }) => oid === index.oid);
    if (current?.relation !== index.relation || current.definition !== index.definition || !current.indisvalid) {
      return skipped('gone', 'is not any more what was chosen: dropped, renamed, altered or rebuilt by someone else');
    }
    const obstacle = await obstacleOn(session, index.table_oid, times.lockTimeoutSeconds);
    if (obstacle) return skipped(obstacle.kind, obstacle.detail);
    const [oldest] = await readOldTransactions(session, index.table_oid, times.transactionSeconds);
    if (oldest) return skipped('old-transaction', `would wait for the ${describeHolder(oldest)}`);
    await writeNote(
      session,
      times.sessionName,
      current,
      indexes.map(({ oid }) => oid),
    );
    const ran = await runGuarded(session, guard, item.statement, times);
    if (ran.state !== 'done') return ran;
    const after = await rebuiltSince(session, { ...item, index: current });
    if (!after) throw new Error('the server says it is done and the index is still the old one');
    await removeSettledNotes(session, index.oid);
    return { state: 'done', after: { ...after } };
  });
}

/** Settles what nobody saw the end of: by the sessions of our notes, then by the catalogue. */
export async function lookAtRebuild(target: Target<'postgres'>, item: Item, options: SessionOptions): Promise<Seen> {
  return withSession(target, options, async (session): Promise<Seen> => {
    if (await liveNote(session, item, options.sessionName)) return { state: 'running' };
    const after = await rebuiltSince(session, item);
    return after ? { state: 'done', after: { ...after } } : { state: 'not-done' };
  });
}

/** The note of the rebuild of this index by this very run, while its session may still be at it. */
export async function liveNote(session: Session, { index }: Item, sessionName: string): Promise<Note | undefined> {
  const notes = await readNotes(session);
  return notes.find(({ note, isLive }) => isLive && note?.index.oid === index.oid && note.session === sessionName)
    ?.note;
}

/** What is to be cleaned up after one rebuild that did not end as it should. */
export const Remains = z.object({
  noteOid: z.number(),
  label: z.string(),
  tableOid: z.number(),
  /** Oldest first. */
  leftovers: z.array(z.object({ oid: z.number(), relation: z.string(), size_bytes: z.number() })),
  statement: z.string(),
});
export type Remains = z.infer<typeof Remains>;

/** Drops the leftovers of one rebuild of ours, each looked at again, and then its note. */
export async function sweep(
  target: Target<'postgres'>,
  watchers: KeptSession,
  remains: Remains,
  times: Times,
): Promise<Performed> {
  return withWorker(target, watchers, times, async (session, guard): Promise<Performed> => {
    for (const { oid } of remains.leftovers) {
      const kept = (await readNotes(session)).find((one) => one.oid === remains.noteOid);
      if (!kept?.note || kept.isLive) return skipped('gone', 'was cleaned up or taken up by someone else');
      const leftover = leftoversOf(kept.note, await readIndexesOf(session, kept.note.table.oid)).find(
        (one) => one.oid === oid,
      );
      if (!leftover) continue;
      const obstacle = await obstacleOn(session, remains.tableOid, times.lockTimeoutSeconds);
      if (obstacle) return skipped(obstacle.kind, obstacle.detail);
      const ran = await runGuarded(session, guard, dropStatement(leftover.relation), times);
      if (ran.state !== 'done') return ran;
    }
    await session.rows(z.unknown(), noteRemoval(remains.noteOid));
    return { state: 'done' };
  });
}

/** Done where neither the note nor anything it speaks of is there any more. */
export async function lookAtSweep(
  target: Target<'postgres'>,
  remains: Remains,
  options: SessionOptions,
): Promise<Seen> {
  return withSession(target, options, async (session): Promise<Seen> => {
    const isKept = (await readNotes(session)).some(({ oid }) => oid === remains.noteOid);
    return isKept ? { state: 'not-done' } : { state: 'done' };
  });
}

/** What is left of rebuilds of ours at which nobody is any more; a session that just ended is given a moment to go. */
export async function readRemains(session: Session, sessionName: string): Promise<Remains[]> {
  let notes = await readNotes(session);
  const isGoing = ({ note, isIdle }: KeptNote) => isIdle && note?.session === sessionName;
  for (let waited = 0; waited < LEAVING_SECONDS && notes.some(isGoing); waited += POLL_SECONDS) {
    await sleep(POLL_SECONDS * 1_000);
    notes = await readNotes(session);
  }
  const remains: Remains[] = [];
  for (const { oid, note, isLive } of notes) {
    if (isLive) continue;
    const leftovers = note ? leftoversOf(note, await readIndexesOf(session, note.table.oid)) : [];
    const drops = leftovers.map(({ relation }) => dropStatement(relation));
    remains.push({
      noteOid: oid,
      label: note ? labelOf(note.index.relation) : `note ${oid}`,
      tableOid: note?.table.oid ?? 0,
      leftovers: leftovers.map(({ oid: leftoverOid, relation, size_bytes }) => ({
        oid: leftoverOid,
        relation,
        size_bytes,
      })),
      statement: [...drops, noteRemoval(oid)].join('; '),
    });
  }
  return remains;
}

export function dropStatement(relation: string): string {
  return `DROP INDEX CONCURRENTLY ${relation}`;
}

/** One session to work and one to watch over it; without the second the first does not begin. */
async function withWorker<Result>(
  target: Target<'postgres'>,
  watchers: KeptSession,
  times: Times,
  use: (worker: Session, guard: Session) => Promise<Result>,
): Promise<Result> {
  const workerOptions = { ...times, lockTimeoutSeconds: Math.max(times.lockTimeoutSeconds, times.transactionSeconds) };
  return watchers.use((guard) =>
    withSession(target, workerOptions, async (worker) => {
      requirePrimary(worker, target.name);
      await worker.rows(z.unknown(), `SELECT set_config('max_parallel_maintenance_workers', '0', false)`);
      return use(worker, guard);
    }),
  );
}

async function runGuarded(worker: Session, guard: Session, statement: string, times: Times) {
  const over = new AbortController();
  const isOver = async () => over.signal.aborted;
  const guarding = giveWay(guard, await backendOf(worker), times.lockTimeoutSeconds, isOver, over.signal);
  const running = worker.run(statement, times);
  try {
    // A guard that fails ends the following too: unwatched, the statement is left to the next look.
    return await Promise.race([running, guarding.then(() => running)]);
  } catch (thrown) {
    over.abort();
    const gaveWayTo = await guarding;
    if (gaveWayTo !== undefined) return skipped('gave-way', gaveWayTo);
    if (sqlStateOf(thrown) !== LOCK_NOT_AVAILABLE) throw thrown;
    return skipped(
      'old-transaction',
      `had to wait for a transaction of others for longer than ${times.transactionSeconds} s`,
    );
  } finally {
    over.abort();
    void Promise.allSettled([running]);
    await Promise.allSettled([guarding]);
  }
}

/** What has become of an index that was rebuilt since its choice: another, valid, under its name, defined like it. */
async function rebuiltSince(session: Session, { index, bloat, known }: Item): Promise<After | undefined> {
  const current = (await readIndexesOf(session, index.table_oid)).find(({ relation }) => relation === index.relation);
  if (!current?.indisvalid || current.oid === index.oid || known.includes(current.oid)) return undefined;
  if (current.definition !== index.definition) return undefined;
  return {
    oid: current.oid,
    bytesBefore: index.size_bytes || bloat.sizeBytes,
    bytesAfter: current.size_bytes,
    tableRows: current.table_reltuples,
  };
}

async function removeSettledNotes(session: Session, indexOid: number): Promise<void> {
  for (const { oid, note } of await readNotes(session)) {
    if (note?.index.oid !== indexOid || note.pid !== session.pid) continue;
    if (leftoversOf(note, await readIndexesOf(session, note.table.oid)).length > 0) continue;
    await session.rows(z.unknown(), noteRemoval(oid));
  }
}

function skipped(kind: 'gone' | 'busy' | 'locked' | 'old-transaction' | 'gave-way', detail: string) {
  return { state: 'skipped', detail: `${kind}: ${detail}` } as const;
}
