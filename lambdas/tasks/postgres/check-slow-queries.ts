import * as z from 'zod';
import pg from 'pg';
import { DurationSeconds } from '../../../core/duration.ts';
import type { Finding, Measurement } from '../../../core/finding.ts';
import { defineTask, pause } from '../../../core/task.ts';
import { eachTarget } from '../../runtime/each-target.ts';
import { secretPermissions } from '../../runtime/secret-permissions.ts';
import { sessionNeeds } from './_needs.ts';
import { statementNeeds } from './_needs-statements.ts';
import { type Session, sqlStateOf, withSession } from './_session.ts';
import { SLOW_FINDINGS, type SlowKind } from './_slow-findings.ts';
import { type Executed, intervalBetween, isSameHistory, Snapshot, snapshotAtReset } from './_slow-interval.ts';
import { judgeInterval, judgeQueries, judgeRunning, judgeTracking, slowQueries } from './_slow-judgement.ts';
import { countHiddenSessions, readRunning } from './_slow-running.ts';
import { type Counters, readCounters, readTexts, readTracking, type Tracking } from './_slow-statements.ts';
import { labelOf } from './_tables.ts';

const Input = z.strictObject({
  meanMillisecondsAbove: z.number().positive().default(1_000).describe('A query is slow that takes longer on average'),
  callsAbove: z.int().nonnegative().default(10).describe('A query counts that was called more often in the interval'),
  queriesAbove: z.int().nonnegative().default(5).describe('Warn where more queries than these are slow'),
  runningAbove: DurationSeconds.prefault('1h').describe('Warn of a statement that has been running for longer'),
  minInterval: DurationSeconds.refine((seconds) => seconds <= 600, 'must not be longer than 10m')
    .prefault('60s')
    .describe('The shortest interval that is judged; without an earlier snapshot a second one is taken so much later'),
  ignoredApplications: z
    .array(z.string())
    .default(['pg_dump', 'pg_restore'])
    .describe('Names of applications whose statements may run for as long as they like'),
  uncountedRoles: z
    .array(z.string())
    .default(['rdsadmin', 'cloudsqladmin', 'azuresu'])
    .describe('Roles whose statements need not be counted; by default those of the services that host PostgreSQL'),
  ignoredQueryIds: z.array(z.string()).default([]).describe('Query ids of queries that are known to be slow'),
});
type Limits = z.output<typeof Input>;

/** A snapshot of each target: the last run's, and while this one waits for a second snapshot its first. */
const Snapshots = z.object({ targets: z.record(z.string(), Snapshot) });

/** The snapshot that the interval of a target begins with. */
export function startOf(
  now: Snapshot,
  { kept, taken }: { readonly kept: Snapshot | undefined; readonly taken: Snapshot | undefined },
): { readonly before: Snapshot; readonly isFirst: boolean } | undefined {
  if (kept && isSameHistory(kept, now)) return { before: kept, isFirst: false };
  const atReset = snapshotAtReset(now);
  if (atReset) return { before: atReset, isFirst: false };
  return taken && isSameHistory(taken, now) ? { before: taken, isFirst: true } : undefined;
}

/** How long to wait until the interval of a target can be judged; 0 where it can. */
export function secondsToWait(now: Snapshot, kept: Snapshot | undefined, minInterval: number): number {
  const start = startOf(now, { kept, taken: undefined });
  const covered = start ? intervalBetween(start.before, now).seconds : 0;
  // The next snapshot must not come a moment too early because of rounding.
  return covered >= minInterval ? 0 : Math.ceil(minInterval - covered) + 1;
}

const TIMEOUT_SECONDS = 180;
const CONCURRENCY = 4;
// A target that was removed from the profile leaves its snapshot behind.
const KEPT_SECONDS = 90 * 86_400;

type Observed = { readonly tracking: Tracking } & Partial<Counters>;

/** The counters, where there are any that this role may read. */
async function observe(session: Session): Promise<Observed> {
  const tracking = await readTracking(session);
  if (tracking.schema === null || tracking.track === null) return { tracking };
  try {
    return { tracking, ...(await readCounters(session, tracking)) };
  } catch (thrown) {
    const INSUFFICIENT_PRIVILEGE = '42501';
    if (sqlStateOf(thrown) !== INSUFFICIENT_PRIVILEGE) throw thrown;
    return { tracking, hidden: Number.POSITIVE_INFINITY };
  }
}

/** What is not visible to the role, in one finding. */
function hiddenFindings(target: string, role: string, statements: number, sessions: number): Finding<SlowKind>[] {
  if (statements === 0 && sessions === 0) return [];
  const what = Number.isFinite(statements) ? `${statements} statements` : 'all of pg_stat_statements';
  const summary = `${what} and ${sessions} sessions are hidden from the role ${labelOf(role)}, none is expected to be`;
  return [{ kind: 'statements-hidden', target, summary, command: `GRANT pg_monitor TO ${pg.escapeIdentifier(role)}` }];
}

