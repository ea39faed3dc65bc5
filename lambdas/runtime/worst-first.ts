import type { Finding, Measurement } from '../../core/finding.ts';

const MOST_OF_A_KIND = 20;
const MOST_SUBJECTS = 100;

/**
 * The findings with the worst of each kind first, and not more of a kind than anyone reads.
 *
 * The last one kept says how many there are besides it.
 */
export function worstFirst<Kind extends string>(findings: readonly Finding<Kind>[], most = MOST_OF_A_KIND) {
  const kinds = Map.groupBy(findings, ({ kind }) => kind);
  return [...kinds.values()].flatMap((same) => {
    const sorted = same.toSorted((a, b) => distance(b) - distance(a));
    const rest = sorted.length - most;
    if (rest <= 0) return sorted;
    return sorted.slice(0, most).map((finding, place) => {
      return place < most - 1 ? finding : { ...finding, summary: `${finding.summary}; ${rest} more like it` };
    });
  });
}

// Where less is worse, as with days that are left, the limit is above the value.
function distance({ value, limit }: Pick<Finding, 'value' | 'limit'>): number {
  if (value === undefined) return 0;
  return limit === undefined ? value : Math.abs(value - limit);
}

/** The measurements of so many subjects as a record can carry, those of the first. */
export function ofFirstSubjects(measurements: readonly Measurement[], most = MOST_SUBJECTS): Measurement[] {
  const kept = new Set<string>();
  return measurements.filter(({ subject }) => {
    if (subject === undefined || kept.has(subject)) return true;
    if (kept.size >= most) return false;
    kept.add(subject);
    return true;
  });
}
