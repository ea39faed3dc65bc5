import { SEVERITIES, type ReportedFinding } from './finding.ts';
import type { Change } from './report.ts';

type Compared = Pick<ReportedFinding, 'task' | 'kind' | 'target' | 'subject' | 'severity' | 'value' | 'limit'>;

/** A number that moved less than this share of itself is the same number: measurements breathe. */
const NOTEWORTHY_SHARE = 0.1;

/** What makes two findings of different runs the same finding. */
function identity({ task, kind, target, subject = '' }: Compared): string {
  return JSON.stringify([task, kind, target, subject]);
}

export interface Comparison<Now extends Compared, Before extends Compared> {
  readonly findings: readonly (Now & { readonly change: Change })[];
  readonly fixed: readonly Before[];
}

/**
 * Compares the findings of a run with those of the run before.
 *
 * A finding counts as fixed only where its task has seen its target again: what was not looked at is not mended.
 */
export function compareFindings<Now extends Compared, Before extends Compared>(
  now: readonly Now[],
  before: readonly Before[],
  seenAgain: (finding: Before) => boolean,
): Comparison<Now, Before> {
  const earlier = new Map(before.map((finding) => [identity(finding), finding]));
  const present = new Set(now.map(identity));
  return {
    findings: now.map((finding) => ({ ...finding, change: changeOf(finding, earlier.get(identity(finding))) })),
    fixed: before.filter(
      (finding) => finding.severity !== 'info' && !present.has(identity(finding)) && seenAgain(finding),
    ),
  };
}

function changeOf(now: Compared, before: Compared | undefined): Change {
  if (!before) return 'new';
  const rise = SEVERITIES.indexOf(now.severity) - SEVERITIES.indexOf(before.severity);
  if (rise > 0) return 'worse';
  return movedAway(now, before) ? 'worse' : 'unchanged';
}

/** True where the value is further on the wrong side of its limit than it was, by more than it breathes. */
function movedAway({ value = NaN, limit = NaN }: Compared, { value: earlier = NaN }: Compared): boolean {
  const distance = Math.abs(value - limit) - Math.abs(earlier - limit);
  const sameSide = (value - limit) * (earlier - limit) >= 0;
  return sameSide && distance > Math.abs(earlier) * NOTEWORTHY_SHARE;
}
