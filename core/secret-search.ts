import type { HiddenText } from './secret-forms.ts';

/** So many letters choose the hidden texts that may begin at a place. */
const KEY_LENGTH = 3;
/** What a cut leaves of a secret: below so many letters, and below three quarters of it, it tells too little. */
const SHORTEST_BEGINNING = 8;
const TELLING_BEGINNING = 12;
/** So many letters in a row are the secret's although nothing shows that it was cut there. */
const CERTAIN_BEGINNING = 16;
/** Where a text was cut: its end, an ellipsis, the quote that closes it. */
const CUT_HERE = /^(?:…|\.{3}|["'`\])»”]|$)/;
const BLANK = /\s/;

/**
 * Makes a function that replaces every hidden text by the mark, whatever its blanks became, and the beginning of one
 * where a text was cut in the middle of it.
 *
 * One pass over the text, whatever the number of hidden texts: hundreds of targets may have one each.
 */
export function hider(hidden: readonly HiddenText[], mark: string): (text: string) => string {
  const byKey = new Map<string, Map<string, boolean>>();
  for (const { text, tellsInPart } of hidden) {
    const trimmed = text.trim();
    // The blanks among its first letters may have gone, or be others or more.
    for (const blanks of ['', ' ', '  ']) {
      const key = keyAt(trimmed.replace(/\s+/g, blanks), 0);
      const group = byKey.get(key) ?? new Map<string, boolean>();
      byKey.set(key, group.set(trimmed, tellsInPart || (group.get(trimmed) ?? false)));
    }
  }
  if (byKey.size === 0) return (text) => text;
  return (text) => {
    let shown = '';
    let shownTo = 0;
    let hiddenTo = -1;
    for (let at = 0; at + KEY_LENGTH <= text.length; at += 1) {
      const group = byKey.get(keyAt(text, at));
      if (!group) continue;
      const end = Math.max(...[...group].map(([wanted, tellsInPart]) => endOf(wanted, text, at, tellsInPart)));
      if (end <= at) continue;
      // What overlaps or touches the one before is one hidden place with it.
      if (at > hiddenTo) {
        shown += text.slice(shownTo, at) + mark;
        hiddenTo = end;
      }
      hiddenTo = Math.max(hiddenTo, end);
      shownTo = hiddenTo;
    }
    return shown + text.slice(shownTo);
  };
}

function keyAt(text: string, at: number): string {
  return text.slice(at, at + KEY_LENGTH).replace(/\s/g, ' ');
}

/** Where the hidden text ends that begins at `at`; -1 where another text stands there. */
function endOf(wanted: string, text: string, at: number, tellsInPart: boolean): number {
  let place = at;
  let matched = 0;
  while (matched < wanted.length) {
    const letter = wanted.charAt(matched);
    if (BLANK.test(letter)) {
      // A run of blanks is one of any length: messages are put on one line, or indented.
      while (BLANK.test(wanted.charAt(matched))) matched += 1;
      while (BLANK.test(text.charAt(place))) place += 1;
    } else if (letter === text[place]) {
      matched += 1;
      place += 1;
    } else break;
  }
  if (matched === wanted.length) return place;
  if (!tellsInPart) return -1;
  const telling = Math.min(TELLING_BEGINNING, Math.max(SHORTEST_BEGINNING, Math.ceil(wanted.length * 0.75)));
  const isCut = matched >= telling && CUT_HERE.test(text.slice(place, place + 3));
  return isCut || matched >= CERTAIN_BEGINNING ? place : -1;
}
