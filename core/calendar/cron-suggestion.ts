import { DAYS_OF_WEEK } from './cron-field.ts';

type FiveFields = readonly [string, string, string, string, string];
/** minutes hours day-of-month month day-of-week year */
export type SixFields = readonly [...FiveFields, string];

/** Whether there are as many fields as AWS cron has. */
export function isSix(fields: readonly string[]): fields is SixFields {
  return fields.length === 6;
}

function isFive(fields: readonly string[]): fields is FiveFields {
  return fields.length === 5;
}

/** The six fields that somebody who wrote these most likely meant; undefined where nothing is near. */
export function meantBy(fields: readonly string[]): readonly string[] | undefined {
  if (isFive(fields)) return fields.includes('?') ? [...fields, '*'] : fromUnix(fields);
  if (isSix(fields)) return withQuestionMark(fields);
  // Quartz has the seconds first.
  return fields.length === 7 ? fields.slice(1) : undefined;
}

function fromUnix([minutes, hours, dayOfMonth, month, dayOfWeek]: FiveFields): SixFields | undefined {
  if (dayOfWeek === '*') return [minutes, hours, dayOfMonth, month, '?', '*'];
  // Unix takes either of two restricted day fields, which no single AWS expression says; its # and / have no twin here.
  if (dayOfMonth !== '*' || /[#/]/.test(dayOfWeek)) return undefined;
  const named = dayOfWeek.replace(/\d/g, (day) => String(DAYS_OF_WEEK[Number(day) % 7]));
  return [minutes, hours, '?', month, named, '*'];
}

function withQuestionMark([minutes, hours, dayOfMonth, month, dayOfWeek, year]: SixFields): SixFields {
  if (dayOfWeek === '*' && dayOfMonth !== '?') return [minutes, hours, dayOfMonth, month, '?', year];
  if (dayOfMonth === '*' && dayOfWeek !== '?') return [minutes, hours, '?', month, dayOfWeek, year];
  const everyDay = dayOfMonth === '?' && dayOfWeek === '?';
  return [minutes, hours, everyDay ? '*' : dayOfMonth, month, dayOfWeek, year];
}
