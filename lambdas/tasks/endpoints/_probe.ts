import { isIP } from 'node:net';
import { Unavailable } from '../../../core/errors.ts';
import { resolveAddresses, type LookupAll } from '../../runtime/address-guard.ts';
import { HttpFailure } from '../../runtime/http-failure.ts';
import { hostOf, httpRequest, type HttpAnswer } from '../../runtime/http-request.ts';
import type { Destination } from './_destination.ts';
import { pauseOrDeadline } from './_pace.ts';
import { shakeHands } from './_tls-handshake.ts';

export interface ProbeOptions {
  readonly allowAddresses: readonly string[];
  readonly families: readonly ('ipv4' | 'ipv6')[];
  readonly headers: Readonly<Record<string, string>>;
  /** For the look-up, and again for each try of each address with all that it is redirected to. */
  readonly timeoutSeconds: number;
  readonly followRedirects: boolean;
  readonly signal: AbortSignal;
  readonly lookupAll?: LookupAll;
}

export interface Answered {
  readonly status: 'answered';
  readonly answer: HttpAnswer;
  /** What answered in the end. */
  readonly url: URL;
  /** Why the last redirection was not followed; undefined where there was none. */
  readonly stopped: 'not-followed' | 'elsewhere' | 'loop' | undefined;
  /** Of all that was asked, in seconds. */
  readonly seconds: number;
}

export type Outcome =
  | Answered
  | { readonly status: 'handshake'; readonly seconds: number }
  | { readonly status: 'failed'; readonly failure: HttpFailure };

/** What was seen at one address of an endpoint. */
export interface Sight {
  readonly address: string;
  readonly outcome: Outcome;
  /** What the first try failed with, where there was a second one. */
  readonly firstFailure: HttpFailure | undefined;
}

const MAX_BODY_BYTES = 1_048_576;
// A name with more is an attack or a mistake.
const MAX_ADDRESSES = 16;
const MAX_REDIRECTS = 5;
const RETRY_AFTER_MILLISECONDS = 1_000;
/** What a lost packet or a restart at that very moment looks like; all else is the answer of the service. */
const WORTH_A_RETRY: readonly HttpFailure['reason'][] = ['refused', 'hung-up', 'no-connection'];

/** Asks every address of an endpoint side by side; throws `Unavailable` where it has none. */
export async function probeEndpoint(destination: Destination, options: ProbeOptions): Promise<readonly Sight[]> {
  const { host, label } = destination;
  const { families } = options;
  const found = await resolveAddresses(host, options);
  const wanted = found.filter(({ address }) => families.includes(isIP(address) === 6 ? 'ipv6' : 'ipv4'));
  if (wanted.length === 0) throw new Unavailable(`${host} has no ${families.join(' or ')} address`);
  const probes = wanted.slice(0, MAX_ADDRESSES).map(async ({ address, refusal }): Promise<Sight> => {
    if (refusal === undefined) return probeTwice(destination, address, options);
    return notCalled(address, `${label} was not called: it ${refusal}`);
  });
  const left = wanted.slice(MAX_ADDRESSES).map(({ address }) => {
    return notCalled(address, `${label} was not called: of ${wanted.length} addresses ${MAX_ADDRESSES} are`);
  });
  return [...(await Promise.all(probes)), ...left];
}

function notCalled(address: string, text: string): Sight {
  const failure = new HttpFailure('not-called', text);
  return { address, outcome: { status: 'failed', failure }, firstFailure: undefined };
}

async function probeTwice(destination: Destination, address: string, options: ProbeOptions): Promise<Sight> {
  const first = await probeOnce(destination, address, options);
  if (first.status !== 'failed' || !WORTH_A_RETRY.includes(first.failure.reason)) {
    return { address, outcome: first, firstFailure: undefined };
  }
  const { signal } = options;
  if (signal.aborted) return { address, outcome: first, firstFailure: undefined };
  await pauseOrDeadline(RETRY_AFTER_MILLISECONDS, signal);
  const outcome = await probeOnce(destination, address, options);
  const isLate = outcome.status === 'failed' && outcome.failure.reason === 'deadline';
  return { address, outcome: isLate ? first : outcome, firstFailure: first.failure };
}

async function probeOnce(destination: Destination, address: string, options: ProbeOptions): Promise<Outcome> {
  try {
    if (destination.scheme === 'tls') {
      return { status: 'handshake', seconds: await shakeHands(destination, { ...options, address }) };
    }
    return await ask(destination, address, options);
  } catch (thrown) {
    if (thrown instanceof HttpFailure) return { status: 'failed', failure: thrown };
    throw thrown;
  }
}

/** Asks one address, and where that is wanted follows its redirections on the same host. */
async function ask(destination: Destination, address: string, options: ProbeOptions): Promise<Answered> {
  const { ca, serverName, authorization, host } = destination;
  const { allowAddresses, headers, followRedirects, timeoutSeconds, signal, lookupAll } = options;
  // Another port may be another service: credentials stay with the one that they are for.
  const isHome = (there: URL) => there.host === destination.url.host;
  const seen = new Set<string>();
  let { url } = destination;
  let seconds = 0;
  for (;;) {
    seen.add(url.href);
    const answer = await httpRequest({
      ...{ url, allowAddresses, signal, address, maxBodyBytes: MAX_BODY_BYTES },
      headers: { ...headers, ...(authorization !== undefined && isHome(url) && { authorization }) },
      // All the redirections together have one time limit.
      timeoutSeconds: Math.max(0.05, timeoutSeconds - seconds),
      ...(ca !== undefined && { ca }),
      ...(serverName !== undefined && { serverName }),
      ...(lookupAll && { lookupAll }),
    });
    seconds += answer.seconds;
    const next = redirectionOf(answer, url);
    const answered = { status: 'answered', answer, url, seconds } as const;
    if (!next) return { ...answered, stopped: undefined };
    if (seen.has(next.href) || seen.size > MAX_REDIRECTS) {
      return { ...answered, stopped: followRedirects || seen.has(next.href) ? 'loop' : 'not-followed' };
    }
    if (!followRedirects) return { ...answered, stopped: 'not-followed' };
    // The same host only, for the address that was checked is that host's; and nothing goes from TLS to plain text.
    const isSafe = hostOf(next) === host && (next.protocol === 'https:' || next.protocol === url.protocol);
    if (!isSafe) return { ...answered, stopped: 'elsewhere' };
    if (isHome(next)) Object.assign(next, { username: destination.url.username, password: destination.url.password });
    url = next;
  }
}

const REDIRECTIONS: readonly number[] = [301, 302, 303, 307, 308];

/** Where an answer leads, or undefined where it is no redirection or leads nowhere that can be read. */
export function redirectionOf({ status, headers }: Pick<HttpAnswer, 'status' | 'headers'>, url: URL): URL | undefined {
  const { location } = headers;
  if (!REDIRECTIONS.includes(status) || location === undefined) return undefined;
  const next = URL.parse(location, url.href) ?? undefined;
  if (next) next.hash = '';
  return next;
}
