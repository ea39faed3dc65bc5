import { hash } from 'node:crypto';
import type { RE2JS } from 're2js';
import { parseAuthLine, type AuthLine } from './_auth-line.ts';
import { isOfLogins, loginEvent, multiplied, patternEvent, type LoginEvent } from './_login-event.ts';
import type { LoginTally, TimeWindow } from './_login-tally.ts';
import { TimestampReader } from './_timestamp.ts';

/** What was seen while a log was read, whatever its lines were about. */
export interface ScanResult {
  readonly lines: number;
  /** Lines whose time could not be read and that do not continue one before. */
  readonly undated: number;
  /** Lines of a time that has not come yet. */
  readonly future: number;
  /** Lines of programs that speak of logins. */
  readonly ofLogins: number;
  readonly oldestMs?: number;
  readonly newestMs?: number;
  readonly furthestMs?: number;
}

export interface ScanOptions {
  readonly window: TimeWindow;
  readonly timezone: string;
  readonly pattern?: RE2JS | undefined;
}

interface LogScanOptions extends ScanOptions {
  readonly series: string;
}

/** Longer than this task may take: what is written while it reads is not of the future. */
export const CLOCK_SLACK_MS = 15 * 60_000;
const DAY_MS = 86_400_000;
const HALF_YEAR_MS = 180 * DAY_MS;
const MOST_REMEMBERED = 100_000;
const LAST_REPEATED = /^last message (?:repeated|buffered) (\d{1,6}) times?$/;

/** Reads the lines of one place, log after log, and hands what is within the window to the tally, each line once. */
export class LoginScan {
  readonly #tally: LoginTally;
  readonly #options: ScanOptions;
  /** How often a line occurs in the log in which it occurs most: a copy in another log adds none. */
  readonly #occurrences = new Map<string, number>();

  constructor(tally: LoginTally, options: ScanOptions) {
    this.#tally = tally;
    this.#options = options;
  }

