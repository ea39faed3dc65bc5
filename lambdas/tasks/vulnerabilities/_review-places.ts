import { messageOf } from '../../../core/errors.ts';
import type { Finding, Measurement, RuntimeKind } from '../../../core/finding.ts';
import type { Target } from '../../../core/target-kinds.ts';
import type { TaskContext } from '../../../core/task.ts';
import { eachTarget } from '../../runtime/each-target.ts';
import { ofFirstSubjects, worstFirst } from '../../runtime/worst-first.ts';
import type { AcceptedVulnerability } from './_acceptance.ts';
import { isWholeReview, type DocumentFacts, type TargetReview } from './_document.ts';
import { judgeReports, type Known } from './_judgement.ts';
import { placeOf } from './_place.ts';
import { readReports } from './_read-reports.ts';
import type { Report, Scan } from './_report.ts';
import { acceptanceFindings, findingsOf, measurementsOf, type ReportKind } from './_review-findings.ts';
import type { SourceFile } from './_source.ts';
import { shareOfTime } from './_time-share.ts';
import type { Rating } from './_vulnerability.ts';

const MOST_SUBJECTS = 100;

/** What reviews of reports have in their input alike. */
export interface ReviewInput {
  readonly match: string;
  readonly maxAge: number;
  readonly severity: Rating;
  readonly accepted: readonly AcceptedVulnerability[];
}

export interface Reviewing {
  readonly input: ReviewInput;
  /** Images or projects that must have a report. */
  readonly wanted: readonly string[];
  readonly earlier: Readonly<Record<string, Known>> | undefined;
  readonly read: (text: string, file: SourceFile) => Scan;
  /** Sees all reports of a place before they are judged. */
  readonly arrange?: (reports: readonly Report[]) => readonly Report[];
  readonly scanCommand?: (name: string, file: string | undefined) => string | undefined;
}

export interface ReviewedPlaces {
  readonly findings: readonly Finding<ReportKind | RuntimeKind>[];
  readonly measurements: readonly Measurement[];
  readonly reviews: readonly TargetReview[];
  readonly known: Readonly<Record<string, Known>>;
  readonly facts: DocumentFacts;
}

type Context = Pick<TaskContext<'buckets', unknown, unknown>, 'now' | 'clock' | 'deadline' | 'signal'> & {
  readonly targets: readonly Target<'buckets'>[];
};

/** Reviews the reports of every place, one after the other because reports may be large; one that cannot be read leaves the others. */
export async function reviewPlaces(context: Context, reviewing: Reviewing): Promise<ReviewedPlaces> {
  const { targets, now, clock, deadline, signal } = context;
  const { input, wanted, earlier, read, arrange = (reports) => reports, scanCommand } = reviewing;
  const limits = { now, maxAgeSeconds: input.maxAge, severity: input.severity, wanted, accepted: input.accepted };
  const reviews: TargetReview[] = [];
  const unreadTargets: { target: string; reason: string }[] = [];
  const examined = await eachTarget<ReportKind, (typeof targets)[number]>(targets, async ({ name, url }) => {
    try {
      // A place that does not answer leaves the others their time.
      const stop = shareOfTime(deadline, clock(), signal, targets.length - reviews.length - unreadTargets.length);
      const { source } = placeOf(url.reveal(), stop);
      const youngFrom = new Date(now.getTime() - input.maxAge * 1_000);
      const found = await readReports(source, { match: input.match, youngFrom }, read);
      const review = judgeReports({ ...found, reports: arrange(found.reports) }, limits, earlier?.[name]);
      reviews.push({ target: name, review, earlier: earlier?.[name] });
      const findings = findingsOf(name, review, input.maxAge, scanCommand);
      const measurements = ofFirstSubjects(measurementsOf(name, review), MOST_SUBJECTS);
      return { findings: worstFirst(findings), measurements };
    } catch (thrown) {
      unreadTargets.push({ target: name, reason: messageOf(thrown) });
      throw thrown;
    }
  });
  const isWhole = isWholeReview(reviews, unreadTargets.length);
  // An acceptance is of no one place; what is said of it stands at the first.
  const first = targets[0]?.name ?? '';
  const ofAcceptances = acceptanceFindings(
    first,
    input.accepted,
    reviews.map(({ review }) => review),
    { now, isWhole },
  );
  return {
    findings: [...examined.findings, ...worstFirst(ofAcceptances)],
    measurements: examined.measurements,
    reviews: reviews.toSorted((a, b) => (a.target < b.target ? -1 : 1)),
    known: { ...earlier, ...Object.fromEntries(reviews.map(({ target, review }) => [target, review.known])) },
    facts: { now, maxAgeSeconds: input.maxAge, severity: input.severity, accepted: input.accepted, unreadTargets },
  };
}
