import { appendFile, readFile, stat, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { defineTask } from '../../../core/task.ts';
import { unlessMissing } from '../../../lambdas/runtime/directory-files.ts';
import { STAND_IN } from '../../harness/stand-in.ts';

/** Appends lines to a file, each an action; before one of them it waits for the test to create `<file>.go`. */
export const task = defineTask({
  ...STAND_IN,
  name: 'test-append-lines',
  summary: 'Stands for a task that changes its target in several steps',
  effect: 'mutating',
  input: z.strictObject({
    lines: z.array(z.string()).describe('What to append'),
    holdBefore: z.string().default('').describe('The line before which to wait'),
  }),
  examples: [{ lines: ['one'] }],
  cap: () => ({ absolute: 10, percent: 100 }),
  run: async ({ targets, input, act }) => {
    const measurements = targets.map(({ name }) => ({ name: 'seen', value: 1, unit: 'count' as const, target: name }));
    for (const { name, url } of targets) {
      const file = fileURLToPath(url.reveal());
      for (const line of input.lines) {
        if (line === input.holdBefore) await hold(file);
        const look = async () =>
          (await readFile(file, 'utf8')).split('\n').includes(line)
            ? ({ state: 'done' } as const)
            : ({ state: 'not-done' } as const);
        const scope = { planned: input.lines.length, population: input.lines.length };
        await act({ verb: 'append', target: name, subject: line, summary: `append ${line}`, scope, look }, async () => {
          await appendFile(file, `${line}\n`);
          return { state: 'done' };
        });
      }
    }
    return { findings: [], measurements };
  },
});

async function hold(file: string): Promise<void> {
  await writeFile(`${file}.held`, '');
  for (;;) {
    if ((await unlessMissing(stat(`${file}.go`))) !== undefined) return;
    await sleep(20);
  }
}
