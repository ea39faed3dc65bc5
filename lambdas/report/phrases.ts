import type { ReportedFinding } from '../../core/finding.ts';
import type { RunReport } from '../../core/report.ts';

/** Words that page, terminal and message share, so that one run is told in one way. */

export function headline({ verdict, mode, ended, counts }: RunReport): string {
  if (ended === 'refused') return 'Refused: nothing was looked at and nothing was changed';
  if (ended === 'missed') return 'Missed: no run began, so nothing was looked at and nothing was changed';
  const tally = (['fail', 'unknown', 'warn', 'pass'] as const)
    .map((name) => [name, counts[name] ?? 0] as const)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
  const aborted = ended === 'aborted' ? 'aborted, ' : '';
  return `${verdict.toUpperCase()}: ${aborted}${tally || 'no target'}${mode === 'plan' ? ' (plan: nothing was changed)' : ''}`;
}

/** `restarts 12, limit 5`; empty where the finding has no number. */
export function numbersOf({ value, limit, unit }: Pick<ReportedFinding, 'value' | 'limit' | 'unit'>): string {
  if (value === undefined) return '';
  const found = withUnit(value, unit);
  return limit === undefined ? found : `${found}, limit ${withUnit(limit, unit)}`;
}

// Made once: a page has hundreds of numbers, and making one of these takes longer than all else of the page.
const ONE_DIGIT = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 1 });
const TWO_DIGITS = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 2 });

export function withUnit(value: number, unit: string | undefined): string {
  if (unit === 'bytes') return bytes(value);
  const number = (Math.abs(value) < 10 ? TWO_DIGITS : ONE_DIGIT).format(value);
  if (unit === 'percent') return `${number} %`;
  return unit === undefined || unit === 'count' ? number : `${number} ${unit}`;
}

function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = value;
  let place = 0;
  while (Math.abs(size) >= 1_000 && place < units.length - 1) {
    size /= 1_000;
    place += 1;
  }
  return `${ONE_DIGIT.format(size)} ${units[place] ?? 'B'}`;
}

/** `2026-11-21 02:00:04 to 02:11:30 UTC`; the day is said twice only where it changed. */
export function spanOf({ start_time, end_time }: Pick<RunReport, 'start_time' | 'end_time'>): string {
  const [start, end] = [start_time, end_time].map((time) => time.slice(0, 19).replace('T', ' '));
  const sameDay = start_time.slice(0, 10) === end_time.slice(0, 10);
  return `${start ?? ''} to ${sameDay ? (end ?? '').slice(11) : (end ?? '')} UTC`;
}

/** `public.orders of main`, or the target alone. */
export function placeOf({ target, subject }: Pick<ReportedFinding, 'target' | 'subject'>): string {
  return subject === undefined || subject === target ? target : `${subject} of ${target}`;
}

/** `1 new, 2 fixed, 5 unchanged since <run>`; empty where there is no earlier run to compare with. */
export function changesOf({ findings, fixed, previousRunId }: RunReport): string {
  if (previousRunId === undefined) return '';
  const tally = (['new', 'worse', 'unchanged'] as const).map(
    (change) => [findings.filter((finding) => finding.change === change).length, change] as const,
  );
  const counted = [...tally.slice(0, 2), [fixed.length, 'fixed'] as const, ...tally.slice(2)];
  return `${counted.map(([count, change]) => `${count} ${change}`).join(', ')} since ${previousRunId}`;
}
