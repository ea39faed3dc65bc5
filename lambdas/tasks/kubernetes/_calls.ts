import { setTimeout as sleep } from 'node:timers/promises';
import { types } from 'node:util';
import { ApiException } from '@kubernetes/client-node';
import { messageOf, Unavailable } from '../../../core/errors.ts';
import { plainText } from './_text.ts';

/** How long calls may take, all together and each. */
export interface CallTime {
  readonly clock: () => Date;
  readonly deadline: Date;
  readonly signal: AbortSignal;
}

const CALL_TIMEOUT_MS = 15_000;
// Left over at the end, so that a target that answers late is still reported.
const MARGIN_MS = 1_000;
const ATTEMPTS = 4;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 20_000;
const BROKEN_CONNECTION = new Set(['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'EAI_AGAIN', 'ETIMEDOUT']);

/** Milliseconds that the next call may take. */
export function callTimeoutMs(time: CallTime): number {
  return Math.min(CALL_TIMEOUT_MS, Math.max(1, leftMs(time)));
}

/**
 * Makes a call that only reads, again where the server or the connection says that it may help: 429, 5xx, a broken
 * connection. Silence is not tried again, it costs too much of the run.
 *
 * Throws what the last attempt threw.
 */
export async function tryAgain<Answer>(call: () => Promise<Answer>, time: CallTime): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (thrown) {
      const waitMs = waitBefore(attempt, thrown);
      if (waitMs === undefined || attempt === ATTEMPTS || waitMs > leftMs(time)) throw thrown;
      await sleep(waitMs, undefined, { signal: time.signal });
    }
  }
}

function waitBefore(attempt: number, thrown: unknown): number | undefined {
  const backoffMs = FIRST_WAIT_MS * 2 ** (attempt - 1);
  if (thrown instanceof ApiException) {
    if (thrown.code !== 429 && thrown.code < 500) return undefined;
    const waitMs = retryAfterMs(thrown) ?? backoffMs;
    // Who asks for minutes is not asked again in this run.
    return waitMs > LONGEST_WAIT_MS ? undefined : waitMs;
  }
  return isBroken(thrown) ? backoffMs : undefined;
}

function retryAfterMs({ headers }: ApiException<unknown>): number | undefined {
  const seconds = Number(headers['retry-after'] || Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined;
}

function isBroken(thrown: unknown): boolean {
  return types.isNativeError(thrown) && 'code' in thrown && BROKEN_CONNECTION.has(String(thrown.code));
}

function leftMs({ clock, deadline }: CallTime): number {
  return deadline.getTime() - clock().getTime() - MARGIN_MS;
}

/** The API server answers, and refuses the caller (401) or what it asked for (403). */
export class CallRefused extends Unavailable {
  readonly code: 401 | 403;

  constructor(code: 401 | 403, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * What a failed call says, as the error that makes its target `unknown`; `verb` and `resource` are those of RBAC,
 * `ifUnknown` is what to do where the cluster does not know the caller.
 */
export function unavailable(thrown: unknown, verb: string, resource: string, ifUnknown = ''): Unavailable {
  const what = `cannot ${verb} ${resource}`;
  if (thrown instanceof ApiException) {
    const reason = statusMessage(thrown.body);
    if (thrown.code === 401)
      return new CallRefused(401, `${what}: the API server does not accept the credentials (401)${ifUnknown}`);
    if (thrown.code === 403) {
      return new CallRefused(403, `${what}: the permission \`${verb} ${resource}\` is missing (403)${reason}`);
    }
    return new Unavailable(`${what}: the API server answers ${thrown.code}${reason}`);
  }
  if (types.isNativeError(thrown) && (thrown.name === 'AbortError' || thrown.name === 'TimeoutError')) {
    return new Unavailable(`${what}: the API server gave no answer in time`);
  }
  return new Unavailable(`${what}: ${plainText(messageOf(thrown))}`);
}

function statusMessage(body: unknown): string {
  const status = statusOf(body);
  return typeof status['message'] === 'string' ? `: ${plainText(status['message'])}` : '';
}

/** The Kubernetes `Status` of an error's body; empty where the body is something else, a proxy's page for one. */
export function statusOf(body: unknown): Readonly<Record<string, unknown>> {
  if (typeof body !== 'string') return {};
  try {
    const status: unknown = JSON.parse(body);
    return typeof status === 'object' && status !== null ? (status as Record<string, unknown>) : {};
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return {};
    throw thrown;
  }
}
