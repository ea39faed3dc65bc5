import { defineTask } from '../../../core/task.ts';
import { STAND_IN } from '../stand-in.ts';

export const task = defineTask({
  ...STAND_IN,
  name: 'test-check-healthy',
  summary: 'Stands for a task that ends like this: healthy',
  effect: 'read-only',
  run: ({ targets }) => {
    return Promise.resolve({
      findings: [],
      measurements: targets.map(({ name }) => ({ name: 'seen', value: 1, unit: 'count' as const, target: name })),
    });
  },
});
