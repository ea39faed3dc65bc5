import { formatDuration } from '../../../core/duration.ts';
import type { Finding } from '../../../core/finding.ts';
import type { SlowKind } from './_slow-findings.ts';
import { fingerprintOf } from './_slow-fingerprint.ts';
import type { Executed, Interval } from './_slow-interval.ts';
import { cancelCommand, type Running } from './_slow-running.ts';
import type { Tracking } from './_slow-statements.ts';
import { labelOf } from './_tables.ts';

export interface SlowLimits {
  readonly meanMillisecondsAbove: number;
  readonly callsAbove: number;
  readonly queriesAbove: number;
  readonly minInterval: number;
  readonly ignoredQueryIds: readonly string[];
}

/** The queries that exceed both limits in an interval; those that took most of the time first. */
export function slowQueries({ executed }: Pick<Interval, 'executed'>, limits: SlowLimits): Executed[] {
  return executed
    .filter(
      ({ calls, milliseconds }) =>
        calls > limits.callsAbove && meanOf({ calls, milliseconds }) > limits.meanMillisecondsAbove,
    )
    .filter(({ queryId }) => !limits.ignoredQueryIds.includes(queryId))
    .sort((a, b) => b.milliseconds - a.milliseconds || (a.queryId < b.queryId ? -1 : 1));
}

function meanOf({ calls, milliseconds }: Pick<Executed, 'calls' | 'milliseconds'>): number {
  return milliseconds / calls;
}

const MOST_NAMED = 20;

/** The slow queries as findings, and one more where they are too many. */
export function judgeQueries(
  target: string,
  { seconds }: Pick<Interval, 'seconds'>,
  slow: readonly (Executed & { readonly text: string })[],
  { tracking, limits }: { readonly tracking: Pick<Tracking, 'schema'>; readonly limits: SlowLimits },
): Finding<SlowKind>[] {
  const span = formatDuration(seconds);
  const named = slow.slice(0, MOST_NAMED).map((one): Finding<SlowKind> => {
    const { queryId, calls, milliseconds, readMilliseconds, text } = one;
    const share = Math.round((readMilliseconds / milliseconds) * 100);
    const reading = share >= 1 ? `, ${share} % of it reading from disk` : '';
    const shape = text === '' ? 'its text is not kept' : fingerprintOf(text);
    const mean = Math.round(meanOf(one));
    return {
      kind: 'slow-query',
      target,
      subject: `query ${queryId}`,
      summary: `query ${queryId}: ${count(mean)} ms on average over ${count(calls)} calls in ${span}${reading}, limit ${count(limits.meanMillisecondsAbove)} ms: ${shape}`,
      value: mean,
      limit: limits.meanMillisecondsAbove,
      unit: 'milliseconds',
      command: `SELECT calls, rows, query FROM ${tracking.schema}.pg_stat_statements WHERE queryid = ${queryId}`,
    };
  });
  if (slow.length <= limits.queriesAbove) return named;
  const summary = `${counted(slow.length, 'query', 'queries')} took more than ${count(limits.meanMillisecondsAbove)} ms on average over more than ${count(limits.callsAbove)} calls in ${span}, limit ${count(limits.queriesAbove)}`;
  return [
    { kind: 'slow-queries', target, summary, value: slow.length, limit: limits.queriesAbove, unit: 'count' },
    ...named,
  ];
}

/** What the interval itself does not tell; undefined where there was no snapshot to begin with. */
export function judgeInterval(
  target: string,
  interval: Interval | undefined,
  isFirst: boolean,
  minInterval: number,
): Finding<SlowKind>[] {
  const { seconds, isReset, restarted, evictions } = interval ?? NO_INTERVAL;
  const span = formatDuration(seconds);
  const findings: Finding<SlowKind>[] = [];
  const numbers = (value: number) => ({ value, limit: 0, unit: 'count' }) as const;
  if (isReset) {
    const summary = `all counters began again ${span} ago, so only this time was judged`;
    findings.push({ kind: 'statistics-reset', target, summary });
  }
  if (restarted > 0) {
    const summary = `the counters of ${counted(restarted, 'statement', 'statements')} began again within ${span}, and none is expected to`;
    findings.push({ kind: 'statistics-reset', target, summary, ...numbers(restarted) });
  }
  if (evictions > 0) {
    const summary = `statements were evicted ${counted(evictions, 'time', 'times')} within ${span}, and never is expected`;
    findings.push({ kind: 'statements-evicted', target, summary, ...numbers(evictions) });
  }
  if (seconds < minInterval) {
    const summary = `the counters cover ${span}, at least ${formatDuration(minInterval)} are needed`;
    const value = Math.max(0, Math.floor(seconds));
    findings.push({ kind: 'interval-too-short', target, summary, value, limit: minInterval, unit: 'seconds' });
  } else if (isFirst) {
    const summary = `there was no earlier snapshot, so the ${span} within this run were judged`;
    findings.push({ kind: 'first-interval', target, summary });
  }
  return findings;
}

const NO_INTERVAL: Interval = { seconds: 0, executed: [], isReset: false, restarted: 0, evictions: 0 };

/** What is not counted at all; `calls` are those counted in the interval, undefined where no interval is known. */
export function judgeTracking(
  target: string,
  tracking: Tracking,
  calls: number | undefined,
  uncountedRoles: readonly string[],
): Finding<SlowKind>[] {
  const { schema, track, isTrackOwn, computeQueryId } = tracking;
  const untrackedRoles = tracking.untrackedRoles.filter((role) => !uncountedRoles.includes(role));
  if (track === null) {
    return [{ kind: 'library-not-loaded', target, summary: 'shared_preload_libraries is without pg_stat_statements' }];
  }
  if (schema === null) {
    const summary = 'this database is without the extension pg_stat_statements';
    return [{ kind: 'extension-missing', target, summary, command: 'CREATE EXTENSION pg_stat_statements' }];
  }
  const kind = 'tracking-off';
  const findings = untrackedRoles.map((role): Finding<SlowKind> => {
    const who = role === '' ? 'every role' : `the role ${labelOf(role)}`;
    return {
      kind,
      target,
      subject: who,
      summary: `pg_stat_statements.track = none is set for ${who}, expected top or all`,
    };
  });
  if (track === 'none' && !isTrackOwn && !untrackedRoles.includes('')) {
    findings.push({ kind, target, summary: 'pg_stat_statements.track = none, expected top or all' });
  }
  // Another module may compute the ids although the server does not; then something is counted.
  if (computeQueryId === 'off' && !calls) {
    findings.push({ kind, target, summary: 'compute_query_id = off and nothing was counted, expected auto or on' });
  }
  return findings;
}

/** The statements that are still running, without their literals. */
export function judgeRunning(target: string, running: readonly Running[], limitSeconds: number): Finding<SlowKind>[] {
  return running.map((one) => {
    const { pid, role, application_name, seconds, wait_event_type, query } = one;
    const waits = wait_event_type === null ? '' : `, waiting for ${wait_event_type}`;
    const who = [role, application_name].filter((name) => name !== '').map(labelOf);
    const whole = Math.floor(seconds);
    return {
      kind: 'long-running',
      target,
      subject: `pid ${pid}`,
      summary: `pid ${pid} (${who.join(', ')}) has been running for ${formatDuration(whole)}${waits}, limit ${formatDuration(limitSeconds)}: ${fingerprintOf(query)}`,
      value: whole,
      limit: limitSeconds,
      unit: 'seconds',
      command: cancelCommand(one),
    };
  });
}

function counted(value: number, one: string, many: string): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

function count(value: number): string {
  return value.toLocaleString('en');
}
