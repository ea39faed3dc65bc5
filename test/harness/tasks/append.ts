import { appendFile, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { defineTask, pause } from '../../../core/task.ts';
import { STAND_IN } from '../stand-in.ts';

/** Appends a line to a file, waits for it once, and looks into the file to know whether it did. */
export const task = defineTask({
  ...STAND_IN,
  name: 'test-append',
  summary: 'Stands for a task that changes its target',
  effect: 'mutating',
  input: z.strictObject({
    dieAt: z.enum(['before', 'inside', 'after', 'never']).default('never').describe('When to die'),
  }),
  cap: () => ({ absolute: 1, percent: 100 }),
  pauses: true,
  run: async ({ targets, input, act, resume, mode }) => {
    const measurements = targets.map(({ name }) => ({ name: 'seen', value: 1, unit: 'count' as const, target: name }));
    const die = (moment: string) => {
      if (mode === 'execute' && input.dieAt === moment) process.kill(process.pid, 'SIGKILL');
    };
    for (const { name, url } of targets) {
      const file = fileURLToPath(url.reveal());
      const look = async () => ({
        state: (await readFile(file, 'utf8')) === '' ? ('not-done' as const) : ('done' as const),
      });
      const scope = { planned: 1, population: 1 };
      die('before');
      await act({ verb: 'append', target: name, subject: 'line', summary: 'append a line', scope, look }, async () => {
        die('inside');
        await appendFile(file, 'line\n');
        die('after');
        return { state: 'done' };
      });
    }
    if (mode === 'execute' && resume === undefined) return pause({ seconds: 1, cursor: { waited: true } });
    return { findings: [], measurements };
  },
});
