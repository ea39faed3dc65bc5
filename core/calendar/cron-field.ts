import { quoted, type Problem } from './problem.ts';

/** One field of an AWS cron expression that is a set of numbers. */
export interface CronField {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  /** Words for the values, the first for `low`. */
  readonly words: readonly string[];
  /** Whether AWS documents `/` for it. */
  readonly steps: boolean;
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'] as const;
export const DAYS_OF_WEEK = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] as const;

export const MINUTES: CronField = { name: 'minutes', low: 0, high: 59, words: [], steps: true };
export const HOURS: CronField = { name: 'hours', low: 0, high: 23, words: [], steps: true };
export const DAY_OF_MONTH: CronField = { name: 'day-of-month', low: 1, high: 31, words: [], steps: true };
export const MONTH: CronField = { name: 'month', low: 1, high: 12, words: MONTHS, steps: true };
export const DAY_OF_WEEK: CronField = { name: 'day-of-week', low: 1, high: 7, words: DAYS_OF_WEEK, steps: false };
export const YEAR: CronField = { name: 'year', low: 1970, high: 2199, words: [], steps: true };

/** The numbers that a field of values, ranges, steps and lists stands for, ascending and each once. */
export function parseValues(field: CronField, text: string): { readonly values: readonly number[] } | Problem {
  const values = new Set<number>();
  const parts = text.split(',');
  for (const part of parts) {
    if (parts.length > 1 && part.startsWith('*')) {
      return { problem: `${field.name} ${quoted(text)} has * in a list; * stands alone, it is every value` };
    }
    const range = parseRange(field, part);
    if ('problem' in range) return range;
    for (let value = range.first; value <= range.last; value += range.step) values.add(value);
  }
  return { values: [...values].sort((a, b) => a - b) };
}

/** One value of a field, a number or a word. */
export function parseValue(field: CronField, text: string): { readonly value: number } | Problem {
  const { name, low, high, words } = field;
  const word = words.indexOf(text.toUpperCase());
  const value = word >= 0 ? low + word : /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= low && value <= high) return { value };
  const wrong = /^\d+$/.test(text) ? 'is out of range' : 'is unknown';
  const spoken = words.length > 0 ? ` or ${words[0]}-${words.at(-1)}, ${low} is ${words[0]}` : '';
  const meant = field === DAY_OF_WEEK && value === 0 ? '; did you mean 1 or SUN' : '';
  return { problem: `${name} ${quoted(text)} ${wrong}; allowed are ${low}-${high}${spoken}${meant}` };
}

interface Range {
  readonly first: number;
  readonly last: number;
  readonly step: number;
}

function parseRange(field: CronField, part: string): Range | Problem {
  const { name, low, high } = field;
  if (part.includes('?')) {
    return { problem: `${name} ${quoted(part)} has ?; it belongs in day-of-month or day-of-week, there alone` };
  }
  const match = /^(\*|\w+)(?:-(\w+))?(?:\/(\w+))?$/.exec(part);
  if (!match || (match[1] === '*' && match[2] !== undefined)) {
    const forms = field.steps ? '*, 1, 1-5, 1,3, */2 or 1-5/2' : '*, 1, 1-5 or 1,3';
    return { problem: `${name} ${quoted(part)} cannot be read; it takes forms such as ${forms}` };
  }
  const [start, end, stepText] = match.slice(1) as [string, string?, string?];
  const first = start === '*' ? { value: low } : parseValue(field, start);
  if ('problem' in first) return first;
  // AWS reads 5/10 as "from 5 on, every tenth".
  const openEnded = start === '*' || stepText !== undefined;
  const last = end === undefined ? { value: openEnded ? high : first.value } : parseValue(field, end);
  if ('problem' in last) return last;
  if (last.value < first.value) {
    const from = `${start}-${field.words.at(-1) ?? high}`;
    const until = `${field.words[0] ?? low}-${end}`;
    return { problem: `${name} ${quoted(part)} runs backwards; write the two parts, ${from},${until}` };
  }
  const step = stepText === undefined ? { value: 1 } : parseStep(field, part, stepText, range(first, last));
  if ('problem' in step) return step;
  return { ...range(first, last), step: step.value };
}

function range(first: { readonly value: number }, last: { readonly value: number }): Omit<Range, 'step'> {
  return { first: first.value, last: last.value };
}

function parseStep(
  field: CronField,
  part: string,
  text: string,
  { first, last }: Omit<Range, 'step'>,
): { readonly value: number } | Problem {
  const largest = field.high - field.low;
  const value = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > largest) {
    return { problem: `${field.name} ${quoted(part)} has the step ${quoted(text)}; allowed are 1-${largest}` };
  }
  if (field.steps) return { value };
  const days: number[] = [];
  for (let day = first; day <= last; day += value) days.push(day);
  return {
    problem: `${field.name} ${quoted(part)} has a step, which AWS does not take there; write ${days.join(',')}`,
  };
}
