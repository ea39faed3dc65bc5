/** What a task does to its targets: nothing; something that can be done again or undone; something that cannot. */
export const EFFECTS = ['read-only', 'mutating', 'destructive'] as const;
export type Effect = (typeof EFFECTS)[number];

const READING_VERBS = [
  'check',
  'verify',
  'review',
  'forecast',
  'plan',
  'collect',
  'audit',
  'run-probe',
  'assign',
  'request',
] as const;

const DESTRUCTIVE_VERBS = ['expire', 'purge', 'clear', 'terminate', 'restore'] as const;

/** The effects that the verb of a file name allows, so that a reader of a plan knows what a task can do from its name. */
export function effectsOfVerb(file: string): readonly Effect[] {
  const startsWith = (verb: string) => file === verb || file.startsWith(`${verb}-`);
  if (READING_VERBS.some(startsWith)) return ['read-only'];
  if (DESTRUCTIVE_VERBS.some(startsWith)) return ['destructive', 'mutating'];
  return ['mutating'];
}
