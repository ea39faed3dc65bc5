import * as z from 'zod';
import { defineTask } from '../../../core/task.ts';

export const task = defineTask({
  name: 'test-check-throws',
  summary: 'Stands for a task that ends like this: throws',
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
  run: () => {
    throw new Error('the disk is on fire');
  },
});
