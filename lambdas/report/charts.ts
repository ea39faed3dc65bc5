import { scaleLinear, scaleUtc } from 'd3-scale';
import { line } from 'd3-shape';
import type { Trend } from '../../core/trends.ts';
import { html, type Markup } from './markup.ts';
import { placeOf, withUnit } from './phrases.ts';

const WIDTH = 560;
const HEIGHT = 180;
const MARGIN = { top: 8, right: 12, bottom: 24, left: 72 };
/** What an eye can still tell apart. */
const MOST_LINES = 6;
const MOST_CHARTS = 40;

interface Group {
  readonly task: string;
  readonly name: string;
  readonly unit: Trend['unit'];
  readonly trends: readonly Trend[];
}

/** A chart for each measurement that was taken more than once: one line for each place, the highest at its end first. */
export function chartsSection(trends: readonly Trend[]): Markup {
  const groups = groupsOf(trends.filter(({ points }) => points.length > 1));
  if (groups.length === 0) return html``;
  const left = groups.length - MOST_CHARTS;
  return html`<section>
    <h2>Trends</h2>
    <div class="charts">${groups.slice(0, MOST_CHARTS).map(chart)}</div>
    ${left > 0 ? html`<p class="source">${left} more measurements are in report.json.</p>` : ''}
  </section>`;
}

function groupsOf(trends: readonly Trend[]): Group[] {
  const groups = Map.groupBy(trends, ({ task, name, unit }) => JSON.stringify([task, name, unit]));
  const found = [...groups.values()].flatMap((members) => {
    const [first] = members;
    if (!first) return [];
    const highestFirst = members.toSorted((a, b) => lastValue(b) - lastValue(a));
    return [{ task: first.task, name: first.name, unit: first.unit, trends: highestFirst }];
  });
  // A level line is worth a look only after those that move.
  return found.toSorted((a, b) => Number(isLevel(a)) - Number(isLevel(b)));
}

function isLevel({ trends }: Group): boolean {
  return trends.every(({ points }) => new Set(points.map(([, value]) => value)).size === 1);
}

function lastValue({ points }: Trend): number {
  return points.at(-1)?.[1] ?? 0;
}

function chart({ task, name, unit, trends }: Group): Markup {
  const shown = trends.slice(0, MOST_LINES);
  const rest = trends.length - shown.length;
  return html`<figure>
    <figcaption>${name}${unit === 'count' ? '' : html`, ${unit}`} <span class="source">${task}</span></figcaption>
    ${drawing(shown, unit, `${name} of ${shown.map(placeOf).join(', ')}`)}
    <ul class="legend">
      ${shown.map(
        (trend, place) =>
          html`<li><span class="line line-${place}"></span>${placeOf(trend)}: ${withUnit(lastValue(trend), unit)}</li> `,
      )}
      ${rest > 0 ? html`<li>and ${rest} lower</li>` : ''}
    </ul>
  </figure> `;
}

/** The caption has the unit; only bytes are easier to read with theirs. */
function tickText(value: number, unit: Trend['unit']): string {
  return withUnit(value, unit === 'bytes' || unit === 'percent' ? unit : 'count');
}

/** A number as a place on paper: beyond these bounds the arithmetic of scales has no numbers left, and fails. */
function drawable(value: number): number {
  if (Math.abs(value) < 1e-300) return 0;
  return Math.max(-1e300, Math.min(1e300, value));
}

function drawing(trends: readonly Trend[], unit: Trend['unit'], label: string): Markup {
  const points = trends.flatMap((trend) => trend.points);
  const times = points.map(([at]) => Date.parse(at));
  const values = points.map(([, value]) => drawable(value));
  const x = scaleUtc()
    .domain([Math.min(...times), Math.max(...times)])
    .range([MARGIN.left, WIDTH - MARGIN.right]);
  // From zero, or a rise of one per cent would look like a cliff.
  const y = scaleLinear()
    .domain([Math.min(0, ...values), Math.max(0, ...values) || 1])
    .nice(4)
    .range([HEIGHT - MARGIN.bottom, MARGIN.top]);
  const path = line<Trend['points'][number]>(
    ([at]) => x(Date.parse(at)),
    ([, value]) => y(drawable(value)),
  );
  const showTime = x.tickFormat(4);
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">
    ${y.ticks(4).map(
      (tick) =>
        html`<path class="grid" d="M${MARGIN.left},${y(tick)}H${WIDTH - MARGIN.right}" />
          <text x="${MARGIN.left - 6}" y="${y(tick)}" dy=".32em" text-anchor="end">${tickText(tick, unit)}</text> `,
    )}
    ${x.ticks(4).map((tick) => html`<text x="${x(tick)}" y="${HEIGHT - 6}" text-anchor="middle">${showTime(tick)}</text> `)}
    ${trends.map((trend, place) => html`<path class="line-${place}" d="${path(trend.points) ?? ''}" /> `)}
  </svg>`;
}
