import type { MetricDatum } from '@aws-sdk/client-cloudwatch';
import { Corrupt, messageOf } from '../../core/errors.ts';
import type { ResolvedPlatform } from '../../core/platform.ts';
import { stepHandler, type StepRuntime } from '../runtime/handler.ts';
import { platformDimensions, putMetrics } from '../runtime/metrics.ts';
import { asText, readRecord, updateRecord } from '../runtime/records.ts';
import { type MissedStarts, TICK_KEY, TickState } from '../runtime/tick-state.ts';
import { bundledPlatform } from './_bundled-platform.ts';
import { nextTickState, scheduledProcedures } from './_next-tick-state.ts';
import { endOverdueRuns } from './_overdue-runs.ts';
import { recordMissed } from './_record-missed.ts';

/** What one Tick found. */
export interface Ticked {
  readonly tickedAt: string;
  /** By procedure: how many starts did not happen and were not told before. */
  readonly missed: Readonly<Record<string, number>>;
}

/**
 * Looks every 15 minutes for what did not happen: makes a record of each missed run, ends the runs that nobody ended,
 * tells how old the newest pass of each check is, and beats.
 *
 * It decides and remembers in one conditional write what was missed, and makes the records afterwards: a Tick that dies
 * between leaves them to the next one, and of two at once none decides anything twice. It beats only when all of it is
 * done, for a silent Tick is what the alarm on its heartbeat is for.
 */
export async function tick(platform: ResolvedPlatform, runtime: StepRuntime): Promise<Ticked> {
  const { log } = runtime;
  const state = await decide(platform, runtime);
  const done: MissedStarts[] = [];
  const missed = new Map<string, number>(scheduledProcedures(platform).map(({ name }) => [name, 0]));
  const failures: string[] = [];
  for (const one of state.missed) {
    const { procedure, count, first, last } = one;
    try {
      const isMissed = await recordMissed(one, platform, runtime);
      done.push(one);
      if (!isMissed) {
        log.info('a run that was about to count as missed has begun', { procedure, last });
        continue;
      }
    } catch (thrown) {
      // Of what is in the way of one record no other one has to suffer; it is tried again next time.
      if (!(thrown instanceof Corrupt)) throw thrown;
      failures.push(`${procedure} of ${last}: ${messageOf(thrown)}`);
    }
    log.error('a run was missed', { procedure, count, first, last });
    missed.set(procedure, (missed.get(procedure) ?? 0) + count);
  }
  await endOverdueRuns(runtime);
  await putMetrics(metricsOf(platform, state, missed));
  await forget(done, runtime);
  if (failures.length > 0) throw new Corrupt(`missed runs without a record: ${failures.join('; ')}`);
  await putMetrics([{ MetricName: 'Heartbeat', Value: 1, Unit: 'Count', Dimensions: platformDimensions(platform) }]);
  return { tickedAt: state.tickedAt, missed: Object.fromEntries(missed) };
}

/** How often it begins again where another Tick was quicker: each loss means that the other one has decided. */
const MAX_ATTEMPTS = 5;

async function decide(platform: ResolvedPlatform, runtime: StepRuntime): Promise<TickState> {
  const { store, clock } = runtime;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const known = await readRecord(store, TICK_KEY, TickState);
    const next = await nextTickState(known?.value, platform, clock(), runtime);
    const written = known
      ? await store.replace(TICK_KEY, asText(next), known.etag)
      : await store.createIfAbsent(TICK_KEY, asText(next));
    if (written !== undefined) return next;
  }
  throw new Corrupt(`${TICK_KEY} in ${store.location} changed ${MAX_ATTEMPTS} times while it was being written`);
}

/** Takes what was recorded and told from the list. */
async function forget(done: readonly MissedStarts[], { store }: StepRuntime): Promise<void> {
  if (done.length === 0) return;
  const isDone = ({ procedure, last }: MissedStarts) =>
    done.some((one) => one.procedure === procedure && one.last === last);
  await updateRecord(
    store,
    TICK_KEY,
    TickState,
    (state) => state && { ...state, missed: state.missed.filter((one) => !isDone(one)) },
  );
}

function metricsOf(
  platform: ResolvedPlatform,
  { checks, tickedAt }: TickState,
  missed: ReadonlyMap<string, number>,
): MetricDatum[] {
  const ageSeconds = (instant: string) => Math.max(0, (Date.parse(tickedAt) - Date.parse(instant)) / 1_000);
  return [
    ...[...missed].map(([Procedure, Value]) => ({
      ...{ MetricName: 'RunsMissed', Value, Unit: 'Count' as const },
      Dimensions: platformDimensions(platform, { Procedure }),
    })),
    // Of what never passed the age is that of its being watched: it grows, and is never left out.
    ...Object.entries(checks).map(([Task, { since, passedAt }]) => ({
      ...{ MetricName: 'SecondsSincePass', Value: ageSeconds(passedAt ?? since), Unit: 'Seconds' as const },
      Dimensions: platformDimensions(platform, { Task }),
    })),
  ];
}

export const handler = stepHandler(async (_event, runtime) =>
  tick(await bundledPlatform(runtime.assetFolder), runtime),
);
