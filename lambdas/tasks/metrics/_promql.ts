import { RE2JS } from 're2js';
import * as z from 'zod';

export const MetricName = z
  .string()
  .max(200)
  .regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/, 'is no metric name: letters, digits, _ and : only');

export const LabelName = z
  .string()
  .max(200)
  .regex(/^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/, 'is no label name: letters, digits and _ only, and not __ at its start');

/** A regular expression as Prometheus reads it: the syntax of RE2, matched against the whole value. */
export const Pattern = z
  .string()
  .min(1)
  .max(500)
  .refine(isPattern, 'is no regular expression that Prometheus reads (the syntax of RE2)');

/** Label name to a pattern that its whole value must match. */
export const LabelPatterns = z.record(LabelName, Pattern);

export interface Matchers {
  /** Series whose labels match all of these. */
  readonly only: Readonly<Record<string, string>>;
  /** Without those that match one of these. */
  readonly except: Readonly<Record<string, string>>;
}

/** The series of a metric that the matchers leave; whatever the patterns hold stays inside of its quotes. */
export function selector(metric: string, { only, except }: Matchers, ...further: readonly string[]): string {
  const matchers = [
    ...Object.entries(only).map(([label, pattern]) => `${label}=~${quoted(pattern)}`),
    ...Object.entries(except).map(([label, pattern]) => `${label}!~${quoted(pattern)}`),
    ...further,
  ];
  return matchers.length === 0 ? metric : `${metric}{${matchers.join(',')}}`;
}

/** The value of a label; of one that is missing it is empty, also where every object has a property of its name. */
export function labelValue(labels: Readonly<Record<string, string>>, name: string): string {
  return Object.hasOwn(labels, name) ? (labels[name] ?? '') : '';
}

/** Matchers of exactly these labels; a label that is missing is one with an empty value. */
export function exactly(labels: Readonly<Record<string, string>>, names: readonly string[]): string[] {
  return names.map((name) => `${name}=${quoted(labelValue(labels, name))}`);
}

/** A string of PromQL, whose escapes are a superset of those of JSON; what is invisible or steers a terminal is escaped too. */
export function quoted(text: string): string {
  return JSON.stringify(text).replace(/[\p{C}\u2028\u2029]/gu, (letter) => {
    const code = (letter.codePointAt(0) ?? 0).toString(16);
    return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`;
  });
}

/**
 * What counters have grown by within a period, those included that were born in it.
 *
 * `increase` takes the first value of a series for its start, so a burst of errors with a status that was not seen
 * before counts for nothing. Where the process was scraped when the period began, all of a new counter's value
 * belongs to the period; `base` are the series that prove it.
 */
export function grown(series: string, base: string, withinSeconds: number): string {
  const period = `${withinSeconds}s`;
  const born = `((${series} unless ${series} offset ${period}) and on (job, instance) (${base} offset ${period}))`;
  return `(${born} or increase(${series}[${period}]))`;
}

/** Says of texts whether a pattern matches the whole of them, in linear time. */
export function wholeMatcher(pattern: string): (text: string) => boolean {
  const compiled = RE2JS.compile(pattern, RE2JS.DOTALL);
  return (text) => compiled.matcher(text).matches();
}

function isPattern(text: string): boolean {
  try {
    RE2JS.compile(text);
    // Prometheus puts it between these, and a quotation without its end would swallow the last of them.
    RE2JS.compile(`^(?s:${text})$`);
    return true;
  } catch (malformed) {
    if (malformed instanceof Error) return false;
    throw malformed;
  }
}
