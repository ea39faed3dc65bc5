import * as z from 'zod';
import type { Json } from '../../../core/json.ts';
import type { DocumentPages, DocumentPlatform } from '../../../core/task.ts';
import {
  dayText,
  usd,
  type Bars,
  type Decision,
  type ReviewPage,
  type Table,
} from '../../report/review/review-page.ts';
import { renderReview } from '../../report/review/render-review.ts';

const Share = z.number().nullable();
const Usage = z.object({ p50: Share, p95: Share, p99_5: Share, maximum: Share });
const Price = z.union([
  z.object({ usdPerMonthNow: z.number(), usdPerMonthProposed: z.number() }),
  z.object({ unknown: z.string() }),
]);
const Detail = z.object({
  aim: z.enum(['performance', 'cost']),
  text: z.string(),
  why: z.string(),
  price: Price,
  confidence: z.enum(['high', 'medium', 'low']),
  reversible: z.string(),
  command: z.string().optional(),
});
const Thing = z.object({
  details: z.array(Detail),
  withheld: z.array(z.string()),
  unknown: z.array(z.string()),
  usage_percent: z.object({ cpu: Usage.optional(), memory: Usage.optional() }),
});
const Things = z.record(z.string(), Thing);
/** What a page needs of the document of `_document.ts`. */
const Document = z.object({
  generated_at: z.iso.datetime(),
  services: Things,
  databases: Things,
  caches: Things,
  policy: z.string(),
  regions: z.array(
    z.object({
      region: z.string(),
      from: z.iso.datetime(),
      to: z.iso.datetime(),
      prices_as_of: z.string(),
      unknown: z.array(z.object({ part: z.string(), reason: z.string(), missing_permission: z.string().nullable() })),
    }),
  ),
  predictions: z.array(
    z.object({ subject: z.string(), predicted_at: z.string(), outcome: z.string(), why: z.string().nullable() }),
  ),
});
type Document = z.output<typeof Document>;
type Detail = z.output<typeof Detail>;

interface Named extends z.output<typeof Thing> {
  readonly name: string;
}

/** The scaling review for the person who must decide. Throws where the document is not one of this review. */
export function scalingPages(document: Json, platform: DocumentPlatform): DocumentPages {
  return renderReview(scalingPage(Document.parse(document), platform));
}

function scalingPage(document: Document, { platform, environment }: DocumentPlatform): ReviewPage {
  const things = thingsOf(document);
  const advised = things
    .flatMap((thing) => thing.details.map((detail) => ({ thing, detail })))
    .toSorted((a, b) => rankOf(a.detail) - rankOf(b.detail) || gainOf(b.detail) - gainOf(a.detail));
  const unread = document.regions.flatMap(({ region, unknown }) =>
    unknown.map(
      ({ part, reason, missing_permission: lacks }) =>
        `${part} in ${region}: ${reason}${lacks === null ? '' : `; give the role of the review ${lacks}`}`,
    ),
  );
  const unknown = [...unread, ...things.flatMap(({ name, unknown: why }) => why.map((text) => `${name}: ${text}`))];
  const isUrgent = advised.some(({ detail }) => detail.aim === 'performance');
  return {
    title: `Scaling review of ${dayText(document.generated_at)}`,
    about: `${platform} · ${environment} · services, databases and caches in ${regionsOf(document)}`,
    headline: headlineOf(things, advised, unknown.length),
    tone: unknown.length > 0 ? 'unknown' : isUrgent ? 'warn' : 'pass',
    decisions: advised.map(({ thing, detail }) => decisionOf(thing, detail)),
    sections: [
      { title: 'All recommendations', blocks: [adviceTable(advised)] },
      {
        title: 'How busy each of them was',
        note: noteOf(document.policy === 'seed' ? 'day' : 'hour'),
        blocks: [usageBars('CPU', 'cpu', things), usageBars('Memory', 'memory', things)],
      },
      { title: 'What it costs', blocks: [costColumns(advised)] },
      { title: 'What the last review expected', blocks: [predictionTable(document)] },
      {
        title: 'Left as it is',
        note: 'A threshold spoke for these changes, and something else against them.',
        blocks: [withheldTable(things)],
      },
    ].filter(({ blocks }) => blocks.some(({ rows }) => rows.length > 0)),
    unknown,
    sources: sourcesOf(document),
  };
}

function noteOf(step: 'hour' | 'day'): string {
  return `Of the highest minute of each ${step} of the last 30 days: half of the ${step}s stayed below p50, 95 of 100 below p95.`;
}

function thingsOf({ services, databases, caches }: Document): Named[] {
  const kinds = { service: services, database: databases, cache: caches };
  return Object.entries(kinds).flatMap(([kind, things]) =>
    Object.entries(things).map(([name, thing]) => ({ ...thing, name: `${kind} ${name}` })),
  );
}

function regionsOf({ regions }: Document): string {
  return [...new Set(regions.map(({ region }) => region))].join(', ') || 'no region';
}

const CONFIDENCE = { high: 0, medium: 1, low: 2 } as const;

/** What is too small comes before what is too large, and what is sure before what is not. */
function rankOf({ aim, confidence }: Detail): number {
  return (aim === 'performance' ? 0 : 3) + CONFIDENCE[confidence];
}

function savedBy({ price }: Detail): number {
  return 'unknown' in price ? 0 : price.usdPerMonthNow - price.usdPerMonthProposed;
}

/** What is too small is not weighed by its price. */
function gainOf(detail: Detail): number {
  return detail.aim === 'cost' ? savedBy(detail) : 0;
}

