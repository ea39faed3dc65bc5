import { DAY_OF_MONTH, DAY_OF_WEEK, DAYS_OF_WEEK, parseValue, parseValues } from './cron-field.ts';
import { quoted, type Problem } from './problem.ts';

/** Which days of a month a cron expression means; days of the week count from 1, Sunday, to 7, Saturday. */
export type DayRule =
  | { readonly kind: 'days-of-month'; readonly days: readonly number[] }
  | { readonly kind: 'last-day' }
  /** `LW`: the last Monday to Friday of the month. */
  | { readonly kind: 'last-weekday' }
  /** `15W`: the Monday to Friday nearest to the day, never in another month. */
  | { readonly kind: 'nearest-weekday'; readonly day: number }
  | { readonly kind: 'days-of-week'; readonly daysOfWeek: readonly number[] }
  | { readonly kind: 'last-day-of-week'; readonly dayOfWeek: number }
  | { readonly kind: 'nth-day-of-week'; readonly dayOfWeek: number; readonly nth: number };

const DAY_MS = 86_400_000;
const SUNDAY = 1;
const SATURDAY = 7;

/** The rule of the two day fields, of which exactly one is `?`. */
export function parseDays(dayOfMonth: string, dayOfWeek: string): { readonly days: DayRule } | Problem {
  if ((dayOfMonth === '?') === (dayOfWeek === '?')) {
    const found = `found ${quoted(dayOfMonth)} and ${quoted(dayOfWeek)}`;
    return { problem: `exactly one of day-of-month and day-of-week must be ?; ${found}` };
  }
  return dayOfWeek === '?' ? parseDayOfMonth(dayOfMonth) : parseDayOfWeek(dayOfWeek);
}

function parseDayOfMonth(text: string): { readonly days: DayRule } | Problem {
  const upper = text.toUpperCase();
  if (upper === 'L') return { days: { kind: 'last-day' } };
  if (upper === 'LW') return { days: { kind: 'last-weekday' } };
  const nearest = /^(\d+)W$/.exec(upper);
  if (nearest?.[1] !== undefined) {
    const day = parseValue(DAY_OF_MONTH, nearest[1]);
    return 'problem' in day ? day : { days: { kind: 'nearest-weekday', day: day.value } };
  }
  if (/[LW#]/.test(upper)) {
    return { problem: `day-of-month ${quoted(text)} cannot be read; L, LW and 15W stand alone in the field` };
  }
  const parsed = parseValues(DAY_OF_MONTH, text);
  return 'problem' in parsed ? parsed : { days: { kind: 'days-of-month', days: parsed.values } };
}

function parseDayOfWeek(text: string): { readonly days: DayRule } | Problem {
  const upper = text.toUpperCase();
  // L alone is the last day of AWS's week.
  if (upper === 'L') return { days: { kind: 'days-of-week', daysOfWeek: [SATURDAY] } };
  const last = /^(\w+)L$/.exec(upper);
  if (last?.[1] !== undefined) return parseLast(text, last[1]);
  const nth = /^(\w+)#(\w+)$/.exec(upper);
  if (nth?.[1] !== undefined) return parseNth(text, nth[1], Number(nth[2]));
  if (/#|L(,|$)|(^|,)L/.test(upper)) {
    return { problem: `day-of-week ${quoted(text)} cannot be read; 1L and 1#2 stand alone in the field` };
  }
  const parsed = parseValues(DAY_OF_WEEK, text);
  return 'problem' in parsed ? parsed : { days: { kind: 'days-of-week', daysOfWeek: parsed.values } };
}

function parseLast(text: string, day: string): { readonly days: DayRule } | Problem {
  const dayOfWeek = parseValue(DAY_OF_WEEK, day);
  if ('problem' in dayOfWeek) return dayOfWeek;
  if (/^\d/.test(day)) return { days: { kind: 'last-day-of-week', dayOfWeek: dayOfWeek.value } };
  return { problem: `day-of-week ${quoted(text)} has a name before L; did you mean ${dayOfWeek.value}L` };
}

function parseNth(text: string, day: string, nth: number): { readonly days: DayRule } | Problem {
  const dayOfWeek = parseValue(DAY_OF_WEEK, day);
  if ('problem' in dayOfWeek) return dayOfWeek;
  if (nth >= 1 && nth <= 5) return { days: { kind: 'nth-day-of-week', dayOfWeek: dayOfWeek.value, nth } };
  const name = DAYS_OF_WEEK[dayOfWeek.value - 1];
  return {
    problem: `day-of-week ${quoted(text)} never comes; after # are 1-5, ${dayOfWeek.value}L is the last ${name}`,
  };
}

/** The days of a month (1 is January) that the rule means, ascending; none where the month is too short for it. */
export function daysOf(rule: DayRule, year: number, month: number): readonly number[] {
  const firstMs = Date.UTC(year, month - 1, 1);
  const length = (Date.UTC(year, month, 1) - firstMs) / DAY_MS;
  const dayOfWeekOf = (day: number) => new Date(firstMs + (day - 1) * DAY_MS).getUTCDay() + 1;
  const nearestWeekday = (day: number) => {
    if (dayOfWeekOf(day) === SATURDAY) return day > 1 ? day - 1 : day + 2;
    if (dayOfWeekOf(day) === SUNDAY) return day < length ? day + 1 : day - 2;
    return day;
  };
  const all = Array.from({ length }, (_, i) => i + 1);
  switch (rule.kind) {
    case 'days-of-month':
      return rule.days.filter((day) => day <= length);
    case 'last-day':
      return [length];
    case 'last-weekday':
      return [nearestWeekday(length)];
    case 'nearest-weekday':
      return rule.day <= length ? [nearestWeekday(rule.day)] : [];
    case 'days-of-week':
      return all.filter((day) => rule.daysOfWeek.includes(dayOfWeekOf(day)));
    case 'last-day-of-week':
      return all.filter((day) => dayOfWeekOf(day) === rule.dayOfWeek).slice(-1);
    case 'nth-day-of-week':
      return all.filter((day) => dayOfWeekOf(day) === rule.dayOfWeek).slice(rule.nth - 1, rule.nth);
  }
}
