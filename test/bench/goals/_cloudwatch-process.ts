/**
 * CloudWatch with its own limits, for so many services and databases, in a process of its own; sends its address. On
 * `counts` it answers what it was asked since the last time.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import {
  databaseMonths,
  databaseName,
  END,
  HOURS,
  HOUR_SECONDS,
  type Month,
  serviceMonths,
  serviceName,
  valueIn,
} from './_month-of-load.ts';

export interface Counts {
  readonly calls: number;
  /** As CloudWatch counts them: a metric under up to five statistics is one within a call. */
  readonly metrics: number;
  /** That went over the wire. */
  readonly points: number;
  readonly throttled: number;
}

const LATENCY_MILLISECONDS = 25;
const POINTS_A_PAGE = 100_800;
const QUERIES_A_CALL = 500;
/** Within a second. */
const LIMITS = { GetMetricStatistics: 400, GetMetricData: 50, points: 396_000 };
const START = END - HOURS * HOUR_SECONDS;
const NOTHING: Counts = { calls: 0, metrics: 0, points: 0, throttled: 0 };

const [services = 0, databases = 0] = process.argv.slice(2).map(Number);
const months = new Map<string, ReadonlyMap<string, Month>>();
for (let place = 0; place < services; place += 1) months.set(serviceName(place), serviceMonths(place));
for (let place = 0; place < databases; place += 1) months.set(databaseName(place), databaseMonths(place));

let counts = { ...NOTHING };
let second = { at: 0, GetMetricStatistics: 0, GetMetricData: 0, points: 0 };

/** True where the account may ask so much within this second. */
function isAllowed(operation: 'GetMetricStatistics' | 'GetMetricData', points: number): boolean {
  const at = Math.floor(performance.now() / 1_000);
  if (at !== second.at) second = { at, GetMetricStatistics: 0, GetMetricData: 0, points: 0 };
  second[operation] += 1;
  second.points += points;
  return second[operation] <= LIMITS[operation] && second.points <= LIMITS.points;
}

interface Metric {
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[];
}

function monthOf({ MetricName, Dimensions }: Metric): Month | undefined {
  const thing = Dimensions.find(({ Name }) => Name === 'ServiceName' || Name === 'DBInstanceIdentifier');
  return months.get(thing?.Value ?? '')?.get(MetricName);
}

interface StatisticsInput extends Metric {
  readonly Period: number;
  readonly Statistics: readonly string[];
}

/** The whole month of one metric, whenever the client takes it to end: some know no other moment than now. */
function statistics(input: StatisticsInput): object {
  const { MetricName, Period, Statistics } = input;
  const month = monthOf(input);
  const points: object[] = [];
  for (let at = START; month && at < END; at += Period) {
    const values = Statistics.map((statistic) => [statistic, valueIn(month, statistic, at, Period)] as const);
    if (values.every(([, value]) => value === undefined)) continue;
    points.push({ Timestamp: at, Unit: 'Percent', ...Object.fromEntries(values) });
  }
  counts = { ...counts, metrics: counts.metrics + 1, points: counts.points + points.length * Statistics.length };
  return { Label: MetricName, Datapoints: points };
}

interface DataQuery {
  readonly Id: string;
  readonly MetricStat: { readonly Metric: Metric; readonly Period: number; readonly Stat: string };
}

interface DataInput {
  readonly MetricDataQueries: readonly DataQuery[];
  /** In seconds. */
  readonly StartTime: number;
  readonly EndTime: number;
}

function seriesOf({ Id, MetricStat: { Metric, Period, Stat } }: DataQuery, { StartTime, EndTime }: DataInput) {
  const month = monthOf(Metric);
  const Timestamps: number[] = [];
  const Values: number[] = [];
  for (let at = Math.floor(StartTime / Period) * Period; month && at < EndTime; at += Period) {
    const value = valueIn(month, Stat, at, Period);
    if (value === undefined) continue;
    Timestamps.push(at);
    Values.push(value);
  }
  return { Id, StatusCode: 'Complete', Timestamps, Values };
}

/** The quota counts what is asked for, also where there is nothing. */
function pointsAskedFor({ MetricDataQueries, StartTime, EndTime }: DataInput): number {
  return MetricDataQueries.reduce(
    (sum, { MetricStat }) => sum + Math.ceil((EndTime - StartTime) / MetricStat.Period),
    0,
  );
}

function metricData(input: DataInput): object {
  const MetricDataResults = input.MetricDataQueries.map((query) => seriesOf(query, input));
  const names = input.MetricDataQueries.map(({ MetricStat: { Metric } }) => JSON.stringify(Metric));
  const points = MetricDataResults.reduce((sum, { Values }) => sum + Values.length, 0);
  counts = { ...counts, metrics: counts.metrics + new Set(names).size, points: counts.points + points };
  return { MetricDataResults };
}

/** What to answer, or by which word to refuse. */
function answerTo(operation: string, body: string): object | string {
  if (operation === 'GetMetricStatistics') {
    if (!isAllowed(operation, 0)) return 'ThrottlingException';
    return statistics(JSON.parse(body) as StatisticsInput);
  }
  if (operation !== 'GetMetricData') return 'UnknownOperationException';
  const input = JSON.parse(body) as DataInput;
  const points = pointsAskedFor(input);
  // Of this client each page is whole: what is larger shows that it asks for more than a page holds.
  if (input.MetricDataQueries.length > QUERIES_A_CALL || points > POINTS_A_PAGE) return 'ValidationError';
  return isAllowed(operation, points) ? metricData(input) : 'ThrottlingException';
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const sent = await buffer(request);
  // Clients compress what is long.
  const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
  await sleep(LATENCY_MILLISECONDS);
  const target = String(request.headers['x-amz-target']);
  const answer = answerTo(target.slice(target.lastIndexOf('.') + 1), body.toString());
  const isRefused = typeof answer === 'string';
  counts = { ...counts, calls: counts.calls + 1, throttled: counts.throttled + (isRefused ? 1 : 0) };
  response.writeHead(isRefused ? 400 : 200, { 'content-type': 'application/x-amz-json-1.0' });
  response.end(JSON.stringify(isRefused ? { __type: answer, message: 'refused' } : answer));
}

const server = createServer((request, response) => void handle(request, response));
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.on('message', () => {
  process.send?.(counts);
  counts = { ...NOTHING };
});
process.on('disconnect', () => process.exit());
process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
