import type { RunReport } from '../../core/report.ts';

/** What two runs of the same procedure on the same targets must agree in. */
export interface Comparable {
  readonly procedure: string;
  readonly trigger: string;
  readonly mode: string;
  readonly ended: string;
  readonly verdict: string;
  readonly counts: RunReport['counts'];
  readonly tasks: readonly unknown[];
  readonly findings: readonly unknown[];
  readonly fixed: readonly unknown[];
  readonly actions: readonly unknown[];
  readonly measured: readonly unknown[];
}

/** What differs each time that targets are planted: when, on which port, under which process id. Nothing else does. */
const DIFFERS: readonly (readonly [form: RegExp, instead: string])[] = [
  [/\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z/g, '<time>'],
  [/(?<!\d)\d{8}[T_]\d{6}Z?(?!\d)/g, '<time>'],
  [/\b(localhost|127\.0\.0\.1):\d{1,5}\b/g, '$1:<port>'],
  [/\b(?:\d+[dhm])+\d+s\b|\b(?:\d+[dhms])+(?= (?:old|ago)\b)/g, '<duration>'],
  [/\bpid \d+\b/g, 'pid <id>'],
];

/** The report without what differs each time: times, ids, and how long things took. */
export function comparable(report: RunReport): Comparable {
  const { procedure, trigger, mode, ended, verdict, counts } = report;
  return {
    ...{ procedure, trigger, mode, ended, verdict, counts },
    tasks: report.tasks.map(({ index, task, verdict, targets, recorded }) => ({
      ...{ index, task, verdict, recorded },
      targets: targets.toSorted((a, b) => (a.target < b.target ? -1 : 1)),
    })),
    findings: inOrder(report.findings.map(findingOf)),
    fixed: inOrder(report.fixed.map(findingOf)),
    actions: inOrder(
      report.actions.map(({ task, target, verb, subject, summary, statement = '', status, reason }) => ({
        ...{ task, target, verb, status, reason },
        subject: sameText(subject),
        summary: sameText(summary),
        statement: sameText(statement),
      })),
    ),
    // What was measured; the numbers are of another moment.
    measured: inOrder(
      report.measurements.map(({ task, name, unit, target, subject = '' }) => ({
        ...{ task, name, unit, target },
        subject: sameText(subject),
      })),
    ),
  };
}

function findingOf(finding: RunReport['fixed'][number] & { readonly change?: string }): object {
  const { task, kind, severity, target, subject, value, limit, unit, change } = finding;
  const summary = sameText(finding.summary);
  // An age is another one a moment later.
  const isAge = summary.includes('<duration>') && /^(?:seconds|minutes|hours|days)$/.test(unit ?? '');
  return {
    ...{ task, kind, severity, target, value: isAge ? '<duration>' : value, limit, unit, change },
    subject: subject === undefined ? undefined : sameText(subject),
    summary,
  };
}

/** The text with a placeholder for whatever differs each time. */
export function sameText(text: string): string {
  return DIFFERS.reduce((same, [form, instead]) => same.replace(form, instead), text);
}

/** Tasks side by side end in any order. */
function inOrder(things: readonly object[]): object[] {
  return things.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
