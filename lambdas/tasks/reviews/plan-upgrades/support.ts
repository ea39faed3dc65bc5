import { addDays, dayOf, daysUntil } from './days.ts';
import { notKnown, type Cost, type Note } from './hop.ts';

/** Until when a version is supported, and what the vendor does then. */
export interface Support {
  /** Absent where no date is known. */
  readonly standardEnd: Date | undefined;
  readonly extendedEnd: Date | undefined;
  /** Whether extended support begins by itself when the standard one ends; else the vendor upgrades or stops. */
  readonly isExtended: boolean;
  /** What the vendor does at the end of all support. */
  readonly atEnd: string;
}

export interface SupportLimits {
  readonly warnDays: number;
  readonly urgentDays: number;
}

/** Whether the support of a version ends soon, has ended, or costs already. */
export function judgeSupport(
  subject: string,
  version: string,
  { standardEnd, extendedEnd, isExtended, atEnd }: Support,
  { limits, now, cost, command }: JudgeSupport,
): Note[] {
  if (standardEnd === undefined) return [notKnown(subject, `no end of support is known for ${version}`)];
  if (daysUntil(standardEnd, now) > 0 || !isExtended) {
    const then = isExtended ? `then extended support is charged${costText(cost)}` : `then ${atEnd}`;
    return ending(subject, `standard support of ${version}`, standardEnd, then, { limits, now, command });
  }
  const paid: Note = {
    kind: 'extended-support-paid',
    subject,
    summary: `${subject}: ${version} has been in extended support since ${dayOf(standardEnd)}${costText(cost)}`,
    ...(command !== undefined && { command }),
  };
  const last =
    extendedEnd === undefined
      ? []
      : ending(subject, `extended support of ${version}`, extendedEnd, `then ${atEnd}`, { limits, now, command });
  return [paid, ...last];
}

export interface JudgeSupport {
  readonly limits: SupportLimits;
  readonly now: Date;
  readonly cost: Cost | undefined;
  readonly command: string | undefined;
}

/** The next day on which the vendor does something by itself; undefined where none is known. */
export function nextVendorDate(
  support: Support,
  now: Date,
): { readonly date: string; readonly why: string } | undefined {
  const { standardEnd, extendedEnd, isExtended, atEnd } = support;
  if (standardEnd === undefined) return undefined;
  if (daysUntil(standardEnd, now) > 0 || !isExtended) {
    return {
      date: dayOf(standardEnd),
      why: isExtended ? 'standard support ends and extended support is charged' : atEnd,
    };
  }
  return extendedEnd && { date: dayOf(extendedEnd), why: atEnd };
}

/** The first day after standard support. */
export function dayAfter(moment: Date): string {
  return dayOf(addDays(moment, 1));
}

function ending(
  subject: string,
  what: string,
  end: Date,
  then: string,
  { limits, now, command }: Omit<JudgeSupport, 'cost'>,
): Note[] {
  const days = daysUntil(end, now);
  if (days > limits.warnDays) return [];
  const isUrgent = days <= limits.urgentDays;
  const when = days > 0 ? `ends on ${dayOf(end)}, in ${days} days` : `ended on ${dayOf(end)}`;
  return [
    {
      kind: isUrgent ? 'support-ending-soon' : 'support-ending',
      subject,
      summary: `${subject}: ${what} ${when}; ${days > 0 ? then : then.replace(/^then /, 'since then ')}`,
      value: days,
      limit: isUrgent ? limits.urgentDays : limits.warnDays,
      unit: 'days',
      ...(command !== undefined && { command }),
    },
  ];
}

function costText(cost: Cost | undefined): string {
  if (cost === undefined) return '';
  return 'unknown' in cost ? `; ${cost.unknown}` : `: ${cost.usdPerMonth} USD a month, ${cost.why}`;
}
