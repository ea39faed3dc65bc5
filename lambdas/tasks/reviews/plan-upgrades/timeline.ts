import { addDays, dayOf, mondayFrom } from './days.ts';
import { HOP_KINDS, type HopKind } from './hop-kinds.ts';
import type { Hop } from './hop.ts';
import { STAGES } from './stage.ts';

/** A hop in the week that it is planned for. */
export interface PlannedHop {
  readonly hop: Hop;
  /** From 1. */
  readonly week: number;
  readonly startsOn: Date;
  /** True where the week begins after the day on which the vendor acts. */
  readonly isLate: boolean;
}

export interface Week {
  readonly week: number;
  readonly startsOn: Date;
  readonly hops: readonly PlannedHop[];
}

const ALONE: ReadonlySet<HopKind> = new Set(['database-major', 'cache-major']);
/** If something goes wrong in such a week, nobody must wonder which of the two it was. */
const APART: readonly (readonly [HopKind, HopKind])[] = [['database-minor', 'control-plane']];

/** A week's changes in the order in which they are made. */
const ORDER = HOP_KINDS;

/** The Monday of the first week. */
export function firstWeek(now: Date, startsInDays: number): Date {
  return mondayFrom(addDays(now, startsInDays));
}

/**
 * Gives each hop the first week that its dependencies, its stage and the other hops of the week allow.
 *
 * Staging comes first, what is not critical a week later, what is critical last; a change reaches a stage only a week
 * after the one before has had the same. A major has its week for itself and others of its kind and stage. What would
 * come after the day on which its vendor acts goes before its stage and takes its week before the others, though never
 * before what it depends on.
 */
export function plan(hops: readonly Hop[], start: Date): readonly Week[] {
  const hasNonCritical = hops.some(({ stage }) => stage === 'non-critical');
  const usualWeek = ({ stage }: Hop) => (stage === 'staging' ? 1 : stage === 'critical' && hasNonCritical ? 3 : 2);
  const hurried = new Set<Hop>();
  for (;;) {
    const weeks = placed(hops, { start, usualWeek, hurried });
    // What came too late only because others were there before it goes first the next time.
    const late = weeks
      .flatMap((week) => week.hops)
      .filter(({ hop, isLate }) => isLate && !hurried.has(hop) && dueWeek(hop, start) !== undefined);
    if (late.length === 0) return weeks;
    for (const { hop } of late) hurried.add(hop);
  }
}

interface Placing {
  readonly start: Date;
  readonly hurried: ReadonlySet<Hop>;
  usualWeek(hop: Hop): number;
}

function placed(hops: readonly Hop[], { start, hurried, usualWeek }: Placing): readonly Week[] {
  const byId = new Map(hops.map((hop) => [hop.id, hop]));
  const alike = Map.groupBy(hops, ({ kind, family }) => `${kind} ${family}`);
  const weekOf = new Map<string, number>();
  const weeks = new Map<number, Hop[]>();
  const underWay = new Set<string>();

  const place = (hop: Hop): number => {
    const known = weekOf.get(hop.id);
    if (known !== undefined) return known;
    // Two that wait for each other would wait for ever; the first one goes ahead.
    if (underWay.has(hop.id)) return 1;
    underWay.add(hop.id);
    const earliest = Math.max(
      1,
      ...hop.after.flatMap(({ id, weeks: between }) => {
        const before = byId.get(id);
        return before ? [place(before) + between] : [];
      }),
      ...(alike.get(`${hop.kind} ${hop.family}`) ?? [])
        .filter((before) => isStageBefore(before, hop))
        .map((before) => place(before) + 1),
    );
    const week = candidates(earliest, Math.max(earliest, usualWeek(hop)), dueWeek(hop, start)).find((one) =>
      (weeks.get(one) ?? []).every((other) => mayShare(other, hop)),
    );
    // The candidates have no end, and neither have the weeks.
    if (week === undefined) throw new RangeError(`${hop.id} fits into no week`);
    weekOf.set(hop.id, week);
    weeks.set(week, [...(weeks.get(week) ?? []), hop]);
    return week;
  };
  for (const hop of hops.toSorted((a, b) => Number(hurried.has(b)) - Number(hurried.has(a)) || byUrgency(a, b))) {
    place(hop);
  }
  return [...weeks.keys()]
    .sort((a, b) => a - b)
    .map((week) => {
      const startsOn = addDays(start, (week - 1) * 7);
      const planned = (weeks.get(week) ?? []).toSorted(inOrder).map((hop): PlannedHop => {
        return { hop, week, startsOn, isLate: hop.dueBy !== undefined && hop.dueBy.date < dayOf(startsOn) };
      });
      return { week, startsOn, hops: planned };
    });
}

