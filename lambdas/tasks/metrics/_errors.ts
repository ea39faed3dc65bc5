import { byGroup, keyOf } from './_groups.ts';
import type { Prometheus } from './_prometheus.ts';
import type { Labels } from './_prometheus-answer.ts';
import { grown, quoted, selector, type Matchers } from './_promql.ts';

/** How the requests of one group ended within the period. */
export interface GroupErrors {
  readonly labels: Labels;
  readonly requests: number;
  /** Those of the requests that say how they ended. */
  readonly withStatus: number;
  readonly errors: number;
  /** The values of the status label. */
  readonly statuses: readonly string[];
}

export interface ErrorReading {
  readonly groups: readonly GroupErrors[];
  /** Groups that have errors and no request. */
  readonly unmatched: readonly { readonly labels: Labels; readonly errors: number }[];
  /** True where errors are counted by a metric of their own and it has no sample. */
  readonly errorsAbsent: boolean;
}

export interface ErrorQuery extends Matchers {
  readonly metric: string;
  readonly errorMetric?: string | undefined;
  readonly statusLabel: string;
  readonly errorStatus: string;
  readonly by: readonly string[];
  readonly within: number;
}

/** The matchers of the errors among the requests; none where they are counted by a metric of their own. */
export function errorSelector({ metric, errorMetric, ...query }: ErrorQuery, further: readonly string[] = []): string {
  const status = errorMetric === undefined ? [`${query.statusLabel}=~${quoted(query.errorStatus)}`] : [];
  return selector(errorMetric ?? metric, query, ...status, ...further);
}

/** Reads requests and errors of all groups, with what proves that errors would be seen. */
export async function readErrors(prometheus: Prometheus, query: ErrorQuery): Promise<ErrorReading> {
  const { metric, errorMetric, statusLabel, by, within } = query;
  const base = selector(metric, query);
  const withStatus = selector(metric, query, `${statusLabel}!=""`);
  const sum = (series: string) => `sum by (${by.join(', ')}) (${grown(series, base, within)})`;
  const isOwn = errorMetric !== undefined;
  const [requests, errors, labelled, statuses, own] = await Promise.all([
    prometheus.instant(sum(base)),
    prometheus.instant(sum(errorSelector(query))),
    isOwn ? [] : prometheus.instant(sum(withStatus)),
    isOwn ? [] : prometheus.instant(`count by (${[...by, statusLabel].join(', ')}) (${withStatus})`),
    isOwn ? prometheus.instant(`count(${errorSelector(query)})`) : [],
  ]);
  const errorsByGroup = byGroup(errors, by);
  const labelledByGroup = byGroup(labelled, by);
  const statusesByGroup = Map.groupBy(statuses, ({ labels }) => keyOf(labels, by));
  const known = new Set(requests.map(({ labels }) => keyOf(labels, by)));
  return {
    groups: requests.map(({ labels, value }) => {
      const key = keyOf(labels, by);
      return {
        labels,
        requests: value,
        withStatus: isOwn ? value : (labelledByGroup.get(key) ?? 0),
        errors: errorsByGroup.get(key) ?? 0,
        statuses: (statusesByGroup.get(key) ?? []).map((one) => one.labels[statusLabel] ?? '').sort(),
      };
    }),
    unmatched: errors
      .filter(({ labels, value }) => !known.has(keyOf(labels, by)) && value !== 0)
      .map(({ labels, value }) => ({ labels, errors: value })),
    errorsAbsent: isOwn && own.length === 0,
  };
}