interface Judged {
  readonly findings: readonly Finding<SlowKind>[];
  readonly measurements: readonly Measurement[];
  readonly snapshot: Snapshot | undefined;
  /** How long the interval has to grow before it says anything. */
  readonly waitSeconds: number;
}

/** The snapshots that an interval may begin with: the last run's, and that of this run before it waited. */
interface Earlier {
  readonly kept: Snapshot | undefined;
  readonly taken: Snapshot | undefined;
}

async function judge(session: Session, target: string, limits: Limits, earlier: Earlier): Promise<Judged> {
  const { tracking, snapshot, hidden = 0 } = await observe(session);
  const running = await readRunning(session, limits);
  const start = snapshot && startOf(snapshot, earlier);
  const interval = start && intervalBetween(start.before, snapshot);
  const calls = interval?.executed.reduce((sum, one) => sum + one.calls, 0);
  const slow = await withoutOwnUpkeep(session, tracking, interval ? slowQueries(interval, limits) : []);
  const measure = (name: string, value: number, unit: Measurement['unit']): Measurement => ({
    ...{ name, value, unit, target },
  });
  return {
    snapshot,
    waitSeconds: snapshot ? secondsToWait(snapshot, earlier.kept, limits.minInterval) : 0,
    findings: [
      ...judgeTracking(target, tracking, calls, limits.uncountedRoles),
      ...hiddenFindings(target, session.role, hidden, await countHiddenSessions(session)),
      ...judgeRunning(target, running, limits.runningAbove),
      ...(snapshot ? judgeInterval(target, interval, start?.isFirst ?? true, limits.minInterval) : []),
      ...(interval ? judgeQueries(target, interval, slow, { tracking, limits }) : []),
    ],
    measurements: [
      measure('long-running', running.length, 'count'),
      ...(interval
        ? [
            measure('slow-queries', slow.length, 'count'),
            measure('interval', interval.seconds, 'seconds'),
            measure('calls', calls ?? 0, 'count'),
          ]
        : []),
    ],
  };
}

/** The slow queries with their texts; our own upkeep is slow because it has to be. */
async function withoutOwnUpkeep(
  session: Session,
  tracking: Tracking,
  slow: readonly Executed[],
): Promise<(Executed & { readonly text: string })[]> {
  const ids = slow.map(({ queryId }) => queryId);
  const texts = await readTexts(session, tracking, ids);
  return slow
    .filter(({ queryId }) => texts.get(queryId)?.isOwnUpkeep !== true)
    .map((one) => ({ ...one, text: texts.get(one.queryId)?.query ?? '' }));
}

export const task = defineTask({
  name: 'postgres-check-slow-queries',
  summary: 'Checks which queries were slow since the last snapshot of pg_stat_statements, and which run for hours',
  effect: 'read-only',
  target: 'postgres',
  input: Input,
  examples: [{}, { meanMillisecondsAbove: 500, queriesAbove: 0, runningAbove: '15m' }],
  findings: SLOW_FINDINGS,
  permissions: (platform) => secretPermissions(platform, 'postgres'),
  needs: (context) =>
    sessionNeeds(context, (session, standing) => statementNeeds(session, standing, context.input.uncountedRoles)),
  timeoutSeconds: TIMEOUT_SECONDS,
  pauses: true,
  baseline: { version: 1, schema: Snapshots },
  run: async ({ input, targets, now, resume, baseline, sessionName, allowAddresses }) => {
    const options = { sessionName, allowAddresses, lockTimeoutSeconds: 3, outlivesClient: false };
    const waited = Snapshots.safeParse(resume);
    const taken: Record<string, Snapshot> = {};
    let waitSeconds = 0;
    const examined = await eachTarget(
      targets,
      async (target) => {
        const earlier = { kept: baseline?.targets[target.name], taken: waited.data?.targets[target.name] };
        const judged = await withSession(target, options, (session) => judge(session, target.name, input, earlier));
        if (judged.snapshot) taken[target.name] = judged.snapshot;
        waitSeconds = Math.max(waitSeconds, judged.waitSeconds);
        return judged;
      },
      { concurrency: CONCURRENCY },
    );
    if (waitSeconds > 0 && !waited.success) {
      return pause({ seconds: waitSeconds, cursor: { targets: taken }, soFar: examined });
    }
    const oldest = now.getTime() / 1_000 - KEPT_SECONDS;
    const others = Object.entries(baseline?.targets ?? {}).filter(([, { takenAt }]) => takenAt > oldest);
    return { ...examined, baseline: { targets: { ...Object.fromEntries(others), ...taken } } };
  },
});
