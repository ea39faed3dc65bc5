import {
  GetMetricDataCommand,
  GetMetricStatisticsCommand,
  ListMetricsCommand,
  type Datapoint,
  type Metric,
  type MetricDataQuery,
  type MetricDataResult,
} from '@aws-sdk/client-cloudwatch';
import { answer, AnswerError, serviceAnswers, type ServiceAnswers } from './answer.ts';
import { page } from './page.ts';

/** One metric under one statistic, as a query asks for it. */
export interface AskedMetric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: string;
  readonly periodSeconds: number;
}

export interface CloudWatchFixture {
  /** The value of a metric in the period that begins at this moment, in seconds; undefined where it has none. */
  readonly value: (metric: AskedMetric, at: number) => number | undefined;
  /** What ListMetrics lists. */
  readonly metrics?: readonly Metric[];
}

const QUERIES_A_CALL = 500;
const POINTS_A_PAGE = 100_800;
const MOMENTS_A_CALL = 1_440;

/** CloudWatch with the service's own limits: 500 queries a call, 100,800 points a page; of statistics 1,440 moments. */
export function cloudwatch({ value, metrics = [] }: CloudWatchFixture): ServiceAnswers {
  return serviceAnswers('cloudwatch', 'http://monitoring.amazonaws.com/doc/2010-08-01/', [
    answer(ListMetricsCommand, ({ Namespace, MetricName, NextToken }) => {
      const its = metrics.filter(
        (one) => (Namespace ?? one.Namespace) === one.Namespace && (MetricName ?? one.MetricName) === one.MetricName,
      );
      const { items, next } = page(its, NextToken, 500);
      return { Metrics: items, NextToken: next };
    }),
    answer(GetMetricDataCommand, ({ MetricDataQueries: queries = [], StartTime, EndTime, NextToken, ...rest }) => {
      if (queries.length > QUERIES_A_CALL) {
        throw new AnswerError(
          'ValidationError',
          'The collection MetricDataQueries must not have a size greater than 500.',
        );
      }
      if (!StartTime || !EndTime || StartTime >= EndTime) {
        throw new AnswerError('ValidationError', 'The parameter StartTime must be less than the parameter EndTime.');
      }
      const points = queries.flatMap((query, i) => pointsOf(query, i, StartTime, EndTime, value));
      const size = Math.min(rest.MaxDatapoints ?? POINTS_A_PAGE, POINTS_A_PAGE);
      const { items, next } = page(points, NextToken, size);
      const last = items.at(-1);
      const shown = Map.groupBy(items, ({ query }) => query);
      const known = new Set(points.map(({ query }) => query));
      const results = queries.flatMap((query, i): MetricDataResult[] => {
        const its = shown.get(i) ?? [];
        // A metric without data is there, too, once and complete.
        if (its.length === 0 && (known.has(i) || NextToken !== undefined)) return [];
        const goesOn = next !== undefined && last?.query === i && points.at(points.lastIndexOf(last) + 1)?.query === i;
        const ordered = rest.ScanBy === 'TimestampAscending' ? its : its.toReversed();
        return [
          {
            Id: query.Id,
            Label: query.Label ?? query.MetricStat?.Metric?.MetricName,
            Timestamps: ordered.map(({ at }) => new Date(at * 1_000)),
            Values: ordered.map((point) => point.value),
            StatusCode: goesOn ? 'PartialData' : 'Complete',
          },
        ];
      });
      return { MetricDataResults: results, Messages: [], NextToken: next };
    }),
    answer(GetMetricStatisticsCommand, ({ StartTime, EndTime, Period = 0, Statistics = [], ...metric }) => {
      if (!StartTime || !EndTime || StartTime >= EndTime) {
        throw new AnswerError('InvalidParameterValue', 'StartTime must be less than EndTime.');
      }
      const byMoment = new Map<number, Datapoint>();
      for (const Stat of Statistics) {
        const query = { Id: Stat, MetricStat: { Metric: metric, Period, Stat } };
        for (const { at, value: its } of pointsOf(query, 0, StartTime, EndTime, value)) {
          byMoment.set(at, { ...byMoment.get(at), Timestamp: new Date(at * 1_000), [Stat]: its });
        }
      }
      if (byMoment.size > MOMENTS_A_CALL) {
        const message = `Of ${byMoment.size} data points no more than ${MOMENTS_A_CALL} can be asked for at once.`;
        throw new AnswerError('InvalidParameterCombination', message);
      }
      return { Label: metric.MetricName, Datapoints: [...byMoment.values()] };
    }),
  ]);
}

interface Point {
  readonly query: number;
  readonly at: number;
  readonly value: number;
}

function pointsOf(
  { MetricStat, Id }: MetricDataQuery,
  query: number,
  start: Date,
  end: Date,
  valueAt: CloudWatchFixture['value'],
): Point[] {
  const { Metric, Period: periodSeconds = 0, Stat: statistic = '' } = MetricStat ?? {};
  if (Metric === undefined || periodSeconds <= 0)
    throw new AnswerError('ValidationError', `query ${Id} has no MetricStat`);
  const asked: AskedMetric = {
    namespace: Metric.Namespace ?? '',
    name: Metric.MetricName ?? '',
    dimensions: Object.fromEntries((Metric.Dimensions ?? []).map(({ Name = '', Value = '' }) => [Name, Value])),
    statistic,
    periodSeconds,
  };
  const points: Point[] = [];
  const first = Math.floor(start.getTime() / 1_000 / periodSeconds) * periodSeconds;
  for (let at = first; at < end.getTime() / 1_000; at += periodSeconds) {
    const value = valueAt(asked, at);
    if (value !== undefined) points.push({ query, at, value });
  }
  return points;
}
