import type { Finding, FindingKind } from '../../../core/finding.ts';
import type { Prometheus } from './_prometheus.ts';
import { quoted } from './_promql.ts';
import { listed } from './_groups.ts';
import { secondsText, rounded } from './_number-text.ts';

const CLOCK_SECONDS = 60;

/** What can be wrong with what a Prometheus says, whatever was asked. */
export const READING_FINDINGS = {
  'no-series': {
    severity: 'unknown',
    means: 'Prometheus has no sample of the metric in the period: its name is another one, or nothing exposes it.',
    matters: 'Nothing was measured, so a service that is down or slow would look the same.',
    remedy:
      'Look for the name on the /metrics page of the service, correct the entry in the profile, or mend the scrape.',
    prevention: 'Alert on `absent(…)` of this metric, and keep its name when the client library is upgraded.',
  },
  'stale-series': {
    severity: 'unknown',
    means: 'The series of a job have ended: its exporter is down, or it is no longer scraped.',
    matters: 'What happens to this job now is not seen by any check or alert that uses these series.',
    remedy: 'Look at Status, Targets of Prometheus: mend the scrape, or let the period pass if the job was removed.',
    prevention: 'Alert on `up == 0` and on a number of targets that is smaller than expected.',
  },
  'short-history': {
    severity: 'unknown',
    means: 'The series of a job fill only a part of the period: Prometheus or the job is young, or there was a gap.',
    matters: 'What happened in the rest of the period is not known, so the numbers speak for a part of it.',
    remedy: 'Wait until the period is filled, or choose a shorter `within`; after a gap find out why it was there.',
    prevention: 'Keep the data of Prometheus on a disk that outlives its restart, and alert on restarts and gaps.',
  },
  'partial-answer': {
    severity: 'unknown',
    means: 'Prometheus answered with a warning: a part of the data was left out or could not be read.',
    matters: 'The part that is missing may be the part that is broken.',
    remedy: 'Read the warning; a store or a remote read behind this address does not answer.',
    prevention:
      'Alert on the health of the stores behind the address, and keep their limits above the size of a check.',
  },
  'clock-differs': {
    severity: 'unknown',
    means: 'The clock of Prometheus and that of Fettle differ.',
    matters: 'Samples carry the clock of Prometheus, so the period that was judged is another than the one asked for.',
    remedy: 'Compare both clocks with NTP; on the machine of Prometheus `timedatectl` shows its state.',
    prevention:
      'Keep chrony or systemd-timesyncd running on every machine, and alert on `node_timex_sync_status == 0`.',
  },
  'not-grouped': {
    severity: 'unknown',
    means: 'No series has any of the labels to group by, so everything fell into one group.',
    matters: 'One bad service disappears in the mean of all the others.',
    remedy: 'Write the labels that the series have into `by` of the entry.',
    prevention: 'Keep the label names of the services alike, and check them after an upgrade of the client library.',
  },
  'not-a-number': {
    severity: 'unknown',
    means: 'A group has a value that is no number, a negative count, or more errors than requests.',
    matters: 'The group cannot be judged, and a comparison with such a value would always look healthy.',
    remedy: 'Look at the series of the group in Prometheus: mostly two exporters write the same series.',
    prevention: 'Give each process its own `instance` label, and let no two jobs scrape the same target.',
  },
} as const satisfies Record<string, FindingKind>;

/** What the server said of itself while it was asked. */
export function judgeServer(
  target: string,
  { label, clockAheadSeconds, warnings }: Pick<Prometheus, 'label' | 'clockAheadSeconds' | 'warnings'>,
): Finding<'partial-answer' | 'clock-differs'>[] {
  const findings: Finding<'partial-answer' | 'clock-differs'>[] = [];
  if (Math.abs(clockAheadSeconds) > CLOCK_SECONDS) {
    const way = clockAheadSeconds > 0 ? 'ahead' : 'behind';
    findings.push({
      kind: 'clock-differs',
      target,
      summary: `the clock of ${label} is ${secondsText(Math.abs(clockAheadSeconds))} ${way}, at most ${CLOCK_SECONDS} s is expected`,
      value: rounded(Math.abs(clockAheadSeconds)),
      limit: CLOCK_SECONDS,
      unit: 'seconds',
    });
  }
  const said = warnings();
  if (said.length > 0) {
    const summary = `${label} warns that its answer is not whole: ${listed([...said], 3)}`;
    findings.push({ kind: 'partial-answer', target, summary });
  }
  return findings;
}

/** The finding for a metric without any sample, with what the server has instead. */
export async function explainNoSeries(
  target: string,
  prometheus: Prometheus,
  { missing, similar, period }: { readonly missing: string; readonly similar: string; readonly period: string },
): Promise<Finding<'no-series'>> {
  const [targets, names] = await Promise.all([
    prometheus.instant('count(up)'),
    prometheus.instant(`topk(20, count by (__name__) ({__name__=~${quoted(similar)}}))`),
  ]);
  const scraped = targets[0]?.value ?? 0;
  const others = names.map(({ labels }) => labels['__name__'] ?? '').sort();
  const instead =
    scraped === 0
      ? '; it scrapes no target at all now'
      : `; it scrapes ${scraped} target${scraped === 1 ? '' : 's'}${others.length > 0 ? ` and has ${listed(others)}` : ''}`;
  return {
    kind: 'no-series',
    target,
    summary: `${prometheus.label} has no sample of ${missing} in the last ${period}${instead}`,
  };
}
