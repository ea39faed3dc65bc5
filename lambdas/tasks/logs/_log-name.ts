/**
 * Names of files come from whoever writes there: any bytes but `/` and zero. They are kept as latin1, one letter a
 * byte, so that nothing is lost and patterns still work; only what people read is decoded.
 */
export type ByteName = string;

export function bytesOf(name: ByteName): Buffer {
  return Buffer.from(name, 'latin1');
}

export function byteName(text: string): ByteName {
  return Buffer.from(text).toString('latin1');
}

/** What the name of a file says of it. `live` is what a program may still write to, `rotated` what it has put away. */
export type Role = 'live' | 'rotated' | 'compressed';

const DATE = String.raw`\d{4}-?\d{2}-?\d{2}`;
const ROTATION = String.raw`(?:[.-]\d{1,4}|[.-]${DATE}(?:[T._-]?\d{1,10})*)`;
const LIVE = /^.+\.log$/is;
const ROTATED = new RegExp(String.raw`^.+\.log${ROTATION}$`, 'is');
const COMPRESSED = new RegExp(String.raw`^.+\.log${ROTATION}?\.(?:gz|bz2|xz|zst|lz4|Z)$`, 'is');

/** The role of a log; undefined for every other file, whatever its age. */
export function roleOf(name: ByteName): Role | undefined {
  if (name.startsWith('.')) return undefined;
  if (COMPRESSED.test(name)) return 'compressed';
  if (ROTATED.test(name)) return 'rotated';
  return LIVE.test(name) ? 'live' : undefined;
}

/** `app.log` for every file that its rotation makes. */
export function stemOf(name: ByteName): ByteName {
  return name.replace(new RegExp(String.raw`(\.log)${ROTATION}?(?:\.[a-z0-9]+)?$`, 'is'), '$1');
}

/**
 * What may be evidence is nobody's to clean up: `audit`, `auth` (but not `author`), `secure`, `wtmp` and their kin,
 * anywhere in the path.
 */
const EVIDENCE =
  /audit|auth(?!or(?!i))|secur|sudo|[wub]tmp|lastlog|faillog|tallylog|journal|evidence|compliance|forensic|cloudtrail|legal[-_.]?hold/i;

/** True for a path that is exempt by our own list, or by a pattern of the profile in which `*` stands for anything. */
export function isExempt(path: ByteName, patterns: readonly string[]): boolean {
  if (EVIDENCE.test(path)) return true;
  const parts = [path, ...path.split('/')];
  return patterns.some((pattern) => parts.some((part) => fits(part, byteName(pattern))));
}

/** Wildcards in linear steps: the name may be as hostile as it likes. */
function fits(name: string, pattern: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return name === pattern;
  if (!name.startsWith(first)) return false;
  const last = rest.pop() ?? '';
  let at = first.length;
  for (const piece of rest) {
    const found = name.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}

const LONGEST_SHOWN = 500;

/** A path as people may see it: what is no text, or hides, steers or breaks a line, is written out as bytes. */
export function shownPath(path: ByteName): string {
  const text = textOf(path)?.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (letter) => escaped(byteName(letter)));
  const shown = text ?? path.replace(/[^ -~]/g, escaped);
  const letters = [...shown];
  return letters.length > LONGEST_SHOWN ? `${letters.slice(0, LONGEST_SHOWN - 1).join('')}…` : shown;
}

/** A path as one word of a shell. */
export function quotedPath(path: ByteName): string {
  const text = textOf(path);
  if (text !== undefined && !/[\p{C}\p{Zl}\p{Zp}]/u.test(text)) return `'${text.replaceAll("'", String.raw`'\''`)}'`;
  return `$'${path.replace(/[^ -~]|['\\]/g, escaped)}'`;
}

function escaped(bytes: string): string {
  return bytes.replace(/[^]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function textOf(path: ByteName): string | undefined {
  const text = bytesOf(path).toString('utf8');
  return byteName(text) === path ? text : undefined;
}
