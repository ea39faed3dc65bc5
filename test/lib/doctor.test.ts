import { expect, test } from '@jest/globals';
import * as z from 'zod';
import { Unavailable } from '../../core/errors.ts';
import type { Need } from '../../core/need.ts';
import type { Entry, ResolvedPlatform } from '../../core/platform.ts';
import { defineTask, type Task } from '../../core/task.ts';
import type { Catalogue } from '../../lambdas/catalogue.ts';
import { eachNeed } from '../../lambdas/runtime/each-need.ts';
import { doctorText } from '../../lib/doctor-text.ts';
import { examineTargets } from '../../lib/doctor.ts';
import { HOSTILE } from '../harness/hostile-report.ts';
import { entryOf, NOW } from '../harness/run-records.ts';

const LOG_IN = { need: 'log in', state: 'met', detail: 'as fettle' } as const;
const READ = {
  need: 'read pg_stat_activity',
  state: 'missing',
  detail: 'fettle may not',
  grant: 'GRANT pg_monitor TO fettle;',
} as const;

function taskWith(name: string, needs: Task['needs']): Task {
  const task = defineTask({
    name,
    summary: 'Stands for a task that needs something',
    effect: 'read-only',
    target: 'postgres',
    input: z.strictObject({}),
    examples: [{}],
    findings: { bad: { severity: 'info', means: 'It is.', remedy: 'Nothing.' } },
    timeoutSeconds: 10,
    run: () => Promise.resolve({ findings: [], measurements: [] }),
  });
  return { ...task, needs };
}

async function examined(
  tasks: readonly Task[],
  used: readonly string[] = ['main'],
  signal = new AbortController().signal,
) {
  const catalogue: Catalogue = new Map(
    tasks.map((task) => [task.name, { task, file: `lambdas/tasks/${task.name}.ts`, domain: 'postgres' }]),
  );
  const steps = tasks.map(({ name }, place): Entry =>
    entryOf({ index: place + 1, task: name, kind: 'postgres', targets: [...used], input: {} }),
  );
  const platform: ResolvedPlatform = {
    schemaVersion: 1,
    platform: 'shop',
    environment: 'local',
    allowAddresses: [],
    targets: { postgres: { main: { url: 'postgres://db.example/shop' }, spare: { url: 'env:NOBODY_SETS_THIS' } } },
    procedures: { daily: { name: 'daily', timezone: 'UTC', budgetSeconds: 60, planOnly: false, steps } },
  };
  return examineTargets({ platform, catalogue, now: NOW, signal });
}

const saying =
  (needs: readonly Omit<Need, 'target'>[]): Task['needs'] =>
  (context) =>
    eachNeed(context.targets as readonly { name: string }[], () => Promise.resolve(needs));

test('a need of several tasks is one line, and the worst that was seen of it stands', async () => {
  const needs = await examined([
    taskWith('postgres-vacuum', saying([LOG_IN, { ...READ, state: 'met', detail: 'fettle may' }])),
    taskWith('postgres-analyze', saying([LOG_IN, READ])),
  ]);

  expect(needs.filter(({ target }) => target === 'main')).toMatchObject([
    { need: 'log in', state: 'met', tasks: ['postgres-vacuum', 'postgres-analyze'] },
    {
      need: 'read pg_stat_activity',
      state: 'missing',
      grant: READ.grant,
      tasks: ['postgres-vacuum', 'postgres-analyze'],
    },
  ]);
});

test('a target that cannot be looked at is unknown with the reason, and hides no other', async () => {
  const needs = await examined(
    [
      taskWith('postgres-vacuum', (context) =>
        eachNeed(context.targets as readonly { name: string }[], () => {
          throw new Unavailable('connection refused');
        }),
      ),
    ],
    ['main', 'spare'],
  );

  expect(needs).toMatchObject([
    { target: 'main', need: 'be reached', state: 'unknown', detail: 'connection refused' },
    { target: 'spare', need: 'be reached', state: 'unknown', detail: expect.stringContaining('NOBODY_SETS_THIS') },
  ]);
});

test('a target that no procedure looks at is said to be missing from them', async () => {
  const needs = await examined([taskWith('postgres-vacuum', saying([LOG_IN]))]);
  expect(needs).toContainEqual(expect.objectContaining({ target: 'spare', need: 'be used', state: 'missing' }));
});

test('a task that does not say what it needs is unknown and not fine', async () => {
  const [first] = await examined([taskWith('postgres-vacuum', undefined)]);
  expect(first).toMatchObject({ state: 'unknown', detail: 'postgres-vacuum does not say what it needs' });
});

