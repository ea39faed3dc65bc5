import * as z from 'zod';
import { defineTask } from '../../../core/task.ts';

export const task = defineTask({
  name: 'test-check-nonsense',
  summary: 'Stands for a task that ends like this: nonsense',
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
    return Promise.resolve({
      findings: [{ kind: 'broken' as const, target: 'nowhere', summary: 'of another target' }],
      measurements: [],
    });
  },
});
