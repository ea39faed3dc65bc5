import * as z from 'zod';

/** What the tasks that stand for others have in common; what each does is its own. */
export const STAND_IN = {
  target: 'logs',
  input: z.strictObject({}),
  examples: [{}],
  findings: {
    broken: {
      severity: 'fail',
      means: 'It is broken.',
      matters: 'It stays broken.',
      remedy: 'Mend it.',
      prevention: 'Build it better.',
    },
  },
  timeoutSeconds: 20,
} as const;
