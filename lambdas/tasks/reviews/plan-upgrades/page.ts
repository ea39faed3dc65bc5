import type { Json } from '../../../../core/json.ts';
import type { DocumentPages, DocumentPlatform } from '../../../../core/task.ts';
import { renderReview } from '../../../report/review/render-review.ts';
import {
  dayText,
  usd,
  type Block,
  type Decision,
  type Lifeline,
  type ReviewPage,
} from '../../../report/review/review-page.ts';
import { PlanDocument, type DocumentHop } from './page-document.ts';

interface Planned extends DocumentHop {
  readonly week: number;
  readonly startsOn: string;
}

/** The plan for the person who must approve it. Throws where the document is not one of this review. */
export function upgradePages(document: Json, platform: DocumentPlatform): DocumentPages {
  return renderReview(upgradePage(PlanDocument.parse(document), platform));
}

function upgradePage(document: PlanDocument, { platform, environment }: DocumentPlatform): ReviewPage {
  const hops = document.timeline.flatMap(({ week, starts_on: startsOn, hops: its }) =>
    its.map((hop): Planned => ({ ...hop, week, startsOn })),
  );
  const unknown = unknownOf(document);
  const isUrgent = hops.some(({ due_by: due }) => due !== null);
  return {
    title: `Upgrade plan of ${document.quarter}`,
    about: `${platform} · ${environment} · images, databases, clusters, caches and functions in ${regionsOf(document)}`,
    headline: headlineOf(document, hops, unknown.length),
    tone: hops.some(({ is_late: isLate }) => isLate)
      ? 'fail'
      : unknown.length > 0
        ? 'unknown'
        : isUrgent
          ? 'warn'
          : 'pass',
    decisions: decisionsOf(document, hops),
    sections: [
      {
        title: 'Week by week',
        note: 'The first week gives people time to agree; a change reaches a stage a week after the one before it.',
        blocks: [weekTable(hops)],
      },
      { title: 'Days on which a vendor acts', blocks: [dateTable(document)] },
      {
        title: 'How long each version is supported',
        blocks: [lifelinesOf(document)],
      },
      {
        title: 'What waiting costs',
        note: `Charged today: ${usd(document.cost_of_waiting.usd_per_month_now)} a month; later: ${usd(document.cost_of_waiting.usd_per_month_later)}.`,
        blocks: [costColumns(document), costTable(document)],
      },
      { title: 'What EKS says of the next version', blocks: [insightTable(document)] },
      { title: 'What became of the last plan', blocks: [lastPlanTable(document)] },
      { title: 'Before and behind each change', blocks: [careTable(hops)] },
    ].filter(({ blocks }) => blocks.some(({ rows }) => rows.length > 0)),
    unknown,
    sources: [
      `Made at ${document.generated_at.slice(0, 16)} UTC. Dates of vendors as of ${dayText(document.vendor_dates_as_of)}, but for those that AWS itself gave.`,
      `Not looked at: ${document.not_covered.join('; ')}.`,
    ],
  };
}

function regionsOf({ regions }: PlanDocument): string {
  return [...new Set(regions.map(({ region }) => region))].join(', ') || 'no region';
}

function unknownOf({ regions, cost_of_waiting: { unknown } }: PlanDocument): string[] {
  return [
    ...regions.flatMap(({ region, unknown: parts }) =>
      parts.map(
        ({ part, reason, missing_permission: lacks }) =>
          `${part} in ${region}: ${reason}${lacks === null ? '' : `; give the role of the review ${lacks}`}`,
      ),
    ),
    ...unknown.map(({ subject, why }) => `what waiting costs for ${subject}: ${why}`),
  ];
}

function headlineOf(
  { regions, cost_of_waiting: cost }: PlanDocument,
  hops: readonly Planned[],
  unknown: number,
): string {
  const seen = regions.reduce(
    (sum, { images, databases, clusters, caches, functions }) =>
      sum + images.length + databases.length + clusters.length + caches.length + functions.length,
    0,
  );
  const left = unknown === 0 ? '' : `; ${unknown} ${unknown === 1 ? 'matter' : 'matters'} could not be known`;
  if (seen === 0) return unknown === 0 ? 'There is nothing to upgrade' : 'Nothing could be looked at';
  if (hops.length === 0) return `Nothing of the ${seen} that were looked at is due${left}`;
  const weeks = new Set(hops.map(({ week }) => week)).size;
  const late = hops.filter(({ is_late: isLate }) => isLate).length;
  const money = cost.usd_per_month_later > 0 ? `. Not doing them costs ${usd(cost.usd_per_month_later)} a month` : '';
  return `${countText(hops.length, 'change')} in ${countText(weeks, 'week')}${late > 0 ? `, ${late} of them too late for its vendor's date` : ''}${money}${left}`;
}

