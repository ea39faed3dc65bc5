import { Composer, isAlias, isMap, isScalar, isSeq, Lexer, Parser, type CST, type Document, type Node } from 'yaml';
import { foundText, type Complaint, type Path } from './problem.ts';
import { forbiddenCharacter } from './profile-text.ts';

/** A value of the file with the place of it and of everything in it. */
export interface Located {
  readonly value: unknown;
  readonly offset: number;
  readonly children: ReadonlyMap<string | number, { readonly keyOffset: number; readonly node: Located }>;
  /** How many values it is with every alias written out. */
  readonly size: number;
  readonly depth: number;
}

/** The deepest thing a profile needs is a setting in a parallel group of an environment: twelve levels. */
const DEEPEST = 32;
/** Aliases written out may not make more of a file than could have been written by hand. */
const MOST_VALUES = 100_000;
/** Words, marks, blanks and ends of lines: a profile of hundreds of targets has a quarter of them. */
const MOST_LEXEMES = 100_000;
const FORBIDDEN_KEYS = ['__proto__', 'constructor', 'prototype'];

/** Reads YAML 1.2 into values with places, or says everything that is wrong with it as YAML. */
export function parseYaml(text: string): { readonly root: Located } | { readonly complaints: readonly Complaint[] } {
  const tokens: CST.Token[] = [];
  const tooMuch = collectTokens(text, tokens);
  if (tooMuch) return { complaints: [tooMuch] };

  // Duplicates are found below: the library compares each key with every other, which a large file makes minutes of.
  const options = { version: '1.2', schema: 'core', strict: true, uniqueKeys: false, stringKeys: true } as const;
  const [document, second] = [...new Composer({ ...options, merge: false }).compose(tokens, true, text.length)];
  if (!document) throw new Error('the YAML library returned no document');
  const complaints = syntaxComplaints(document);
  if (second) complaints.push(broken(second.range[0], 'a profile is one document; remove what follows the second ---'));
  if (document.directives.yaml.explicit && document.directives.yaml.version !== '1.2') {
    complaints.push(broken(0, `a profile is YAML 1.2; remove the directive %YAML ${document.directives.yaml.version}`));
  }
  if (complaints.length > 0) return { complaints };

  const walk: Walk = { complaints: [], anchors: new Map() };
  const root = locate(walk, document.contents, [], 0);
  if (root.depth > DEEPEST) walk.complaints.push(tooDeep(root.offset, []));
  if (root.size > MOST_VALUES) {
    const message = `more than ${MOST_VALUES} values when its aliases are written out`;
    walk.complaints.push({ code: 'CFG_TOO_LARGE', offset: root.offset, path: [], message });
  }
  return walk.complaints.length > 0 ? { complaints: walk.complaints } : { root };
}

/**
 * The place of a path: of its key where there is one and something larger than a word stands there, else of its
 * value. Of a path that leads nowhere it is the place of the last part that exists.
 */
export function offsetOf(root: Located, path: Path, at: 'key' | 'value' = 'value'): number {
  let offset = root.offset;
  let node = root;
  for (const [place, part] of path.entries()) {
    const child = node.children.get(part);
    if (!child) return offset;
    const last = place === path.length - 1;
    const larger = child.node.children.size > 0 || child.node.value === null;
    offset = last && at === 'value' && !larger ? child.node.offset : child.keyOffset;
    node = child.node;
  }
  return offset;
}

/** The value at a path; undefined where there is none. */
export function valueAt(root: Located, path: Path): unknown {
  let node: Located | undefined = root;
  for (const part of path) node = node?.children.get(part)?.node;
  return node?.value;
}

/** Collects the tokens, and stops where composing them would exhaust the stack, the memory or anybody's patience. */
function collectTokens(text: string, tokens: CST.Token[]): Complaint | undefined {
  const parser = new Parser();
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    lexemes += 1;
    const offset = Math.min(parser.offset, text.length);
    // Beside the collections the stack holds the document and what is being read.
    if (parser.stack.length > DEEPEST + 4) return tooDeep(offset, []);
    if (lexemes > MOST_LEXEMES) {
      return { code: 'CFG_TOO_LARGE', offset, path: [], message: `more than ${MOST_LEXEMES} words and marks` };
    }
  }
  tokens.push(...parser.end());
  return undefined;
}

function syntaxComplaints({ errors, warnings }: Document.Parsed): Complaint[] {
  const lines = new Map<string, Complaint>();
  for (const { pos, message } of [...errors, ...warnings]) {
    const complaint = broken(pos[0], message.replace(/\s+/g, ' ').replace(/[.:]$/, ''));
    if (!lines.has(complaint.message)) lines.set(complaint.message, complaint);
  }
  return [...lines.values()];
}

function broken(offset: number, message: string): Complaint {
  return { code: 'CFG_YAML', offset, path: [], message: `not valid here as YAML: ${message}` };
}

