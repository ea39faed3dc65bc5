import * as z from 'zod';
import { defineTask } from '../../../core/task.ts';

export const task = defineTask({
  name: 'test-check-healthy',
  summary: 'Stands for a task that ends like this: healthy',
  effect: 'read-only',
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
  run: ({ targets }) => {
    return Promise.resolve({
      findings: [],
      measurements: targets.map(({ name }) => ({ name: 'seen', value: 1, unit: 'count' as const, target: name })),
    });
  },
});
