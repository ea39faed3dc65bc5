import * as z from 'zod';

const UNIT_SECONDS = { d: 86_400, h: 3_600, m: 60, s: 1 } as const;
const PATTERN = /^(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,4})m)?(?:(\d{1,5})s)?$/;

/** Seconds of a duration such as `30m`, `1h30m` or `14d`; undefined where the text is none or is zero. */
export function parseDuration(text: string): number | undefined {
  const match = PATTERN.exec(text);
  if (!match) return undefined;
  const seconds = Object.values(UNIT_SECONDS).reduce((sum, unit, i) => sum + unit * Number(match[i + 1] ?? 0), 0);
  return seconds > 0 ? seconds : undefined;
}

/** The shortest text that `parseDuration` reads back as the same number of seconds. */
export function formatDuration(seconds: number): string {
  let rest = Math.round(seconds);
  if (rest <= 0) return '0s';
  let text = '';
  for (const [unit, size] of Object.entries(UNIT_SECONDS)) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text;
}

/** A duration in a profile; its value is a number of seconds. */
export const DurationSeconds = z
  .string()
  .transform((text, context) => {
    const seconds = parseDuration(text);
    if (seconds !== undefined) return seconds;
    context.addIssue({ code: 'custom', message: `"${text}" is not a duration; write it as 30m, 1h30m or 14d` });
    return z.NEVER;
  })
  .describe('A duration: 30m, 1h30m, 14d');

/** A share in a profile, written `30%`; its value is a number from 0 to 100. */
export const Percent = z
  .string()
  .transform((text, context) => {
    const match = /^(\d{1,3}(?:\.\d{1,3})?)%$/.exec(text);
    const percent = match ? Number(match[1]) : Number.NaN;
    if (percent <= 100) return percent;
    context.addIssue({ code: 'custom', message: `"${text}" is not a share; write it as 30%` });
    return z.NEVER;
  })
  .describe('A share: 30%');

/** The largest share that one run may change; a cap of nothing is a task that should not be in the profile. */
export const CapPercent = Percent.refine(
  (percent) => percent > 0,
  'must be above 0%; leave the task out to change nothing',
);
