import { formatDuration } from '../../../core/duration.ts';
import type { Finding } from '../../../core/finding.ts';
import type { LogState } from './_auth-series.ts';
import type { LoginFindingKind } from './_login-findings.ts';
import type { LoginSummary, TimeWindow } from './_login-tally.ts';

export interface LoginLimits {
  readonly within: number;
  readonly failuresAbove: number;
  readonly perMinuteAbove: number;
  readonly perAddressAbove: number;
}

export interface LogLimits {
  readonly window: TimeWindow;
  readonly silentAfter: number;
  /** True where the platform says by a pattern what a failure looks like. */
  readonly hasPattern: boolean;
}

/** A finding before it is known where a person would look further. */
export type Observation = Omit<Finding<LoginFindingKind>, 'target' | 'command'>;

const MOST_SHOWN = 10;
const MOST_NAMED = 5;
// A few lines of a broken writer hide nothing; a share of them may be all those that matter.
const UNDATED_SHARE = 0.05;

/** What is to be said of the attempts within the window. */
export function judgeLogins(summary: LoginSummary, limits: LoginLimits): Observation[] {
  return [
    ...judgeSuspects(summary, limits),
    ...judgeSum(summary, limits),
    ...judgeBurst(summary, limits),
    ...judgeAddresses(summary, limits),
    ...judgeRoot(summary, limits),
  ];
}

/** What is to be said of a log itself: whether it lives, reaches through the window, and is what it is taken for. */
export function judgeLog(log: LogState, { window, silentAfter, hasPattern }: LogLimits): Observation[] {
  const subject = log.name;
  const isUnreadable = log.lines > 0 && log.undated / log.lines > UNDATED_SHARE;
  const observations: Observation[] = [];
  if (isUnreadable) {
    const summary = `${subject}: the time of ${number(log.undated)} of ${number(log.lines)} lines cannot be read`;
    observations.push({ kind: 'not-parsable', subject, summary, value: log.undated, unit: 'count' });
  }
  if (log.future > 0) {
    const ahead = duration((log.furthestMs ?? window.untilMs) - window.untilMs);
    const summary = `${subject}: ${number(log.future)} lines are of up to ${ahead} from now`;
    observations.push({ kind: 'future-lines', subject, summary, value: log.future, unit: 'count' });
  }
  // Nothing was dated, and that is said already.
  const isUndated = isUnreadable && log.newestMs === undefined;
  if (log.holes.length > 0 && !isUndated) {
    const more = log.holes.length > 3 ? ` and ${log.holes.length - 3} more` : '';
    const summary = `from ${new Date(window.fromMs).toISOString()} on not all is seen: ${log.holes.slice(0, 3).join('; ')}${more}`;
    observations.push({ kind: 'window-not-covered', subject, summary });
  }
  const silence = judgeSilence(log, window.untilMs, silentAfter);
  observations.push(...silence);
  const isOther = log.lines > 0 && log.ofLogins === 0 && !hasPattern;
  if (isOther && !isUndated && silence.length === 0) {
    const summary = `${subject}: none of ${number(log.lines)} lines is of a program that speaks of logins`;
    observations.push({ kind: 'no-login-lines', subject, summary });
  }
  return observations;
}

function judgeSilence(
  { name: subject, newestMs, holes, lines }: LogState,
  nowMs: number,
  limit: number,
): Observation[] {
  if (newestMs === undefined) {
    if (holes.length > 0 || lines > 0) return [];
    return [{ kind: 'log-stopped', subject, summary: `${subject} holds no line` }];
  }
  const ageSeconds = Math.floor((nowMs - newestMs) / 1_000);
  if (ageSeconds <= limit) return [];
  const summary = `the newest line of ${subject} is ${duration(nowMs - newestMs)} old, limit ${formatDuration(limit)}`;
  return [{ kind: 'log-stopped', subject, summary, value: ageSeconds, limit, unit: 'seconds' }];
}

