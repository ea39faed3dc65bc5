import {
  documentSubject,
  reviewDocument,
  type DocumentFacts,
  type DocumentSubject,
  type ReviewDocument,
  type TargetReview,
} from '../_document.ts';

/** The report of a week on the vulnerabilities of dependencies. */
export interface DependenciesDocument extends ReviewDocument {
  /** The vulnerabilities that the audits of npm list, over all projects; null where no audit of npm is current. */
  readonly npm_vulnerabilities: number | null;
  readonly projects: readonly DocumentSubject[];
}

/** The report on the projects of all targets. */
export function dependenciesDocument(reviews: readonly TargetReview[], facts: DocumentFacts): DependenciesDocument {
  const projects = reviews.flatMap(({ target, review }) => review.reviewed.map((one) => documentSubject(target, one)));
  const ofNpm = reviews
    .flatMap(({ review }) => review.reviewed)
    .filter(({ report, isCurrent }) => report.tool === 'npm audit' && isCurrent)
    .filter(({ report }) => !report.gaps.some(({ kind }) => kind === 'audit-failed'));
  const npm = ofNpm.reduce((sum, { vulnerabilities }) => sum + vulnerabilities.length, 0);
  return {
    ...reviewDocument(reviews, facts),
    npm_vulnerabilities: ofNpm.length === 0 ? null : npm,
    projects,
  };
}
