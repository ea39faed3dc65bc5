import type * as z from 'zod';
import { PROFILE_ERRORS } from '../../core/error-codes.ts';
import { TARGET_KINDS, type TargetKind } from '../../core/target-kinds.ts';
import { descriptionAt, keysAt } from './json-schema.ts';
import { nearestWord } from './nearest-word.ts';
import { foundText, shortened, type Complaint, type Path, type ProblemCode } from './problem.ts';
import { valueAt, type Located } from './yaml-tree.ts';

type Issue = z.core.$ZodIssue;
type JsonSchema = z.core.JSONSchema.BaseSchema;

interface Context {
  readonly root: Located;
  readonly schema: JsonSchema;
}

/** What zod found, in words for the person who wrote the file; one complaint for each thing to mend. */
export function complaintsOf(issues: readonly Issue[], root: Located, schema: JsonSchema): Complaint[] {
  const context = { root, schema };
  const flat = issues.flatMap((issue) => chosen(issue, [], root));
  return flat.flatMap((issue) => complaintsOfOne(issue, context));
}

/** The issues of the branch of a union that the person most likely meant, with whole paths. */
function chosen(issue: Issue, base: Path, root: Located): Issue[] {
  const path = [...base, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))];
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [{ ...issue, path } as Issue];
  const value = valueAt(root, path);
  const meant = issue.errors.filter((branch) => !branch.some((inner) => refusesKindOf(value, inner)));
  const fewest = meant.toSorted((a, b) => a.length - b.length)[0];
  if (fewest) return fewest.flatMap((inner) => chosen(inner, path, root));
  return [{ ...issue, path } as Issue];
}

/** Whether a branch was not for this kind of value at all, as a list of words is not for a mapping. */
function refusesKindOf(value: unknown, issue: Issue): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === 'invalid_value') return typeof value !== 'string';
  return issue.code === 'invalid_type' || issue.code === 'invalid_union';
}

function complaintsOfOne(issue: Issue, context: Context): Complaint[] {
  const path = issue.path as Path;
  const value = valueAt(context.root, path);
  const found = isSecretPlace(path) ? hidden(value) : foundText(value);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const allowed = keysAt(context.schema, path);
      return issue.keys.map((key) => unknownKey(path, key, allowed, context));
    }
    case 'invalid_type':
      if (value === undefined) return [missing(path, context)];
      return [wrongType(path, [expectedText(issue.expected)], found, context)];
    case 'invalid_union':
      return [wrongType(path, [...new Set(issue.errors.flat().map(expectedOf))], found, context)];
    case 'invalid_value': {
      if (value === undefined) return [missing(path, context)];
      const allowed = issue.values.map(String);
      const nearest = typeof value === 'string' ? nearestWord(value, allowed) : undefined;
      const unknownTask = isEntry(path);
      const code = unknownTask ? 'CFG_UNKNOWN_TASK' : 'CFG_VALUE';
      const message = unknownTask ? 'unknown task' : 'not one of the allowed words';
      return [{ code, path, message, found, allowed, ...(nearest !== undefined && { nearest }) }];
    }
    case 'too_small':
    case 'too_big':
      return [outOfRange(issue, path, found)];
    case 'invalid_key':
      return [{ code: 'CFG_NAME', path, at: 'key', message: lowered(issue.issues[0]?.message ?? issue.message) }];
    default: {
      const complaint = { code: codeOf(issue), path, message: lowered(issue.message) };
      if (typeof value === 'object' && value !== null) return [complaint];
      return [{ ...complaint, found: complaint.code === 'CFG_SECRET_INLINE' ? hidden(value) : found }];
    }
  }
}

function unknownKey(parent: Path, key: string, allowed: readonly string[], { schema, root }: Context): Complaint {
  const path = [...parent, key];
  const place = { path, at: 'key', found: shortened(key) } as const;
  const inGroup = parent.includes('parallel');
  if (inGroup && key === 'required') {
    return { ...place, code: 'CFG_UNKNOWN_KEY', message: 'not allowed inside parallel: a group never ends a run' };
  }
  if (inGroup && key === 'parallel') {
    return {
      ...place,
      code: 'CFG_UNKNOWN_KEY',
      message: 'a group cannot hold a group; list its tasks beside the others',
    };
  }
  const nearest = nearestWord(key, allowed);
  const near = nearest === undefined ? {} : { nearest };
  if (!isEntry(parent)) return { ...place, code: 'CFG_UNKNOWN_KEY', message: 'unknown key', allowed, ...near };

  const task = Object.keys(valueAt(root, parent) as object).find((other) => allowed.includes(other));
  if (task !== undefined && keysAt(schema, [...parent, task]).includes(key)) {
    return { ...place, code: 'CFG_UNKNOWN_KEY', message: `a setting of ${task}; indent it deeper than ${task}` };
  }
  const tasks = allowed.filter((name) => name !== 'parallel');
  return { ...place, code: 'CFG_UNKNOWN_TASK', message: 'unknown task', allowed: tasks, ...near };
}

