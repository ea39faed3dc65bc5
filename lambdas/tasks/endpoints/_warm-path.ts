import * as z from 'zod';
import { formatDuration } from '../../../core/duration.ts';
import { HttpFailure, printable } from '../../runtime/http-failure.ts';
import { httpRequest, type HttpAnswer } from '../../runtime/http-request.ts';
import { judgeAnswer, type Expectation } from './_answer.ts';
import { cacheStateOf, type CacheState } from './_cache-state.ts';
import { samePlace, type Destination } from './_destination.ts';
import { redirectionOf } from './_probe.ts';

/** What the requests of one path came to; it is kept with the action. */
export const Warmth = z.object({
  cache: z.enum(['hit', 'miss', 'not-cacheable', 'not-shown', 'not-asked']),
  /** What the answer says of it; empty where it says nothing. */
  because: z.string(),
  firstMilliseconds: z.number(),
  /** Null where it was requested once. */
  secondMilliseconds: z.number().nullable(),
});
export type Warmth = z.infer<typeof Warmth>;

export type Warmed =
  | { readonly status: 'warmed'; readonly warmth: Warmth; readonly stop?: string }
  | { readonly status: 'not-warmed'; readonly because: string; readonly stop?: string };

export interface WarmOptions {
  readonly expectCached: boolean;
  /** For each request. */
  readonly timeoutSeconds: number;
  readonly stopAboveSeconds: number;
  readonly allowAddresses: readonly string[];
  readonly signal: AbortSignal;
  readonly now: Date;
  /** Ends when the next request may be sent. */
  readonly turn: () => Promise<void>;
  /** Ends after so many seconds, or gives false at once where that would be too late. */
  readonly wait: (seconds: number) => Promise<boolean>;
}

/** A page is kept whole or not at all, so it must be read to its end. */
const MAX_BODY_BYTES = 16 * 1_048_576;
const MAX_JUDGED_BYTES = 1_048_576;
const MAX_RETRY_AFTER_SECONDS = 60;

const NOT_WARMED: readonly string[] = [
  ...['wrong-status', 'throttled', 'wrong-content', 'error-page', 'empty-answer', 'reports-unhealthy'],
];
const EXPECTATION: Expectation = {
  expectStatus: ['2xx'],
  expect: 'any',
  expectText: undefined,
  rejectText: [],
  healthyWords: [],
  ignoreDependencies: [],
  maxAgeSeconds: Infinity,
  slowAboveSeconds: Infinity,
};

/** Requests one path, and once more to see whether it was kept. Never throws for what the service does. */
export async function warmPath(destination: Destination, path: string, options: WarmOptions): Promise<Warmed> {
  const { expectCached, stopAboveSeconds } = options;
  try {
    let first = await get(destination, path, options);
    if (isThrottled(first)) {
      const seconds = retryAfter(first, options.now);
      if (seconds === undefined || !(await options.wait(seconds))) return throttled(first, seconds);
      first = await get(destination, path, options);
      if (isThrottled(first)) return throttled(first, retryAfter(first, options.now));
    }
    const problem = problemOf(first, destination, path, options.now);
    if (problem !== undefined) return { status: 'not-warmed', because: problem };
    const slow = slowness(first, stopAboveSeconds);
    const firstMilliseconds = milliseconds(first);
    if (!expectCached || slow) {
      return {
        status: 'warmed',
        warmth: { cache: 'not-asked', because: '', firstMilliseconds, secondMilliseconds: null },
        ...slow,
      };
    }
    const second = await get(destination, path, options);
    const again = problemOf(second, destination, path, options.now);
    if (isThrottled(second)) return throttled(second, undefined);
    if (again !== undefined) return { status: 'not-warmed', because: `${again}, at the second request` };
    const cache = cacheStateOf(second.headers);
    const warmth = { ...cacheWords(cache), firstMilliseconds, secondMilliseconds: milliseconds(second) };
    return { status: 'warmed', warmth, ...slowness(second, stopAboveSeconds) };
  } catch (thrown) {
    if (!(thrown instanceof HttpFailure)) throw thrown;
    // One broken path is that path's; a service that cannot be reached would be asked in vain for all the others.
    const isService = thrown.reason !== 'malformed';
    return { status: 'not-warmed', because: thrown.message, ...(isService && { stop: thrown.message }) };
  }
}

async function get(destination: Destination, path: string, options: WarmOptions): Promise<HttpAnswer> {
  const { url, ca, serverName, authorization } = destination;
  const { allowAddresses, timeoutSeconds, signal, turn } = options;
  await turn();
  return httpRequest({
    url: samePlace(url, path),
    ...{ allowAddresses, timeoutSeconds, signal, maxBodyBytes: MAX_BODY_BYTES },
    headers: {
      accept: '*/*',
      // What browsers send: a cache keeps each encoding by itself, and the plain one is nobody's.
      'accept-encoding': 'gzip, deflate, br',
      ...(authorization !== undefined && { authorization }),
    },
    ...(ca !== undefined && { ca }),
    ...(serverName !== undefined && { serverName }),
  });
}

/** Why an answer is not worth keeping, or undefined where it is. */
function problemOf(answer: HttpAnswer, { url }: Destination, path: string, now: Date): string | undefined {
  const { status, headers, body, cut, seconds } = answer;
  if (cut) return 'answers with more than 16 MiB, which were not read to the end';
  const next = redirectionOf(answer, samePlace(url, path));
  if (next) return `answered ${status} and leads to another place; give the final path`;
  const text = body.subarray(0, MAX_JUDGED_BYTES).toString('utf8');
  const seen = { status, headers, seconds, text, path, cut: body.length > MAX_JUDGED_BYTES };
  return judgeAnswer(seen, EXPECTATION, now).find(({ kind }) => NOT_WARMED.includes(kind))?.text;
}

function isThrottled({ status }: HttpAnswer): boolean {
  return status === 429 || status === 503;
}

function throttled({ status }: HttpAnswer, seconds: number | undefined): Warmed {
  const asked = seconds === undefined ? '' : ` and asks to wait ${formatDuration(seconds)}`;
  const because = `answered ${status}${asked}`;
  return { status: 'not-warmed', because, stop: because };
}

/** Seconds to wait as the service asks, at least one; undefined where it does not ask or asks for what nobody waits. */
export function retryAfter({ headers }: Pick<HttpAnswer, 'headers'>, now: Date): number | undefined {
  const text = headers['retry-after']?.trim() ?? '';
  // Only what looks like a date: the parser of dates would take "-5" for the month of May.
  const untilDate = /^[A-Z][a-z]+, /.test(text) ? (Date.parse(text) - now.getTime()) / 1_000 : NaN;
  const seconds = /^\d+$/.test(text) ? Number(text) : untilDate;
  if (Number.isNaN(seconds) || seconds > MAX_RETRY_AFTER_SECONDS) return undefined;
  return Math.max(1, Math.ceil(seconds));
}

function slowness({ seconds }: HttpAnswer, stopAboveSeconds: number): { readonly stop: string } | undefined {
  if (seconds <= stopAboveSeconds) return undefined;
  return {
    stop: `took ${Math.round(seconds * 1_000)} ms, at most ${Math.round(stopAboveSeconds * 1_000)} ms is borne`,
  };
}

function cacheWords(cache: CacheState): Pick<Warmth, 'cache' | 'because'> {
  return { cache: cache.state, because: 'because' in cache ? printable(cache.because, 100) : '' };
}

function milliseconds({ seconds }: HttpAnswer): number {
  return Math.round(seconds * 1_000);
}
