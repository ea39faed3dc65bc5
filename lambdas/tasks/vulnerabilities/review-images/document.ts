import {
  documentSubject,
  reviewDocument,
  type DocumentFacts,
  type DocumentSubject,
  type ReviewDocument,
  type TargetReview,
} from '../_document.ts';

/** An image with its newest report. */
export interface DocumentImage extends DocumentSubject {
  /** The tags and digests that the report gives it. */
  readonly names: readonly string[];
  /** When the image was built, ISO 8601; null where the report does not say or the builder hides it. */
  readonly built_at: string | null;
}

/** The report of a day on the vulnerabilities of images. */
export interface ImagesDocument extends ReviewDocument {
  readonly images: readonly DocumentImage[];
}

/** The report on the images of all targets. */
export function imagesDocument(reviews: readonly TargetReview[], facts: DocumentFacts): ImagesDocument {
  return {
    ...reviewDocument(reviews, facts),
    images: reviews.flatMap(({ target, review }) =>
      review.reviewed.map((reviewed) => ({
        ...documentSubject(target, reviewed),
        names: reviewed.report.names,
        built_at: reviewed.report.imageCreatedAt?.toISOString() ?? null,
      })),
    ),
  };
}
