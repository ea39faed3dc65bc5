import { formatDuration } from '../../../core/duration.ts';
import type { ErrorQuery } from './_errors.ts';
import { errorSelector } from './_errors.ts';
import type { LatencyQuery } from './_latency.ts';
import { hasSamples, type Seen } from './_needs.ts';
import type { Prometheus } from './_prometheus.ts';
import { selector } from './_promql.ts';

/** What a check of latency needs in a Prometheus: the histogram or summary of its entry. */
export async function latencyNeeds(prometheus: Prometheus, query: LatencyQuery): Promise<Seen[]> {
  const { metric, within, quantileAbove, quantile } = query;
  const similar = '.+(duration|latency|request|response).*_count';
  // A native histogram is one series without suffixes.
  const series = selector('', query, `__name__=~"${metric}(_count)?"`);
  const missing = selector(`${metric}_count`, query);
  const counted = await hasSamples(prometheus, `have ${metric}`, asked(series, missing, similar, within));
  if (counted.state !== 'met' || quantileAbove === undefined) return [counted];
  const quantiles = [`${metric}_bucket`, metric].map((name) => `__name__="${name}"`);
  const [buckets, own] = await Promise.all(
    quantiles.map((name, place) =>
      prometheus.instant(
        `count(${over(selector('', query, name, ...(place === 1 ? [`quantile=~"|${quantile}"`] : [])), within)})`,
      ),
    ),
  );
  const need = `have the quantile ${quantile} of ${metric}`;
  const exposed =
    (buckets?.[0]?.value ?? 0) > 0 ? 'by its buckets' : (own?.[0]?.value ?? 0) > 0 ? 'as it is exposed' : '';
  if (exposed !== '') return [counted, { need, state: 'met', detail: exposed }];
  const detail = 'neither buckets nor such a quantile is exposed; quantileAbove: none judges the mean alone';
  return [counted, { need, state: 'missing', detail }];
}

/** What a check of error rates needs in a Prometheus: the requests of its entry, and how they end. */
export async function errorNeeds(prometheus: Prometheus, query: ErrorQuery): Promise<Seen[]> {
  const { metric, errorMetric, statusLabel, within } = query;
  const base = selector(metric, query);
  const requests = await hasSamples(prometheus, `have ${metric}`, asked(base, base, '.*requests?(_.*)?_total', within));
  if (requests.state !== 'met') return [requests];
  if (errorMetric !== undefined) {
    const errors = errorSelector(query);
    const similar = '.*(error|fail).*_total';
    return [requests, await hasSamples(prometheus, `have ${errorMetric}`, asked(errors, errors, similar, within))];
  }
  const labelled = await prometheus.instant(`count(${over(selector(metric, query, `${statusLabel}!=""`), within)})`);
  const without = await prometheus.instant(`count(${over(selector(metric, query, `${statusLabel}=""`), within)})`);
  const [has, lacks] = [labelled[0]?.value ?? 0, without[0]?.value ?? 0];
  const need = `say by ${statusLabel} how requests of ${metric} ended`;
  if (lacks === 0) return [requests, { need, state: 'met', detail: `${has} of ${has} series have the label` }];
  const detail = `${lacks} of ${has + lacks} series have no label ${statusLabel}; statusLabel names another one`;
  return [requests, { need, state: 'missing', detail }];
}

function over(series: string, withinSeconds: number): string {
  return `last_over_time(${series}[${withinSeconds}s])`;
}

function asked(series: string, missing: string, similar: string, withinSeconds: number) {
  const query = `count by (job) (${over(series, withinSeconds)})`;
  return { query, missing, similar, period: formatDuration(withinSeconds) };
}
