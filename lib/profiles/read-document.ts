import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { LineCounter } from 'yaml';
import type * as z from 'zod';
import { messageOf } from '../../core/errors.ts';
import { visible } from '../../lambdas/report/markup.ts';
import { systemReason } from '../system-reason.ts';
import { inlineSecrets } from './inline-secrets.ts';
import { complaintsOf } from './issues.ts';
import { jsonSchemaOf } from './json-schema.ts';
import { pathText, withoutPasswords, type Complaint, type ProfileProblem } from './problem.ts';
import { decodeProfile, LARGEST_PROFILE_BYTES, tooLarge } from './profile-text.ts';
import { offsetOf, parseYaml, type Located } from './yaml-tree.ts';

const READ_TIMEOUT_MS = 10_000;
const LONGEST_SHOWN_PATH = 300;

/** A file held against its schema: what stands in it, and what the schema has against it. */
export interface ReadDocument {
  readonly root: Located;
  readonly complaints: readonly Complaint[];
  /** Turns complaints about this file into problems with line and column. */
  readonly problemsOf: (complaints: readonly Complaint[]) => readonly ProfileProblem[];
}

/** Reads a YAML file and holds it against a schema; problems instead where it is no YAML that can be looked at. */
export async function readDocument(
  file: string,
  schema: z.ZodType,
): Promise<ReadDocument | { readonly problems: readonly ProfileProblem[] }> {
  const shown = shownPath(file);
  const atStart = (complaint: Complaint) => ({ problems: [problemOf(complaint, shown, new LineCounter(), undefined)] });
  const read = await bytesOf(file);
  if ('complaint' in read) return atStart(read.complaint);
  const decoded = decodeProfile(read.bytes);
  if ('complaint' in decoded) {
    // What comes before a forbidden character can be counted in lines; of another encoding nothing can.
    const lines =
      decoded.complaint.code === 'CFG_FORBIDDEN_CHAR' ? linesOf(new TextDecoder().decode(read.bytes)) : undefined;
    return { problems: [problemOf(decoded.complaint, shown, lines ?? new LineCounter(), undefined)] };
  }
  const lines = linesOf(decoded.text);
  const parsed = parseYaml(decoded.text);
  if ('complaints' in parsed) {
    return { problems: parsed.complaints.map((complaint) => problemOf(complaint, shown, lines, undefined)) };
  }
  const { root } = parsed;
  if (root.value === null) {
    return atStart({ code: 'CFG_MISSING', path: [], message: 'the file is empty; begin with platform: <name>' });
  }
  const result = schema.safeParse(root.value);
  const complaints = result.success ? [] : complaintsOf(result.error.issues, root, jsonSchemaOf(schema));
  return {
    root,
    complaints: [...complaints, ...notSaid(inlineSecrets(decoded.text, root), complaints, lines, root)],
    problemsOf: (some) => some.map((complaint) => problemOf(complaint, shown, lines, root)),
  };
}

/** The secrets of which nothing is said on their line: the schema knows most of the places where one may stand. */
function notSaid(
  secrets: readonly Complaint[],
  said: readonly Complaint[],
  lines: LineCounter,
  root: Located,
): Complaint[] {
  const lineOf = ({ offset, path: place, at }: Complaint) => lines.linePos(offset ?? offsetOf(root, place, at)).line;
  const taken = new Set(said.filter(({ code }) => code === 'CFG_SECRET_INLINE').map(lineOf));
  return secrets.filter((secret) => {
    const line = lineOf(secret);
    return !taken.has(line) && taken.add(line);
  });
}

/** A path as people type it: from the working directory where it lies in there; what does not show is written out. */
export function shownPath(file: string): string {
  const relative = path.relative(process.cwd(), path.resolve(file));
  const typed = relative === '' || relative.startsWith('..') || path.isAbsolute(relative) ? file : relative;
  const shown = visible(withoutPasswords(typed));
  return shown.length > LONGEST_SHOWN_PATH ? `${shown.slice(0, LONGEST_SHOWN_PATH)}…` : shown;
}

async function bytesOf(file: string): Promise<{ readonly bytes: Uint8Array } | { readonly complaint: Complaint }> {
  try {
    const about = await stat(file);
    // A pipe or a device would be read for ever.
    if (!about.isFile())
      return unreadable(
        'CFG_UNREADABLE',
        `is ${about.isDirectory() ? 'a folder' : 'a pipe or a device'}, and a file is needed`,
      );
    if (about.size > LARGEST_PROFILE_BYTES) return { complaint: tooLarge(about.size) };
    return { bytes: await readFile(file, { signal: AbortSignal.timeout(READ_TIMEOUT_MS) }) };
  } catch (thrown) {
    const missing = typeof thrown === 'object' && thrown !== null && 'code' in thrown && thrown.code === 'ENOENT';
    if (missing) return unreadable('CFG_NOT_FOUND', 'there is no such file');
    return unreadable('CFG_UNREADABLE', `cannot be read: ${systemReason(thrown) ?? messageOf(thrown)}`);
  }
}

function unreadable(code: 'CFG_UNREADABLE' | 'CFG_NOT_FOUND', message: string): { readonly complaint: Complaint } {
  return { complaint: { code, path: [], message } };
}

function linesOf(text: string): LineCounter {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
  return lines;
}

function problemOf(complaint: Complaint, file: string, lines: LineCounter, root: Located | undefined): ProfileProblem {
  const { code, path: place, at, alsoAt, message, found, allowed, nearest } = complaint;
  const offset = complaint.offset ?? (root ? offsetOf(root, place, at) : 0);
  const { line, col } = positionAt(lines, offset);
  const also = alsoAt === undefined ? undefined : positionAt(lines, alsoAt);
  return {
    code,
    file,
    line,
    column: col,
    path: pathText(place),
    message: shownText(also ? `${message} line ${also.line}, column ${also.col}` : message),
    ...(found !== undefined && { found: shownText(found) }),
    ...(allowed !== undefined && { allowed: allowed.map(shownText) }),
    ...(nearest !== undefined && { nearest: shownText(nearest) }),
  };
}

function positionAt(lines: LineCounter, offset: number): { readonly line: number; readonly col: number } {
  const { line, col } = lines.linePos(offset);
  // Without any line the counter says line 0.
  return { line: Math.max(1, line), col: Math.max(1, col) };
}

/** One line without credentials, whatever was quoted from the file. */
function shownText(text: string): string {
  return withoutPasswords(text).replace(/\s+/g, ' ');
}
