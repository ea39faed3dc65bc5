import { GetMetricDataCommand, type CloudWatchClient, type MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import { Unavailable } from '../../../core/errors.ts';
import { inParallel } from '../../runtime/in-parallel.ts';
import { allPages } from './_asking.ts';
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
const POINTS_A_CALL = 100_800;
/** Far below the 50 calls a second that an account has. */
const CONCURRENT_CALLS = 5;

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
  const batches = batchesOf(queries, interval);
  const answers = await inParallel(batches, CONCURRENT_CALLS, async (batch): Promise<Reading[]> => {
    try {
      return await readBatch(client, batch, interval, signal);
    } catch (thrown) {
      if (!(thrown instanceof Unavailable)) throw thrown;
      return batch.map(() => ({ unreadable: thrown.message }));
    }
  });
  return answers.flat();
}

function batchesOf(queries: readonly MetricQuery[], { from, to }: Interval): MetricQuery[][] {
  const seconds = (to.getTime() - from.getTime()) / 1_000;
  const batches: MetricQuery[][] = [];
  let points = Infinity;
  for (const query of queries) {
    const its = Math.ceil(seconds / query.periodSeconds);
    const last = batches.at(-1);
    if (last === undefined || last.length >= QUERIES_A_CALL || points + its > POINTS_A_CALL) {
      batches.push([query]);
      points = its;
    } else {
      last.push(query);
      points += its;
    }
  }
  return batches;
}

async function readBatch(
  client: CloudWatchClient,
  batch: readonly MetricQuery[],
  { from, to }: Interval,
  abortSignal: AbortSignal,
): Promise<Reading[]> {
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
