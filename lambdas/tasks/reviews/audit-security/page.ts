import * as z from 'zod';
import type { Json } from '../../../../core/json.ts';
import type { DocumentPages, DocumentPlatform } from '../../../../core/task.ts';
import { renderReview } from '../../../report/review/render-review.ts';
import { dayText, type Block, type Decision, type ReviewPage } from '../../../report/review/review-page.ts';
import { LEVELS } from './levels.ts';

const Flaw = z.object({
  id: z.string(),
  topic: z.string(),
  resource: z.string(),
  region: z.string(),
  severity: z.string(),
  title: z.string(),
  sources: z.array(z.object({ name: z.string() })),
  packages: z.array(z.object({ name: z.string(), version: z.string().nullable(), fixed_in: z.string().nullable() })),
  change: z.string().nullable(),
  first_seen_at: z.string(),
  command: z.string().nullable(),
});
const Gone = z.object({ id: z.string(), severity: z.string(), title: z.string(), first_seen_at: z.string() });
/** What a page needs of the document of `document.ts`. */
const Document = z.object({
  generated_at: z.iso.datetime(),
  differences: z.object({
    compared_with: z.string().nullable(),
    new: z.array(z.string()),
    worse: z.array(z.string()),
    fixed: z.array(Gone),
    forgotten: z.array(Gone),
    not_seen: z.array(Gone),
  }),
  counts: z.record(z.string(), z.number()),
  merged: z.object({ reports: z.number(), flaws: z.number() }),
  flaws: z.array(Flaw),
  flaws_not_listed: z.number(),
  acceptances: z.array(
    z.object({ flaw: z.string(), until: z.string(), reason: z.string(), owner: z.string(), state: z.string() }),
  ),
  not_seen: z.array(z.object({ part: z.string(), reason: z.string(), missing_permission: z.string().nullable() })),
  left_out: z.array(z.string()),
  not_covered: z.array(z.string()),
  account: z.object({ id: z.string().nullable() }).nullable(),
  regions: z.array(z.object({ region: z.string() })),
});
type Document = z.output<typeof Document>;
type DocumentFlaw = z.output<typeof Flaw>;

/** The audit for the person who must act on it. Throws where the document is not one of this review. */
export function securityPages(document: Json, platform: DocumentPlatform): DocumentPages {
  return renderReview(securityPage(Document.parse(document), platform));
}

function securityPage(document: Document, { platform, environment }: DocumentPlatform): ReviewPage {
  const { flaws, differences, account, regions } = document;
  const isGrave = flaws.some(({ severity }) => GRAVE.has(severity));
  const isBlind = document.not_seen.length > 0;
  return {
    title: `Security audit of ${dayText(document.generated_at)}`,
    about: `${platform} · ${environment} · account ${account?.id ?? 'not known'}, ${[...new Set(regions.map(({ region }) => region))].join(', ') || 'no region'}`,
    headline: headlineOf(document),
    tone: isGrave ? 'fail' : isBlind ? 'unknown' : flaws.length > 0 ? 'warn' : 'pass',
    decisions: [...Map.groupBy(flaws, ({ topic }) => topic).values()].map(decisionOf),
    sections: [
      {
        title:
          differences.compared_with === null
            ? 'Found for the first time'
            : `Since ${dayText(differences.compared_with)}`,
        note: 'Fixed is what was looked at again and is gone; what could not be looked at is neither fixed nor confirmed.',
        blocks: [differenceTable(document)],
      },
      {
        title: 'Everything that is open',
        note: `${document.merged.reports} reports of all sources are ${document.merged.flaws} flaws: what several report is one.`,
        blocks: [flawTable(flaws)],
      },
      { title: 'Accepted by the profile', blocks: [acceptanceTable(document)] },
    ].filter(({ blocks }) => blocks.some(({ rows }) => rows.length > 0)),
    unknown: document.not_seen.map(
      ({ part, reason, missing_permission: lacks }) =>
        `${part}: ${reason}${lacks === null ? '' : `; give the role of the review ${lacks}`}`,
    ),
    sources: [
      `Not looked at: ${[...document.not_covered, ...document.left_out.map((service) => `${service}, by the profile`)].join('; ')}.`,
      ...(document.flaws_not_listed > 0 ? [`${document.flaws_not_listed} more open flaws are only counted.`] : []),
    ],
  };
}

