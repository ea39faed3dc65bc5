import type { Finding, FindingKind, Measurement } from '../../../core/finding.ts';
import { formatDuration } from '../../../core/duration.ts';
import { printable } from '../../runtime/http-failure.ts';
import { acceptanceState, type AcceptedVulnerability, type Standing } from './_acceptance.ts';
import type { JudgedVulnerability, Review, Reviewed } from './_judgement.ts';
import { RATINGS } from './_vulnerability.ts';

/** What reviews of reports find alike, whatever the reports are of. */
export const REPORT_FINDINGS = {
  'without-fix': {
    severity: 'warn',
    means: 'A vulnerability of the severity that counts is there, and no version mends it yet.',
    matters: 'Whoever can reach the weak part may use it, and waiting does not make it smaller.',
    remedy: 'Read the advisory, and close the way to it or take the package out until there is a fix.',
    prevention: 'Keep the number of packages small, and accept in the profile, with a date, what cannot be used here.',
  },
  'not-rated': {
    severity: 'unknown',
    means: 'A vulnerability is known that nobody has rated yet.',
    matters: 'It may be as bad as the worst, and the limit of severity passes it by.',
    remedy: 'Read the advisory and decide; accept it in the profile, with a date, where it does no harm here.',
    prevention: 'Review again in a few days: most are rated within two weeks.',
  },
  'report-too-old': {
    severity: 'unknown',
    means: 'The newest report is older than is allowed, or it is dated in the future.',
    matters: 'What has become known since then is in no report, so nobody hears of it.',
    remedy: 'Start the scan again and find out why it has stopped; delete the reports of what is not used any more.',
    prevention: 'Let the scan run on a schedule, and let its failure be an alarm.',
  },
  'report-missing': {
    severity: 'unknown',
    means: 'There is no report on something that should have one.',
    matters: 'Nobody looks for its vulnerabilities, and they stay open for as long as nobody does.',
    remedy: 'Scan it and put the report beside the others; where it is not used any more, take it out of the profile.',
    prevention: 'Let what builds or deploys it also scan it.',
  },
  'report-unreadable': {
    severity: 'unknown',
    means: 'A report could not be used: it is empty, cut, changed, or not of the kind that is reviewed here.',
    matters: 'What it would have said is not known, whatever the exit code of its scanner was.',
    remedy: 'Read the reason, and write the report again.',
    prevention:
      'Write reports to another name and rename them when they are whole, each kind below a prefix of its own.',
  },
  'not-scanned': {
    severity: 'unknown',
    means: 'The scanner wrote a report and did not look at everything.',
    matters: 'That the report lists nothing there means nothing.',
    remedy: 'Read which part it is, and scan again with what it lacks.',
    prevention: 'Look at the warnings of the scanner, which end up in no report, when a new thing is scanned first.',
  },
  'no-report': {
    severity: 'unknown',
    means: 'The place holds no report at all under the names that are looked for.',
    matters: 'Nothing is scanned, or its reports go elsewhere; either way nothing is known.',
    remedy: 'Check the address of the target and `match` in the profile against where the scanner writes.',
    prevention: 'Let the scanner write to the place that the profile names.',
  },
  'acceptance-over': {
    severity: 'warn',
    means: 'The time is over until which a risk was accepted, and the risk is still there.',
    matters: 'What somebody wanted to look at again by now is looked at by nobody.',
    remedy: 'Ask the owner: mend it, or accept it anew with a new date and a reason that still holds.',
    prevention: 'Put the date into the calendar of the owner.',
  },
  'acceptance-matches-nothing': {
    severity: 'fail',
    means: 'The profile accepts something that no report has.',
    matters:
      'A name that is written wrong accepts nothing today, and what is mended would be accepted when it comes back.',
    remedy: 'Take the entry out of the profile, or correct its name.',
    prevention: 'Copy the name from the report, and take the entry out with the change that mends it.',
  },
} as const satisfies Record<string, FindingKind>;

export type ReportKind =
  keyof typeof REPORT_FINDINGS | 'fixable' | 'end-of-life' | 'audit-failed' | 'development-left-out';

const KINDS: Readonly<Record<Standing, 'fixable' | 'without-fix' | 'not-rated' | undefined>> = {
  fixable: 'fixable',
  'without-fix': 'without-fix',
  'not-rated': 'not-rated',
  'below-limit': undefined,
  accepted: undefined,
};

