import type { RunReport } from '../../core/report.ts';
import type { DemoPart } from './part.ts';

/** How a run of the demo differs from what was planted; nothing where it found exactly that. */
export interface Difference {
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
}

type Planted = Pick<DemoPart, 'findings' | 'actions' | 'plantedAnew'>;

/** The actions of the run that took effect, in the form that `differenceFrom` takes back as mended. */
export function mendedBy({ actions }: RunReport): string[] {
  return actions
    .filter(({ status }) => status === 'done')
    .map(({ verb, target, subject }) => `${verb} ${target} ${subject}`);
}

/** Compares a report with what was planted and not yet mended by an earlier run; what only informs, where it is planted. */
export function differenceFrom(
  report: RunReport,
  parts: readonly Planted[],
  mended: readonly string[],
  { withInfo = false }: { readonly withInfo?: boolean } = {},
): Difference {
  const found = [
    ...report.findings.filter(({ severity }) => withInfo || severity !== 'info').map(wordsOf),
    ...mendedBy(report),
    ...report.actions.filter(({ status }) => status !== 'done').map(({ summary, status }) => `${summary} ${status}`),
  ];
  const expected = parts.flatMap(({ findings, actions, plantedAnew }) => [
    ...findings,
    ...actions.filter((action) => plantedAnew || !mended.includes(action)),
  ]);
  return {
    missing: expected.filter((words) => !found.some((one) => isSame(one, words))),
    unexpected: found.filter((one) => !expected.some((words) => isSame(one, words))),
  };
}

function wordsOf({ task, kind, target, subject }: RunReport['findings'][number]): string {
  return [task, kind, target, subject].filter((word) => word !== undefined).join(' ');
}

/** The subject of a finding may say more than what was planted needs to know, a port for example. */
function isSame(found: string, expected: string): boolean {
  return found === expected || found.startsWith(`${expected} `);
}
