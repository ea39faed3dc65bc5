import { assignedSecrets } from './assignments.ts';
import { PATTERNS, type Match } from './patterns.ts';

/** A credential in a file. The value is only for its fingerprint: it stands in nothing that leaves the task. */
export interface Hit {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** What it is, as it follows "holds". */
  readonly what: string;
  readonly isCertain: boolean;
  readonly value: string;
}

// A file with more is a list of credentials; one more would tell nothing.
const MOST_HITS_IN_A_FILE = 200;

/** The credentials in a text, each once, in the order of their lines. */
export function searchText(path: string, text: string, now: Date): Hit[] {
  const found = PATTERNS.filter(({ marks }) => marks.some((mark) => text.includes(mark))).flatMap(({ what, find }) =>
    find(text, now).map((match) => ({ ...match, what })),
  );
  const assigned = assignedSecrets(text, path).map((match) => ({ ...match, what: 'a secret in quotes' }));
  // What is known by its shape is not told again for its name.
  const others = assigned.filter((one) => !found.some((known) => overlaps(known, one)));
  const lineOf = lineCounter(text);
  const seen = new Set<string>();
  return [...found, ...others]
    .toSorted((a, b) => a.at - b.at)
    .slice(0, MOST_HITS_IN_A_FILE)
    .flatMap(({ at, value, what, isCertain }) => {
      if (seen.has(value)) return [];
      seen.add(value);
      return [{ path, line: lineOf(at), what, isCertain, value }];
    });
}

function overlaps(a: Match, b: Match): boolean {
  return (
    a.value.includes(b.value) ||
    b.value.includes(a.value) ||
    (a.at < b.at + b.value.length && b.at < a.at + a.value.length)
  );
}

/** Counts lines once, for places that are asked for in their order. */
function lineCounter(text: string): (at: number) => number {
  let line = 1;
  let from = 0;
  return (at) => {
    for (let next = text.indexOf('\n', from); next >= 0 && next < at; next = text.indexOf('\n', from)) {
      line += 1;
      from = next + 1;
    }
    return line;
  };
}

/** The text of a file, or undefined where it is none: a picture, a program, an archive. */
export function textOf(content: Buffer): string | undefined {
  if (content[0] === 0xff && content[1] === 0xfe) return content.toString('utf16le', 2);
  if (content[0] === 0xfe && content[1] === 0xff) {
    return Buffer.from(content.subarray(2, content.length - (content.length % 2)))
      .swap16()
      .toString('utf16le');
  }
  const head = content.subarray(0, 8_192);
  return head.includes(0) ? undefined : content.toString('utf8');
}
