import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { Act, ActOutcome, Action, Intent } from '../../../core/action.ts';
import { messageOf, Unavailable } from '../../../core/errors.ts';
import type { Finding, Measurement } from '../../../core/finding.ts';
import type { Target } from '../../../core/target-kinds.ts';
import type { Rebuilt } from './_bloat.ts';
import { inBytes } from './_bytes.ts';
import { indexesLeft, judgeRebuild, rebuiltMeasurements, skippedFinding, sweptFinding } from './_reindex-findings.ts';
import { giveWay, isAtWork } from './_reindex-guard.ts';
import {
  After,
  Item,
  liveNote,
  lookAtRebuild,
  lookAtSweep,
  readRemains,
  rebuild,
  Remains,
  sweep,
  type Times,
} from './_reindex-step.ts';
import { type KeptSession, keepSession } from './_kept-session.ts';
import { sessionOptions } from './_session.ts';
import { type CallContext, mayPause, neededSeconds, RESERVE_SECONDS, secondsLeft } from './_upkeep.ts';

/** What happens to one target, from its choice to its end; it travels in the cursor of a pause. */
export const Course = z.object({
  /** Most reclaimable first; the first is the one that may be under way. */
  queue: z.array(Item),
  planned: z.number(),
  population: z.number(),
  findings: z.array(z.custom<Finding>((value) => typeof value === 'object' && value !== null)),
  measurements: z.array(z.custom<Measurement>((value) => typeof value === 'object' && value !== null)),
  rebuilt: z.record(
    z.string(),
    z.custom<Rebuilt>((value) => typeof value === 'object' && value !== null),
  ),
  reclaimedBytes: z.number(),
  /** What rebuilds of ours have left behind and is to be swept now. */
  remains: z.array(Remains),
  /** The notes that this run has dealt with, whatever came of it. */
  swept: z.array(z.number()),
  /** Why the first of the queue was given up, where the statement was no longer ours to see end. */
  gaveWay: z.string().optional(),
});
export type Course = z.infer<typeof Course>;

export interface ReindexContext extends CallContext {
  readonly sessionName: string;
  readonly allowAddresses: readonly string[];
  readonly mode: 'execute' | 'plan';
  readonly act: Act;
  readonly input: {
    readonly lockTimeout: number;
    readonly statementTimeout: number;
    readonly transactionTimeout: number;
  };
}

export const TIMEOUT_SECONDS = 300;
const MOST_ATTEMPTS = 2;
const POLL_SECONDS = 0.5;

/**
 * Cleans up after rebuilds that did not end, then works through the queue, one index at a time.
 *
 * Seconds to wait where the rest must be done by a later call. A server that goes away takes nothing from what was
 * found before.
 */
export async function follow(
  context: ReindexContext,
  target: Target<'postgres'>,
  course: Course,
): Promise<number | undefined> {
  // The sessions that read and guard; each statement is done in one of its own, by which its note is known.
  await using watchers = keepSession(target, sessionOptions(context));
  try {
    for (;;) {
      const isNew = await findRemains(context, watchers, course);
      // Kept first, like the queue: what was swept is gone, and a later call could not tell that it was.
      if (isNew && context.mode === 'execute' && mayPause(context, { timeoutSeconds: TIMEOUT_SECONDS }, 1)) return 1;
      await sweepAll(context, target, watchers, course);
      const [item] = course.queue;
      if (!item) return undefined;
      const wait = await take(context, target, watchers, item, course);
      if (wait !== undefined) return wait;
    }
  } catch (thrown) {
    if (!(thrown instanceof Unavailable)) throw thrown;
    course.findings.push({ kind: 'not-readable', target: target.name, summary: messageOf(thrown) });
    course.queue = [];
    return undefined;
  }
}

/** Brings the first of the queue as far as this call can; seconds to wait where a later one must go on. */
async function take(
  context: ReindexContext,
  target: Target<'postgres'>,
  watchers: KeptSession,
  item: Item,
  course: Course,
): Promise<number | undefined> {
  if (secondsLeft(context) <= neededSeconds(context)) return pauseOrLeave(context, target.name, course);
  const outcome = await actOn(context, target, watchers, item, course);
  if (outcome.status === 'running') {
    const gaveWay = await watch(context, watchers, item);
    // A session that has ended its statement stays for a moment.
    await sleep(POLL_SECONDS * 1_000);
    if (gaveWay !== undefined) course.gaveWay = gaveWay;
    return undefined;
  }
  if (outcome.status === 'refused' && outcome.reason === 'deadline') return pauseOrLeave(context, target.name, course);
  course.queue.shift();
  delete course.gaveWay;
  conclude(target.name, item, outcome, course);
  return undefined;
}

