import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A metric as the service keeps it: one point a minute while it exists. */
export interface StoredMetric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  /** Its value at a second since 1970; undefined where nothing was sent. */
  readonly valueAt: (atSeconds: number) => number | undefined;
}

/** A request as a fault hook and a test's assertions see it. */
export interface CloudWatchRequest {
  readonly operation: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly number: number;
}

/** The service throttles, refuses, breaks the connection, or changes what it was about to answer. */
export type CloudWatchFault =
  | 'throttle'
  | 'reset'
  | 'hang'
  | { readonly code: string; readonly message: string }
  | ((answer: CloudWatchAnswer) => CloudWatchAnswer);

export interface MetricDataResult {
  readonly Id: string;
  readonly Timestamps: readonly number[];
  readonly Values: readonly number[];
  readonly StatusCode: string;
  readonly Messages?: readonly { readonly Code: string; readonly Value: string }[];
}

export interface CloudWatchAnswer {
  readonly MetricDataResults?: readonly MetricDataResult[];
  readonly Metrics?: readonly unknown[];
  readonly Messages?: readonly { readonly Code: string; readonly Value: string }[];
  readonly NextToken?: string;
}

export interface CloudWatchServer {
  readonly endpoint: string;
  readonly requests: readonly CloudWatchRequest[];
  metrics: readonly StoredMetric[];
  /** How many metrics, or points, a page holds. */
  pageSize: { metrics: number; points: number };
  onRequest: ((request: CloudWatchRequest) => CloudWatchFault | undefined) | undefined;
  close(): Promise<void>;
}

interface DataRequest {
  readonly StartTime: number;
  readonly EndTime: number;
  readonly NextToken?: string;
  readonly MetricDataQueries: readonly {
    readonly Id: string;
    readonly MetricStat: {
      readonly Period: number;
      readonly Stat: string;
      readonly Metric: {
        readonly Namespace: string;
        readonly MetricName: string;
        readonly Dimensions?: readonly Dimension[];
      };
    };
  }[];
}

interface Dimension {
  readonly Name: string;
  readonly Value: string;
}

/** Starts a CloudWatch on loopback that speaks AWS JSON 1.0: ListMetrics and GetMetricData with their pages. */
export async function startCloudWatch(): Promise<CloudWatchServer> {
  const requests: CloudWatchRequest[] = [];
  const http = createServer((request, response) => {
    void answer(request, response).catch((thrown: unknown) => response.destroy(thrown as Error));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const operation = String(request.headers['x-amz-target']).replace('GraniteServiceVersion20100801.', '');
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>;
    const asked = { operation, body, number: requests.length + 1 };
    requests.push(asked);
    const fault = server.onRequest?.(asked);
    if (fault === 'hang') return;
    if (fault === 'reset') return void request.socket.resetAndDestroy();
    if (fault === 'throttle') return refuse(response, 'ThrottlingException', 'Rate exceeded');
    if (typeof fault === 'object') return refuse(response, fault.code, fault.message);
    const { metrics, pageSize } = server;
    const said =
      operation === 'ListMetrics'
        ? listPage(metrics, body, pageSize.metrics)
        : dataPage(metrics, body as unknown as DataRequest, pageSize.points);
    send(response, 200, fault === undefined ? said : fault(said));
  }

  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const server: CloudWatchServer = {
    endpoint: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    requests,
    metrics: [],
    pageSize: { metrics: 500, points: 100_800 },
    onRequest: undefined,
    close: async () => {
      http.closeAllConnections();
      http.close();
      await once(http, 'close');
    },
  };
  return server;
}

function refuse(response: ServerResponse, code: string, message: string): void {
  send(response, 400, { __type: `com.amazonaws.cloudwatch#${code}`, message });
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
}

function listPage(metrics: readonly StoredMetric[], body: Record<string, unknown>, size: number): CloudWatchAnswer {
  const { Namespace, MetricName, NextToken } = body;
  const fitting = metrics.filter(({ namespace, name }) => namespace === Namespace && name === MetricName);
  const start = Number(NextToken ?? 0);
  return {
    Metrics: fitting.slice(start, start + size).map(({ namespace, name, dimensions }) => ({
      Namespace: namespace,
      MetricName: name,
      Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
    })),
    ...(start + size < fitting.length && { NextToken: String(start + size) }),
  };
}

interface Row {
  readonly Id: string;
  /** Undefined for a metric without any point, which is answered, too. */
  readonly at: number | undefined;
  readonly value: number;
}

/** A page holds so many points; what does not fit of a metric comes on the next, and until then it is partial. */
function dataPage(metrics: readonly StoredMetric[], request: DataRequest, size: number): CloudWatchAnswer {
  const all = request.MetricDataQueries.flatMap(({ Id, MetricStat }): Row[] => {
    const points = pointsOf(metrics, request, MetricStat);
    return points.length === 0 ? [{ Id, at: undefined, value: 0 }] : points.map((point) => ({ Id, ...point }));
  });
  const start = Number(request.NextToken ?? 0);
  const page = all.slice(start, start + size);
  const later = new Set(all.slice(start + size).map(({ Id }) => Id));
  const results = Map.groupBy(page, ({ Id }) => Id);
  return {
    MetricDataResults: [...results].map(([Id, points]) => {
      const real = points.filter(({ at }) => at !== undefined);
      return {
        Id,
        Timestamps: real.map(({ at }) => at ?? 0),
        Values: real.map(({ value }) => value),
        StatusCode: later.has(Id) ? 'PartialData' : 'Complete',
      };
    }),
    ...(start + size < all.length && { NextToken: String(start + size) }),
  };
}

/** Newest first, as the service answers where nothing else is asked for. */
function pointsOf(
  metrics: readonly StoredMetric[],
  { StartTime, EndTime }: DataRequest,
  { Metric, Period, Stat }: DataRequest['MetricDataQueries'][number]['MetricStat'],
): { at: number; value: number }[] {
  const wanted = JSON.stringify((Metric.Dimensions ?? []).map(({ Name, Value }) => [Name, Value]).sort());
  const stored = metrics.find(
    ({ namespace, name, dimensions }) =>
      namespace === Metric.Namespace &&
      name === Metric.MetricName &&
      JSON.stringify(Object.entries(dimensions).sort()) === wanted,
  );
  const points: { at: number; value: number }[] = [];
  for (let at = Math.floor(StartTime / Period) * Period; stored && at < EndTime; at += Period) {
    const values: number[] = [];
    for (let second = at; second < Math.min(at + Period, EndTime); second += 300) {
      const value = stored.valueAt(second);
      if (value !== undefined) values.push(value);
    }
    if (values.length > 0) points.push({ at, value: statisticOf(values, Stat) });
  }
  return points.reverse();
}

function statisticOf(values: readonly number[], statistic: string): number {
  if (statistic === 'Minimum') return Math.min(...values);
  if (statistic === 'Maximum') return Math.max(...values);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
