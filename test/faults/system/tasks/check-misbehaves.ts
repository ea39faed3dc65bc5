import { execFileSync } from 'node:child_process';
import { open, readdir } from 'node:fs/promises';
import * as z from 'zod';
import { defineTask } from '../../../../core/task.ts';
import { STAND_IN } from '../../../harness/stand-in.ts';

/** Every way to misbehave, in the order in which the test goes through them. */
export const WAYS = ['exit', 'other-answer', 'noise', 'memory', 'descriptors'] as const;

/** Does to its own process what code that is wrong, or a machine that has nothing left, would do to it. */
export const task = defineTask({
  ...STAND_IN,
  name: 'test-check-misbehaves',
  summary: 'Stands for a task whose process does not end as it should',
  effect: 'read-only',
  input: z.strictObject({ way: z.enum(WAYS).default('exit').describe('How it misbehaves') }),
  run: async ({ targets, input }) => {
    const ways: Record<(typeof WAYS)[number], () => unknown> = {
      exit: () => process.exit(0),
      'other-answer': () => new Promise(() => process.send?.('all is well')),
      noise: makeNoise,
      memory: eatMemory,
      descriptors: eatDescriptors,
    };
    await ways[input.way]();
    return {
      findings: [],
      measurements: targets.map(({ name }) => ({ name: 'seen', value: 1, unit: 'count' as const, target: name })),
    };
  },
});

function limit(option: string): void {
  execFileSync('/usr/bin/prlimit', ['--pid', String(process.pid), '--core=0:0', option]);
}

/** Five megabytes that are no text, with something in them that looks like an answer. */
function makeNoise(): void {
  const noise = Buffer.alloc(100_000, Buffer.from([0xff, 0x00, 0x1b, 0x0a]));
  for (let n = 0; n < 50; n += 1) (n % 2 ? process.stdout : process.stderr).write(noise);
  process.stdout.write('{"result":{"step":1,"status":"done","verdict":"pass"}}\n');
}

function eatMemory(): never {
  limit(`--data=${process.memoryUsage().rss + 400_000_000}`);
  const eaten: unknown[] = [];
  for (;;) eaten.push(new Array(1_000_000).fill(eaten.length));
}

async function eatDescriptors(): Promise<void> {
  const opened = (await readdir('/proc/self/fd')).length;
  limit(`--nofile=${opened + 5}`);
  for (;;) {
    try {
      await open('/dev/null');
    } catch {
      return;
    }
  }
}
