import {
  acceptanceState,
  daysLeft,
  type AcceptanceState,
  type AcceptedVulnerability,
  type Standing,
} from './_acceptance.ts';
import type { Known, Review, Reviewed } from './_judgement.ts';
import { RATINGS, type Rating } from './_vulnerability.ts';

/** One vulnerability in one image or project. */
export interface DocumentVulnerability {
  /** `CVE-…`, `GHSA-…` or what else the database calls it. */
  readonly id: string;
  /** Its names in other databases. */
  readonly aliases: readonly string[];
  readonly package: string;
  /** The affected versions that are there. */
  readonly versions: readonly string[];
  /** The version that mends it; null where there is none yet. */
  readonly fixed_in: string | null;
  /** Null where nobody has rated it. */
  readonly severity: Rating | null;
  /** What it asks for: `fixable`, `without-fix`, `not-rated`, `below-limit` or `accepted`. */
  readonly standing: Standing;
  /** Against the last review that saw the same image or project. */
  readonly change: 'new' | 'worse' | 'unchanged';
  readonly title: string | null;
  /** The address of the advisory. */
  readonly url: string | null;
  /** The layers, lockfiles or folders where the package is. */
  readonly places: readonly string[];
  /** The command that mends it, where one does. */
  readonly command: string | null;
  /** Who has accepted it, until when and why; null where nobody has. */
  readonly accepted: { readonly until: string; readonly reason: string; readonly owner: string } | null;
}

/** One image or project with its newest report. */
export interface DocumentSubject {
  readonly name: string;
  /** The target that holds the report. */
  readonly target: string;
  readonly tool: string;
  /** The path of the report in its target. */
  readonly report: string;
  /** When the scanner looked, ISO 8601. */
  readonly made_at: string;
  readonly age_hours: number;
  /** False where the report is too old to say anything of today. */
  readonly is_current: boolean;
  /** How many packages were looked at; null where the scanner does not say. */
  readonly packages: number | null;
  /** Why the report says less than it seems to, in sentences. */
  readonly unknown: readonly string[];
  /** How many vulnerabilities of each severity, accepted ones included. */
  readonly by_severity: Readonly<Record<Rating | 'not_rated', number>>;
  /** New and worse ones first, then what can be mended, then the most severe. */
  readonly vulnerabilities: readonly DocumentVulnerability[];
  /** What is gone since the last review, as `<id> <package>`. */
  readonly fixed: readonly string[];
}

/** What two reviews of reports have alike. */
export interface ReviewDocument {
  /** When the review ran, ISO 8601. */
  readonly generated_at: string;
  /** The age above which a report says nothing. */
  readonly maximum_age_hours: number;
  /** The least severity that counts. */
  readonly severity_limit: Rating;
  /** What is different from the last review; it comes before the whole. */
  readonly differences: {
    /** False at the first review, which has nothing to be held against. */
    readonly has_earlier_review: boolean;
    readonly new: readonly { readonly of: string; readonly id: string; readonly package: string }[];
    readonly worse: readonly { readonly of: string; readonly id: string; readonly package: string }[];
    readonly fixed: readonly { readonly of: string; readonly vulnerability: string }[];
  };
  /** How many vulnerabilities stand how, over all current reports. */
  readonly summary: {
    readonly reviewed: number;
    readonly current: number;
    readonly vulnerabilities: number;
    readonly fixable: number;
    readonly without_fix: number;
    readonly not_rated: number;
    readonly below_limit: number;
    readonly accepted: number;
  };
  /** What is not known, and why: nothing of it is a pass. */
  readonly unknown: readonly { readonly target: string; readonly of: string; readonly reason: string }[];
  /** Every acceptance of the profile with what became of it. */
  readonly acceptances: readonly {
    readonly id: string;
    readonly package: string | null;
    readonly of: string | null;
    readonly until: string;
    readonly days_left: number;
    readonly reason: string;
    readonly owner: string;
    readonly state: AcceptanceState;
  }[];
}

export interface TargetReview {
  readonly target: string;
  readonly review: Review;
  readonly earlier: Known | undefined;
}

export interface DocumentFacts {
  readonly now: Date;
  readonly maxAgeSeconds: number;
  readonly severity: Rating;
  readonly accepted: readonly AcceptedVulnerability[];
  /** Targets that could not be read at all. */
  readonly unreadTargets: readonly { readonly target: string; readonly reason: string }[];
}

