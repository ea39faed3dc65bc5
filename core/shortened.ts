/** What nobody reads to its end: the words of an error may be as long as whoever wrote it likes. */
const LONGEST = 2_000;

/** The text as it stands, or its beginning with an ellipsis where it is longer; never half of a letter. */
export function shortened(text: string, longest = LONGEST): string {
  if (text.length <= longest) return text;
  return `${text.slice(0, longest - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
