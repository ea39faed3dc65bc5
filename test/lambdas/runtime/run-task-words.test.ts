import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as z from 'zod';
import { Intent } from '../../../core/action.ts';
import { defineTask, pause } from '../../../core/task.ts';
import { actionKeys, Outcome, readIntents } from '../../../lambdas/runtime/action-records.ts';
import { takeLease } from '../../../lambdas/runtime/leases.ts';
import { createRecord, requireRecord } from '../../../lambdas/runtime/records.ts';
import { keysOf, NOW, secondsLater, textOf } from '../../harness/run-records.ts';
import { measured, readingTask, stepOf } from './_step.ts';

/** Passwords of development machines: each is a word without which a record is none. */
const WORDS = ['postgres', 'main', 'target', 'findings', 'too-many', 'warn', 'rows', 'measurements', 'summary'];
const VARIABLE = 'FETTLE_TEST_WORD_URL';
const targets = { main: { url: `env:${VARIABLE}` }, copy: { url: 'postgres://db.example/copy' } };

function connectWith(password: string): void {
  process.env[VARIABLE] = `postgres://app:${password}@db.example/main`;
}

beforeAll(() => connectWith('unset'));
afterAll(() => void Reflect.deleteProperty(process.env, VARIABLE));

test.each(WORDS)('a password that is the word %s takes no record apart and is shown in no sentence', async (word) => {
  connectWith(word);
  const task = readingTask(() =>
    Promise.resolve({
      findings: [
        { kind: 'too-many', target: 'main', value: 9, unit: 'rows', summary: `logged in with ${word}, 9 seen` },
      ],
      measurements: measured('main', 'copy').measurements,
    }),
  );
  const step = await stepOf(task, { targets });
  expect(await step.call(task)).toMatchObject({ status: 'done', verdict: 'warn' });
  const { findings, measurements } = await step.record();
  expect(findings).toMatchObject([
    { kind: 'too-many', target: 'main', unit: 'rows', summary: 'logged in with [redacted], 9 seen' },
  ]);
  expect(measurements).toHaveLength(2);
});

test.each(WORDS)('what was found before a pause stands after a failure although the password is %s', async (word) => {
  connectWith(word);
  const task = readingTask(({ resume }) =>
    resume === undefined
      ? Promise.resolve(pause({ seconds: 5, cursor: { at: 7 }, soFar: measured('main') }))
      : Promise.reject(new Error('gone')),
  );
  const step = await stepOf(task, { targets });
  await step.call(task, await step.call(task));
  expect((await step.record()).measurements).toMatchObject([{ target: 'main', unit: 'rows', value: 3 }]);
});

test.each(['postgres', 'main', 'postgres-vacuum', 'target', 'verb', 'done'])(
  'an intent and its outcome say what was changed although the password is %s',
  async (word) => {
    connectWith(word);
    const task = defineTask({
      name: 'postgres-vacuum',
      summary: 'Vacuums',
      effect: 'mutating',
      target: 'postgres',
      input: z.strictObject({}),
      examples: [{}],
      findings: {},
      timeoutSeconds: 60,
      cap: () => ({ absolute: 2, percent: 100 }),
      run: async ({ act }) => {
        const look = () => Promise.resolve({ state: 'not-done' } as const);
        const scope = { planned: 1, population: 1 };
        const action = { verb: 'vacuum', target: 'main', subject: 'orders', summary: `as ${word}`, scope, look };
        await act(action, () => Promise.resolve({ state: 'done' }));
        return { findings: [], measurements: [{ name: 'tables', value: 1, unit: 'count', target: 'main' }] };
      },
    });
    const step = await stepOf(task, { entry: { targets: ['main'] }, targets });
    const main = { kind: 'postgres', target: 'main' };
    const request = { ...main, runId: 'daily-20261121T020000Z', runKey: step.key };
    const lease = await takeLease(step.store, { ...request, now: NOW, expiresAt: secondsLater(2_400) });
    await createRecord(step.store, `${step.key}/leases.json`, [{ ...main, ...lease }]);
    await step.call(task);

    const [intent] = await readIntents(step.store, step.key, '01-postgres-vacuum');
    expect(intent).toMatchObject({
      task: task.name,
      lease: main,
      action: { target: 'main', summary: 'as [redacted]' },
    });
    const { outcome } = actionKeys(step.key, '01-postgres-vacuum');
    const { intentKey, recorded } = await requireRecord(step.store, outcome(intent?.id ?? ''), Outcome);
    expect(recorded).toMatchObject({ task: task.name, target: 'main', status: 'done', summary: 'as [redacted]' });
    expect(await requireRecord(step.store, intentKey, Intent)).toEqual(intent);
    expect((await step.record()).actions).toEqual([recorded]);
  },
);

test('a step that comes back when its run has ended adds nothing to the sealed records', async () => {
  connectWith('unset');
  const task = readingTask(async () => {
    await createRecord(step.store, `${step.key}/ended.json`, {});
    return { ...measured('main', 'copy'), attachments: { 'late.log': 'seen' } };
  });
  const step = await stepOf(task, { targets });
  const before = await keysOf(step.store);
  await expect(step.call(task)).rejects.toThrow(/has ended without this step/);
  expect(await keysOf(step.store)).toEqual([...before, `${step.key}/ended.json`].sort());
});

test('a pause of a run that has ended is not kept, and a step that begins after its end is not begun', async () => {
  let called = 0;
  const task = readingTask(async () => {
    called += 1;
    await createRecord(step.store, `${step.key}/ended.json`, {});
    return pause({ seconds: 5, cursor: {} });
  });
  const step = await stepOf(task, { targets });
  await expect(step.call(task)).rejects.toThrow(/its records are sealed/);
  await expect(step.call(task)).rejects.toThrow(/its records are sealed/);
  expect(called).toBe(1);
  const texts = await Promise.all((await keysOf(step.store)).map((key) => textOf(step.store, key)));
  expect(texts.join()).not.toContain('cursor');
});