/** What the review of one place finds; `scanCommand` makes the report on something anew, where one command does. */
export function findingsOf(
  target: string,
  review: Review,
  maxAgeSeconds: number,
  scanCommand: (name: string, file: string | undefined) => string | undefined = () => undefined,
): Finding<ReportKind>[] {
  const withCommand = (command: string | undefined) => (command === undefined ? {} : { command });
  const findings = review.reviewed.flatMap((reviewed): Finding<ReportKind>[] => {
    const { report, ageSeconds, isCurrent } = reviewed;
    const gaps = report.gaps.map(({ kind, summary, about }): Finding<ReportKind> => {
      const subject = printable([report.subject, about].filter(Boolean).join(' '));
      return { kind, target, subject, summary: printable(summary, 500) };
    });
    if (isCurrent) return [...gaps, ...ofVulnerabilities(target, reviewed)];
    const hours = Math.round(ageSeconds / 360) / 10;
    const age = ageSeconds < 0 ? 'is dated in the future' : `is ${formatDuration(ageSeconds)} old`;
    return [
      {
        kind: 'report-too-old',
        target,
        subject: printable(report.subject),
        summary: printable(
          `${report.subject}: its newest report ${report.file} ${age}; limit ${formatDuration(maxAgeSeconds)}`,
        ),
        value: hours,
        limit: maxAgeSeconds / 3_600,
        unit: 'hours',
        ...withCommand(scanCommand(report.subject, report.file)),
      },
      ...gaps,
    ];
  });
  for (const { name, isAskedFor } of review.missing) {
    const why = isAskedFor ? 'and the profile asks for one' : 'and there was one at the last review';
    findings.push({
      kind: 'report-missing',
      target,
      subject: printable(name),
      summary: printable(`${name} has no report, ${why}`),
      ...withCommand(scanCommand(name, undefined)),
    });
  }
  for (const { file, reason } of review.unreadable) {
    findings.push({
      kind: 'report-unreadable',
      target,
      subject: printable(file),
      summary: printable(`the report ${file} ${reason}`, 500),
    });
  }
  if (review.files === 0 && review.unreadable.length === 0) {
    findings.push({ kind: 'no-report', target, summary: 'there is no report under the names that are looked for' });
  }
  return findings;
}

function ofVulnerabilities(target: string, { report, vulnerabilities }: Reviewed): Finding<ReportKind>[] {
  return vulnerabilities.flatMap((one): Finding<ReportKind>[] => {
    const kind = KINDS[one.standing];
    if (kind === undefined) return [];
    const subject = printable(`${report.subject} ${one.id} ${one.package}`);
    const command = one.command !== undefined && !/[\p{C}$…<>]|\.{3}/u.test(one.command) ? one.command : undefined;
    return [{ kind, target, subject, summary: summaryOf(report.subject, one), ...(command && { command }) }];
  });
}

function summaryOf(of: string, one: JudgedVulnerability): string {
  const { id, package: name, versions, rating = 'not rated', fixedIn, change } = one;
  const version = versions.length === 0 ? '' : ` ${versions.slice(0, 3).join(', ')}`;
  const fix = fixedIn === undefined ? 'no fix yet' : `fixed in ${fixedIn}`;
  const news = change === 'unchanged' ? '' : `${change}: `;
  return printable(`${news}${of} has ${id} in ${name}${version}, ${rating}, ${fix}`, 400);
}

/** What became of the acceptances over all places: those that are over, and those that are for nothing. */
export function acceptanceFindings(
  target: string,
  accepted: readonly AcceptedVulnerability[],
  reviews: readonly Review[],
  { now, isWhole }: { readonly now: Date; readonly isWhole: boolean },
): Finding<ReportKind>[] {
  return accepted.flatMap((entry, place): Finding<ReportKind>[] => {
    const matches = reviews.reduce((sum, review) => sum + (review.matches[place] ?? 0), 0);
    const state = acceptanceState(entry, { matches, isWhole, now });
    const subject = printable([entry.id, entry.package, entry.of].filter(Boolean).join(' '));
    if (state === 'over') {
      const summary = printable(`${subject} was accepted by ${entry.owner} until ${entry.until}, and is still there`);
      return [{ kind: 'acceptance-over', target, subject, summary }];
    }
    if (state !== 'matches-nothing') return [];
    const summary = printable(`${subject} is accepted by ${entry.owner} until ${entry.until}, and no report has it`);
    return [{ kind: 'acceptance-matches-nothing', target, subject, summary }];
  });
}

/** How much was reviewed; none where nothing was. */
export function measurementsOf(target: string, { reviewed }: Review): Measurement[] {
  if (reviewed.length === 0) return [];
  const count = (name: string, value: number, subject?: string): Measurement => {
    return { name, value, unit: 'count', target, ...(subject !== undefined && { subject: printable(subject) }) };
  };
  return [
    count('reports', reviewed.length),
    ...reviewed.flatMap(({ report, ageSeconds, isCurrent, vulnerabilities }) => {
      const { subject } = report;
      const age = { name: 'report-age', value: Math.round(ageSeconds / 360) / 10, unit: 'hours', target } as const;
      const ages: Measurement[] = [{ ...age, subject: printable(subject) }];
      if (!isCurrent) return ages;
      const ofStanding = (standing: Standing) => vulnerabilities.filter((one) => one.standing === standing).length;
      return [
        ...ages,
        ...RATINGS.slice(2).map((rating) =>
          count(`${rating}-vulnerabilities`, vulnerabilities.filter((one) => one.rating === rating).length, subject),
        ),
        count('fixable-vulnerabilities', ofStanding('fixable'), subject),
        count('accepted-vulnerabilities', ofStanding('accepted'), subject),
      ];
    }),
  ];
}