function pauseOrLeave(context: ReindexContext, target: string, course: Course): number | undefined {
  if (mayPause(context, { timeoutSeconds: TIMEOUT_SECONDS }, 1)) return 1;
  const labels = course.queue.map(({ label }) => label);
  const why = `time ended before ${labels.length} of ${course.planned} indexes were finished`;
  course.findings.push(indexesLeft(target, labels, why, 0));
  course.queue = [];
  return undefined;
}

async function actOn(
  context: ReindexContext,
  target: Target<'postgres'>,
  watchers: KeptSession,
  item: Item,
  course: Course,
): Promise<ActOutcome> {
  const { index, bloat, known } = item;
  let attempts = 0;
  const action: Action = {
    verb: 'reindex',
    target: target.name,
    subject: item.label,
    summary: `reindex ${item.label}: ${item.why}`,
    statement: item.statement,
    before: { index, bloat, known },
    after: { sizeBytes: bloat.predictedBytes },
    scope: { planned: course.planned, population: course.population },
    worstCaseSeconds: RESERVE_SECONDS,
  };
  const look = async (intent: Intent) => {
    attempts = intent.attempt;
    await watchers.release();
    return lookAtRebuild(target, item, sessionOptions(context));
  };
  return context.act({ ...action, look }, async () => {
    if (course.gaveWay !== undefined) return { state: 'skipped', detail: course.gaveWay };
    if (attempts >= MOST_ATTEMPTS) {
      return { state: 'skipped', detail: `given-up: was begun ${attempts} times and did not end as it should` };
    }
    return rebuild(target, watchers, item, timesOf(context));
  });
}

/** Stays with a statement that an earlier call began, so that it goes on giving way. */
async function watch(context: ReindexContext, watchers: KeptSession, item: Item): Promise<string | undefined> {
  return watchers.use(async (session) => {
    const backend = await liveNote(session, item, context.sessionName);
    if (!backend) return undefined;
    const isOver = async () => secondsLeft(context) <= neededSeconds(context) || !(await isAtWork(session, backend));
    const gaveWayTo = await giveWay(session, backend, context.input.lockTimeout, isOver);
    return gaveWayTo === undefined ? undefined : `gave-way: ${gaveWayTo}`;
  });
}

function conclude(target: string, item: Item, outcome: ActOutcome, course: Course): void {
  if (outcome.status === 'skipped') course.findings.push(skippedFinding(target, item, outcome.detail));
  if (outcome.status !== 'done') return;
  const after = After.parse(outcome.after);
  course.findings.push(...judgeRebuild(target, item, after));
  course.measurements.push(...rebuiltMeasurements(target, item, after));
  course.reclaimedBytes += Math.max(0, after.bytesBefore - after.bytesAfter);
  course.rebuilt[item.index.relation] = {
    definition: item.index.definition,
    size_bytes: after.bytesAfter,
    table_rows: after.tableRows,
  };
}

/** Notes what rebuilds of ours have left behind, of this run and of any before it; true where there is more than before. */
async function findRemains(context: ReindexContext, watchers: KeptSession, course: Course): Promise<boolean> {
  const { sessionName } = context;
  const found = await watchers.use((session) => readRemains(session, sessionName));
  const known = [...course.swept, ...course.remains.map(({ noteOid }) => noteOid)];
  const fresh = found.filter(({ noteOid }) => !known.includes(noteOid));
  course.remains.push(...fresh);
  return fresh.length > 0;
}

async function sweepAll(
  context: ReindexContext,
  target: Target<'postgres'>,
  watchers: KeptSession,
  course: Course,
): Promise<void> {
  for (let [remains] = course.remains; remains; [remains] = course.remains) {
    const known = remains;
    const outcome = await context.act(
      {
        ...sweepAction(target.name, known, course),
        look: async () => {
          await watchers.release();
          return lookAtSweep(target, known, sessionOptions(context));
        },
      },
      () => sweep(target, watchers, known, timesOf(context)),
    );
    course.remains.shift();
    course.swept.push(known.noteOid);
    course.findings.push(...sweptFinding(target.name, known, outcome));
  }
}

function sweepAction(
  target: string,
  { label, leftovers, statement }: Remains,
  { planned, population }: Course,
): Action {
  const what = leftovers.map(({ relation, size_bytes }) => `${relation} (${inBytes(size_bytes)})`).join(' and ');
  return {
    verb: 'sweep',
    target,
    subject: label,
    summary: `sweep ${label}: ${what === '' ? 'the note of a rebuild that left nothing' : `drop ${what}, left by a rebuild of ours`}`,
    statement,
    before: { leftovers },
    scope: { planned, population },
    worstCaseSeconds: RESERVE_SECONDS,
  };
}

function timesOf(context: ReindexContext): Times {
  const { lockTimeout, statementTimeout, transactionTimeout } = context.input;
  return {
    ...sessionOptions(context),
    outlivesClient: true,
    followSeconds: Math.max(1, secondsLeft(context) - RESERVE_SECONDS - lockTimeout),
    limitSeconds: statementTimeout,
    transactionSeconds: transactionTimeout,
  };
}
