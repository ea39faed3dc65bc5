/** What is wrong with a text a person wrote: what was found, what is allowed, and what they may have meant. */
export interface Problem {
  readonly problem: string;
}

const LONGEST_QUOTE = 60;

/** The text in quotes on one line, cut when long; what does not show (controls, direction marks) as its code. */
export function quoted(text: string): string {
  const shown = text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
  return JSON.stringify(shown).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (mark) => `\\u{${Number(mark.codePointAt(0)).toString(16)}}`,
  );
}