function judgeSum(logins: LoginSummary, { within, failuresAbove: limit }: LoginLimits): Observation[] {
  const { failures, accounts, users, isCapped, busiest } = logins;
  if (failures <= limit) return [];
  const known = accounts.slice(0, MOST_NAMED);
  const others = users - known.length;
  const most = busiest.slice(0, 3).map(({ address, failures: count }) => `${address} (${number(count)})`);
  const parts = [
    `${number(failures)} failed logins within ${formatDuration(within)}, limit ${number(limit)}`,
    ...(most.length > 0 ? [`most from ${most.join(', ')} of ${atLeast(isCapped, logins.addresses)} addresses`] : []),
    // What is no account may be a password that was typed into the wrong field, so it is counted and not shown.
    ...(known.length > 0 ? [`accounts ${known.join(', ')}`] : []),
    ...(others > 0 ? [`${atLeast(isCapped, others)} ${known.length > 0 ? 'other names' : 'names'}`] : []),
  ];
  return [{ kind: 'failed-logins', summary: parts.join('; '), value: failures, limit, unit: 'count' }];
}

function judgeBurst({ burst }: LoginSummary, { perMinuteAbove: limit }: LoginLimits): Observation[] {
  if (burst.failures <= limit) return [];
  const end = new Date(burst.atMs).toISOString().slice(0, 19);
  const summary = `${number(burst.failures)} failed logins in the minute up to ${end}Z, limit ${number(limit)}`;
  return [{ kind: 'burst', summary, value: burst.failures, limit, unit: 'count' }];
}

function judgeAddresses({ busiest }: LoginSummary, { within, perAddressAbove: limit }: LoginLimits): Observation[] {
  const above = busiest.filter(({ failures }) => failures > limit);
  const shown = above.slice(0, MOST_SHOWN).map(({ address, failures }): Observation => ({
    kind: 'persistent-address',
    subject: address,
    summary: `${number(failures)} failed logins from ${address} within ${formatDuration(within)}, limit ${number(limit)}`,
    value: failures,
    limit,
    unit: 'count',
  }));
  const rest = above.length - shown.length;
  if (rest === 0) return shown;
  const summary = `${number(rest)} more addresses with more than ${number(limit)} failed logins`;
  return [...shown, { kind: 'persistent-address', summary, value: rest, unit: 'count' }];
}

function judgeSuspects({ suspects }: LoginSummary, { within }: LoginLimits): Observation[] {
  const first = new Map(suspects.toReversed().map((suspect) => [`${suspect.address} ${suspect.user}`, suspect]));
  const shown = [...first.values()].toReversed().slice(0, MOST_SHOWN);
  const findings = shown.map(({ address, user, method, atMs, failuresBefore }): Observation => ({
    kind: 'success-after-failures',
    subject: address,
    summary: `${address} got in as ${user.slice(0, 64)} by ${method} at ${new Date(atMs).toISOString()} after ${number(failuresBefore)} failed logins`,
    value: failuresBefore,
    unit: 'count',
  }));
  const rest = first.size - shown.length;
  if (rest === 0) return findings;
  const summary = `${number(rest)} more addresses got in after many failed logins within ${formatDuration(within)}`;
  return [...findings, { kind: 'success-after-failures', summary, value: rest, unit: 'count' }];
}

function judgeRoot({ rootLogins: { count, addresses } }: LoginSummary, { within }: LoginLimits): Observation[] {
  if (count === 0) return [];
  const more = addresses.length > MOST_NAMED ? ` and ${addresses.length - MOST_NAMED} more` : '';
  const from = `${addresses.slice(0, MOST_NAMED).join(', ')}${more}`;
  const summary = `root logged in ${number(count)} times within ${formatDuration(within)}, from ${from}`;
  return [{ kind: 'root-login', summary, value: count, unit: 'count' }];
}

function number(value: number): string {
  return value.toLocaleString('en');
}

function atLeast(isCapped: boolean, value: number): string {
  return isCapped ? `at least ${number(value)}` : number(value);
}

/** To the minute, or to the second where it is less. */
function duration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1_000);
  return formatDuration(seconds < 60 ? seconds : seconds - (seconds % 60));
}
