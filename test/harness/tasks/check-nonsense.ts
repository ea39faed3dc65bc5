import { defineTask } from '../../../core/task.ts';
import { STAND_IN } from '../stand-in.ts';

export const task = defineTask({
  ...STAND_IN,
  name: 'test-check-nonsense',
  summary: 'Stands for a task that ends like this: nonsense',
  effect: 'read-only',
  run: () => {
    return Promise.resolve({
      findings: [{ kind: 'broken' as const, target: 'nowhere', summary: 'of another target' }],
      measurements: [],
    });
  },
});
