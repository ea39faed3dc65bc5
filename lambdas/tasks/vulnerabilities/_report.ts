import type * as z from 'zod';
import { Flaw } from './_flaw.ts';
import type { Vulnerability } from './_vulnerability.ts';

/** Why a report, although it could be read, says less than it seems to. */
export interface Gap {
  readonly kind: 'end-of-life' | 'not-scanned' | 'audit-failed' | 'development-left-out';
  /** One sentence without full stop that begins with what the report is of. */
  readonly summary: string;
  /** What it is about, where a report can have several. */
  readonly about?: string;
}

/** What a scanner said of an image or a project. */
export interface Scan {
  /** The image or project. */
  readonly subject: string;
  /** Other names of it: tags and digests. */
  readonly names: readonly string[];
  readonly tool: 'Trivy' | 'npm audit' | 'pip-audit';
  /** When the scanner says that it looked; absent where it does not say. */
  readonly createdAt?: Date;
  readonly vulnerabilities: readonly Vulnerability[];
  readonly gaps: readonly Gap[];
  /** How many packages were looked at; absent where the scanner does not say. */
  readonly packages?: number;
  /** False for a scanner that rates nothing: all of its vulnerabilities count. */
  readonly isRated: boolean;
  /** When the image was made. */
  readonly imageCreatedAt?: Date;
}

/** A scan with the file that it was read from. */
export interface Report extends Scan {
  readonly file: string;
  /** When the scanner looked, or else when the file was written; never later than that. */
  readonly madeAt: Date;
}

/** Reads JSON; throws `Flaw` where the text is none, or is cut. */
export function parsedJson(text: string): unknown {
  if (text.trim() === '') throw new Flaw('is empty');
  try {
    return JSON.parse(text);
  } catch (thrown) {
    // The parser's own words repeat a part of the text.
    const at = thrown instanceof Error ? /position (\d+)/.exec(thrown.message)?.[1] : undefined;
    const isCut = !/[\]}]\s*$/.test(text);
    throw new Flaw(
      `is no JSON${isCut ? ': it ends in the middle' : at === undefined ? '' : `: letter ${at} is wrong`}`,
    );
  }
}

/** Takes what the schema knows of a report; throws `Flaw` with the path of the first field that is another one. */
export function shaped<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.join('.') || 'the top';
  const words = (issue?.message ?? 'another shape').replace(', received undefined', ', and it is not there');
  throw new Flaw(`is no report of ${what} as it should be: ${path}: ${words}`);
}

/** A date of a report; undefined where it is absent or none. */
export function dateOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const date = new Date(text);
  // Builders that make the same image twice give it the date 1970 or 0001.
  return Number.isNaN(date.getTime()) || date.getUTCFullYear() < 2000 ? undefined : date;
}
