import { coded, type PROFILE_ERRORS } from '../../core/error-codes.ts';
import { withoutKnownSecrets } from './known-secrets.ts';

/** A way in which a profile can be wrong. */
export type ProblemCode = keyof typeof PROFILE_ERRORS;

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

/** One line for people: the place as editors link it, what is wrong, what would be right, and the code. */
export function problemText(problem: ProfileProblem): string {
  return coded(sentenceOf(problem), problem.code);
}

function sentenceOf({ file, line, column, path, message, found, allowed = [], nearest }: ProfileProblem): string {
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
    else if (/^[\w-]{1,64}$/.test(part) && withoutPasswords(part) === part) text += text === '' ? part : `.${part}`;
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

/** The text without credentials, cut when long. */
export function shortened(text: string): string {
  // Hidden before cut: a cut could remove the @ by which a password is known.
  const safe = withoutPasswords(text);
  return safe.length > 60 ? `${[...safe].slice(0, 60).join('')}…` : safe;
}

// A word is looked at from its beginning alone, or a file of nothing but names would cost minutes.
const NAMED_SECRET = /(?<![\w-])((?=[\w-]*(?:password|passwd|pwd|token|secret|api-?key))[\w-]+\s*=\s*)[^\s&"']+/gi;

/** Hides what looks like a credential in any text: the user part of an address, `password=…`. */
export function withoutPasswords(text: string): string {
  return withoutKnownSecrets(withoutUserInfo(text).replace(NAMED_SECRET, '$1[redacted]'));
}

/** From the first address to the last @: what stands between two of them may belong to either. */
function withoutUserInfo(text: string): string {
  // A path has lost the second slash of an address that was taken for one.
  const start = /\/\/|(?<=\b[a-z][a-z\d+.-]{0,20}:)\//i.exec(text)?.index ?? -1;
  const end = text.lastIndexOf('@');
  if (start < 0 || end < start + 2) return text;
  const slashes = text.startsWith('//', start) ? '//' : '/';
  return `${text.slice(0, start)}${slashes}[redacted]@${text.slice(end + 1)}`;
}
