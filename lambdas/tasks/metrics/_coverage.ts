import { formatDuration } from '../../../core/duration.ts';
import type { Finding } from '../../../core/finding.ts';
import { printable } from '../../runtime/http-failure.ts';
import { percentText, rounded } from './_number-text.ts';
import type { Prometheus } from './_prometheus.ts';
import type { Series } from './_prometheus-answer.ts';

const STEPS = 12;

/** At which moments of a period the series of one job had samples. */
export interface Coverage {
  readonly job: string;
  /** Share of the moments looked at that have a sample. */
  readonly percent: number;
  /** From the last moment that has one to the end of the period. */
  readonly ageSeconds: number;
}

/** Looks at thirteen moments of the period: a young server, a gap and an exporter that is gone all show there. */
export async function coverageOf(
  prometheus: Prometheus,
  series: string,
  withinSeconds: number,
): Promise<readonly Coverage[]> {
  const matrix = await prometheus.range(`count by (job) (${series})`, { withinSeconds, steps: STEPS });
  return matrix.flatMap((one) => coverageIn(one, prometheus.atSeconds));
}

function coverageIn({ labels, points }: Series, atSeconds: number): Coverage[] {
  const last = points.at(-1);
  if (last === undefined) return [];
  const job = printable(labels['job'] ?? '', 120);
  return [{ job, percent: Math.min(100, (100 * points.length) / (STEPS + 1)), ageSeconds: atSeconds - last.at }];
}

/** A job whose series have ended, or do not fill the period, cannot vouch for the whole of it. */
export function judgeCoverage(
  target: string,
  coverages: readonly Coverage[],
  { within: withinSeconds, minCoverage }: { readonly within: number; readonly minCoverage: number },
): Finding<'stale-series' | 'short-history'>[] {
  return coverages.flatMap(({ job, percent, ageSeconds }): Finding<'stale-series' | 'short-history'>[] => {
    const who = job === '' ? 'the series' : `job ${job}`;
    const subject = job === '' ? {} : { subject: job };
    // Prometheus itself looks back five minutes from each moment; what it does not find then has ended.
    if (ageSeconds > 1) {
      const summary = `${who} has no current sample: the last one is more than ${formatDuration(ageSeconds)} old, at most 5m is expected`;
      return [{ kind: 'stale-series', target, ...subject, summary, value: ageSeconds, limit: 300, unit: 'seconds' }];
    }
    if (percent >= minCoverage) return [];
    const period = formatDuration(withinSeconds);
    const summary = `${who} has samples in ${percentText(percent)} of the last ${period}, at least ${percentText(minCoverage)} is expected`;
    const value = rounded(percent);
    return [{ kind: 'short-history', target, ...subject, summary, value, limit: minCoverage, unit: 'percent' }];
  });
}
