import * as z from 'zod';
import { formatDuration } from '../../../core/duration.ts';
import type { Finding, Measurement } from '../../../core/finding.ts';
import { defineTask } from '../../../core/task.ts';
import { eachTarget } from '../../runtime/each-target.ts';
import { secretPermissions } from '../../runtime/secret-permissions.ts';
import { coverageOf, judgeCoverage } from './_coverage.ts';
import { areNotGrouped, listed, nameOf, placeOf, subjectOf } from './_groups.ts';
import { LATENCY_FINDINGS, type LatencyKind as Kind } from './_latency-findings.ts';
import { readLatency, type GroupLatency } from './_latency.ts';
import { prometheusNeeds } from './_needs.ts';
import { rounded, secondsText, shown } from './_number-text.ts';
import { connectPrometheus } from './_prometheus.ts';
import { exactly, MetricName, selector } from './_promql.ts';
import { explainNoSeries, judgeServer } from './_reading.ts';
import { requestInput } from './_request-input.ts';
import { latencyNeeds } from './_request-needs.ts';
import { ofFirstSubjects, worstFirst } from '../../runtime/worst-first.ts';

const Latency = z
  .string()
  .regex(/^\d{1,6}(\.\d{1,6})?(ms|s)$/, 'is no latency; write it as 250ms, 2s or 1.5s')
  .transform((text) => (text.endsWith('ms') ? Number(text.slice(0, -2)) / 1_000 : Number(text.slice(0, -1))));

const Input = z
  .strictObject({
    metric: MetricName.default('http_request_duration_seconds').describe(
      'The base name of a histogram, classic or native, or of a summary, without _bucket, _sum or _count',
    ),
    unit: z.enum(['seconds', 'milliseconds']).default('seconds').describe('The unit in which the metric counts'),
    meanAbove: Latency.prefault('2s').describe('Warn when the mean of a group is above this'),
    quantile: z.number().gt(0).lt(1).default(0.95).describe('The quantile that is judged, such as 0.95 or 0.99'),
    quantileAbove: z
      .union([Latency, z.literal('none').transform(() => undefined)])
      .prefault('2s')
      .describe('Warn when the quantile of a group is above this; none judges the mean alone'),
    ...requestInput,
  })
  .refine(({ metric, unit }) => !/_(milliseconds|millis|ms)$/.test(metric) || unit === 'milliseconds', {
    message: 'the metric counts milliseconds by its name: write unit: milliseconds',
    path: ['unit'],
  });
type Settings = z.output<typeof Input>;

/** Judges the groups that had enough requests; those with fewer are named, and all of them too few is `unknown`. */
export function judgeLatency(target: string, groups: readonly GroupLatency[], settings: Settings): Finding<Kind>[] {
  const { by, within, minRequests } = settings;
  const isCount = ({ requests }: GroupLatency) => requests >= 0 && requests < Infinity;
  const isEnough = ({ requests }: GroupLatency) => requests > 0 && requests >= minRequests;
  const nonsense = groups.filter((group) => !isCount(group));
  const judged = groups.filter((group) => isCount(group) && isEnough(group));
  const few = groups.filter((group) => isCount(group) && !isEnough(group));
  const findings: Finding<Kind>[] = judged.flatMap((group) => judgeGroup(target, group, settings));
  for (const { labels, requests } of nonsense) {
    const summary = `${nameOf(labels, by)} counts ${shown(requests)} requests, which is no count`;
    findings.push({ kind: 'not-a-number', ...placeOf(target, labels, by), summary });
  }
  if (few.length === 0) return findings;
  const total = few.reduce((sum, { requests }) => sum + requests, 0);
  const names = listed(few.map(({ labels }) => nameOf(labels, by)));
  const nothingJudged = judged.length === 0 && nonsense.length === 0 && minRequests > 0;
  const summary = `${names} had ${shown(total)} requests in ${formatDuration(within)}, ${Math.max(1, minRequests)} are needed to judge a group`;
  findings.push({
    kind: nothingJudged ? 'no-traffic' : 'few-requests',
    target,
    summary,
    value: rounded(total),
    limit: minRequests,
    unit: 'count',
  });
  return findings;
}

function judgeGroup(target: string, { labels, meanSeconds, tail, requests }: GroupLatency, settings: Settings) {
  const { by, meanAbove, quantile, quantileAbove } = settings;
  const name = nameOf(labels, by);
  const place = placeOf(target, labels, by);
  const of = `of ${shown(requests)} requests`;
  const q = `p${rounded(quantile * 100)}`;
  const findings: Finding<Kind>[] = [];
  if (!Number.isFinite(meanSeconds) || meanSeconds < 0) {
    const summary = `${name}: the mean ${of} is ${shown(meanSeconds)}, which is no time`;
    return [{ kind: 'not-a-number', ...place, summary } satisfies Finding<Kind>];
  }
  if (meanSeconds > meanAbove) {
    findings.push({
      kind: 'slow-mean',
      ...place,
      summary: `${name} takes ${secondsText(meanSeconds)} in the mean ${of}${tailText(q, tail)}, at most ${secondsText(meanAbove)} is expected`,
      ...numbers(meanSeconds, meanAbove),
      command: meanQuery(labels, settings),
    });
  }
  if (quantileAbove === undefined || tail.state === 'not-asked') return findings;
  if (tail.state === 'not-exposed' || tail.state === 'none') {
    const reason = tail.state === 'none' ? tail.reason : 'neither buckets nor such a quantile is exposed';
    findings.push({ kind: 'quantile-not-known', ...place, summary: `${name}: ${q} is not known: ${reason}` });
    return findings;
  }
  if (!Number.isFinite(tail.value)) {
    findings.push({ kind: 'not-a-number', ...place, summary: `${name}: ${q} is ${shown(tail.value)}` });
    return findings;
  }
  const limit = secondsText(quantileAbove);
  if (tail.state === 'above' && tail.value < quantileAbove) {
    const summary = `${name}: ${q} is above ${secondsText(tail.value)}, the largest bucket; whether it is within ${limit} is not known`;
    findings.push({ kind: 'buckets-too-short', ...place, summary, ...numbers(tail.value, quantileAbove) });
    return findings;
  }
  // A slow mean says it already.
  const isSlow = tail.value > quantileAbove || (tail.state === 'above' && tail.value === quantileAbove);
  if (isSlow && meanSeconds <= meanAbove) {
    findings.push({
      kind: 'slow-tail',
      ...place,
      summary: `${name} takes${tailText(q, tail).replace(/^,/, '')} ${of}, at most ${limit} is expected; the mean is ${secondsText(meanSeconds)}`,
      ...numbers(tail.value, quantileAbove),
      command: tailQuery(labels, settings),
    });
  }
  return findings;
}