function countText(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

const RISKS = { high: 0, medium: 1, low: 2 } as const;

/** From the last review of a quarter to the next one, with the time to agree. */
const SOON_DAYS = 120;

/** What a vendor acts on before the next plan comes first, and of it what is riskiest; of one thing only its first change. */
function decisionsOf({ generated_at: madeAt }: PlanDocument, hops: readonly Planned[]): Decision[] {
  const soon = new Date(Date.parse(madeAt) + SOON_DAYS * 86_400_000).toISOString();
  const firsts = [...Map.groupBy(hops, ({ region, subject }) => `${region} ${subject}`).values()].flatMap(
    ([first]) => first ?? [],
  );
  const rank = (hop: Planned) => (dueOf(hop) <= soon ? 0 : 3) + RISKS[hop.risk.level];
  return firsts
    .toSorted((a, b) => rank(a) - rank(b) || dueOf(a).localeCompare(dueOf(b)))
    .map((hop) => ({
      title: `${changeText(hop)} in the week of ${dayText(hop.startsOn)}`,
      tone: hop.is_late ? 'fail' : hop.due_by === null ? 'info' : 'warn',
      why: hop.due_by === null ? `${hop.risk.reason}.` : `${dayText(hop.due_by.date)}: ${hop.due_by.why}.`,
      facts: [
        `risk ${hop.risk.level}: ${hop.risk.reason}`,
        `${hop.minutes} minutes, ${hop.minutes_are}`,
        backText(hop),
        ...(hop.cost_of_waiting === null ? [] : [costText(hop.cost_of_waiting)]),
      ],
      ...(hop.command !== null && { command: hop.command }),
    }));
}

/** What a vendor has in store is taken; everything else moves from one version to another. */
function changeText({ subject, from, to }: Planned): string {
  return from === 'pending' ? `Take ${subject}` : `Move ${subject} from ${from} to ${to}`;
}

function dueOf({ due_by: due }: Planned): string {
  return due?.date ?? '9999';
}

function backText({ rollback: { method, minutes, loses, until } }: Planned): string {
  const takes = minutes === null ? '' : `, ${minutes} minutes`;
  return `way back: ${method}${takes}; loses ${loses}${until === null ? '' : `; open until ${dayText(until)}`}`;
}

function costText(cost: NonNullable<Planned['cost_of_waiting']>): string {
  if ('unknown' in cost) return `cost of waiting not known: ${cost.unknown}`;
  return `waiting costs ${usd(cost.usd_per_month)} a month from ${dayText(cost.from)}`;
}

function weekTable(hops: readonly Planned[]): Block {
  return {
    kind: 'table',
    columns: ['Week', 'From', 'What', 'Change', 'Stage', 'Minutes', 'Risk'],
    rows: hops.map(({ week, startsOn, subject, from, to, stage, minutes, risk }) => [
      String(week),
      startsOn,
      subject,
      `${from} → ${to}`,
      stage,
      String(minutes),
      risk.level,
    ]),
  };
}

function careTable(hops: readonly Planned[]): Block {
  return {
    kind: 'table',
    columns: ['Change', 'Before', 'Way back'],
    rows: hops.map((hop) => [`${hop.subject} ${hop.from} → ${hop.to}`, hop.pre_checks.join('; '), backText(hop)]),
  };
}

function dateTable({ vendor_dates: dates }: PlanDocument): Block {
  return {
    kind: 'table',
    columns: ['Day', 'What', 'Then', 'Planned for the week of'],
    rows: dates.map(({ date, subject, what, planned_for_week_of: planned, is_late: isLate }) => [
      date,
      subject,
      what,
      isLate ? `${planned}, too late` : planned,
    ]),
  };
}

function lifelinesOf({ generated_at: today, regions }: PlanDocument): Block {
  const rows = regions.flatMap(({ databases, clusters, caches }): Lifeline[] => [
    ...databases.map((one) => lifeline(`database ${one.db_instance} ${one.current_version}`, one)),
    ...clusters.map((one) => lifeline(`cluster ${one.cluster_name} ${one.current_version}`, one)),
    ...caches.map((one) => lifeline(`cache ${one.cache} ${one.current_version}`, one)),
  ]);
  const ended = rows.toSorted((a, b) => (a.standardUntil ?? '9999').localeCompare(b.standardUntil ?? '9999'));
  return { kind: 'lifelines', caption: 'The one that ends first stands on top', today, rows: ended };
}

function lifeline(
  label: string,
  lived: { readonly standard_support_ends: string | null; readonly extended_support_ends: string | null },
): Lifeline {
  return {
    label,
    standardUntil: lived.standard_support_ends ?? undefined,
    extendedUntil: lived.extended_support_ends ?? undefined,
  };
}

function costColumns({ cost_of_waiting: { entries } }: PlanDocument): Block {
  return {
    kind: 'columns',
    caption: 'What each charges for staying',
    series: ['extended support'],
    rows: entries.map(({ subject, usd_per_month: amount }) => ({ label: subject, usdPerMonth: [amount] })),
  };
}

function costTable({ cost_of_waiting: { entries } }: PlanDocument): Block {
  return {
    kind: 'table',
    columns: ['What', 'US dollars a month', 'From', 'Why'],
    rows: entries.map(({ subject, usd_per_month: amount, from, why }) => [subject, usd(amount), from, why]),
  };
}

function insightTable({ regions }: PlanDocument): Block {
  return {
    kind: 'table',
    columns: ['Cluster', 'Insight', 'State', 'Why'],
    rows: regions.flatMap(({ clusters }) =>
      clusters.flatMap(({ cluster_name: cluster, upgrade_insights: insights }) =>
        insights.map(({ name, status, reason, green_from: green }) => [
          cluster,
          name,
          green === null ? status : `${status}; green from ${green.slice(0, 10)}`,
          reason,
        ]),
      ),
    ),
  };
}

function lastPlanTable({ last_plan: hops }: PlanDocument): Block {
  return {
    kind: 'table',
    columns: ['What', 'Change', 'Planned for the week of', 'What became of it'],
    rows: hops.map(({ subject, from, to, planned_for_week_of: planned, outcome }) => [
      subject,
      `${from} → ${to}`,
      planned,
      outcome,
    ]),
  };
}
