import {
  CloudWatchClient,
  GetMetricDataCommand,
  ListMetricsCommand,
  type GetMetricDataCommandOutput,
  type ListMetricsCommandOutput,
  type MetricDataQuery,
} from '@aws-sdk/client-cloudwatch';
import { Unavailable } from '../../../core/errors.ts';
import { targetsOf, type ResolvedPlatform } from '../../../core/platform.ts';
import type { Permission } from '../../../core/task.ts';
import { awsClientSettings, awsReason } from '../../runtime/aws-client.ts';
import { printable } from '../../runtime/http-failure.ts';
import { isDenied } from '../../runtime/policy-grant.ts';
import type { Point } from './_prometheus-answer.ts';

/** Of GetMetricData. */
const QUERIES_PER_CALL = 500;
const MOST_METRICS = 20_000;
const MOST_PAGES = 1_000;
const REGION = /^[a-z]{2}(-[a-z]+)+-\d$/;

/** A metric of CloudWatch with the dimensions that name one thing. */
export interface CloudMetric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

export interface CloudQuery {
  readonly metric: CloudMetric;
  readonly statistic: 'Average' | 'Minimum' | 'Maximum';
}

/** The points of one query in the order of time, or why they cannot be trusted. */
export type CloudSeries = { readonly points: readonly Point[] } | { readonly unreadable: string };

export interface CloudWatch {
  readonly label: string;
  /** Every metric of this name, of the last two weeks. */
  list(namespace: string, name: string): Promise<readonly CloudMetric[]>;
  /** The answer to each query, in their order. */
  get(queries: readonly CloudQuery[], period: CloudPeriod): Promise<readonly CloudSeries[]>;
  /** What it has said to be missing in its answers so far. */
  warnings(): readonly string[];
}

export interface CloudPeriod {
  readonly end: Date;
  readonly backSeconds: number;
  readonly periodSeconds: number;
}

const clients = new Map<string, CloudWatchClient>();

/** The CloudWatch of an address: `cloudwatch:eu-west-1`, or `cloudwatch:` for the region that Fettle runs in. */
export function connectCloudWatch(address: string, signal: AbortSignal): CloudWatch {
  const region = address.slice('cloudwatch:'.length);
  if (region !== '' && !REGION.test(region)) {
    throw new Unavailable(`"${printable(region, 40)}" after cloudwatch: is no region; write cloudwatch:eu-west-1`);
  }
  const client = clients.get(region) ?? createClient(region);
  clients.set(region, client);
  const label = region === '' ? 'CloudWatch' : `CloudWatch in ${region}`;
  const warnings = new Set<string>();
  const ask = { client, label, signal, warnings };
  return {
    label,
    list: (namespace, name) => listMetrics(ask, namespace, name),
    get: (queries, period) => getMetricData(ask, queries, period),
    warnings: () => [...warnings],
  };
}

/** To read metrics, where the platform has a target that is CloudWatch. */
export function cloudWatchPermissions(platform: ResolvedPlatform): readonly Permission[] {
  const isCloudWatch = [...targetsOf(platform, 'metrics').values()].some(({ url }) => url.startsWith('cloudwatch:'));
  return isCloudWatch ? READING_METRICS : [];
}

/** To read metrics. */
export const READING_METRICS: readonly Permission[] = [
  {
    actions: ['cloudwatch:GetMetricData', 'cloudwatch:ListMetrics'],
    resources: ['*'],
    because: 'CloudWatch has no resources for reading metrics: IAM takes no ARN for these actions',
  },
];

/** CloudWatch said that the caller may not ask. */
export class CloudWatchDenied extends Unavailable {}

interface Ask {
  readonly client: CloudWatchClient;
  readonly label: string;
  readonly signal: AbortSignal;
  readonly warnings: Set<string>;
}

function createClient(region: string): CloudWatchClient {
  return new CloudWatchClient({
    ...(region !== '' && { region }),
    ...awsClientSettings({ requestTimeoutSeconds: 15, maxAttempts: 5 }),
  });
}

async function listMetrics(ask: Ask, namespace: string, name: string): Promise<CloudMetric[]> {
  const metrics: CloudMetric[] = [];
  for await (const page of pages<ListMetricsCommandOutput>(ask, 'cloudwatch:ListMetrics', (NextToken) =>
    ask.client.send(new ListMetricsCommand({ Namespace: namespace, MetricName: name, NextToken }), {
      abortSignal: ask.signal,
    }),
  )) {
    for (const { Dimensions = [] } of page.Metrics ?? []) {
      const dimensions = Dimensions.map(({ Name = '', Value = '' }) => [Name, Value] as const);
      metrics.push({ namespace, name, dimensions: Object.fromEntries(dimensions) });
    }
    if (metrics.length > MOST_METRICS) {
      throw new Unavailable(`${ask.label} lists more than ${MOST_METRICS} metrics of ${namespace} ${name}`);
    }
  }
  return metrics;
}