const GRAVE: ReadonlySet<string> = new Set(['critical', 'high']);

function headlineOf({ counts, flaws, differences, not_seen: unseen }: Document): string {
  const left =
    unseen.length === 0 ? '' : `; ${unseen.length} ${unseen.length === 1 ? 'part' : 'parts'} could not be seen`;
  if (flaws.length === 0) return unseen.length === 0 ? 'No flaw is open' : `No flaw was seen${left}`;
  const tally = LEVELS.flatMap((level) => ((counts[level] ?? 0) > 0 ? [`${counts[level]} ${level}`] : [])).join(', ');
  const news =
    differences.compared_with === null
      ? ''
      : `. Since the last audit ${differences.new.length} new, ${differences.worse.length} worse, ${differences.fixed.length} fixed`;
  return `Open flaws: ${tally}${news}${left}`;
}

/** Flaws of one sort are one decision; the gravest of them is told. */
function decisionOf(alike: readonly DocumentFlaw[]): Decision {
  const [first, ...others] = alike as readonly [DocumentFlaw, ...DocumentFlaw[]];
  const { title, severity, resource, region, sources, packages, change, first_seen_at: since, command } = first;
  const fix = packages.find(({ fixed_in: fixed }) => fixed !== null);
  const changed = change === null || change === 'unchanged' ? '' : `, ${change}`;
  return {
    title,
    tone: GRAVE.has(severity) ? 'fail' : 'warn',
    why: `${resource} in ${region}, ${severity}${changed}; seen since ${dayText(since)}.`,
    facts: [
      `reported by ${[...new Set(sources.map(({ name }) => name))].join(', ')}`,
      ...(fix === undefined ? [] : [`mended in ${fix.name} ${fix.fixed_in}`]),
      ...(others.length === 0 ? [] : [`and ${others.length} more of this sort: ${namesOf(others)}`]),
    ],
    ...(command !== null && { command }),
  };
}

const MOST_NAMES = 5;

function namesOf(flaws: readonly DocumentFlaw[]): string {
  const names = flaws.map(({ resource }) => resource);
  return names.length > MOST_NAMES ? `${names.slice(0, MOST_NAMES).join(', ')}, …` : names.join(', ');
}

function differenceTable({ differences, flaws }: Document): Block {
  const titleOf = (id: string) => flaws.find((flaw) => flaw.id === id)?.title ?? '';
  const open = (what: string, ids: readonly string[]) => ids.map((id) => [what, id, titleOf(id)]);
  const gone = (what: string, some: Document['differences']['fixed']) => some.map(({ id, title }) => [what, id, title]);
  return {
    kind: 'table',
    columns: ['What', 'Flaw', ''],
    rows: [
      ...open('worse', differences.worse),
      // In a first audit everything is new, and stands below.
      ...(differences.compared_with === null ? [] : open('new', differences.new)),
      ...gone('fixed', differences.fixed),
      ...gone('kept no longer by its watcher', differences.forgotten),
      ...gone('not looked at again', differences.not_seen),
    ],
  };
}

function flawTable(flaws: readonly DocumentFlaw[]): Block {
  return {
    kind: 'table',
    columns: ['Severity', 'Flaw', 'Where', 'Reported by', 'Since'],
    rows: flaws.map(({ severity, title, resource, region, sources, first_seen_at: since }) => [
      severity,
      title,
      `${resource} (${region})`,
      [...new Set(sources.map(({ name }) => name))].join(', '),
      since.slice(0, 10),
    ]),
  };
}

function acceptanceTable({ acceptances }: Document): Block {
  return {
    kind: 'table',
    columns: ['Flaw', 'Until', 'Reason', 'Owner', 'State'],
    rows: acceptances.map(({ flaw, until, reason, owner, state }) => [
      flaw,
      until,
      reason,
      owner,
      state.replaceAll('-', ' '),
    ]),
  };
}
