import { Temporal } from 'temporal-polyfill';
import { quoted } from './problem.ts';

const ALLOWED = 'write UTC or an IANA name such as Europe/Berlin';
const LONGEST_NAME = 64;

/** Why a text is no time zone for a schedule, with the likely one where one is near; undefined where it is one. */
export function timezoneProblem(text: string): string | undefined {
  const known = knownName(text);
  // Names without an area (EST5EDT, GB) are leftovers, and those of ICU beyond IANA's have none either.
  if (known === text && (text === 'UTC' || text.includes('/'))) return undefined;
  const meant = meantBy(text, known);
  const hint = meant === undefined ? '' : `; did you mean ${meant}`;
  const offset = /^(?:UTC|GMT)?[+-]\d/i.test(text) ? 'is an offset, which knows no summer time' : 'is no IANA name';
  return `timezone ${quoted(text)} ${offset}; ${ALLOWED}${hint}`;
}

function meantBy(text: string, known: string | undefined): string | undefined {
  if (known !== undefined && known.includes('/')) return known;
  if (known !== undefined) return new Intl.DateTimeFormat('en', { timeZone: known }).resolvedOptions().timeZone;
  const spelled = text.trim().replaceAll(/\s+/g, '_');
  const city = `/${spelled}`.toLowerCase();
  return knownName(spelled) ?? Intl.supportedValuesOf('timeZone').find((name) => name.toLowerCase().endsWith(city));
}

/** The name of a zone in its proper case; undefined where it is none, an offset included. */
function knownName(text: string): string | undefined {
  if (text.length > LONGEST_NAME || !/^[A-Za-z][\w+-]*(?:\/[\w+-]+)*$/.test(text)) return undefined;
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(text).timeZoneId;
  } catch {
    return undefined;
  }
}