/** The last week that begins no later than the vendor acts; undefined where that day is before all weeks, or unknown. */
function dueWeek({ dueBy }: Hop, start: Date): number | undefined {
  if (dueBy === undefined || dueBy.date < dayOf(start)) return undefined;
  return Math.floor((Date.parse(dueBy.date) - start.getTime()) / (7 * 86_400_000)) + 1;
}

/** From the usual week on; where the due one comes before a free one, backwards from it. */
function* candidates(earliest: number, usual: number, due: number | undefined): Generator<number> {
  if (due !== undefined) {
    for (let week = usual; week <= due; week += 1) yield week;
    for (let week = Math.min(usual - 1, due); week >= earliest; week -= 1) yield week;
  }
  for (let week = usual; ; week += 1) yield week;
}

/** Within a week what others wait for comes first. */
function inOrder(one: Hop, other: Hop): number {
  if (other.after.some(({ id }) => id === one.id)) return -1;
  if (one.after.some(({ id }) => id === other.id)) return 1;
  return ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind) || byUrgency(one, other);
}

/** True where a hop of an earlier stage shows how the later one of the same kind goes, being no later on its way. */
function isStageBefore(earlier: Hop, later: Hop): boolean {
  return STAGES.indexOf(earlier.stage) < STAGES.indexOf(later.stage) && earlier.step <= later.step;
}

function mayShare(one: Hop, other: Hop): boolean {
  if (ALONE.has(one.kind) || ALONE.has(other.kind)) return one.kind === other.kind && one.stage === other.stage;
  return !APART.some(([a, b]) => (one.kind === a && other.kind === b) || (one.kind === b && other.kind === a));
}

function byUrgency(one: Hop, other: Hop): number {
  return (
    STAGES.indexOf(one.stage) - STAGES.indexOf(other.stage) ||
    compareText(one.dueBy?.date ?? '9999', other.dueBy?.date ?? '9999') ||
    compareText(one.id, other.id)
  );
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

/** What is done in a week, as people write it down. */
export function tasksOf({ hops }: Week): string[] {
  const stored = hops.filter(({ hop }) => /^(database|cache)-/.test(hop.kind)).map(({ hop }) => hop.subject);
  const subjects = [...new Set(stored)];
  const isStaging = hops.some(({ hop }) => hop.stage === 'staging');
  return [
    ...(subjects.length > 0 ? [`Back up and verify ${listed(subjects)}`] : []),
    ...hops.map(({ hop }) => hopText(hop)),
    ...(isStaging ? ['Run the whole tests against staging'] : []),
    'Watch errors, latency and load until the next week',
  ];
}

/** One change in words. */
export function hopText({ kind, subject, stage, from, to }: Hop): string {
  if (kind === 'database-maintenance' || kind === 'cache-update') return `Take ${subject} (${stage})`;
  return `Move ${subject} from ${from} to ${to} (${stage})`;
}

function listed(subjects: readonly string[]): string {
  return subjects.length > 5
    ? `${subjects.slice(0, 5).join(', ')} and ${subjects.length - 5} more`
    : subjects.join(', ');
}
