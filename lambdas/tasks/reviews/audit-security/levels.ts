/** How grave a flaw is, worst first; `untriaged` is one that nobody has rated yet, which is not the same as harmless. */
export const LEVELS = ['critical', 'high', 'untriaged', 'medium', 'low', 'informational'] as const;
export type Level = (typeof LEVELS)[number];

/**
 * The one table from the words of Security Hub, Inspector and ECR to ours. A word that is not in it is `untriaged`, so
 * that a new word of a vendor never makes a flaw harmless.
 */
const LEVEL_OF_WORD: Readonly<Record<string, Level>> = {
  CRITICAL: 'critical',
  HIGH: 'high',
  MEDIUM: 'medium',
  LOW: 'low',
  INFORMATIONAL: 'informational',
  UNTRIAGED: 'untriaged',
  UNDEFINED: 'untriaged',
};

/** The lower bounds of GuardDuty's numbers, as its documentation divides them. */
const LEVEL_OF_NUMBER: readonly (readonly [number, Level])[] = [
  [9, 'critical'],
  [7, 'high'],
  [4, 'medium'],
  [1, 'low'],
];

export function levelOfWord(word: string | undefined): Level {
  return LEVEL_OF_WORD[word ?? ''] ?? 'untriaged';
}

export function levelOfNumber(severity: number | undefined): Level {
  if (severity === undefined) return 'untriaged';
  return LEVEL_OF_NUMBER.find(([from]) => severity >= from)?.[1] ?? 'informational';
}

/** Below zero where the first is graver. */
export function byGravest(one: Level, other: Level): number {
  return LEVELS.indexOf(one) - LEVELS.indexOf(other);
}

/** The gravest that a source has rated; `untriaged` only where none has. */
export function gravestOf(levels: readonly Level[]): Level {
  const rated = levels.filter((level) => level !== 'untriaged');
  return (rated.length > 0 ? rated : levels).toSorted(byGravest)[0] ?? 'untriaged';
}
