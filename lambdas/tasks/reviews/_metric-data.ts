import { setTimeout as sleep } from 'node:timers/promises';
import { GetMetricDataCommand, type CloudWatchClient, type MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import { Unavailable } from '../../../core/errors.ts';
import { inParallel } from '../../runtime/in-parallel.ts';
import { allPages, ask } from './_asking.ts';
import type { Interval, Point, Reading } from './_series.ts';

/** One metric of one thing under one statistic. */
export interface MetricQuery {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: 'Average' | 'Maximum' | 'Minimum' | 'Sum' | 'SampleCount' | 'p95';
  readonly periodSeconds: number;
}

/** Of GetMetricData. */
const QUERIES_A_CALL = 500;
/** A fifth of the 396,000 that an account may read within a second, whoever asks; a page holds 100,800. */
const POINTS_A_CALL = 79_200;
/** Five such calls within a second, and a bit less. */
const POINTS_A_MILLISECOND = 360;
/** Far below the 50 calls a second that an account has. */
const CONCURRENT_CALLS = 5;

/** When the points of a region may next be asked for, in milliseconds of this process; of each region one client is made. */
const nextTurn = new WeakMap<CloudWatchClient, number>();

/**
 * Reads metrics in as few calls as the service's limits allow: each call asks for no more points than one page holds,
 * so none waits for the page before. A call that fails leaves its own metrics unread and no others.
 */
export async function readMetrics(
  client: CloudWatchClient,
  queries: readonly MetricQuery[],
  interval: Interval,
  signal: AbortSignal,
): Promise<Reading[]> {
  const readings = new Map<MetricQuery, Reading>();
  await inParallel(batchesOf(queries, interval), CONCURRENT_CALLS, async (batch) => {
    const read = await readOrReason(client, batch, interval, signal);
    for (const [i, query] of batch.entries()) readings.set(query, read[i] ?? NOT_ASKED);
  });
  return queries.map((query) => readings.get(query) ?? NOT_ASKED);
}

const NOT_ASKED: Reading = { unreadable: 'it was not asked for' };

async function readOrReason(
  client: CloudWatchClient,
  batch: readonly MetricQuery[],
  interval: Interval,
  signal: AbortSignal,
): Promise<readonly Reading[]> {
  try {
    return await readBatch(client, batch, interval, signal);
  } catch (thrown) {
    if (!(thrown instanceof Unavailable)) throw thrown;
    return batch.map(() => ({ unreadable: thrown.message }));
  }
}

/** What is asked of one thing stays together: a metric under several statistics is billed once within a call. */
function batchesOf(queries: readonly MetricQuery[], interval: Interval): MetricQuery[][] {
  const batches: MetricQuery[][] = [];
  let points = Infinity;
  for (const its of Map.groupBy(queries, ({ dimensions }) => dimensions).values()) {
    const more = pointsOf(its, interval);
    const last = batches.at(-1);
    if (last === undefined || last.length + its.length > QUERIES_A_CALL || points + more > POINTS_A_CALL) {
      batches.push([...its]);
      points = more;
    } else {
      last.push(...its);
      points += more;
    }
  }
  return batches;
}

/** As the quota counts them: those of the whole interval, also where there is nothing. */
function pointsOf(queries: readonly MetricQuery[], { from, to }: Interval): number {
  const seconds = (to.getTime() - from.getTime()) / 1_000;
  return queries.reduce((sum, { periodSeconds }) => sum + Math.ceil(seconds / periodSeconds), 0);
}

/** Waits until the points of those before have had their time, so that nobody who reads the same account is throttled. */
async function inTurn(client: CloudWatchClient, points: number, signal: AbortSignal): Promise<void> {
  const now = performance.now();
  const turn = Math.max(now, nextTurn.get(client) ?? 0);
  nextTurn.set(client, turn + points / POINTS_A_MILLISECOND);
  if (turn > now) await sleep(turn - now, undefined, { signal });
}

async function readBatch(
  client: CloudWatchClient,
  batch: readonly MetricQuery[],
  interval: Interval,
  abortSignal: AbortSignal,
): Promise<Reading[]> {
  const { from, to } = interval;
  await ask('cloudwatch:GetMetricData', () => inTurn(client, pointsOf(batch, interval), abortSignal));
  const MetricDataQueries = batch.map(
    ({ namespace, name, dimensions, statistic, periodSeconds }, i): MetricDataQuery => {
      const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
      const Metric = { Namespace: namespace, MetricName: name, Dimensions };
      return { Id: `q${i}`, MetricStat: { Metric, Period: periodSeconds, Stat: statistic } };
    },
  );
  const pages = await allPages(
    'cloudwatch:GetMetricData',
    (NextToken) =>
      client.send(new GetMetricDataCommand({ MetricDataQueries, StartTime: from, EndTime: to, NextToken }), {
        abortSignal,
      }),
    ({ NextToken }) => NextToken,
  );
  const gathered = new Map<string, { points: Map<number, number>; status: string }>();
  for (const { MetricDataResults = [] } of pages) {
    for (const { Id = '', Timestamps = [], Values = [], StatusCode = 'no status' } of MetricDataResults) {
      const one = gathered.get(Id) ?? { points: new Map<number, number>(), status: StatusCode };
      gathered.set(Id, one);
      // Only the last page of a metric says that it is complete.
      one.status = Timestamps.length === Values.length ? StatusCode : 'not as many moments as values';
      for (const [i, moment] of Timestamps.entries()) {
        one.points.set(moment.getTime() / 1_000, Values[i] ?? Number.NaN);
      }
    }
  }
  return batch.map((_, i): Reading => {
    const { points, status } = gathered.get(`q${i}`) ?? { status: 'it is not in the answer' };
    if (points === undefined || status !== 'Complete') return { unreadable: status };
    const inOrder = [...points].map(([at, value]): Point => ({ at, value })).sort((a, b) => a.at - b.at);
    // A period that began before the interval, or a value that is none, counts for nothing.
    return {
      points: inOrder.filter(
        ({ at, value }) => at >= from.getTime() / 1_000 && at < to.getTime() / 1_000 && Number.isFinite(value),
      ),
    };
  });
}