async function getMetricData(ask: Ask, queries: readonly CloudQuery[], period: CloudPeriod): Promise<CloudSeries[]> {
  const series: CloudSeries[] = [];
  for (let first = 0; first < queries.length; first += QUERIES_PER_CALL) {
    series.push(...(await getSome(ask, queries.slice(first, first + QUERIES_PER_CALL), period)));
  }
  return series;
}

interface Gathered {
  readonly points: Map<number, number>;
  status: string;
  /** Why its points cannot be those that were asked for, whatever its status is. */
  flaw?: string;
}

async function getSome(ask: Ask, queries: readonly CloudQuery[], period: CloudPeriod): Promise<CloudSeries[]> {
  const { end, backSeconds, periodSeconds } = period;
  const MetricDataQueries = queries.map(({ metric, statistic }, i): MetricDataQuery => {
    const Dimensions = Object.entries(metric.dimensions).map(([Name, Value]) => ({ Name, Value }));
    const Metric = { Namespace: metric.namespace, MetricName: metric.name, Dimensions };
    return { Id: `q${i}`, MetricStat: { Metric, Period: periodSeconds, Stat: statistic } };
  });
  const StartTime = new Date(end.getTime() - backSeconds * 1_000);
  const gathered = new Map<string, Gathered>();
  for await (const page of pages<GetMetricDataCommandOutput>(ask, 'cloudwatch:GetMetricData', (NextToken) => {
    const command = new GetMetricDataCommand({ MetricDataQueries, StartTime, EndTime: end, NextToken });
    return ask.client.send(command, { abortSignal: ask.signal });
  })) {
    for (const { Code = '', Value = '' } of page.Messages ?? []) ask.warnings.add(printable(`${Code}: ${Value}`));
    for (const {
      Id = '',
      StatusCode = 'no status',
      Timestamps = [],
      Values = [],
      Messages = [],
    } of page.MetricDataResults ?? []) {
      const one = gathered.get(Id) ?? { points: new Map<number, number>(), status: StatusCode };
      gathered.set(Id, one);
      const said = Messages.map(({ Code = '', Value = '' }) => `${Code} ${Value}`).join('; ');
      one.status =
        Timestamps.length === Values.length ? `${StatusCode}${said && `: ${said}`}` : 'not as many moments as values';
      for (const [i, moment] of Timestamps.entries()) {
        const flaw = addPoint(one.points, moment.getTime() / 1_000, Values[i] ?? Number.NaN, { StartTime, ...period });
        if (flaw !== undefined) one.flaw = flaw;
      }
    }
  }
  return queries.map((_, i) => {
    const one = gathered.get(`q${i}`);
    // Only the last page of a metric says that it is complete.
    if (one?.flaw !== undefined) return { unreadable: one.flaw };
    if (one?.status !== 'Complete') return { unreadable: printable(one?.status ?? 'it is not in the answer', 120) };
    return { points: [...one.points].map(([at, value]) => ({ at, value })).sort((a, b) => a.at - b.at) };
  });
}

/** Adds a point to those of its metric; says why it cannot be one of them. */
function addPoint(
  points: Map<number, number>,
  at: number,
  value: number,
  { StartTime, end, periodSeconds }: CloudPeriod & { readonly StartTime: Date },
): string | undefined {
  // A period may begin before what was asked for, and none ends after it but the last.
  const isAsked = at >= StartTime.getTime() / 1_000 - periodSeconds && at <= end.getTime() / 1_000;
  if (!isAsked) return 'it has a moment that was not asked for';
  const known = points.get(at);
  points.set(at, value);
  return known === undefined || Object.is(known, value) ? undefined : 'it has two values for one moment';
}

/** Every page of a list, until there is no further token; one that leads nowhere is an end, too. */
async function* pages<Page extends { readonly NextToken?: string | undefined }>(
  { label }: Ask,
  permission: string,
  ask: (token: string | undefined) => Promise<Page>,
): AsyncGenerator<Page> {
  let token: string | undefined;
  for (let count = 0; count < MOST_PAGES; count += 1) {
    const page = await ask(token).catch((thrown: unknown) => {
      const text = `${label} does not answer (${permission}): ${printable(awsReason(thrown))}`;
      throw isDenied(thrown) ? new CloudWatchDenied(text) : new Unavailable(text);
    });
    yield page;
    if (page.NextToken === undefined || page.NextToken === '') return;
    if (page.NextToken === token) throw new Unavailable(`${label} gives the same page again and again`);
    token = page.NextToken;
  }
  throw new Unavailable(`${label} gives more than ${MOST_PAGES} pages of one list`);
}
