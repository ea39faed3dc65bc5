import { scaleLinear, scaleUtc } from 'd3-scale';
import { html, type Markup } from '../markup.ts';
import { MOST_DRAWN, usd, type Bars, type Columns, type Lifelines } from './review-page.ts';

const WIDTH = 720;
const LABELS = 200;
const VALUES = 86;
const ROW = 26;
const AXIS = 24;
const LONGEST_LABEL = 30;
/** Of the rows, so that neighbours do not touch. */
const BAR = 14;

interface Row {
  readonly label: string;
}

/** For each thing a bar from its lowest mark to its highest one, and a stroke at each between them. */
export function barsDrawing({ caption, marks, rows }: Bars): Markup {
  const drawn = rows.slice(0, MOST_DRAWN);
  const all = drawn.flatMap(({ percents }) => percents.filter((value) => value !== undefined));
  const x = scaleLinear()
    .domain([0, Math.max(100, ...all)])
    .range([LABELS, WIDTH - VALUES]);
  return svg(
    caption,
    drawn.length,
    html`${x.ticks(5).map((tick) => axisMark(x(tick), drawn.length, `${tick} %`))} ${fullLine(x(100), drawn.length)}
    ${drawn.map(({ label, percents }, place) => {
      const known = percents.filter((value) => value !== undefined);
      const top = place * ROW + (ROW - BAR) / 2;
      const [least = 0, most = 0] = [Math.min(...known), Math.max(...known)];
      const text = known.length === 0 ? 'not known' : `max ${Math.round(most)} %`;
      const title = marks.map((mark, at) => `${mark} ${percentText(percents[at])}`).join(', ');
      return html`<g>
        <title>${label}: ${title}</title>
        ${labelOf(label, place)}
        <rect class="track" x="${LABELS}" y="${top}" width="${x(100) - LABELS}" height="${BAR}" />
        ${known.length === 0 ? '' : html`<rect class="range" x="${x(least)}" y="${top}" width="${Math.max(1, x(most) - x(least))}" height="${BAR}" />`}
        ${known.map((value) => html`<path class="tick" d="M${x(value)},${top}v${BAR}" />`)}
        ${valueOf(text, place)}
      </g>`;
    })}`,
    html`<li>each bar goes from ${marks[0] ?? ''} to ${marks.at(-1) ?? ''}, with a stroke at ${marks.join(', ')}</li>`,
  );
}

function percentText(value: number | undefined): string {
  return value === undefined ? 'not known' : `${Math.round(value * 10) / 10} %`;
}

function fullLine(x: number, rows: number): Markup {
  return html`<path class="full" d="M${x},0v${rows * ROW}" />`;
}

const YEAR_MILLISECONDS = 365 * 86_400_000;

/** For each version how long it is supported, as far as its vendor says, and today across all of them. */
export function lifelinesDrawing({ caption, today, rows }: Lifelines): Markup {
  const drawn = rows.slice(0, MOST_DRAWN);
  const now = Date.parse(today);
  const ends = drawn.flatMap(({ standardUntil, extendedUntil }) =>
    [standardUntil, extendedUntil].flatMap((date) => (date === undefined ? [] : [Date.parse(date)])),
  );
  const from = Math.min(now, ...ends) - YEAR_MILLISECONDS / 2;
  const to = Math.max(now, ...ends) + YEAR_MILLISECONDS / 2;
  const x = scaleUtc()
    .domain([from, to])
    .range([LABELS, WIDTH - VALUES]);
  const show = x.tickFormat(6);
  return svg(
    caption,
    drawn.length,
    html`${x.ticks(6).map((tick) => axisMark(x(tick), drawn.length, show(tick)))}
    ${drawn.map(({ label, standardUntil, extendedUntil }, place) => {
      const top = place * ROW + (ROW - BAR) / 2;
      const standard = standardUntil === undefined ? from : Date.parse(standardUntil);
      const extended = extendedUntil === undefined ? standard : Date.parse(extendedUntil);
      const text = standardUntil === undefined ? 'not known' : standardUntil.slice(0, 10);
      return html`<g>
        <title>
          ${label}: standard support until ${standardUntil?.slice(0, 10) ?? 'not known'}, extended until
          ${extendedUntil?.slice(0, 10) ?? 'not known'}
        </title>
        ${labelOf(label, place)}
        <rect class="standard" x="${x(from)}" y="${top}" width="${Math.max(0, x(standard) - x(from))}" height="${BAR}" />
        <rect
          class="extended"
          x="${x(standard)}"
          y="${top}"
          width="${Math.max(0, x(extended) - x(standard))}"
          height="${BAR}"
        />
        ${valueOf(text, place)}
      </g>`;
    })}
    <path class="now" d="M${x(now)},0v${drawn.length * ROW}" />`,
    html`<li>first part: standard support, until the date at the right</li>
      <li>second part: extended support, at a price</li>
      <li>dashed: today, ${today.slice(0, 10)}</li>`,
  );
}

/** For each thing its costs, one below the other. */
export function columnsDrawing({ caption, series, rows }: Columns): Markup {
  const drawn = rows.slice(0, MOST_DRAWN);
  const most = Math.max(1, ...drawn.flatMap(({ usdPerMonth }) => usdPerMonth));
  const x = scaleLinear()
    .domain([0, most])
    .nice(4)
    .range([LABELS, WIDTH - VALUES]);
  const thick = BAR / Math.max(1, series.length);
  return svg(
    caption,
    drawn.length,
    html`${x.ticks(4).map((tick) => axisMark(x(tick), drawn.length, usd(tick)))}
    ${drawn.map(
      ({ label, usdPerMonth }, place) =>
        html`<g>
          <title>${label}: ${series.map((name, at) => `${name} ${usd(usdPerMonth[at] ?? 0)}`).join(', ')}</title>
          ${labelOf(label, place)}
          ${usdPerMonth.map(
            (value, at) =>
              html`<rect
                class="column-${at}"
                x="${LABELS}"
                y="${place * ROW + (ROW - BAR) / 2 + at * thick}"
                width="${Math.max(0.5, x(value) - LABELS)}"
                height="${thick - 0.5}"
              />`,
          )}
          ${valueOf(usdPerMonth.map((value) => Math.round(value)).join(' → '), place)}
        </g>`,
    )}`,
    html`<li>from top to bottom: ${series.join(', ')}; US dollars a month</li>`,
  );
}

function svg(label: string, rows: number, content: Markup, legend: Markup): Markup {
  return html`<svg viewBox="0 0 ${WIDTH} ${rows * ROW + AXIS}" role="img" aria-label="${label}">${content}</svg>
    <ul class="legend">
      ${legend}
    </ul>`;
}

function axisMark(x: number, rows: number, text: string): Markup {
  return html`<path class="grid" d="M${x},0v${rows * ROW}" />
    <text x="${x}" y="${rows * ROW + 16}" text-anchor="middle">${text}</text> `;
}

function labelOf(label: Row['label'], place: number): Markup {
  const short = label.length > LONGEST_LABEL ? `${label.slice(0, LONGEST_LABEL - 1)}…` : label;
  return html`<text class="label" x="${LABELS - 8}" y="${place * ROW + ROW / 2}" dy=".35em" text-anchor="end">${short}</text>`;
}

function valueOf(text: string, place: number): Markup {
  return html`<text x="${WIDTH - VALUES + 8}" y="${place * ROW + ROW / 2}" dy=".35em">${text}</text>`;
}
