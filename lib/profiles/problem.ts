/** Every way in which a profile can be wrong; the codes are stable, their wording is not. */
export const PROBLEM_CODES = [
  'CFG_NOT_FOUND',
  'CFG_UNREADABLE',
  'CFG_TOO_LARGE',
  'CFG_TOO_DEEP',
  'CFG_ENCODING',
  'CFG_FORBIDDEN_CHAR',
  'CFG_YAML',
  'CFG_DUPLICATE_ID',
  'CFG_FORBIDDEN_KEY',
  'CFG_NUMBER',
  'CFG_UNKNOWN_KEY',
  'CFG_UNKNOWN_TASK',
  'CFG_UNKNOWN_PROCEDURE',
  'CFG_MISSING',
  'CFG_TYPE',
  'CFG_RANGE',
  'CFG_VALUE',
  'CFG_NAME',
  'CFG_DURATION',
  'CFG_SECRET_INLINE',
  'CFG_NO_TASKS',
  'CFG_OVERRIDE_UNMATCHED',
  'CFG_APPROVERS_EMPTY',
  'CFG_FOUR_EYES_IMPOSSIBLE',
  'CFG_SCHEDULE',
  'CFG_WINDOW',
  'CFG_WINDOW_TOO_SHORT',
  'CFG_CALENDAR',
  'TZ_UNKNOWN',
  'TARGET_EMPTY',
  'TARGET_UNKNOWN',
  'TARGET_KIND_MISMATCH',
  'CIDR_SYNTAX',
  'CIDR_TOO_WIDE',
  'CIDR_PROTECTED',
] as const;
export type ProblemCode = (typeof PROBLEM_CODES)[number];

/** One thing that is wrong with a profile, and where. */
export interface ProfileProblem {
  readonly code: ProblemCode;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in characters. */
  readonly column: number;
  /** `procedures.daily.tasks[2]`; empty where the whole file is meant. */
  readonly path: string;
  readonly message: string;
  /** What stands there, shortened and without secrets. */
  readonly found?: string;
  readonly allowed?: readonly string[];
  readonly nearest?: string;
}

export type Path = readonly (string | number)[];

/** A problem whose place is still an offset into the text, or that of its path. */
export interface Complaint extends Omit<ProfileProblem, 'file' | 'line' | 'column' | 'path'> {
  readonly path: Path;
  readonly offset?: number;
  /** Whether the key at the path is meant, or what stands there; the latter by default. */
  readonly at?: 'key' | 'value';
  /** A second place that belongs to it. */
  readonly alsoAt?: number;
}

const LISTED_AT_MOST = 16;

/** One line for people: the place as editors link it, what is wrong, and what would be right. */
export function problemText(problem: ProfileProblem): string {
  const { file, line, column, path, message, found, allowed = [], nearest } = problem;
  let text = `${file}:${line}:${column} ${path === '' ? '' : `${path}: `}${message}`;
  const isSaid = (word: string) =>
    path.endsWith(word) || path.endsWith(`[${JSON.stringify(word)}]`) || message.includes(word);
  if (found !== undefined && !isSaid(found)) text += `, found ${found}`;
  if (nearest !== undefined) text += `; did you mean "${nearest}"?`;
  if (allowed.length === 0) return text;
  const more = allowed.length > LISTED_AT_MOST ? ` and ${allowed.length - LISTED_AT_MOST} more` : '';
  return `${text}${nearest === undefined ? ';' : ''} allowed: ${allowed.slice(0, LISTED_AT_MOST).join(', ')}${more}`;
}

/** By place, so that a person mends a file from its top to its end. */
export function byPlace(a: ProfileProblem, b: ProfileProblem): number {
  return a.line - b.line || a.column - b.column || (a.path < b.path ? -1 : Number(a.path > b.path));
}

/** `procedures.daily.tasks[2]`; keys that are no plain words stand in brackets and quotes. */
export function pathText(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[\w-]{1,64}$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(shortened(part))}]`;
  }
  return text;
}

/** What a person needs to recognise a value; never the password in an address. */
export function foundText(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (typeof value === 'string') return JSON.stringify(shortened(value));
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'a mapping';
  return String(value);
}

function shortened(text: string): string {
  // Hidden before cut: a cut could remove the @ by which a password is known.
  const safe = withoutPasswords(text);
  return safe.length > 60 ? `${[...safe].slice(0, 60).join('')}…` : safe;
}

const USER_INFO = /\/\/.*@/gs;
const NAMED_SECRET = /((?:password|passwd|pwd|token|secret|api-?key)[\w-]*\s*=\s*)[^\s&"']+/gi;

/** Hides what looks like a credential in any text: the user part of an address, `password=…`. */
export function withoutPasswords(text: string): string {
  return text.replace(USER_INFO, '//[redacted]@').replace(NAMED_SECRET, '$1[redacted]');
}