test('a person reads target by target what is missing, with its grant, and nothing that a target says steers the terminal', async () => {
  const text = doctorText(
    await examined([taskWith('postgres-vacuum', saying([LOG_IN, READ, { ...LOG_IN, need: 'x', detail: HOSTILE }]))]),
  );

  expect(text).toContain('postgres main\n  met      log in                 as fettle\n');
  expect(text).toContain(
    [
      '  missing  read pg_stat_activity  fettle may not',
      '           needed by postgres-vacuum',
      '           to give it:',
      '             GRANT pg_monitor TO fettle;\n',
    ].join('\n'),
  );
  expect(text).toMatch(/\n2 targets, 4 needs: 2 met, 2 missing, 0 unknown\nlook at: postgres main, postgres spare\n$/);
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});

test('what is fine comes first, so that what is missing stands next to the prompt', async () => {
  const needs = await examined(
    [
      taskWith('postgres-vacuum', (context) =>
        eachNeed(context.targets as readonly { name: string }[], ({ name }) =>
          Promise.resolve(name === 'main' ? [READ] : [LOG_IN]),
        ),
      ),
    ],
    ['main', 'other'],
  );
  const titles = doctorText(needs).match(/^postgres \w+$/gm);

  expect(titles).toEqual(['postgres other', 'postgres main', 'postgres spare']);
  expect(doctorText(needs.filter(({ state }) => state === 'met'))).toMatch(/\nevery task finds what it needs\n$/);
});

test('a grant that gives several things is shown once', async () => {
  const policy = { ...READ, grant: '{\n  "a": 1\n}' };
  const text = doctorText(
    await examined([taskWith('postgres-vacuum', saying([policy, { ...policy, need: 'write' }]))]),
  );

  expect(text.match(/"a": 1/g)).toHaveLength(1);
  expect(text).toContain('given together with "read pg_stat_activity"');
});

test('looks go on side by side, a few at a time, and what they find keeps its order', async () => {
  const seen: number[] = [];
  let running = 0;
  const slow: Task['needs'] = async (context) => {
    running += 1;
    seen.push(running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running -= 1;
    return eachNeed(context.targets as readonly { name: string }[], () => Promise.resolve([LOG_IN]));
  };
  const names = Array.from({ length: 30 }, (_, place) => `database-${place}`);
  const needs = await examined([taskWith('postgres-vacuum', slow)], names);

  expect(Math.max(...seen)).toBe(8);
  expect(needs.filter(({ need }) => need === 'log in').map(({ target }) => target)).toEqual(names);
});

test('every look has its whole time, however late it begins', async () => {
  const left: number[] = [];
  const look: Task['needs'] = ({ now, deadline }) => {
    left.push(deadline.getTime() - now.getTime());
    return Promise.resolve([]);
  };
  const needs = await examined(
    [taskWith('postgres-vacuum', look)],
    Array.from({ length: 20 }, () => 'main'),
  );

  expect(new Set(left)).toEqual(new Set([30_000]));
  expect(needs[0]).toMatchObject({ state: 'met', detail: 'postgres-vacuum needs nothing of it' });
});

test('a look that was interrupted is unknown, and says so', async () => {
  const interrupted = new AbortController();
  const endless: Task['needs'] = () => {
    setImmediate(() => interrupted.abort());
    return new Promise(() => undefined);
  };
  const needs = await examined([taskWith('postgres-vacuum', endless)], ['main'], interrupted.signal);

  expect(needs[0]).toMatchObject({ state: 'unknown', detail: 'the look was interrupted' });
});

test('the password of a target is in no need, whether the task says it or throws it', async () => {
  process.env['NOBODY_SETS_THIS'] = 'postgres://app:hunter22@db.example/spare';
  const needs = await examined(
    [
      taskWith('postgres-vacuum', saying([{ ...LOG_IN, state: 'unknown', detail: 'hunter22 is refused' }])),
      taskWith('postgres-analyze', () => {
        throw new Error('no answer from postgres://app:hunter22@db.example/spare');
      }),
    ],
    ['spare'],
  );
  Reflect.deleteProperty(process.env, 'NOBODY_SETS_THIS');

  expect(JSON.stringify(needs)).not.toContain('hunter22');
  expect(needs).toContainEqual(expect.objectContaining({ detail: '[redacted] is refused' }));
  expect(needs).toContainEqual(expect.objectContaining({ detail: 'no answer from [redacted]' }));
});
