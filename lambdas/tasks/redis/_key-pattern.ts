/** Names of keys hold e-mail addresses, session tokens and numbers of customers: none is ever shown whole. */

/** A word is shown when at least so many of the keys looked at share it at its place, and this share of them. */
const FEWEST_KEYS = 10;
const LEAST_SHARE = 0.01;
/** Words deeper than this are not looked at. */
const MOST_WORDS = 4;
const MOST_CHARACTERS = 80;

const WORD = /[\p{L}\p{N}]+/gu;
const SHOWABLE = /^(?:[a-z]{2,24}|v\d{1,3})$/i;
const NUMBERED = /^([a-z]{3,24})\d+$/i;

/** Patterns that enough keys share, as `patternOf` needs them. */
export type SharedPatterns = ReadonlySet<string>;

/** Learns from names of keys which of their words are common enough to be shown. */
export function sharedPatterns(names: readonly string[]): SharedPatterns {
  const least = Math.max(FEWEST_KEYS, names.length * LEAST_SHARE);
  const shared = new Set<string>();
  // Word by word: what a word is counted under is the pattern of what stands before it.
  for (let depth = 0; depth < MOST_WORDS; depth += 1) {
    const counts = new Map<string, number>();
    for (const name of names) {
      const candidate = candidateAt(name, depth, shared);
      if (candidate !== undefined) counts.set(candidate, (counts.get(candidate) ?? 0) + 1);
    }
    for (const [candidate, count] of counts) if (count >= least) shared.add(candidate);
  }
  return shared;
}

/** The name of a key with everything but its common words replaced by `*`; its last word is never shown. */
export function patternOf(name: string, shared: SharedPatterns): string {
  const pattern = patternUpTo(name, Infinity, shared).replace(/\*{2,}/g, '*');
  return pattern.length <= MOST_CHARACTERS ? pattern : `${pattern.slice(0, MOST_CHARACTERS - 1)}*`;
}

function candidateAt(name: string, depth: number, shared: SharedPatterns): string | undefined {
  const words = [...name.matchAll(WORD)];
  const word = words[depth];
  if (word === undefined || depth === words.length - 1) return numberedAtEnd(name, words, depth, shared);
  const shown = shownForm(word[0]);
  return shown === undefined ? undefined : patternUpTo(name, depth, shared) + shown;
}

/** `key17` has no second word, and what it shares with others is `key`. */
function numberedAtEnd(
  name: string,
  words: readonly RegExpExecArray[],
  depth: number,
  shared: SharedPatterns,
): string | undefined {
  const word = words[depth];
  const stem = word && NUMBERED.exec(word[0])?.[1];
  return stem === undefined ? undefined : `${patternUpTo(name, depth, shared)}${stem}*`;
}

function patternUpTo(name: string, depth: number, shared: SharedPatterns): string {
  const words = [...name.matchAll(WORD)];
  let pattern = '';
  let at = 0;
  for (const [place, word] of words.entries()) {
    pattern += separator(name.slice(at, word.index));
    if (place >= depth) return pattern;
    at = word.index + word[0].length;
    const isLast = place === words.length - 1;
    const shown = isLast ? numberedForm(word[0]) : shownForm(word[0]);
    const isShared = place < MOST_WORDS && shown !== undefined && shared.has(pattern + shown);
    pattern += isShared ? shown : '*';
  }
  return pattern + separator(name.slice(at)) || '*';
}

function shownForm(word: string): string | undefined {
  return SHOWABLE.test(word) ? word : numberedForm(word);
}

function numberedForm(word: string): string | undefined {
  const stem = NUMBERED.exec(word)?.[1];
  return stem === undefined ? undefined : `${stem}*`;
}

/** Punctuation as it is; whatever else stands between words may be anything, control characters included. */
function separator(text: string): string {
  return text
    .replace(/[^\x21-\x7e]/g, '*')
    .replace(/\*+/g, '*')
    .slice(0, 3);
}