function missing(path: Path, { schema }: Context): Complaint {
  const means = descriptionAt(schema, path);
  return { code: 'CFG_MISSING', path, message: means === undefined ? 'missing' : `missing: ${lowered(means)}` };
}

function wrongType(path: Path, allowed: readonly string[], found: string, { schema }: Context): Complaint {
  if (isEntry(path)) {
    return { code: 'CFG_TYPE', path, message: 'not a task', found, allowed: ['a task', 'a task with its settings'] };
  }
  // A number where text is meant is an account without its quotes or a duration without its unit: its meaning tells.
  const means = descriptionAt(schema, path);
  const asText = allowed.map((type) =>
    type === 'text' ? `text${means === undefined ? ' in quotes' : ` (${means})`}` : type,
  );
  return { code: 'CFG_TYPE', path, message: 'wrong type', found, allowed: /^-?[\d.]/.test(found) ? asText : allowed };
}

function outOfRange(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig, path: Path, found: string): Complaint {
  const small = issue.code === 'too_small';
  if (small && issue.origin === 'array' && path.at(-1) === 'targets') {
    return { code: 'TARGET_EMPTY', path, message: 'names no target' };
  }
  const limit = small ? issue.minimum : issue.maximum;
  const unit = { string: 'character', array: 'entry' }[issue.origin as string];
  const units = unit === undefined ? '' : ` ${Number(limit) === 1 ? unit : unit.replace(/y$/, 'ie').concat('s')}`;
  const bound = issue.inclusive === false ? (small ? 'more than' : 'less than') : small ? 'at least' : 'at most';
  const message = unit === undefined ? `too ${small ? 'small' : 'large'}` : `too ${small ? 'short' : 'long'}`;
  return { code: 'CFG_RANGE', path, message, found, allowed: [`${bound} ${limit}${units}`] };
}

function codeOf(issue: Issue): ProblemCode {
  const code: unknown = issue.code === 'custom' ? issue.params?.['code'] : undefined;
  if (typeof code === 'string' && Object.hasOwn(PROFILE_ERRORS, code)) return code as ProblemCode;
  if (issue.message.includes('is not a duration')) return 'CFG_DURATION';
  if (issue.message.startsWith('has a password in it')) return 'CFG_SECRET_INLINE';
  return 'CFG_VALUE';
}

/** `…tasks[3]`, or a member of its group. */
function isEntry(path: Path): boolean {
  return typeof path.at(-1) === 'number' && (path.at(-2) === 'tasks' || path.at(-2) === 'parallel');
}

function isSecretPlace(path: Path): boolean {
  if (path[0] === 'notify') return true;
  const [section, kind, , field] = path[0] === 'environments' ? path.slice(2) : path;
  if (section !== 'targets') return false;
  if (typeof kind !== 'string' || !Object.hasOwn(TARGET_KINDS, kind)) return true;
  const addresses: readonly string[] = TARGET_KINDS[kind as TargetKind].addresses;
  // What stands where a target's settings belong is most likely its address.
  return field === undefined || addresses.includes(String(field));
}

/** Of an address only its beginning is shown, for what follows may be a credential that was written badly. */
function hidden(value: unknown): string {
  if (typeof value !== 'string') return foundText(value);
  return `"${/^[a-z][a-z0-9+.-]{0,20}:(\/\/)?/i.exec(value)?.[0] ?? ''}[redacted]"`;
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  null: 'nothing',
};

function expectedText(expected: string): string {
  return TYPES[expected] ?? expected;
}

function expectedOf(issue: Issue): string {
  return issue.code === 'invalid_type' ? expectedText(issue.expected) : 'text';
}

function lowered(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}

/**
 * Drops what is only the echo of another complaint: a setting missing because its name is misspelt, a mapping found
 * wanting for a key that nobody knows, a task left without settings by a wrong indentation.
 */
export function withoutEchoes(complaints: readonly Complaint[]): Complaint[] {
  const unknown = complaints.filter(({ code }) => code === 'CFG_UNKNOWN_KEY' || code === 'CFG_UNKNOWN_TASK');
  const byParent = new Map<string, Complaint[]>();
  for (const complaint of unknown) {
    const parent = JSON.stringify(complaint.path.slice(0, -1));
    const siblings = byParent.get(parent);
    if (siblings) siblings.push(complaint);
    else byParent.set(parent, [complaint]);
  }
  return complaints.filter(({ code, path }) => {
    const siblings = byParent.get(JSON.stringify(path.slice(0, -1))) ?? [];
    if (code === 'CFG_MISSING')
      return !siblings.some(({ nearest }) => nearest !== undefined && nearest === path.at(-1));
    if (code === 'CFG_TYPE') return !siblings.some(({ message }) => message.startsWith('a setting of '));
    return code !== 'CFG_VALUE' || !byParent.has(JSON.stringify(path));
  });
}
