import * as z from 'zod';
import { accepts, isInForce, standingOf, type AcceptedVulnerability, type Standing } from './_acceptance.ts';
import type { ReadReports, Unreadable } from './_read-reports.ts';
import type { Report } from './_report.ts';
import { keyOf, RATINGS, type Rating, type Vulnerability } from './_vulnerability.ts';

/** What was known after the last review: the rating of each vulnerability by image or project. */
export const Known = z.record(z.string(), z.record(z.string(), z.enum([...RATINGS, 'none'])));
export type Known = z.output<typeof Known>;

export interface Limits {
  readonly now: Date;
  readonly maxAgeSeconds: number;
  /** The least rating that counts. */
  readonly severity: Rating;
  /** Images or projects that must have a report. */
  readonly wanted: readonly string[];
  readonly accepted: readonly AcceptedVulnerability[];
}

export interface JudgedVulnerability extends Vulnerability {
  readonly standing: Standing;
  /** Against the last review that saw the same image or project; none is new where there was no such review. */
  readonly change: 'new' | 'worse' | 'unchanged';
  readonly acceptance?: AcceptedVulnerability;
}

/** One image or project with the newest report on it. */
export interface Reviewed {
  readonly report: Report;
  readonly ageSeconds: number;
  /** False where the report is older than is allowed, or comes from the future. */
  readonly isCurrent: boolean;
  readonly vulnerabilities: readonly JudgedVulnerability[];
  /** The vulnerabilities of the last review that are gone, as `<id> <package>`. */
  readonly fixed: readonly string[];
}

export interface Review {
  readonly reviewed: readonly Reviewed[];
  readonly unreadable: readonly Unreadable[];
  /** Images or projects without a report: asked for, or known from the last review. */
  readonly missing: readonly { readonly name: string; readonly isAskedFor: boolean }[];
  readonly files: number;
  readonly known: Known;
  /** How many vulnerabilities each acceptance is for, in their order. */
  readonly matches: readonly number[];
  /** True where everything could be read and is current, so that what was not met is not there. */
  readonly isWhole: boolean;
}

// A clock that is a little ahead is no report from the future.
const FUTURE_SECONDS = 300;

/** Judges the newest report on each image or project against the limits and against what was known before. */
export function judgeReports({ reports, unreadable, files }: ReadReports, limits: Limits, earlier: Known = {}): Review {
  const newest = [...Map.groupBy(reports, ({ subject }) => subject).values()].flatMap((same) =>
    same.toSorted((a, b) => b.madeAt.getTime() - a.madeAt.getTime()).slice(0, 1),
  );
  const reviewed = newest
    .map((report) => judgeReport(report, limits, earlier[report.subject]))
    .toSorted((a, b) => (a.report.subject < b.report.subject ? -1 : 1));
  const named = new Set(newest.flatMap((report) => namesOf(report)));
  const notThere = limits.wanted.filter((name) => !named.has(name));
  // What could not be read may have been on it.
  const gone = unreadable.length > 0 ? [] : Object.keys(earlier).filter((name) => !named.has(name));
  const missing = [
    ...notThere.map((name) => ({ name, isAskedFor: true })),
    ...gone.filter((name) => !notThere.includes(name)).map((name) => ({ name, isAskedFor: false })),
  ];
  const isWhole =
    unreadable.length === 0 &&
    missing.length === 0 &&
    reviewed.length > 0 &&
    reviewed.every(({ isCurrent, report }) => isCurrent && report.gaps.length === 0);
  const matches = limits.accepted.map(
    (acceptance) =>
      newest.flatMap((report) => report.vulnerabilities.filter((one) => accepts(acceptance, one, namesOf(report))))
        .length,
  );
  const known = knownAfter(reviewed, earlier, unreadable.length > 0);
  return { reviewed, unreadable, missing, files, known, matches, isWhole };
}

function namesOf({ subject, names }: Report): string[] {
  return [subject, ...names];
}

function judgeReport(report: Report, limits: Limits, earlier: Known[string] | undefined): Reviewed {
  const ageSeconds = (limits.now.getTime() - report.madeAt.getTime()) / 1_000;
  const isCurrent = ageSeconds <= limits.maxAgeSeconds && ageSeconds >= -FUTURE_SECONDS;
  const vulnerabilities = report.vulnerabilities.map((one): JudgedVulnerability => {
    const acceptance = limits.accepted.find(
      (entry) => isInForce(entry, limits.now) && accepts(entry, one, namesOf(report)),
    );
    const change = earlier === undefined ? 'unchanged' : changeOf(one, earlier[keyOf(one)]);
    if (acceptance) return { ...one, standing: 'accepted', change, acceptance };
    return { ...one, standing: standingOf(one, limits.severity, report.isRated), change };
  });
  const present = new Set(report.vulnerabilities.map(keyOf));
  // A report with a gap may have lost them in it.
  const isSure = isCurrent && report.gaps.length === 0;
  const fixed = isSure ? Object.keys(earlier ?? {}).filter((key) => !present.has(key)) : [];
  return { report, ageSeconds, isCurrent, vulnerabilities: vulnerabilities.toSorted(worseFirst), fixed };
}

function changeOf({ rating }: Vulnerability, before: Known[string][string] | undefined): JudgedVulnerability['change'] {
  if (before === undefined) return 'new';
  return rankOf(rating) > rankOf(before === 'none' ? undefined : before) ? 'worse' : 'unchanged';
}

function rankOf(rating: Rating | undefined): number {
  return rating === undefined ? -1 : RATINGS.indexOf(rating);
}

const CHANGES = ['new', 'worse', 'unchanged'] as const;
const STANDINGS: readonly Standing[] = ['fixable', 'without-fix', 'not-rated', 'below-limit', 'accepted'];

/** What is new or worse comes first, then what can be mended, then what is worst. */
function worseFirst(a: JudgedVulnerability, b: JudgedVulnerability): number {
  return (
    CHANGES.indexOf(a.change) - CHANGES.indexOf(b.change) ||
    STANDINGS.indexOf(a.standing) - STANDINGS.indexOf(b.standing) ||
    rankOf(b.rating) - rankOf(a.rating) ||
    (keyOf(a) < keyOf(b) ? -1 : 1)
  );
}

/** What the next review is held against; of what was not seen surely this time, what was known stays. */
function knownAfter(reviewed: readonly Reviewed[], earlier: Known, keepsAll: boolean): Known {
  const seen = reviewed.flatMap(({ report, isCurrent }): [string, Known[string]][] => {
    const before = earlier[report.subject];
    if (!isCurrent) return before === undefined ? [] : [[report.subject, before]];
    const now = Object.fromEntries(report.vulnerabilities.map((one) => [keyOf(one), one.rating ?? 'none'] as const));
    return [[report.subject, report.gaps.length > 0 ? { ...before, ...now } : now]];
  });
  return { ...(keepsAll && earlier), ...Object.fromEntries(seen) };
}
