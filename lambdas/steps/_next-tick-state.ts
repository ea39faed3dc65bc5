import { Corrupt, messageOf } from '../../core/errors.ts';
import { entriesOf, type Procedure, type ResolvedPlatform } from '../../core/platform.ts';
import { RunReport } from '../../core/report.ts';
import { MISSED_AFTER_SECONDS } from '../../core/run.ts';
import type { StepRuntime } from '../runtime/handler.ts';
import { readLatest } from '../runtime/mend-index.ts';
import { begunStarts, lookedUntil, missedStarts, scheduleOf, type Span } from '../runtime/missed-starts.ts';
import { readRecord } from '../runtime/records.ts';
import { runKeys } from '../runtime/run-keys.ts';
import { type MissedStarts, NEW_STATE, type TickState } from '../runtime/tick-state.ts';

/** How far back it is looked where nobody ticked for long; the alarm on the heartbeat has rung all that time. */
const LOOK_BACK_SECONDS = 7 * 86_400;
/** Up to so many missed starts of a procedure have a record each; what an outage left of a schedule of minutes has one. */
const MOST_RECORDS = 10;

/** What Tick will remember: what was missed since it looked last, and when each check passed. Writes nothing. */
export async function nextTickState(
  known: TickState | undefined,
  platform: ResolvedPlatform,
  now: Date,
  runtime: StepRuntime,
): Promise<TickState> {
  const before = known ?? NEW_STATE;
  const procedures: TickState['procedures'] = {};
  const missed = [...before.missed];
  for (const procedure of scheduledProcedures(platform)) {
    const looked = await lookAt(procedure, before.procedures[procedure.name], now, runtime);
    const { schedule, timezone, name } = procedure;
    procedures[name] = { schedule, timezone, until: looked.until.toISOString() };
    missed.push(...recordsOf(name, looked.missed));
  }
  const checks = await checksOf(before.checks, platform, now, runtime);
  return { schemaVersion: 1, tickedAt: now.toISOString(), procedures, missed, checks };
}

type Scheduled = Procedure & { readonly schedule: string };

/** The procedures that are due by themselves. */
export function scheduledProcedures({ procedures }: ResolvedPlatform): Scheduled[] {
  return Object.values(procedures).filter((procedure): procedure is Scheduled => procedure.schedule !== undefined);
}

async function lookAt(
  procedure: Scheduled,
  known: TickState['procedures'][string] | undefined,
  now: Date,
  { store, log }: StepRuntime,
): Promise<{ readonly until: Date; readonly missed: readonly Date[] }> {
  const schedule = scheduleOf(procedure);
  const isKnown = known?.schedule === procedure.schedule && known.timezone === procedure.timezone;
  // What is new is watched from now on: nobody knows since when it has been deployed.
  if (!schedule || !isKnown) return { until: now, missed: [] };
  const periodSeconds = schedule.kind === 'rate' ? schedule.periodSeconds : 0;
  const oldest = secondsBefore(now, Math.max(LOOK_BACK_SECONDS, 2 * periodSeconds));
  const until = new Date(known.until);
  const after = until < oldest ? oldest : until;
  if (after > until) {
    const fields = { procedure: procedure.name, from: until.toISOString(), to: after.toISOString() };
    log.error('nobody looked at these starts in time, and they are not looked at any more', fields);
  }
  const span: Span = { after, until: secondsBefore(now, MISSED_AFTER_SECONDS) };
  const begun = await begunStarts(store, procedure, schedule, { ...span, now });
  const missed = missedStarts(schedule, procedure.timezone, span, begun);
  return { missed, until: lookedUntil(schedule, span, [...begun, ...missed]) };
}

function recordsOf(procedure: string, missed: readonly Date[]): MissedStarts[] {
  const each = missed.length > MOST_RECORDS ? [missed] : missed.map((start) => [start]);
  return each.flatMap((starts) => {
    const [first, last] = [starts[0], starts.at(-1)];
    if (!first || !last) return [];
    return [{ procedure, count: starts.length, first: first.toISOString(), last: last.toISOString() }];
  });
}

/**
 * When each task of a schedule passed last, by the newest run of each procedure that looked.
 *
 * Of several runs between two Ticks only the newest is seen, so a pass may be taken for older than it is, and never
 * for newer.
 */
async function checksOf(
  before: TickState['checks'],
  platform: ResolvedPlatform,
  now: Date,
  { store, log }: StepRuntime,
): Promise<TickState['checks']> {
  const tell = (problem: string) => log.error(problem);
  const checks: TickState['checks'] = {};
  for (const { task } of scheduledProcedures(platform).flatMap(entriesOf)) {
    checks[task] = before[task] ?? { since: now.toISOString() };
  }
  for (const { compared } of Object.values(await readLatest(store, tell))) {
    const report = compared && (await readReport(compared.runKey));
    for (const [task, steps] of Map.groupBy(report?.tasks ?? [], (step) => step.task)) {
      const check = checks[task];
      if (!report || !check || steps.some(({ verdict }) => verdict !== 'pass')) continue;
      if (check.passedAt === undefined || check.passedAt < report.end_time) {
        checks[task] = { ...check, passedAt: report.end_time };
      }
    }
  }
  return checks;

  async function readReport(runKey: string): Promise<RunReport | undefined> {
    try {
      return (await readRecord(store, runKeys(runKey).report, RunReport))?.value;
    } catch (thrown) {
      if (!(thrown instanceof Corrupt)) throw thrown;
      tell(messageOf(thrown));
      return undefined;
    }
  }
}

function secondsBefore(now: Date, seconds: number): Date {
  return new Date(now.getTime() - seconds * 1_000);
}
