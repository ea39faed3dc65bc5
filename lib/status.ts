import { nextOccurrence } from '../core/calendar/cron.ts';
import { messageOf, Unavailable } from '../core/errors.ts';
import { type Procedure, type ResolvedPlatform } from '../core/platform.ts';
import { MISSED_AFTER_SECONDS } from '../core/run.ts';
import { resourceName } from '../state-machines/names.ts';
import { readLatest, readMonth } from '../lambdas/runtime/mend-index.ts';
import { scheduleOf } from '../lambdas/runtime/missed-starts.ts';
import type { IndexedRun } from '../lambdas/runtime/run-index.ts';
import type { Store } from '../lambdas/runtime/store.ts';
import { type DeployedAlarm, readAlarms } from './deployed/alarms.ts';
import type { Deployment } from './deployed/deployment.ts';
import { missedOccurrence, type BegunRun } from './deployed/occurrences.ts';
import { readSchedule } from './deployed/schedules.ts';
import { readResources } from './deployed/stack.ts';
import { openRuns, type OpenRun } from './open-runs.ts';

/** How a procedure stands. */
export interface ProcedureStatus {
  readonly procedure: string;
  readonly schedule?: string;
  /** Where its runs begin by themselves: whether they will. */
  readonly scheduled?: 'enabled' | 'disabled' | 'missing';
  /** The next moment of the calendar; absent where it has none that is known beforehand. */
  readonly next?: string;
  readonly latest?: IndexedRun;
  /** The newest occurrence that should have begun and has not. */
  readonly missed?: string;
}

export interface PlatformStatus {
  readonly platform: string;
  readonly environment: string;
  readonly store: string;
  readonly lookedAt: string;
  readonly running: readonly OpenRun[];
  readonly procedures: readonly ProcedureStatus[];
  /** Those that ring; absent where nothing is deployed that could ring. */
  readonly alarms?: readonly DeployedAlarm[];
  /** What could not be read, in whole sentences: of it nothing is known. */
  readonly unread: readonly string[];
}

interface StatusOptions {
  readonly platform: ResolvedPlatform;
  readonly store: Store;
  readonly deployment: Deployment | undefined;
  readonly now: Date;
}

/** What runs now, how each procedure ended last and when it is due, and which alarms ring. */
export async function platformStatus(options: StatusOptions): Promise<PlatformStatus> {
  const { platform, store, deployment, now } = options;
  const unread: string[] = [];
  const tell = (problem: string) => void unread.push(problem);
  const running = await openRuns({ platform, store, deployment, now, tell });
  const latest = await readLatest(store, tell);
  const begun = [
    ...running.flatMap(({ started }) => started ?? []),
    ...(deployment ? await endedLately(options, tell) : []),
  ];
  const procedures: ProcedureStatus[] = [];
  for (const procedure of Object.values(platform.procedures)) {
    const known = latest[procedure.name]?.latest;
    const standing = deployment
      ? await orUnread(tell, {}, () => deployedStanding(procedure, { store, deployment, begun, now }))
      : {};
    procedures.push({ ...plainStanding(procedure, now), ...(known && { latest: known }), ...standing });
  }
  const alarms = deployment && (await orUnread(tell, undefined, () => ringing(deployment)));
  return {
    platform: platform.platform,
    environment: platform.environment,
    store: store.location,
    lookedAt: now.toISOString(),
    running,
    procedures,
    ...(alarms && { alarms }),
    unread,
  };
}

/** Everything that needs a person, a sentence each; none where all is as it should be. */
export function concerns({ running, procedures, alarms = [], unread }: PlatformStatus): readonly string[] {
  return [
    ...running.filter(({ state }) => state === 'died').map(({ runId }) => `${runId} died and has not been ended`),
    ...running.filter(({ state }) => state === 'overdue').map(({ runId }) => `${runId} is past its deadline`),
    ...procedures.flatMap(({ procedure, scheduled, missed, latest }) => [
      ...(scheduled === 'disabled' ? [`the schedule of ${procedure} is disabled`] : []),
      ...(scheduled === 'missing' ? [`the schedule of ${procedure} is not there`] : []),
      ...(missed === undefined ? [] : [`no run of ${procedure} began that was due at ${missed}`]),
      ...(latest?.verdict === 'fail' || latest?.verdict === 'unknown'
        ? [`the latest run of ${procedure} is ${latest.verdict}: fettle report ${latest.runId}`]
        : []),
    ]),
    ...alarms.map(({ name, description }) => `the alarm ${name} rings: ${description}`),
    ...unread,
  ];
}

function plainStanding({ name, timezone, ...procedure }: Procedure, now: Date): ProcedureStatus {
  const schedule = scheduleOf(procedure);
  // The periods of a rate are counted by EventBridge from a moment of its own.
  const next = schedule?.kind === 'cron' ? nextOccurrence(schedule, now, timezone) : undefined;
  return {
    procedure: name,
    ...(procedure.schedule !== undefined && { schedule: procedure.schedule }),
    ...(next && { next: next.toISOString() }),
  };
}

interface DeployedContext extends Pick<StatusOptions, 'store' | 'now'> {
  readonly deployment: Deployment;
  readonly begun: readonly BegunRun[];
}

async function deployedStanding(
  procedure: Procedure,
  { deployment, store, begun, now }: DeployedContext,
): Promise<Pick<ProcedureStatus, 'scheduled' | 'missed'>> {
  if (procedure.schedule === undefined) return {};
  const { clients, home, stack } = deployment;
  const schedule = await readSchedule(clients, resourceName(stack.name, procedure.name), home);
  if (!schedule) return { scheduled: 'missing' };
  if (!schedule.isEnabled) return { scheduled: 'disabled' };
  const since = schedule.changedAt ?? stack.changedAt ?? now;
  const missed = await missedOccurrence({ procedure, store, begun, since, now });
  return { scheduled: 'enabled', ...(missed && { missed: missed.toISOString() }) };
}

async function ringing({ clients, stack, home }: Deployment): Promise<readonly DeployedAlarm[]> {
  const resources = await readResources(clients, stack, home);
  const names = resources.filter(({ type }) => type === 'AWS::CloudWatch::Alarm').map(({ physicalId }) => physicalId);
  const alarms = await readAlarms(clients, names, home);
  return alarms.filter(({ state }) => state === 'ALARM');
}

/** The runs of the months in which the last periods of rates lie; a calendar's runs are looked for by their ids. */
async function endedLately(
  { platform, store, now }: StatusOptions,
  tell: (problem: string) => void,
): Promise<readonly IndexedRun[]> {
  const periods = Object.values(platform.procedures).flatMap((procedure) => {
    const schedule = scheduleOf(procedure);
    return schedule?.kind === 'rate' ? schedule.periodSeconds : [];
  });
  if (periods.length === 0) return [];
  const months: string[] = [];
  const day = new Date(now.getTime() - (Math.max(...periods) + MISSED_AFTER_SECONDS) * 1_000);
  for (day.setUTCDate(1); day <= now; day.setUTCMonth(day.getUTCMonth() + 1))
    months.push(day.toISOString().slice(0, 7));
  return (await Promise.all(months.map((month) => readMonth(store, month, tell)))).flat();
}

/** What cannot be read is told, and the rest of the status with it. */
async function orUnread<Answer>(
  tell: (problem: string) => void,
  instead: Answer,
  read: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await read();
  } catch (thrown) {
    if (!(thrown instanceof Unavailable)) throw thrown;
    tell(messageOf(thrown));
    return instead;
  }
}
