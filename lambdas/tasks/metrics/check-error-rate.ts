import * as z from 'zod';
import { formatDuration, Percent } from '../../../core/duration.ts';
import type { Finding, Measurement } from '../../../core/finding.ts';
import { defineTask } from '../../../core/task.ts';
import { printable } from '../../runtime/http-failure.ts';
import { eachTarget } from '../../runtime/each-target.ts';
import { secretPermissions } from '../../runtime/secret-permissions.ts';
import { coverageOf, judgeCoverage } from './_coverage.ts';
import { ERROR_FINDINGS, type ErrorKind as Kind } from './_error-findings.ts';
import { errorSelector, readErrors, type ErrorReading, type GroupErrors } from './_errors.ts';
import { areNotGrouped, listed, nameOf, placeOf, subjectOf } from './_groups.ts';
import { prometheusNeeds } from './_needs.ts';
import { percentText, rounded, shown } from './_number-text.ts';
import { connectPrometheus } from './_prometheus.ts';
import { exactly, LabelName, MetricName, Pattern, selector } from './_promql.ts';
import { explainNoSeries, judgeServer } from './_reading.ts';
import { requestInput } from './_request-input.ts';
import { errorNeeds } from './_request-needs.ts';
import { speaksOfErrors } from './_status.ts';
import { ofFirstSubjects, worstFirst } from '../../runtime/worst-first.ts';

const Input = z
  .strictObject({
    metric: MetricName.default('http_requests_total').describe('The counter of requests'),
    statusLabel: LabelName.default('status').describe('The label that says how a request ended'),
    errorStatus: Pattern.default('5..').describe(
      'Which values of that label are errors: a pattern (RE2) for the whole',
    ),
    errorMetric: MetricName.optional().describe(
      'The counter of errors, where they are not counted by a label of the requests; statusLabel is not used then',
    ),
    above: Percent.prefault('1%').describe('Warn when the share of errors in a group is above this'),
    failAbove: Percent.prefault('5%').describe('Fail when the share of errors in a group is above this'),
    ...requestInput,
  })
  .refine(({ above, failAbove }) => above <= failAbove, {
    message: 'failAbove must not be below above',
    path: ['failAbove'],
  });
type Settings = z.output<typeof Input>;

/** A share that may be hidden in requests without status, and a difference between two scrapes. */
const TOLERATED = 0.01;
/** So many errors that are most of the requests need no large number of requests to mean something. */
const ERRORS_THAT_SPEAK = 5;

/** Judges the share of errors of each group, and first whether its errors would be seen at all. */
export function judgeErrors(target: string, reading: ErrorReading, settings: Settings): Finding<Kind>[] {
  const { by, within, minRequests } = settings;
  const speaks = speaksOfErrors(settings.errorStatus);
  const findings: Finding<Kind>[] = [];
  const few: GroupErrors[] = [];
  for (const group of reading.groups) {
    const { labels, requests, errors } = group;
    const name = nameOf(labels, by);
    if (!isCount(requests) || !isCount(errors) || errors > requests * (1 + TOLERATED) + 1) {
      const summary = `${name} counts ${shown(errors)} errors in ${shown(requests)} requests`;
      findings.push({ kind: 'not-a-number', ...placeOf(target, labels, by), summary });
      continue;
    }
    const isFew = requests < minRequests || requests === 0;
    const mostlyErrors = errors >= ERRORS_THAT_SPEAK && errors >= requests / 2;
    if (isFew && !mostlyErrors) few.push(group);
    else findings.push(...judgeShare(target, group, settings));
    if (requests > 0) findings.push(...judgeStatus(target, group, settings, speaks));
  }
  findings.push(...judgeOwnMetric(target, reading, settings));
  if (few.length === 0) return findings;
  const nothingJudged = few.length === reading.groups.length && minRequests > 0;
  const total = few.reduce((sum, { requests }) => sum + requests, 0);
  const names = listed(few.map(({ labels }) => nameOf(labels, by)));
  const summary = `${names} had ${shown(total)} requests in ${formatDuration(within)}, ${Math.max(1, minRequests)} are needed to judge a group`;
  const kind = nothingJudged ? 'no-traffic' : 'few-requests';
  findings.push({ kind, target, summary, value: rounded(total), limit: minRequests, unit: 'count' });
  return findings;
}

function judgeShare(target: string, { labels, requests, errors }: GroupErrors, settings: Settings): Finding<Kind>[] {
  const { above, failAbove, by, within } = settings;
  const percent = Math.min(100, (100 * errors) / requests);
  if (percent <= above) return [];
  const isFailing = percent > failAbove;
  const limit = isFailing ? failAbove : above;
  const of = `${shown(errors)} of ${shown(requests)} requests`;
  return [
    {
      kind: isFailing ? 'error-rate-critical' : 'error-rate-high',
      ...placeOf(target, labels, by),
      summary: `${nameOf(labels, by)} ended ${of} in ${formatDuration(within)} with an error: ${percentText(percent)}, at most ${percentText(limit)} is expected`,
      value: rounded(percent),
      limit,
      unit: 'percent',
      command: drillDown(labels, settings),
    },
  ];
}

