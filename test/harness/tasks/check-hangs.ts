import { defineTask } from '../../../core/task.ts';
import { STAND_IN } from '../stand-in.ts';

export const task = defineTask({
  ...STAND_IN,
  name: 'test-check-hangs',
  summary: 'Stands for a task that ends like this: hangs',
  effect: 'read-only',
  run: ({ now }) => {
    for (;;) void now.getTime();
  },
});
