import type { ReportedFinding } from '../../core/finding.ts';
import type { RunReport } from '../../core/report.ts';
import type { Verdict } from '../../core/verdict.ts';

/** Words that page, terminal and message share, so that one run is told in one way. */

export function headline({ verdict, mode, ended, counts }: RunReport): string {
  if (ended === 'refused') return 'Refused: nothing was looked at and nothing was changed';
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

export function withUnit(value: number, unit: string | undefined): string {
  if (unit === 'bytes') return bytes(value);
  const number = value.toLocaleString('en-GB', { maximumFractionDigits: Math.abs(value) < 10 ? 2 : 1 });
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
  return `${size.toLocaleString('en-GB', { maximumFractionDigits: 1 })} ${units[place] ?? 'B'}`;
}

/** `public.orders of main`, or the target alone. */
export function placeOf({ target, subject }: Pick<ReportedFinding, 'target' | 'subject'>): string {
  return subject === undefined || subject === target ? target : `${subject} of ${target}`;
}

export function wordOf(verdict: Verdict): string {
  return { pass: 'pass', warn: 'warning', unknown: 'unknown', fail: 'failure' }[verdict];
}
