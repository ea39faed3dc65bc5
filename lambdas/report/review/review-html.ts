import { html, type Markup } from '../markup.ts';
import { STYLE } from '../style.ts';
import { barsDrawing, columnsDrawing, lifelinesDrawing } from './review-charts.ts';
import {
  MOST_DECISIONS,
  MOST_DRAWN,
  type Block,
  type Decision,
  type ReviewPage,
  type Section,
  type Table,
} from './review-page.ts';
import { REVIEW_STYLE } from './review-style.ts';

/** One page that needs nothing else, on a screen or on paper. */
export function renderReviewHtml(page: ReviewPage): string {
  const { title, about, headline, tone, decisions, sections, unknown, sources } = page;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>${title}</title>
        <style>
          ${STYLE} ${REVIEW_STYLE}
        </style>
      </head>
      <body>
        <header class="${tone}">
          <p>${about}</p>
          <h1>${title}</h1>
          <p class="headline">${headline}</p>
        </header>
        <main>${decisionsSection(decisions)} ${sections.map(sectionOf)} ${unknownSection(unknown)}</main>
        <footer>${sources.map((source) => html`<p>${source}</p>`)}</footer>
      </body>
    </html> `.toString();
}

function decisionsSection(decisions: readonly Decision[]): Markup {
  if (decisions.length === 0) return html``;
  return html`<section>
    <h2>Decide</h2>
    <ol class="decisions">
      ${decisions.slice(0, MOST_DECISIONS).map(decisionCard)}
    </ol>
  </section>`;
}

function decisionCard({ title, tone, why, facts, command }: Decision): Markup {
  return html`<li>
    <article class="${tone}">
      <h3>${title}</h3>
      <p>${why}</p>
      <ul class="facts">
        ${facts.map((fact) => html`<li>${fact}</li>`)}
      </ul>
      ${command === undefined ? '' : html`<pre>${command}</pre>`}
    </article>
  </li>`;
}

function sectionOf({ title, note, blocks }: Section): Markup {
  return html`<section>
    <h2>${title}</h2>
    ${note === undefined ? '' : html`<p class="means">${note}</p>`} ${blocks.map(blockOf)}
  </section>`;
}

function blockOf(block: Block): Markup {
  if (block.kind === 'table') return tableOf(block);
  if (block.rows.length === 0) return html``;
  const left = block.rows.length - MOST_DRAWN;
  return html`<figure>
    <figcaption>${block.caption}</figcaption>
    ${drawingOf(block)} ${left > 0 ? html`<p class="source">${left} more are in the JSON beside this page.</p>` : ''}
  </figure>`;
}

function drawingOf(block: Exclude<Block, Table>): Markup {
  switch (block.kind) {
    case 'bars':
      return barsDrawing(block);
    case 'lifelines':
      return lifelinesDrawing(block);
    case 'columns':
      return columnsDrawing(block);
  }
}

/** Of letters: a day, a number, a word. */
const SHORT = 12;

function tableOf({ columns, rows }: Table): Markup {
  if (rows.length === 0) return html``;
  return html`<div class="wide">
    <table>
      <thead>
        <tr>
          ${columns.map((column) => html`<th>${column}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell) => (cell.length > SHORT ? html`<td>${cell}</td>` : html`<td class="short">${cell}</td>`))}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function unknownSection(unknown: readonly string[]): Markup {
  if (unknown.length === 0) return html``;
  return html`<section>
    <h2>What could not be known</h2>
    <article class="unknown">
      <ul>
        ${unknown.map((text) => html`<li>${text}</li>`)}
      </ul>
    </article>
  </section>`;
}
