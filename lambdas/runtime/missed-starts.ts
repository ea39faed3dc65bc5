import { occurrencesBetween, parseSchedule, type RateSchedule, type Schedule } from '../../core/calendar/cron.ts';
import type { Procedure } from '../../core/platform.ts';
import { basicForm } from '../../core/run.ts';
import { runKeyOf, runKeys } from './run-keys.ts';
import type { Store } from './store.ts';

/** What of the past is looked at: everything after one moment, up to and with another that is long enough ago. */
export interface Span {
  readonly after: Date;
  readonly until: Date;
}

/** The schedule of a procedure; undefined where only persons and alarms start it. */
export function scheduleOf({ schedule }: Pick<Procedure, 'schedule'>): Schedule | undefined {
  if (schedule === undefined) return undefined;
  const parsed = parseSchedule(schedule);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.schedule;
}

/** The starts that were due within a span and of which no run began; `begun` are the scheduled times of those that did. */
export function missedStarts(
  schedule: Schedule,
  timezone: string,
  { after, until }: Span,
  begun: readonly Date[],
): Date[] {
  if (schedule.kind === 'rate') return missedPeriods(schedule, { after, until }, begun);
  const known = new Set(begun.map((start) => start.getTime()));
  const due = occurrencesBetween(schedule, msLater(after, 1), msLater(until, 1), timezone);
  return due.filter((start) => !known.has(start.getTime()));
}

/** Periods are told in whole seconds. */
const RATE_SLACK_MS = 5_000;

/**
 * EventBridge counts the periods of a rate from a moment of its own, and anew where the schedule is changed. So what is
 * known is how far two runs are apart: a whole period too far is one missed start.
 */
function missedPeriods({ periodSeconds }: RateSchedule, { after, until }: Span, begun: readonly Date[]): Date[] {
  const periodMs = periodSeconds * 1_000;
  const starts = begun.map((start) => start.getTime()).sort((a, b) => a - b);
  const missed: Date[] = [];
  let last = after.getTime();
  for (const next of [...starts.filter((start) => start > last), undefined]) {
    for (let due = last + periodMs; due <= until.getTime(); due += periodMs) {
      if (next !== undefined && due + periodMs > next + RATE_SLACK_MS) break;
      missed.push(new Date(due));
    }
    if (next !== undefined) last = next;
  }
  return missed;
}

/** From where the next look goes on: nothing up to there has to be looked at again. */
export function lookedUntil(schedule: Schedule, { after, until }: Span, accounted: readonly Date[]): Date {
  if (schedule.kind === 'cron') return until > after ? until : after;
  // The next period is counted from the last start, whether it happened or not.
  const starts = accounted.map((start) => start.getTime()).filter((start) => start <= until.getTime());
  return new Date(Math.max(after.getTime(), ...starts));
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** How much of the stamp of a run id the keys that are listed have in common: its hour, its day, its month. */
const STAMP = { hour: 'YYYYMMDDTHH'.length, day: 'YYYYMMDD'.length, month: 'YYYYMM'.length } as const;

/** The scheduled times of the runs of a procedure that began, as far as they may matter for a span. */
export async function begunStarts(
  store: Pick<Store, 'list'>,
  { name, timezone }: Pick<Procedure, 'name' | 'timezone'>,
  schedule: Schedule,
  { after, until, now }: Span & { readonly now: Date },
): Promise<Date[]> {
  const begun: Date[] = [];
  for (const stamp of stampsOf(schedule, timezone, { after, until, now })) {
    for await (const { key } of store.list(runKeyOf(name, `${name}-${stamp}`))) {
      const start = startIn(key, name);
      if (start !== undefined) begun.push(start);
    }
  }
  return begun;
}

/** The beginnings of the stamps of all runs that may matter: few keys are listed, whatever the age of the platform. */
function stampsOf(schedule: Schedule, timezone: string, span: Span & { readonly now: Date }): Set<string> {
  const { after, until, now } = span;
  if (schedule.kind === 'cron') {
    const due = occurrencesBetween(schedule, msLater(after, 1), msLater(until, 1), timezone);
    return new Set(due.map((start) => basicForm(start).slice(0, STAMP.hour)));
  }
  const periodMs = schedule.periodSeconds * 1_000;
  const part = periodMs < 6 * HOUR_MS ? 'hour' : periodMs < 7 * DAY_MS ? 'day' : 'month';
  const stepMs = part === 'hour' ? HOUR_MS : DAY_MS;
  const stamps = new Set<string>();
  for (let ms = after.getTime(); ms < now.getTime(); ms += stepMs) stamps.add(stampAt(ms, part));
  return stamps.add(stampAt(now.getTime(), part));
}

function stampAt(ms: number, part: keyof typeof STAMP): string {
  return basicForm(new Date(ms)).slice(0, STAMP[part]);
}

/** The scheduled time of a run, from the key of the record that claims it; undefined of every other key. */
function startIn(key: string, procedure: string): Date | undefined {
  const [, year, month, day, hour, minute, second] =
    /-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\/started\.json$/.exec(key) ?? [];
  const start = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(start.getTime())) return undefined;
  const isOwn = key === runKeys(runKeyOf(procedure, `${procedure}-${basicForm(start)}`)).started;
  return isOwn ? start : undefined;
}

function msLater(instant: Date, ms: number): Date {
  return new Date(instant.getTime() + ms);
}
