import * as z from 'zod';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;
const PATTERN = /^(\d{1,6}(?:\.\d{1,3})?)(kB|MB|GB|TB)$/;

/** A size in a profile, written as PostgreSQL writes it (1 kB is 1,024 bytes); its value is a number of bytes. */
export const Bytes = z.string().transform((text, context) => {
  const [, number, unit] = PATTERN.exec(text) ?? [];
  const power = UNITS.findIndex((one) => one === unit);
  if (number !== undefined && power > 0) return Math.round(Number(number) * 1_024 ** power);
  context.addIssue({ code: 'custom', message: `"${text}" is not a size; write it as 512kB, 10MB or 1.5GB` });
  return z.NEVER;
});

/** A number of bytes in the unit that a person reads. */
export function inBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log(bytes) / Math.log(1_024)));
  const value = bytes / 1_024 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value).toLocaleString('en')} ${UNITS[power] ?? 'B'}`;
}
