import { defineTask } from '../../../core/task.ts';
import { STAND_IN } from '../stand-in.ts';

export const task = defineTask({
  ...STAND_IN,
  name: 'test-check-throws',
  summary: 'Stands for a task that ends like this: throws',
  effect: 'read-only',
  run: () => {
    throw new Error('the disk is on fire');
  },
});