  /** Begins a log of a series that was last written to at this time. */
  begin(series: string, writtenMs: number): LogScan {
    const { timezone, window } = this.#options;
    const timestamps = new TimestampReader({ timezone, writtenMs: Math.min(writtenMs, window.untilMs) });
    return new LogScan({ ...this.#options, series }, this.#tally, timestamps, this.#occurrences);
  }
}

/** The reading of one log. */
export class LogScan {
  readonly #options: LogScanOptions;
  readonly #tally: LoginTally;
  readonly #timestamps: TimestampReader;
  readonly #occurrences: Map<string, number>;
  readonly #here = new Map<string, number>();
  readonly #seen = { lines: 0, undated: 0, future: 0, ofLogins: 0 };
  #oldestMs = Infinity;
  #newestMs = -Infinity;
  #furthestMs = -Infinity;
  #last: { readonly line: AuthLine; readonly event: LoginEvent } | undefined;
  #before: unknown;
  #fall: { readonly fromMs: number; readonly toMs: number } | undefined;

  constructor(
    options: LogScanOptions,
    tally: LoginTally,
    timestamps: TimestampReader,
    occurrences: Map<string, number>,
  ) {
    this.#options = options;
    this.#tally = tally;
    this.#timestamps = timestamps;
    this.#occurrences = occurrences;
  }

  /** Takes the next line; the time of its envelope counts, unless whoever keeps the log gives another. */
  take(text: string, given?: { readonly atMs: number; readonly host: string }): void {
    if (/^[\s\0]*$/.test(text)) return;
    const parsed = parseAuthLine(text, this.#timestamps);
    const line = given ? { ...parsed, atMs: given.atMs, isYearless: false, host: parsed.host || given.host } : parsed;
    this.#seen.lines += 1;
    if (line.atMs === undefined) {
      // A stack trace belongs to the line that it follows.
      if (!/^\s/.test(text) || this.#newestMs === -Infinity) this.#seen.undated += 1;
      return;
    }
    if (isOfLogins(line)) this.#seen.ofLogins += 1;
    if (line.isYearless) this.#heedYears(line.atMs);
    this.#note(line.atMs);
    this.#examine(line, line.atMs);
  }

  result(): ScanResult {
    // The log ends in the other year: what came before it was of a year earlier still.
    if (this.#fall) this.#goBackTo(this.#fall.toMs);
    return {
      ...this.#seen,
      ...(this.#oldestMs !== Infinity && { oldestMs: this.#oldestMs }),
      ...(this.#newestMs !== -Infinity && { newestMs: this.#newestMs }),
      ...(this.#furthestMs !== -Infinity && { furthestMs: this.#furthestMs }),
    };
  }

  #note(atMs: number): void {
    if (atMs >= this.#options.window.untilMs + CLOCK_SLACK_MS) {
      this.#seen.future += 1;
      this.#furthestMs = Math.max(this.#furthestMs, atMs);
      return;
    }
    this.#oldestMs = Math.min(this.#oldestMs, atMs);
    this.#newestMs = Math.max(this.#newestMs, atMs);
  }

  #examine(line: AuthLine, atMs: number): void {
    const { fromMs, untilMs } = this.#options.window;
    const [, times] = line.program === undefined ? (LAST_REPEATED.exec(line.afterTime.replace(/^\S+ /, '')) ?? []) : [];
    const again = times === undefined ? undefined : this.#last;
    const event = again ? multiplied(again.event, Number(times)) : this.#eventOf(line);
    this.#last = again ?? (event && { line, event });
    if (!event || atMs < fromMs || atMs >= untilMs || !this.#isFirstSight(line, atMs)) return;
    if (line.isYearless) this.#before ??= this.#tally.snapshot();
    this.#tally.take(again?.line ?? line, event, atMs);
  }

  #eventOf(line: AuthLine): LoginEvent | undefined {
    const { pattern } = this.#options;
    return loginEvent(line) ?? (pattern && patternEvent(pattern, line));
  }

  /**
   * False where another log holds the same line as often: it was copied when that log was turned over.
   *
   * Seconds, because one form of a log has parts of them and another has not.
   */
  #isFirstSight({ host, pid = '', afterTime, text, program }: AuthLine, atMs: number): boolean {
    const said = program === undefined ? afterTime : text;
    // Two instances of an application that name no host say the same in the same second, and it is not the same.
    const place = host === '' ? `/${this.#options.series}` : host;
    const identity = hash('sha1', `${Math.floor(atMs / 1_000)} ${place} ${pid} ${said}`, 'base64url');
    const count = (this.#here.get(identity) ?? 0) + 1;
    const known = this.#occurrences.get(identity) ?? 0;
    // So many are an attack in any case, and whether a line of it was counted twice does not matter any more.
    if (known === 0 && this.#occurrences.size >= MOST_REMEMBERED) return true;
    this.#here.set(identity, count);
    this.#occurrences.set(identity, Math.max(count, known));
    return count > known;
  }

  /**
   * Finds out that a log without years is longer than one: the dates fall back and go on from there for a day, whereas
   * a machine that started with a wrong clock soon shows the right one again.
   */
  #heedYears(atMs: number): void {
    const fall = this.#fall;
    if (fall && atMs >= fall.fromMs - HALF_YEAR_MS) this.#fall = undefined;
    else if (fall && atMs >= fall.toMs + DAY_MS) this.#goBackTo(atMs);
    else if (!fall && atMs < this.#newestMs - HALF_YEAR_MS) this.#fall = { fromMs: this.#newestMs, toMs: atMs };
  }

  #goBackTo(atMs: number): void {
    if (this.#before !== undefined) this.#tally.restore(this.#before);
    this.#before = undefined;
    this.#fall = undefined;
    this.#seen.future = 0;
    this.#oldestMs = -Infinity;
    this.#newestMs = atMs;
    this.#furthestMs = -Infinity;
  }
}
