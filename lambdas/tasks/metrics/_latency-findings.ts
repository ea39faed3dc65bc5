import type { FindingKind } from '../../../core/finding.ts';
import { READING_FINDINGS } from './_reading.ts';
import { TRAFFIC_FINDINGS } from './_traffic-findings.ts';

/** What the latency of requests can be found to be. */
export const LATENCY_FINDINGS = {
  ...READING_FINDINGS,
  'slow-mean': {
    severity: 'warn',
    means: 'The mean time of the requests of a group is above the limit.',
    matters: 'Most users wait; clients with time-outs begin to try again, and the retries add to the load.',
    remedy:
      'Run the query of the finding to see which instance is slow, then look at what it waits for: database, peer or CPU.',
    prevention:
      'Set an objective for latency with an alert on its burn rate, and compare it before and after each release.',
  },
  'slow-tail': {
    severity: 'warn',
    means: 'The mean is within its limit and the slowest requests of a group are not.',
    matters:
      'One user in twenty, or as the quantile says, waits too long, and a page of many calls meets that user each time.',
    remedy:
      'Run the query of the finding to see which instance is slow, then look for one handler, one tenant or a lock.',
    prevention: 'Give slow handlers a time-out and a queue of their own, so that they do not hold up the others.',
  },
  'buckets-too-short': {
    severity: 'unknown',
    means: 'The quantile lies above the largest bucket, which is below the limit: by how much is not known.',
    matters: 'The tail may be twice the largest bucket or a hundred times, and nobody would see the difference.',
    remedy: 'Add buckets above the limit to the histogram, or judge against a limit within its buckets.',
    prevention: 'Choose buckets around the objective when a histogram is declared, or use native histograms.',
  },
  'quantile-not-known': {
    severity: 'unknown',
    means: 'The metric has no buckets and no quantile of this kind, or buckets that do not belong together.',
    matters: 'Only the mean was judged, and a mean hides the users who wait longest.',
    remedy:
      'Expose a histogram with one set of buckets on all instances, or set quantileAbove to none to judge the mean alone.',
    prevention: 'Declare the buckets in one place that all services use.',
  },
  ...TRAFFIC_FINDINGS,
} as const satisfies Record<string, FindingKind>;

export type LatencyKind = keyof typeof LATENCY_FINDINGS;
