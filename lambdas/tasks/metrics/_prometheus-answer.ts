import * as z from 'zod';
import { Unavailable } from '../../../core/errors.ts';
import { printable } from '../../runtime/http-failure.ts';
import type { HttpAnswer } from '../../runtime/http-request.ts';

export type Labels = Readonly<Record<string, string>>;

/** One series at one moment. */
export interface Sample {
  readonly labels: Labels;
  /** NaN and the infinities as Prometheus gives them. */
  readonly value: number;
}

export interface Point {
  /** Seconds since 1970. */
  readonly at: number;
  readonly value: number;
}

/** One series over a period, its points in the order of time. */
export interface Series {
  readonly labels: Labels;
  readonly points: readonly Point[];
}

const Pair = z.tuple([z.number(), z.string()]);
const Metric = z.record(z.string(), z.string());
const Notes = z.array(z.string()).nullish();
const Data = z.discriminatedUnion('resultType', [
  z.object({ resultType: z.literal('vector'), result: z.array(z.object({ metric: Metric, value: Pair })) }),
  z.object({ resultType: z.literal('matrix'), result: z.array(z.object({ metric: Metric, values: z.array(Pair) })) }),
  z.object({ resultType: z.literal('scalar'), result: Pair }),
]);
const Success = z.object({ status: z.literal('success'), data: Data, warnings: Notes, infos: Notes });
const Failure = z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() });

export interface Answered {
  readonly data: z.output<typeof Data>;
  /** What the server says is missing in the answer. */
  readonly warnings: readonly string[];
}

/** The answer of the query API, or `Unavailable` with what came instead of one. */
export function readAnswer(label: string, { status, headers, body, cut }: HttpAnswer): Answered {
  if (cut) {
    const megabytes = Math.round(body.length / 1_048_576);
    throw new Unavailable(
      `${label} answers with more than ${megabytes} MiB: choose fewer series with only, except or by`,
    );
  }
  const json = parsed(body);
  const failure = Failure.safeParse(json);
  if (failure.success) {
    const { errorType, error } = failure.data;
    throw new Unavailable(`${label} answers ${status}, ${printable(errorType, 60)}: ${printable(error)}`);
  }
  if (status === 401 || status === 403) {
    throw new Unavailable(`${label} answers ${status}: the credentials of the target are missing or refused`);
  }
  if (status >= 300 && status < 400) {
    const where = printable(headers['location'] ?? 'nowhere', 120).replace(/[?#].*$/, '') || 'itself';
    throw new Unavailable(`${label} answers ${status} and leads to ${where}, which is not followed`);
  }
  const kind = printable(headers['content-type'] ?? 'no content type', 60);
  if (status === 404)
    throw new Unavailable(`${label} answers 404 (${kind}): its address is not the base of a Prometheus`);
  if (status !== 200) throw new Unavailable(`${label} answers ${status} (${kind}), 200 is expected`);
  if (json === undefined) {
    throw new Unavailable(`${label} answers with ${kind} that is no whole JSON: "${printable(start(body), 60)}"`);
  }
  const success = Success.safeParse(json);
  if (!success.success) {
    const [issue] = success.error.issues;
    throw new Unavailable(
      `${label} does not answer as Prometheus does: ${issue?.path.join('.') || 'the answer'}: ${issue?.message ?? ''}`,
    );
  }
  const { data, warnings, infos } = success.data;
  return {
    data,
    warnings: [...(warnings ?? []), ...(infos ?? [])].filter(meansMissingData).map((note) => printable(note)),
  };
}

/** The samples of an instant query, each once and of the moment asked for. */
export function samplesOf(label: string, { data }: Answered, atSeconds: number): Sample[] {
  if (data.resultType !== 'vector') throw new Unavailable(`${label} answers with a ${data.resultType}, not a vector`);
  assertDistinct(
    label,
    data.result.map(({ metric }) => metric),
  );
  return data.result.map(({ metric: labels, value: [at, text] }) => {
    // A cache in between may answer with what held an hour ago.
    if (Math.abs(at - atSeconds) > 1) {
      throw new Unavailable(`${label} answers for ${isoOf(at)} and was asked for ${isoOf(atSeconds)}`);
    }
    return { labels, value: numberOf(label, text) };
  });
}

/** The series of a range query, each once, its points in order and within the range. */
export function seriesOf(label: string, { data }: Answered, range: { start: number; end: number }): Series[] {
  if (data.resultType !== 'matrix') throw new Unavailable(`${label} answers with a ${data.resultType}, not a matrix`);
  assertDistinct(
    label,
    data.result.map(({ metric }) => metric),
  );
  return data.result.map(({ metric: labels, values }) => {
    const points = values.map(([at, text]) => ({ at, value: numberOf(label, text) }));
    const foreign = points.find(({ at }) => at < range.start - 1 || at > range.end + 1);
    if (foreign)
      throw new Unavailable(`${label} answers with a point of ${isoOf(foreign.at)}, which was not asked for`);
    return { labels, points: points.sort((a, b) => a.at - b.at) };
  });
}

export function scalarOf(label: string, { data }: Answered): number {
  if (data.resultType !== 'scalar') throw new Unavailable(`${label} answers with a ${data.resultType}, not a scalar`);
  return numberOf(label, data.result[1]);
}

// Notes on the query itself, such as a counter whose name does not end with _total, take nothing from the answer.
function meansMissingData(note: string): boolean {
  return !note.startsWith('PromQL info:');
}

function assertDistinct(label: string, metrics: readonly Labels[]): void {
  const seen = new Set<string>();
  for (const metric of metrics) {
    const key = JSON.stringify(Object.entries(metric).sort(([a], [b]) => (a < b ? -1 : 1)));
    if (seen.has(key)) throw new Unavailable(`${label} answers with the same series twice: ${printable(key, 120)}`);
    seen.add(key);
  }
}

const SPECIAL: ReadonlyMap<string, number> = new Map([
  ['NaN', NaN],
  ['+Inf', Infinity],
  ['Inf', Infinity],
  ['-Inf', -Infinity],
]);

function numberOf(label: string, text: string): number {
  const special = SPECIAL.get(text);
  if (special !== undefined) return special;
  if (/^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text)) return Number(text);
  throw new Unavailable(`${label} answers with "${printable(text, 40)}" where a number is expected`);
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch (malformed) {
    if (malformed instanceof SyntaxError) return undefined;
    throw malformed;
  }
}

function start(body: Buffer): string {
  return body.subarray(0, 200).toString('utf8');
}

function isoOf(seconds: number): string {
  const milliseconds = seconds * 1_000;
  return Math.abs(milliseconds) <= 8.64e15 ? new Date(milliseconds).toISOString() : `second ${seconds}`;
}
