import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import * as z from 'zod';

const CHILD = fileURLToPath(new URL('growth-child.ts', import.meta.url));
const SIZE_BYTES = 100_000;
/** Of the processor, not of the clock: what grows with the square of a text takes ten times as much and more. */
const MOST_SECONDS = 1.5;
const CHILD_SECONDS = 60;

const Measured = z.object({ name: z.string(), seconds: z.number(), unit: z.string() });

test('a text of any length that was made to waste time is read, or refused, in time that grows with its length', () => {
  // A child, so that what never ends is ended by the system.
  const script = `ulimit -t ${CHILD_SECONDS}; exec "$0" "$@"`;
  const { stdout, stderr, status } = spawnSync('/bin/sh', ['-c', script, process.execPath, CHILD, String(SIZE_BYTES)], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
    timeout: 5 * CHILD_SECONDS * 1_000,
  });
  const lines = stdout.split('\n').filter(Boolean);
  const measured = lines.map((line) => Measured.parse(JSON.parse(line)));

  expect({ status, stderr: status === 0 ? '' : stderr, last: measured.at(-1)?.name }).toEqual({
    ...{ status: 0, stderr: '', last: 'parseYaml' },
  });
  expect(measured.filter(({ seconds }) => seconds > MOST_SECONDS)).toEqual([]);
}, 400_000);
