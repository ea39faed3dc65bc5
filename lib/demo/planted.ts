import type { RunReport } from '../../core/report.ts';
import { PLANTED } from './postgres-data.ts';

/** What a run of the demo must find, and what it must do where no earlier run has done it: by task, kind and place. */
const FINDINGS = [
  ...PLANTED.autovacuumOff.map((table) => `postgres-vacuum autovacuum-off main ${table}`),
  'certificates-check-endpoints renewal-overdue api',
  'certificates-check-endpoints wrong-name tickets',
  'kubernetes-check-pods crash-looping cluster',
  'kubernetes-check-pods image-not-pulled cluster',
  'backups-verify cut-short database',
] as const;

const ACTIONS = [
  ...PLANTED.vacuum.map((table) => `vacuum main ${table}`),
  ...PLANTED.analyze.map((table) => `analyze main ${table}`),
] as const;

/** How a run of the demo differs from what was planted; nothing where it found exactly that. */
export interface Difference {
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
}

/** The actions of the run that took effect, in the form that `differenceFrom` takes back as mended. */
export function mendedBy({ actions }: RunReport): string[] {
  return actions
    .filter(({ status }) => status === 'done')
    .map(({ verb, target, subject }) => `${verb} ${target} ${subject}`);
}

/** Compares a report with what was planted and not yet mended. */
export function differenceFrom(report: RunReport, mended: readonly string[]): Difference {
  const found = [
    ...report.findings.filter(({ severity }) => severity !== 'info').map(wordsOf),
    ...mendedBy(report),
    ...report.actions.filter(({ status }) => status !== 'done').map(({ summary, status }) => `${summary} ${status}`),
  ];
  const expected = [...FINDINGS, ...ACTIONS.filter((action) => !mended.includes(action))];
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
