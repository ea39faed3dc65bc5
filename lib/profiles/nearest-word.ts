/** Longer words are not misspellings of anything we know, and comparing them costs the square of their length. */
const LONGEST_WORD = 64;

/**
 * The candidate that a misspelt word most likely means; undefined where none is near.
 *
 * Near is one change in three letters, or being a part of exactly one candidate, as `vacuum` is of `postgres-vacuum`.
 */
export function nearestWord(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.trim().toLowerCase();
  if (wanted === '' || wanted.length > LONGEST_WORD) return undefined;
  const known = [...candidates].filter(({ length }) => length <= LONGEST_WORD);

  let nearest: { readonly candidate: string; readonly distance: number } | undefined;
  for (const candidate of known) {
    const limit = Math.max(1, Math.floor(Math.max(wanted.length, candidate.length) / 3));
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance > limit || distance >= Math.max(wanted.length, candidate.length)) continue;
    if (nearest === undefined || distance < nearest.distance) nearest = { candidate, distance };
  }
  if (nearest) return nearest.candidate;

  if (wanted.length < 3) return undefined;
  const containing = known.filter((candidate) => candidate.toLowerCase().includes(wanted));
  return containing.length === 1 ? containing[0] : undefined;
}

/** `; did you mean "…"?` for a word that is near to a candidate; nothing for any other. */
export function nearestHint(word: string, candidates: Iterable<string>): string {
  const nearest = nearestWord(word, candidates);
  return nearest === undefined ? '' : `; did you mean "${nearest}"?`;
}

/** Insertions, deletions, replacements and swaps of neighbours that make one word the other. */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = at(previous, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1);
      let distance = Math.min(at(previous, column) + 1, at(current, column - 1) + 1, replaced);
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (row > 1 && column > 1 && swapped) distance = Math.min(distance, at(beforePrevious, column - 2) + 1);
      current.push(distance);
    }
    beforePrevious = previous;
    previous = current;
  }
  return at(previous, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
