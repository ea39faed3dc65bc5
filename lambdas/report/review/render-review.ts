import type { DocumentPages } from '../../../core/task.ts';
import { renderReviewHtml } from './review-html.ts';
import { renderReviewMarkdown } from './review-markdown.ts';
import type { ReviewPage } from './review-page.ts';

/** One review in both of its forms, which say the same. */
export function renderReview(page: ReviewPage): DocumentPages {
  return { html: renderReviewHtml(page), markdown: renderReviewMarkdown(page) };
}
