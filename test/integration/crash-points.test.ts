import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';

const HARNESS = fileURLToPath(new URL('../crashes/run.ts', import.meta.url));
/** Another one finds other points; `npm run test:crashes` stops at all of them. */
const SEED = process.env['FETTLE_SEED'] ?? '20261121';

interface Result {
  readonly id: string;
  readonly problems: readonly string[];
  readonly wasReached: boolean;
}

/** Stops a task where it is told; what went wrong, by the id that replays it. */
async function crash(...given: readonly string[]): Promise<Result[]> {
  const asked = [HARNESS, ...given, '--seed', SEED, '--json'];
  const running = promisify(execFile)(process.execPath, [...asked], {
    env: { ...process.env, NODE_OPTIONS: '' },
    maxBuffer: 16 * 1_048_576,
  });
  const { stdout } = await running.catch((failed: { stdout?: string; stderr?: string }) => {
    // It ends with 1 where a trial failed, which the tests below say in their words.
    if (failed.stdout) return { stdout: failed.stdout };
    throw failed;
  });
  return (JSON.parse(stdout) as { results: Result[] }).results;
}

const isLost = ({ problems, wasReached }: Result) => problems.length > 0 || !wasReached;

describe(`after kill -9 nothing is lost, nothing is repeated and every report is true (seed ${SEED})`, () => {
  let vacuums: readonly Result[];
  let others: readonly Result[];
  beforeAll(async () => {
    vacuums = await crash('--task', 'postgres-vacuum', '--what', '(sent|answered)\\..*VACUUM .*orders');
    others = await crash('--task', 'logs-enforce-retention', '--few');
  }, 300_000);

  test.each`
    victim      | who
    ${'task'}   | ${'of the process of the task'}
    ${'again'}  | ${'of the process of the task, which is then called again'}
    ${'engine'} | ${'of the engine, which takes the task along'}
    ${'both'}   | ${'of both at once'}
  `('$who while a statement runs on a real server, and when it has ended', ({ victim }: Record<string, string>) => {
    const trials = vacuums.filter(({ id }) => id.endsWith(`.${victim}`));
    expect(trials).toHaveLength(2);
    expect(trials.filter(isLost)).toEqual([]);
  });

  test('of a task before, inside and after a change of a file', () => {
    const phases = new Set(others.map(({ id }) => id.split('.').at(-2)));
    expect([...phases].sort()).toEqual(expect.arrayContaining(['after', 'before', 'half']));
    expect(others.length).toBeGreaterThan(7);
    expect(others.filter(isLost)).toEqual([]);
  });

  test('of the engine at a state of its machine', () => {
    const trials = others.filter(({ id }) => /\/state\.\d+\.(entered|exited)$/.test(id));
    expect(trials).toHaveLength(2);
    expect(trials.filter(isLost)).toEqual([]);
  });
});
