import { setTimeout as sleep } from 'node:timers/promises';
import { Unavailable } from '../../../core/errors.ts';
import type { Target } from '../../../core/target-kinds.ts';
import { HttpFailure } from '../../runtime/http-failure.ts';
import { httpRequest, labelOf, type HttpAnswer } from '../../runtime/http-request.ts';
import {
  readAnswer,
  samplesOf,
  scalarOf,
  seriesOf,
  type Answered,
  type Sample,
  type Series,
} from './_prometheus-answer.ts';

/** What a query may cost us: more than any grouped answer, and less than a function's memory. */
const MAX_BODY_BYTES = 16 * 1_048_576;
const QUERY_SECONDS = 30;
/** What the way there and back may take besides the query. */
const TRANSFER_SECONDS = 10;
/** What asking for its clock may take: one that is gone is not waited for as long as a query. */
const CLOCK_SECONDS = 10;
const AGAIN_AFTER_SECONDS = 1;
const ENOUGH_WARNINGS = 20;

/** What a task gives of its context. */
export interface PrometheusContext {
  readonly now: Date;
  readonly clock: () => Date;
  readonly signal: AbortSignal;
  readonly allowAddresses: readonly string[];
}

/** One Prometheus, or what speaks like one, asked at one moment. */
export interface Prometheus {
  /** Host and port, for people. */
  readonly label: string;
  /** The moment of every query, in seconds since 1970. */
  readonly atSeconds: number;
  /** How far its clock is ahead of ours. */
  readonly clockAheadSeconds: number;
  /** The vector of a query at `now`. */
  instant(query: string): Promise<readonly Sample[]>;
  /** The matrix of a query over a period that ends at `now`: `steps` + 1 moments, both ends included. */
  range(query: string, period: { readonly withinSeconds: number; readonly steps: number }): Promise<readonly Series[]>;
  /** What it has said to be missing in its answers so far. */
  warnings(): readonly string[];
}

/**
 * Reaches the Prometheus of a target and reads its clock.
 *
 * Every query says the moment that it is asked for, so all of a task's numbers are of one moment. Throws
 * `Unavailable` where it cannot be reached or answers with anything but an answer.
 */
export async function connectPrometheus(
  target: Pick<Target<'metrics'>, 'name' | 'url' | 'ca' | 'authorization'>,
  { now, clock, signal, allowAddresses }: PrometheusContext,
): Promise<Prometheus> {
  const address = target.url.reveal();
  if (address.startsWith('cloudwatch:')) {
    throw new Unavailable(
      `${target.name} is CloudWatch and this task reads Prometheus; name the Prometheus targets of its entry (targets: […])`,
    );
  }
  if (!URL.canParse(address)) throw new Unavailable(`the address of ${target.name} is no URL`);
  const base = new URL(address);
  const label = labelOf(base);
  // Whole seconds: the last step of a range that ends at a fraction may be one that Prometheus leaves out.
  const atSeconds = Math.floor(now.getTime() / 1_000);
  const warnings = new Set<string>();

  async function ask(
    path: 'query' | 'query_range',
    parameters: Readonly<Record<string, string>>,
    timeoutSeconds = QUERY_SECONDS + TRANSFER_SECONDS,
  ): Promise<Answered> {
    const url = new URL(base);
    url.pathname = `${base.pathname.replace(/\/+$/, '')}/api/v1/${path}`;
    const authorization = target.authorization?.reveal();
    const ca = target.ca?.reveal();
    const answer = await twiceWhereItMayPass(() =>
      httpRequest({
        url,
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          accept: 'application/json',
          ...(authorization !== undefined && { authorization }),
        },
        body: new URLSearchParams({ ...parameters, timeout: `${QUERY_SECONDS}s` }).toString(),
        ...(ca !== undefined && { ca }),
        allowAddresses,
        timeoutSeconds,
        maxBodyBytes: MAX_BODY_BYTES,
        signal,
      }),
    );
    const answered = readAnswer(label, answer);
    for (const warning of answered.warnings) if (warnings.size < ENOUGH_WARNINGS) warnings.add(warning);
    return answered;
  }

  // Without a moment asked for, it is its own clock that answers.
  const itsSeconds = scalarOf(label, await ask('query', { query: 'time()' }, CLOCK_SECONDS));
  if (!Number.isFinite(itsSeconds)) throw new Unavailable(`${label} does not know what time it is`);

  return {
    label,
    atSeconds,
    clockAheadSeconds: itsSeconds - clock().getTime() / 1_000,
    warnings: () => [...warnings],
    instant: async (query) => samplesOf(label, await ask('query', { query, time: String(atSeconds) }), atSeconds),
    range: async (query, { withinSeconds, steps }) => {
      const step = Math.max(1, Math.ceil(withinSeconds / steps));
      const range = { start: atSeconds - step * steps, end: atSeconds };
      const parameters = { query, start: String(range.start), end: String(range.end), step: String(step) };
      return seriesOf(label, await ask('query_range', parameters), range);
    },
  };
}

/** Asks again after a moment where the server is just being restarted, or the gateway before it has lost it. */
async function twiceWhereItMayPass(ask: () => Promise<HttpAnswer>): Promise<HttpAnswer> {
  try {
    const answer = await ask();
    if (!isOfGateway(answer)) return answer;
  } catch (thrown) {
    if (!(thrown instanceof HttpFailure) || (thrown.reason !== 'hung-up' && thrown.reason !== 'refused')) throw thrown;
  }
  await sleep(AGAIN_AFTER_SECONDS * 1_000);
  return ask();
}

/** Prometheus itself says in JSON why it cannot answer, and a query that was too much for it would be so again. */
function isOfGateway({ status, headers }: HttpAnswer): boolean {
  return (status === 502 || status === 503) && !(headers['content-type'] ?? '').includes('json');
}