/** What reviews of reports have alike, over all targets. */
export function reviewDocument(reviews: readonly TargetReview[], facts: DocumentFacts): ReviewDocument {
  const { now, maxAgeSeconds, severity, accepted, unreadTargets } = facts;
  const reviewed = reviews.flatMap(({ review }) => review.reviewed);
  const current = reviewed.filter(({ isCurrent }) => isCurrent);
  const all = current.flatMap(({ report, vulnerabilities }) =>
    vulnerabilities.map((one) => ({ of: report.subject, one })),
  );
  const standing = (wanted: Standing) => all.filter(({ one }) => one.standing === wanted).length;
  const changed = (change: 'new' | 'worse') =>
    all.filter(({ one }) => one.change === change).map(({ of, one }) => ({ of, id: one.id, package: one.package }));
  const isWhole = isWholeReview(reviews, unreadTargets.length);
  return {
    generated_at: now.toISOString(),
    maximum_age_hours: maxAgeSeconds / 3_600,
    severity_limit: severity,
    differences: {
      has_earlier_review: reviews.some(({ earlier }) => earlier !== undefined),
      new: changed('new'),
      worse: changed('worse'),
      fixed: reviewed.flatMap(({ report, fixed }) =>
        fixed.map((vulnerability) => ({ of: report.subject, vulnerability })),
      ),
    },
    summary: {
      reviewed: reviewed.length,
      current: current.length,
      vulnerabilities: all.length,
      fixable: standing('fixable'),
      without_fix: standing('without-fix'),
      not_rated: standing('not-rated'),
      below_limit: standing('below-limit'),
      accepted: standing('accepted'),
    },
    unknown: [
      ...unreadTargets.map(({ target, reason }) => ({ target, of: target, reason })),
      ...reviews.flatMap(({ target, review }) => unknownOf(target, review)),
    ],
    acceptances: accepted.map((entry, place) => {
      const matches = reviews.reduce((sum, { review }) => sum + (review.matches[place] ?? 0), 0);
      const { id, package: name = null, of = null, until, reason, owner } = entry;
      const state = acceptanceState(entry, { matches, isWhole, now });
      return { id, package: name, of, until, days_left: daysLeft(entry, now), reason, owner, state };
    }),
  };
}

/** True where all targets could be read, and all reports in them, and all are current. */
export function isWholeReview(reviews: readonly TargetReview[], unreadTargets: number): boolean {
  return unreadTargets === 0 && reviews.every(({ review }) => review.isWhole);
}

function unknownOf(target: string, { reviewed, missing, unreadable, files }: Review): ReviewDocument['unknown'] {
  return [
    ...reviewed.flatMap(({ report, isCurrent, ageSeconds }) => {
      const old = isCurrent ? [] : [`its report is ${Math.round(ageSeconds / 3_600)} hours old`];
      return [...old, ...report.gaps.map(({ summary }) => summary)].map((reason) => {
        return { target, of: report.subject, reason };
      });
    }),
    ...missing.map(({ name }) => ({ target, of: name, reason: 'there is no report on it' })),
    ...unreadable.map(({ file, reason }) => ({ target, of: file, reason: `the report ${reason}` })),
    ...(files === 0 ? [{ target, of: target, reason: 'there is no report' }] : []),
  ];
}

/** An image or project of the document. */
export function documentSubject(target: string, reviewed: Reviewed): DocumentSubject {
  const { report, ageSeconds, isCurrent, vulnerabilities, fixed } = reviewed;
  const rated = (rating: Rating | undefined) => vulnerabilities.filter((one) => one.rating === rating).length;
  return {
    name: report.subject,
    target,
    tool: report.tool,
    report: report.file,
    made_at: report.madeAt.toISOString(),
    age_hours: Math.round(ageSeconds / 360) / 10,
    is_current: isCurrent,
    packages: report.packages ?? null,
    unknown: report.gaps.map(({ summary }) => summary),
    by_severity: {
      ...(Object.fromEntries(RATINGS.map((rating) => [rating, rated(rating)])) as Record<Rating, number>),
      not_rated: rated(undefined),
    },
    vulnerabilities: vulnerabilities.map(({ acceptance, ...one }) => ({
      id: one.id,
      aliases: one.aliases,
      package: one.package,
      versions: one.versions,
      fixed_in: one.fixedIn ?? null,
      severity: one.rating ?? null,
      standing: one.standing,
      change: one.change,
      title: one.title ?? null,
      url: one.url ?? null,
      places: one.places.slice(0, 20),
      command: one.command ?? null,
      accepted: acceptance ? { until: acceptance.until, reason: acceptance.reason, owner: acceptance.owner } : null,
    })),
    fixed,
  };
}
