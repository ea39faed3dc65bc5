import type { Gap, Report, Scan } from '../_report.ts';
import { Flaw } from '../_flaw.ts';
import { parsedJson } from '../_report.ts';
import { withoutStamp } from '../_read-reports.ts';
import { isNpmAudit, readNpmAudit } from './npm-audit.ts';
import { isPipAudit, readPipAudit } from './pip-audit.ts';

const NARROW = /(omit|without|no)[-_ ]?dev|production|prod[-_ ]only|only[-_ ]prod/i;
const NARROW_WORDS = ' without development';
// What says which program wrote the report, and how, and nothing of the project.
const NOISE =
  /(npm|pip|yarn)[-_ ]?audit|\baudit\b|\breport\b|(omit|without|no)[-_ ]?dev(elopment)?|production|prod[-_ ]only|only[-_ ]prod/gi;

/** The project of a report, from its path: no audit says whose it is. */
export function projectOf(path: string): string {
  const stem = withoutStamp(path).replace(/\.json$/i, '');
  const parts = stem.split('/').map((part) => part.replace(NOISE, '').replace(/^[-_.\s]+|[-_.\s]+$/g, ''));
  const project = parts.filter((part) => part !== '').join('/');
  return project === '' ? (stem.split('/').at(-1) ?? stem) : project;
}

/** True where the name of a report says that the packages of development were left out. */
export function leavesDevelopmentOut(path: string): boolean {
  return NARROW.test(path.slice(path.lastIndexOf('/') + 1));
}

/** A scan with how many packages of development the project has. */
interface Audited extends Scan {
  readonly developmentPackages?: number;
}

/** Reads what npm audit or pip-audit wrote; throws `Flaw` where it is neither. */
export function readAudit(text: string, path: string): Audited {
  const value = parsedJson(text);
  const project = projectOf(path);
  const names = [project];
  if (isPipAudit(value)) {
    return { subject: `${project} (pip-audit)`, names, tool: 'pip-audit', isRated: false, ...readPipAudit(value) };
  }
  if (!isNpmAudit(value)) throw new Flaw('is neither of npm audit nor of pip-audit');
  const audit = readNpmAudit(value);
  const scope = leavesDevelopmentOut(path) ? NARROW_WORDS : '';
  const subject = `${project} (npm audit${scope})`;
  const gaps = audit.gaps.map(({ kind, summary }): Gap => ({ kind, summary: `${project}: ${summary}` }));
  return { subject, names, tool: 'npm audit', isRated: true, ...audit, gaps };
}

/**
 * Leaves an audit without development out where there is a whole one of the project, and says it where there is none.
 *
 * npm writes the same totals for both, so only the name of the report tells them apart.
 */
export function withScopes(reports: readonly (Report & Pick<Audited, 'developmentPackages'>)[]): Report[] {
  const isNarrow = ({ subject }: Report) => subject.endsWith(`${NARROW_WORDS})`);
  const wideOf = ({ subject }: Report) => subject.replace(NARROW_WORDS, '');
  const narrow = reports.filter(isNarrow);
  const whole = new Set(reports.filter((report) => !isNarrow(report)).map(({ subject }) => subject));
  return reports.flatMap((report): Report[] => {
    if (!isNarrow(report)) {
      // The project is not gone that had only a narrow one at the last review.
      const covered = narrow.filter((one) => wideOf(one) === report.subject).map(({ subject }) => subject);
      return [{ ...report, names: [...report.names, ...covered] }];
    }
    const { developmentPackages = 0, names } = report;
    if (whole.has(wideOf(report))) return [];
    if (developmentPackages === 0) return [report];
    const summary = `${names[0] ?? report.subject}: its ${developmentPackages} packages for development alone were left out of the audit`;
    return [{ ...report, gaps: [...report.gaps, { kind: 'development-left-out', summary }] }];
  });
}