function judgeStatus(
  target: string,
  { labels, requests, withStatus, statuses }: GroupErrors,
  { by, statusLabel, errorStatus, errorMetric }: Settings,
  speaks: (statuses: readonly string[]) => boolean,
): Finding<Kind>[] {
  if (errorMetric !== undefined) return [];
  const name = nameOf(labels, by);
  const place = placeOf(target, labels, by);
  if (!(withStatus >= requests * (1 - TOLERATED))) {
    const without = Math.max(0, requests - withStatus);
    const summary = `${name}: ${shown(without)} of ${shown(requests)} requests have no label ${statusLabel}, so their errors are not seen`;
    return [{ kind: 'status-missing', ...place, summary, value: rounded(without), limit: 0, unit: 'count' }];
  }
  if (statuses.length === 0 || speaks(statuses)) return [];
  const values = listed(statuses.map((status) => printable(status, 40)));
  const summary = `${name}: ${statusLabel} has the values ${values}, and ${errorStatus} can match none of their kind`;
  return [{ kind: 'status-not-understood', ...place, summary }];
}

function judgeOwnMetric(
  target: string,
  { errorsAbsent, unmatched }: ErrorReading,
  settings: Settings,
): Finding<Kind>[] {
  if (errorsAbsent) {
    return [{ kind: 'errors-not-known', target, summary: `there is no sample of ${errorSelector(settings)} now` }];
  }
  return unmatched.map(({ labels, errors }) => ({
    kind: 'unmatched-errors',
    ...placeOf(target, labels, settings.by),
    summary: `${nameOf(labels, settings.by)}: ${shown(errors)} errors are counted for it and no request`,
  }));
}

function isCount(value: number): boolean {
  return value >= 0 && value < Infinity;
}

/** The errors of one group by instance and status, the most first, for the console of Prometheus. */
function drillDown(labels: GroupErrors['labels'], settings: Settings): string {
  const { by, within, errorMetric, statusLabel } = settings;
  const series = errorSelector(settings, exactly(labels, by));
  const names = errorMetric === undefined ? `instance, ${statusLabel}` : 'instance';
  return `sort_desc(sum by (${names}) (increase(${series}[${formatDuration(within)}])))`;
}

/** Requests and share of errors of the whole, then the share of each group, the busiest first. */
export function measureErrors(target: string, groups: readonly GroupErrors[], { by }: Pick<Settings, 'by'>) {
  const countable = groups.filter(({ requests, errors }) => isCount(requests) && isCount(errors));
  const requests = countable.reduce((sum, group) => sum + group.requests, 0);
  const errors = countable.reduce((sum, group) => sum + group.errors, 0);
  const measurements: Measurement[] = [{ name: 'requests', value: rounded(requests), unit: 'count', target }];
  if (requests > 0) {
    measurements.push({ name: 'error-rate', value: rounded((100 * errors) / requests), unit: 'percent', target });
  }
  for (const group of countable.toSorted((a, b) => b.requests - a.requests)) {
    const subject = subjectOf(group.labels, by);
    if (subject === undefined || group.requests === 0) continue;
    const value = rounded((100 * group.errors) / group.requests);
    measurements.push({ name: 'error-rate', value, unit: 'percent', target, subject });
  }
  return ofFirstSubjects(measurements);
}

export const task = defineTask({
  name: 'metrics-check-error-rate',
  summary: 'Judges the share of failed requests of every service against limits, from Prometheus',
  effect: 'read-only',
  target: 'metrics',
  input: Input,
  examples: [
    {},
    { above: '0.1%', statusLabel: 'code', by: ['job', 'handler'], except: { handler: '/health|/metrics' } },
    { metric: 'grpc_server_handled_total', statusLabel: 'grpc_code', errorStatus: 'Internal|Unavailable|Unknown' },
    { errorMetric: 'http_request_errors_total', minRequests: 20, within: '24h' },
  ],
  findings: ERROR_FINDINGS,
  permissions: (platform) => secretPermissions(platform, 'metrics'),
  needs: (context) => prometheusNeeds(context, (prometheus) => errorNeeds(prometheus, context.input)),
  timeoutSeconds: 300,
  run: ({ input, targets, ...context }) =>
    eachTarget<Kind, (typeof targets)[number]>(
      targets,
      async (target) => {
        const prometheus = await connectPrometheus(target, context);
        const reading = await readErrors(prometheus, input);
        const server = () => judgeServer(target.name, prometheus);
        const series = selector(input.metric, input);
        if (reading.groups.length === 0) {
          const absent = await explainNoSeries(target.name, prometheus, {
            missing: series,
            similar: '.*requests?(_.*)?_total',
            period: formatDuration(input.within),
          });
          return { findings: [absent, ...server()], measurements: [] };
        }
        const coverage = await coverageOf(prometheus, series, input.within);
        const findings: Finding<Kind>[] = [
          ...judgeErrors(target.name, reading, input),
          ...judgeCoverage(target.name, coverage, input),
          ...server(),
        ];
        if (areNotGrouped(reading.groups, input.by)) {
          const summary = `${series} has none of the labels ${input.by.join(', ')}, so all requests are one group`;
          findings.push({ kind: 'not-grouped', target: target.name, summary });
        }
        return { findings: worstFirst(findings), measurements: measureErrors(target.name, reading.groups, input) };
      },
      { concurrency: 4 },
    ),
});