function tailText(q: string, tail: GroupLatency['tail']): string {
  if (!('value' in tail)) return '';
  const what = { estimated: '', above: 'more than ', 'worst-instance': 'in its slowest instance ' }[tail.state];
  return `, ${q} ${what}${secondsText(tail.value)}`;
}

function numbers(value: number, limit: number) {
  return { value: rounded(value), limit, unit: 'seconds' } as const;
}

/** The mean of each instance of one group, the slowest first, for the console of Prometheus. */
function meanQuery(labels: GroupLatency['labels'], { metric, by, within, ...matchers }: Settings): string {
  const of = (suffix: string) =>
    `sum by (instance) (rate(${selector(metric + suffix, matchers, ...exactly(labels, by))}[${formatDuration(within)}]))`;
  return `sort_desc(${of('_sum')} / ${of('_count')})`;
}

function tailQuery(labels: GroupLatency['labels'], { metric, by, within, quantile, ...matchers }: Settings): string {
  const buckets = selector(`${metric}_bucket`, matchers, ...exactly(labels, by));
  return `sort_desc(histogram_quantile(${quantile}, sum by (instance, le) (rate(${buckets}[${formatDuration(within)}]))))`;
}

/** Requests and mean of the whole, then of each group, the busiest first. */
export function measureLatency(target: string, groups: readonly GroupLatency[], { by }: Pick<Settings, 'by'>) {
  const countable = groups.filter(
    ({ requests, meanSeconds }) => requests > 0 && Number.isFinite(requests * meanSeconds),
  );
  const requests = countable.reduce((sum, group) => sum + group.requests, 0);
  const seconds = countable.reduce((sum, group) => sum + group.requests * group.meanSeconds, 0);
  const measurements: Measurement[] = [
    { name: 'requests', value: rounded(requests), unit: 'count', target },
    ...(requests > 0
      ? [{ name: 'request-time-mean', value: rounded(seconds / requests), unit: 'seconds', target } as const]
      : []),
  ];
  for (const { labels, meanSeconds, tail } of countable.toSorted((a, b) => b.requests - a.requests)) {
    const group = subjectOf(labels, by);
    if (group === undefined) continue;
    const place = { unit: 'seconds', target, subject: group } as const;
    measurements.push({ name: 'request-time-mean', value: rounded(meanSeconds), ...place });
    if ('value' in tail && tail.state !== 'above' && Number.isFinite(tail.value)) {
      measurements.push({ name: 'request-time-quantile', value: rounded(tail.value), ...place });
    }
  }
  return ofFirstSubjects(measurements);
}

export const task = defineTask({
  name: 'metrics-check-latency',
  summary: 'Judges mean and quantile of the request times of every service against limits, from Prometheus',
  effect: 'read-only',
  target: 'metrics',
  input: Input,
  examples: [
    {},
    { meanAbove: '500ms', quantile: 0.99, quantileAbove: '1.5s', by: ['job', 'handler'], within: '30m' },
    { metric: 'http_server_requests_seconds', except: { uri: '/actuator/.*' }, quantileAbove: 'none' },
  ],
  findings: LATENCY_FINDINGS,
  permissions: (platform) => secretPermissions(platform, 'metrics'),
  needs: (context) => prometheusNeeds(context, (prometheus) => latencyNeeds(prometheus, context.input)),
  timeoutSeconds: 300,
  run: ({ input, targets, ...context }) =>
    eachTarget<Kind, (typeof targets)[number]>(
      targets,
      async (target) => {
        const prometheus = await connectPrometheus(target, context);
        const groups = await readLatency(prometheus, input);
        const server = () => judgeServer(target.name, prometheus);
        if (groups.length === 0) {
          const missing = selector(`${input.metric}_count`, input);
          const similar = '.+(duration|latency|request|response).*_count';
          const period = formatDuration(input.within);
          const absent = await explainNoSeries(target.name, prometheus, { missing, similar, period });
          return { findings: [absent, ...server()], measurements: [] };
        }
        // A native histogram has no _count.
        const series = selector('', input, `__name__=~"${input.metric}(_count)?"`);
        const coverage = await coverageOf(prometheus, series, input.within);
        const findings: Finding<Kind>[] = [
          ...judgeLatency(target.name, groups, input),
          ...judgeCoverage(target.name, coverage, input),
          ...server(),
        ];
        if (areNotGrouped(groups, input.by)) {
          const summary = `${selector(input.metric, input)} has none of the labels ${input.by.join(', ')}, so all requests are one group`;
          findings.push({ kind: 'not-grouped', target: target.name, summary });
        }
        return { findings: worstFirst(findings), measurements: measureLatency(target.name, groups, input) };
      },
      { concurrency: 4 },
    ),
});
