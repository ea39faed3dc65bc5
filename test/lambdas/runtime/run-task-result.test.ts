import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { Secret } from '../../../core/secret.ts';
import { pause, type Task } from '../../../core/task.ts';
import { withoutSecrets } from '../../../lambdas/runtime/records.ts';
import { keysOf, secondsLater } from '../../harness/run-records.ts';
import { measured, readingTask, stepOf } from './_step.ts';

const BASELINE = { version: 1, schema: z.unknown() };

async function recordOf(returned: unknown) {
  const task: Task = { ...readingTask(() => Promise.resolve(returned)), baseline: BASELINE };
  const step = await stepOf(task);
  await step.call(task);
  return { record: await step.record(), keys: await keysOf(step.store) };
}

describe('an attachment', () => {
  test.each(['.', '..', '../escaped', 'a/b', 'a\\b', '', 'a\u0000'])(
    'named %j is refused with a clear error',
    async (name) => {
      const { record, keys } = await recordOf({ ...measured('main', 'copy'), attachments: { [name]: 'x' } });
      expect(record.findings[0]).toMatchObject({
        kind: 'task-failed',
        summary: expect.stringContaining(`${JSON.stringify(name)} is no name of an attachment`),
      });
      expect(record.evidence).toEqual([]);
      expect(keys.filter((key) => key.includes('evidence') || key.includes('escaped'))).toEqual([]);
    },
  );

  test.each(['.hidden', 'a..b', 'pods-1.log'])('named %j is kept', async (name) => {
    const { record } = await recordOf({ ...measured('main', 'copy'), attachments: { [name]: 'x' } });
    expect(record.evidence).toEqual([expect.stringContaining(`/${name}`)]);
  });
});

test('attachments of a task that declares none are refused', async () => {
  const attached = readingTask(() =>
    Promise.resolve({ ...measured('main', 'copy'), attachments: { 'rows.csv': 'a' } }),
  );
  const task: Task = { ...attached, attaches: false };
  const step = await stepOf(task);
  await step.call(task);
  const record = await step.record();
  expect(record.evidence).toEqual([]);
  expect(record.findings[0]?.summary).toContain('it returned attachments and declares none');
});

describe('a baseline that JSON cannot carry is refused, and the text says where', () => {
  class Count {
    readonly rows = 1;
  }
  test.each([
    ['a Date', { seen: { at: new Date(0) } }, 'seen.at is a Date'],
    ['a Map', { tables: new Map([['a', 1]]) }, 'tables is a Map'],
    ['an object of a class', [new Count()], '0 is a Count'],
    ['a secret', { url: new Secret('x') }, 'url is a Secret'],
    ['a number that is none', { rows: Number.NaN }, 'rows is NaN'],
    ['a big integer', { rows: 1n }, 'rows is a bigint'],
    ['a function', { rows: () => 1 }, 'rows is a function'],
  ])('%s', async (_, baseline, where) => {
    const { record, keys } = await recordOf({ ...measured('main', 'copy'), baseline });
    expect(record.findings[0]?.summary).toContain(where);
    expect(keys.filter((key) => key.startsWith('state/baselines/'))).toEqual([]);
  });
});

test('a baseline of plain values is kept, one left out within it is left out', async () => {
  const baseline = { at: '2026-11-21T02:00:00Z', rows: [1, null], more: undefined };
  const { record, keys } = await recordOf({ ...measured('main', 'copy'), baseline });
  expect(record.verdict).toBe('pass');
  expect(keys).toContain('state/baselines/postgres-check-rows.json');
});

test('nothing but plain values goes through the removal of secrets', () => {
  expect(() => withoutSecrets({ at: new Date(0) }, [])).toThrow('at is a Date');
  expect(withoutSecrets({ a: ['https://t@h', undefined, 1] }, [])).toEqual({
    a: ['https://[redacted]@h', undefined, 1],
  });
});

describe('what a task found before it paused', () => {
  const found = { kind: 'too-many', target: 'main', summary: '9 rows, limit 5' } as const;
  const soFar = { findings: [found], measurements: measured('main').measurements };
  const paused = () => Promise.resolve(pause({ seconds: 5, cursor: { page: 1 }, soFar }));

  test('is kept where the run has no time left to call it again', async () => {
    const task = readingTask(paused);
    const step = await stepOf(task);
    const first = await step.call(task);
    await step.call(task, first, () => secondsLater(4_000));
    const record = await step.record();
    expect(record.findings.map(({ kind, target }) => [kind, target])).toEqual([
      ['too-many', 'main'],
      ['out-of-time', 'main'],
      ['out-of-time', 'copy'],
    ]);
    expect(record.measurements).toMatchObject([{ name: 'rows', target: 'main' }]);
  });

  test.each([
    ['ends with an error', () => Promise.reject(new Error('gone')), 'task-failed', {}],
    ['hangs', () => new Promise(() => undefined), 'task-timed-out', { timeoutSeconds: 5 }],
  ] as const)('is kept where the next call %s', async (_, next, kind, entry) => {
    const task = readingTask(({ resume }) => (resume === undefined ? paused() : next()));
    const step = await stepOf(task, { entry });
    await step.call(task, await step.call(task));
    expect((await step.record()).findings.map((finding) => finding.kind)).toEqual(['too-many', kind, kind]);
  });

  test('is not said twice by a task that ends well: what it says at its end counts', async () => {
    const task = readingTask(({ resume }) =>
      resume === undefined ? paused() : Promise.resolve(measured('main', 'copy')),
    );
    const step = await stepOf(task);
    await step.call(task, await step.call(task));
    expect(await step.record()).toMatchObject({ verdict: 'pass', findings: [] });
  });

  test('must be as well declared as what it finds at its end', async () => {
    const wrong = { findings: [{ ...found, kind: 'novel' }], measurements: [] };
    const task = readingTask(() => Promise.resolve({ paused: true, seconds: 5, cursor: null, soFar: wrong }));
    const step = await stepOf(task);
    await step.call(task);
    expect((await step.record()).findings[0]?.summary).toContain('novel, which it does not declare');
  });
});