type Advice = readonly { readonly thing: Named; readonly detail: Detail }[];

function headlineOf(things: readonly Named[], advised: Advice, unknown: number): string {
  if (things.length === 0) return unknown === 0 ? 'There is nothing to review' : 'Nothing could be reviewed';
  const small = countOf(advised, 'performance');
  const large = countOf(advised, 'cost');
  const wrong = new Set(advised.map(({ thing }) => thing.name)).size;
  const saved = advised.reduce((sum, { detail }) => sum + savedBy(detail), 0);
  const left = unknown === 0 ? '' : `; ${unknown} ${unknown === 1 ? 'matter' : 'matters'} could not be known`;
  if (wrong === 0) return `Each of the ${things.length} reviewed has the size that it needs${left}`;
  const money =
    Math.abs(saved) < 0.5
      ? ''
      : `. Following all of it ${saved > 0 ? 'saves' : 'costs'} ${usd(Math.abs(saved))} a month`;
  return `${wrong} of ${things.length} should change: ${small} too small, ${large} too large${money}${left}`;
}

function countOf(advised: Advice, aim: Detail['aim']): number {
  return new Set(advised.filter(({ detail }) => detail.aim === aim).map(({ thing }) => thing.name)).size;
}

function decisionOf({ name }: Named, detail: Detail): Decision {
  const { aim, text, why, price, confidence, reversible, command } = detail;
  const isNamed = text.includes(name.slice(name.indexOf(' ') + 1));
  return {
    title: sentenceOf(isNamed ? text : `${name}: ${text}`),
    tone: aim === 'performance' ? 'warn' : 'info',
    why: `${sentenceOf(why)}.`,
    facts: [priceText(price), `confidence: ${confidence}`, `way back: ${reversible.replace(/^yes: /, '')}`],
    ...(command !== undefined && { command }),
  };
}

function sentenceOf(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

function priceText(price: Detail['price']): string {
  if ('unknown' in price) return `price not known: ${price.unknown}`;
  const more = price.usdPerMonthProposed - price.usdPerMonthNow;
  if (Math.abs(more) < 0.005) return 'costs the same';
  return more < 0 ? `saves ${usd(-more)} a month` : `costs ${usd(more)} a month more`;
}

function adviceTable(advised: Advice): Table {
  return {
    kind: 'table',
    columns: ['What', 'Change', 'Why', 'US dollars a month', 'Confidence'],
    rows: advised.map(({ thing, detail: { text, why, price, confidence } }) => [
      thing.name,
      text,
      why,
      'unknown' in price
        ? `not known: ${price.unknown}`
        : `${usd(price.usdPerMonthNow)} → ${usd(price.usdPerMonthProposed)}`,
      confidence,
    ]),
  };
}

function usageBars(title: string, resource: 'cpu' | 'memory', things: readonly Named[]): Bars {
  const rows = things.flatMap(({ name, usage_percent: { [resource]: usage } }) =>
    usage === undefined
      ? []
      : [
          {
            label: name,
            percents: [usage.p50, usage.p95, usage.p99_5, usage.maximum].map((share) => share ?? undefined),
          },
        ],
  );
  return {
    kind: 'bars',
    caption: `${title} in percent of what it has, the busiest first`,
    marks: ['p50', 'p95', 'p99.5', 'the highest'],
    rows: rows.toSorted((a, b) => (b.percents[2] ?? 0) - (a.percents[2] ?? 0)),
  };
}

function costColumns(advised: Advice): ReviewPage['sections'][number]['blocks'][number] {
  const priced = advised.flatMap(({ thing, detail: { price } }) =>
    'unknown' in price || price.usdPerMonthNow === price.usdPerMonthProposed
      ? []
      : [{ label: thing.name, usdPerMonth: [price.usdPerMonthNow, price.usdPerMonthProposed] }],
  );
  return {
    kind: 'columns',
    caption: 'Now, and after the change',
    series: ['now', 'proposed'],
    rows: priced.toSorted(({ usdPerMonth: [a = 0] }, { usdPerMonth: [b = 0] }) => b - a),
  };
}

const OUTCOMES: Readonly<Record<string, string>> = {
  held: 'came true',
  missed: 'did not come true',
  'not-followed': 'was not followed',
  'changed-otherwise': 'was changed in another way',
  unknown: 'not known',
};

function predictionTable({ predictions }: Document): Table {
  return {
    kind: 'table',
    columns: ['What', 'Expected on', 'What became of it', 'Because'],
    rows: predictions.map(({ subject, predicted_at: at, outcome, why }) => [
      subject,
      at.slice(0, 10),
      OUTCOMES[outcome] ?? outcome,
      why ?? '',
    ]),
  };
}

function withheldTable(things: readonly Named[]): Table {
  return {
    kind: 'table',
    columns: ['What', 'Not proposed, and why'],
    rows: things.flatMap(({ name, withheld }) => withheld.map((text) => [name, text])),
  };
}

function sourcesOf({ regions, policy }: Document): string[] {
  const intervals = new Set(
    regions.map(
      ({ from, to }) => `Load: CloudWatch, ${from.slice(0, 16)} to ${to.slice(0, 16)} UTC. Policy: ${policy}.`,
    ),
  );
  const prices = new Set(
    regions.map(
      ({ region, prices_as_of: asOf }) =>
        `Prices: on demand in ${region}, of ${dayText(asOf)}, without reservations, discounts and taxes; prices of your own in the input of the task come first.`,
    ),
  );
  return [...intervals, ...prices];
}
