import * as z from 'zod';
import type { Finding } from '../../../core/finding.ts';
import { errorsOf, type Info, numberOf, totalsOf } from './_info.ts';
import type { Kind } from './_memory-findings.ts';
import { inCount, percentOf } from './_quantity.ts';

/** Counters of a server as they stood at a run; they begin again when it restarts. */
export const Counters = z.object({
  at: z.iso.datetime(),
  runId: z.string(),
  evictedKeys: z.number(),
  refusedWrites: z.number(),
});
export type Counters = z.infer<typeof Counters>;

export interface ChangeLimits {
  readonly evictedAbove: number;
  readonly minKeys: number;
}

interface Change {
  readonly seconds: number;
  readonly since: string;
  readonly evictedKeys: number;
  readonly refusedWrites: number;
  readonly isRestarted: boolean;
  /** False where the counters go back further than anybody can say when it happened. */
  readonly isRecent: boolean;
}

const DAY_SECONDS = 86_400;
/** Clocks of two machines differ, and INFO is asked a moment after the run began. */
const SLACK_SECONDS = 60;

/** The counters to remember; undefined where the server does not send them. */
export function countersOf(info: Info, now: Date): Counters | undefined {
  const evictedKeys = numberOf(info, 'evicted_keys');
  if (evictedKeys === undefined) return undefined;
  const refusedWrites = (errorsOf(info, 'OOM') ?? 0) + (errorsOf(info, 'MISCONF') ?? 0);
  return { at: now.toISOString(), runId: info.fields.get('run_id') ?? '', evictedKeys, refusedWrites };
}

/** What happened since the last run, or since the start of the server where that is later or there was no run. */
export function changeSince(info: Info, now: Date, previous: Counters | undefined): Change | undefined {
  const current = countersOf(info, now);
  const uptime = numberOf(info, 'uptime_in_seconds');
  if (!current || uptime === undefined) return undefined;
  const elapsed = previous ? Math.max(0, (now.getTime() - Date.parse(previous.at)) / 1_000) : 0;
  const isSame =
    previous !== undefined &&
    previous.runId === current.runId &&
    uptime + SLACK_SECONDS >= elapsed &&
    // CONFIG RESETSTAT sets them to zero without a restart.
    previous.evictedKeys <= current.evictedKeys &&
    previous.refusedWrites <= current.refusedWrites;
  if (isSame) {
    return {
      seconds: elapsed,
      since: `the last run at ${previous.at}`,
      evictedKeys: current.evictedKeys - previous.evictedKeys,
      refusedWrites: current.refusedWrites - previous.refusedWrites,
      isRestarted: false,
      isRecent: true,
    };
  }
  const started = new Date(now.getTime() - uptime * 1_000).toISOString();
  return {
    seconds: uptime,
    since: previous && elapsed < uptime ? `a reset after ${previous.at}` : `its start at ${started}`,
    evictedKeys: current.evictedKeys,
    refusedWrites: current.refusedWrites,
    isRestarted: previous !== undefined,
    isRecent: previous !== undefined || uptime <= DAY_SECONDS,
  };
}

/** Judges what the counters say of the time since the last run. */
export function judgeChange(
  target: string,
  info: Info,
  change: Change | undefined,
  { evictedAbove, minKeys }: ChangeLimits,
): Finding<Kind>[] {
  if (!change) return [];
  const { evictedKeys, refusedWrites, since, seconds } = change;
  const findings: Finding<Kind>[] = [];
  if (change.isRestarted) {
    findings.push({ kind: 'counters-restarted', target, summary: `evictions and errors are counted from ${since}` });
  }
  if (refusedWrites > 0 && change.isRecent) {
    const summary = `${inCount(refusedWrites)} writes refused with OOM or MISCONF since ${since}, limit 0`;
    findings.push({ kind: 'writes-refused', target, summary, value: refusedWrites, limit: 0, unit: 'count' });
  }
  const known = totalsOf(info).keys + evictedKeys;
  // A few hours are not taken for a day: what is not yet too much for a day may never be.
  const perDay = percentOf(evictedKeys, known) / Math.max(1, seconds / DAY_SECONDS);
  if (known >= minKeys && perDay > evictedAbove) {
    const value = Math.round(perDay * 10) / 10;
    const summary = `${inCount(evictedKeys)} keys evicted since ${since}, ${value} % of the keys per day, limit ${evictedAbove} %`;
    findings.push({ kind: 'much-evicted', target, summary, value, limit: evictedAbove, unit: 'percent' });
  }
  return findings;
}
