const LONGEST_MESSAGE = 300;

const CREDENTIALS_IN_ADDRESS = /(\/\/)[^/\s@]+@/g;
const BEARER = /\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi;
// A word is looked at from its beginning alone, or a text of nothing but names would cost a second.
const ASSIGNED =
  /(?<![\w-])((?=[\w-]*(?:password|passwd|token|secret|api[_-]?key))[\w-]+["']?\s*[=:]\s*)(?:"[^"]*"|'[^']*'|[^\s,;&]+)/gi;

/**
 * A text of the cluster made fit for a report: one line, printable, bounded, without what looks like a secret.
 *
 * Whoever may create a pod chooses much of its messages, so they are hostile until shown otherwise.
 */
export function plainText(text: string, longest = LONGEST_MESSAGE): string {
  const line = text
    // Control, format (bidirectional overrides) and line separators; half of a surrogate pair as well.
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
    .slice(0, longest * 10)
    .replace(CREDENTIALS_IN_ADDRESS, '$1[redacted]@')
    .replace(BEARER, '$1 [redacted]')
    .replace(ASSIGNED, '$1[redacted]');
  const letters = [...line];
  return letters.length <= longest ? line : `${letters.slice(0, longest - 1).join('')}…`;
}