function tooDeep(offset: number, path: Path): Complaint {
  return { code: 'CFG_TOO_DEEP', offset, path, message: 'nested too deep', allowed: [`${DEEPEST} levels`] };
}

interface Walk {
  readonly complaints: Complaint[];
  readonly anchors: Map<string, Located>;
}

function locate(walk: Walk, node: Node | null, path: Path, offset: number): Located {
  const start = node?.range?.[0] ?? offset;
  if (isAlias(node)) {
    const target = walk.anchors.get(node.source);
    if (target) return target;
    const found = `*${node.source}`;
    walk.complaints.push({ ...broken(start, `${found} is an alias of nothing above it`), path, found });
    return leaf(null, start);
  }
  const located = isMap(node)
    ? locateMap(walk, node.items as readonly MapItem[], path, start)
    : isSeq(node)
      ? locateList(walk, node.items as readonly Node[], path, start)
      : leaf(scalarValue(walk, node, path, start), start);
  if (node && 'anchor' in node && typeof node.anchor === 'string') walk.anchors.set(node.anchor, located);
  return located;
}

interface MapItem {
  readonly key: Node;
  readonly value: Node | null;
}

function locateMap(walk: Walk, items: readonly MapItem[], path: Path, offset: number): Located {
  const children = new Map<string | number, { keyOffset: number; node: Located }>();
  const value: Record<string, unknown> = {};
  for (const item of items) {
    const keyOffset = item.key.range?.[0] ?? offset;
    const key = isScalar(item.key) ? String(item.key.value) : undefined;
    if (key === undefined) {
      walk.complaints.push({ ...broken(keyOffset, 'a key is one word or text in quotes'), path });
      continue;
    }
    const keyPath = [...path, key];
    const problem = keyProblem(key, children.get(key)?.keyOffset);
    if (problem) walk.complaints.push({ ...problem, offset: keyOffset, path: keyPath });
    const node = locate(walk, item.value, keyPath, keyOffset);
    if (problem) continue;
    children.set(key, { keyOffset, node });
    value[key] = node.value;
  }
  return branch(value, offset, children);
}

function keyProblem(key: string, earlierOffset: number | undefined): Omit<Complaint, 'offset' | 'path'> | undefined {
  if (FORBIDDEN_KEYS.includes(key)) {
    return { code: 'CFG_FORBIDDEN_KEY', message: 'this key is not allowed anywhere', found: key };
  }
  const forbidden = forbiddenCharacter(key);
  if (forbidden) return forbidden;
  if (key === '<<') return { code: 'CFG_YAML', message: 'YAML 1.2 has no merge keys; write the keys out', found: key };
  if (earlierOffset === undefined) return undefined;
  return { code: 'CFG_DUPLICATE_ID', message: 'the same key stands here already:', found: key, alsoAt: earlierOffset };
}

function locateList(walk: Walk, items: readonly Node[], path: Path, offset: number): Located {
  const children = new Map<string | number, { keyOffset: number; node: Located }>();
  for (const [index, item] of items.entries()) {
    const node = locate(walk, item, [...path, index], offset);
    children.set(index, { keyOffset: item.range?.[0] ?? offset, node });
  }
  return branch(
    [...children.values()].map(({ node }) => node.value),
    offset,
    children,
  );
}

function branch(value: unknown, offset: number, children: Located['children']): Located {
  let size = 1;
  let depth = 0;
  for (const { node } of children.values()) {
    size += node.size;
    depth = Math.max(depth, node.depth);
  }
  return { value, offset, children, size, depth: depth + 1 };
}

function leaf(value: unknown, offset: number): Located {
  return { value, offset, children: new Map(), size: 1, depth: 0 };
}

function scalarValue(walk: Walk, node: Node | null, path: Path, offset: number): unknown {
  if (!isScalar(node)) return null;
  const { value, source = '', type } = node;
  const number = type === 'PLAIN' ? numberProblem(value, source) : undefined;
  if (number) {
    const found = foundText(source).slice(1, -1);
    walk.complaints.push({ code: 'CFG_NUMBER', offset, path, message: `${found} ${number}`, found });
  }
  const forbidden = typeof value === 'string' ? forbiddenCharacter(value) : undefined;
  if (forbidden) walk.complaints.push({ ...forbidden, offset, path });
  return value;
}

/** Why a plain word that looks like a number means different things to different readers. */
function numberProblem(value: unknown, source: string): string | undefined {
  if (/^[-+]?0\d+$/.test(source)) return 'begins with 0, which some read as octal; put text in quotes';
  if (/^[-+]?\d[\d_]*_[\d_]*$/.test(source)) return 'has _ between its digits; write the digits alone';
  if (/^[-+]?(nan|infinity)$/i.test(source)) return 'is no number that can be compared';
  if (typeof value !== 'number') return undefined;
  if (!Number.isFinite(value)) return 'is no number that can be compared';
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return 'is too large to be kept exactly; put text in quotes';
  }
  return undefined;
}
