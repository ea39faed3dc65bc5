import { Markup } from '../markup.ts';

/** What a page of a review has besides that of a run: cards with numbers, drawings with labels, and paper. */
export const REVIEW_STYLE = new Markup(`
.headline { font-size: 1.1rem; }
.decisions { list-style: none; counter-reset: decision; padding: 0; } .decisions > li { counter-increment: decision; }
.decisions h3::before { content: counter(decision) ". "; }
.facts { display: flex; flex-wrap: wrap; gap: .25rem .5rem; list-style: none; margin: .4rem 0; padding: 0; font-size: .9rem; }
.facts li { border: 1px solid var(--line); border-radius: 1rem; padding: 0 .6rem; }
.short { white-space: nowrap; min-width: 0; }
figure { overflow-x: auto; } figure svg { min-width: 34rem; }
svg .track { fill: #8882; stroke: none; } svg .range { fill: #2f7ed866; stroke: none; } svg .tick { stroke: currentColor; stroke-width: 2; } svg .full { stroke: var(--fail); stroke-dasharray: 4 3; }
svg .standard { fill: #2ca46d99; } svg .extended { fill: #d9822b99; } svg .now { stroke: currentColor; stroke-width: 2; stroke-dasharray: 2 2; }
svg .column-0 { fill: #2f7ed8aa; } svg .column-1 { fill: #2ca46daa; } svg rect { stroke: none; } svg text.label { font-size: 12px; opacity: 1; }
@media print {
  :root { color-scheme: light; } @page { size: A4; margin: 15mm; }
  body { font-size: 10.5pt; max-width: none; padding: 0; } figure, .wide { overflow: visible; } figure svg { min-width: 0; }
  h2 { break-after: avoid; } figure, tr, article { break-inside: avoid; } thead { display: table-header-group; }
  svg rect, .line { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`);
