import { defineTask } from '../../../core/task.ts';
import { STAND_IN } from '../stand-in.ts';

export const task = defineTask({
  ...STAND_IN,
  name: 'test-check-killed',
  summary: 'Stands for a task that ends like this: killed',
  effect: 'read-only',
  run: () => {
    process.kill(process.pid, 'SIGKILL');
    return Promise.resolve({ findings: [], measurements: [] });
  },
});
