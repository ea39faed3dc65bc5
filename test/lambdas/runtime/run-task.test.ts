import { describe, expect, test } from '@jest/globals';
import { Unavailable } from '../../../core/errors.ts';
import type { StepRecord } from '../../../core/run.ts';
import { pause } from '../../../core/task.ts';
import { keysOf, NOW, secondsLater, textOf } from '../../harness/run-records.ts';
import { measured, readingTask, stepOf, type StepOptions } from './_step.ts';

async function recordOf(returned: unknown, options: StepOptions = {}): Promise<StepRecord> {
  const task = readingTask(() => Promise.resolve(returned));
  const step = await stepOf(task, options);
  await step.call(task);
  return step.record();
}

describe('a step that ends', () => {
  test('is recorded with what it found, measured and judged', async () => {
    const finding = {
      kind: 'too-many',
      target: 'copy',
      summary: '9 rows, limit 5',
      value: 9,
      limit: 5,
      unit: 'rows',
      command: 'SELECT 1;',
    };
    const record = await recordOf({ ...measured('main'), findings: [finding] });
    expect(record).toMatchObject({ verdict: 'warn', bundleSha256: 'b'.repeat(64), pauses: 0, mode: 'execute' });
    expect(record.targets).toEqual([
      { target: 'main', verdict: 'pass' },
      { target: 'copy', verdict: 'warn' },
    ]);
    expect(record.findings).toEqual([
      {
        ...finding,
        task: 'postgres-check-rows',
        severity: 'warn',
        means: 'There are many.',
        matters: 'They become more.',
        remedy: 'Remove some.',
        prevention: 'Let fewer in.',
      },
    ]);
    expect(record.measurements).toMatchObject([{ task: 'postgres-check-rows', target: 'main', value: 3 }]);
  });

  test('is not run again: its record is the answer', async () => {
    let calls = 0;
    const task = readingTask(() => {
      calls += 1;
      return Promise.resolve(measured('main', 'copy'));
    });
    const step = await stepOf(task);
    const first = await step.call(task);
    expect(first).toEqual({ step: 1, status: 'done', verdict: 'pass', stop: false, waitSeconds: 0, pause: 0 });
    expect(await step.call(task)).toEqual(first);
    expect(calls).toBe(1);
  });

  test('stops the run only where it is required and not well', async () => {
    for (const [required, returned, stop] of [
      [true, measured('main'), true],
      [true, measured('main', 'copy'), false],
      [false, measured('main'), false],
    ] as const) {
      const task = readingTask(() => Promise.resolve(returned));
      expect(await (await stepOf(task, { entry: { required } })).call(task)).toMatchObject({ stop });
    }
  });

  test('gets its defaults, its limits of time and the name of its sessions', async () => {
    let seen: unknown;
    const task = readingTask(({ input, now, deadline, sessionName, mode }) => {
      seen = { input, now, deadline, sessionName, mode };
      return Promise.resolve(measured('main', 'copy'));
    });
    await (await stepOf(task)).call(task);
    expect(seen).toEqual({
      input: { limit: 5 },
      now: NOW,
      deadline: secondsLater(55),
      sessionName: 'fettle:daily-20261121T020000Z:postgres-check-rows',
      mode: 'execute',
    });
  });

  test('keeps its attachments as evidence', async () => {
    const task = readingTask(() =>
      Promise.resolve({ ...measured('main', 'copy'), attachments: { 'rows.csv': 'a,b\n' } }),
    );
    const step = await stepOf(task);
    await step.call(task);
    const key = `${step.key}/evidence/01-postgres-check-rows/rows.csv`;
    expect((await step.record()).evidence).toEqual([key]);
    expect(await textOf(step.store, key)).toBe('a,b\n');
  });
});

describe('a step that pauses', () => {
  test('goes on from its cursor and has one record at the end', async () => {
    const resumed: unknown[] = [];
    const task = readingTask(({ resume }) => {
      resumed.push(resume);
      const done = resumed.length === 3;
      return Promise.resolve(
        done ? measured('main', 'copy') : pause({ seconds: 1.2, cursor: { page: resumed.length } }),
      );
    });
    const step = await stepOf(task);
    const first = await step.call(task);
    expect(first).toMatchObject({ status: 'paused', verdict: 'unknown', waitSeconds: 2, pause: 1 });
    const second = await step.call(task, first, () => secondsLater(10));
    const third = await step.call(task, second, () => secondsLater(20));
    expect([second.pause, third.status]).toEqual([2, 'done']);
    expect(resumed).toEqual([undefined, { page: 1 }, { page: 2 }]);
    expect(await step.record()).toMatchObject({
      pauses: 2,
      startedAt: NOW.toISOString(),
      finishedAt: secondsLater(20).toISOString(),
    });
  });

  test('is not run again by a repeated call: its pause is the answer', async () => {
    let calls = 0;
    const task = readingTask(() => {
      calls += 1;
      return Promise.resolve(pause({ seconds: 30, cursor: null }));
    });
    const step = await stepOf(task);
    const first = await step.call(task);
    expect(await step.call(task)).toEqual(first);
    expect(calls).toBe(1);
  });

  test.each([
    ['no number of seconds', { paused: true, seconds: Number.NaN, cursor: null }],
    ['a cursor that is no JSON', { paused: true, seconds: 1, cursor: () => 1 }],
    ['no cursor', { paused: true, seconds: 1 }],
    ['paused: false', { paused: false, seconds: 1, cursor: null }],
  ])('with %s has returned nonsense', async (_, returned) => {
    const record = await recordOf(returned);
    expect(record.findings.map(({ kind }) => kind)).toEqual(['task-failed', 'task-failed']);
  });
});

describe('a step that says nonsense is unknown of every target', () => {
  const finding = { kind: 'too-many', target: 'main', summary: 'many' };
  test.each([
    ['a kind that it does not declare', { findings: [{ ...finding, kind: 'novel' }], measurements: [] }, 'novel'],
    ['an inherited name as kind', { findings: [{ ...finding, kind: 'toString' }], measurements: [] }, 'toString'],
    ['a finding of a foreign target', { findings: [{ ...finding, target: 'other' }], measurements: [] }, 'other'],
    ['a measurement of a foreign target', measured('main', 'copy', 'other'), 'other'],
    ['a number that is none', { findings: [{ ...finding, value: Number.NaN }], measurements: [] }, 'findings.0.value'],
    ['a baseline that it does not declare', { ...measured('main', 'copy'), baseline: 1 }, 'declares none'],
    [
      'an attachment outside of its folder',
      { ...measured('main'), attachments: { '../x': '' } },
      'name of an attachment',
    ],
    ['nothing', undefined, 'the top'],
    ['a text', 'all is well', 'the top'],
  ])('%s', async (_, returned, word) => {
    const record = await recordOf(returned);
    expect(record.verdict).toBe('unknown');
    expect(record.targets.map(({ verdict }) => verdict)).toEqual(['unknown', 'unknown']);
    expect(record.findings).toMatchObject([
      { kind: 'task-failed', target: 'main', summary: expect.stringContaining(word) },
      { kind: 'task-failed', target: 'copy' },
    ]);
  });
});

describe('a step that does not say what it should', () => {
  test('leaves a target of which nothing was said unknown, and the other judged', async () => {
    const record = await recordOf(measured('main'));
    expect(record.targets).toEqual([
      { target: 'main', verdict: 'pass' },
      { target: 'copy', verdict: 'unknown' },
    ]);
    expect(record.findings).toMatchObject([{ kind: 'not-examined', target: 'copy' }]);
  });

  test.each([
    [new Error('no such column', { cause: new Error('42703') }), 'task-failed', 'no such column: 42703'],
    [new Unavailable('db.example does not answer'), 'not-readable', 'db.example does not answer'],
  ])('and throws is recorded as unknown with the error: %s', async (thrown, kind, summary) => {
    const task = readingTask(() => Promise.reject(thrown));
    const step = await stepOf(task);
    expect(await step.call(task)).toMatchObject({ status: 'done', verdict: 'unknown' });
    expect((await step.record()).findings).toMatchObject([
      { kind, target: 'main', summary },
      { kind, target: 'copy', summary },
    ]);
    expect(step.lines.join('')).toContain('task failed');
  });

  test('and hangs is stopped at its time limit, its signal aborted', async () => {
    let signal: AbortSignal | undefined;
    const task = readingTask((context) => {
      signal = context.signal;
      return new Promise(() => undefined);
    });
    const step = await stepOf(task, { entry: { timeoutSeconds: 6 } });
    expect(await step.call(task)).toMatchObject({ status: 'done', verdict: 'unknown' });
    expect((await step.record()).findings).toMatchObject([{ kind: 'task-timed-out' }, { kind: 'task-timed-out' }]);
    expect(signal?.aborted).toBe(true);
  });

  test('and is reached after the deadline of the run is not started', async () => {
    const task = readingTask(() => Promise.reject(new Error('must not run')));
    const step = await stepOf(task);
    await step.call(task, {}, () => secondsLater(1_800));
    expect((await step.record()).findings.map(({ kind }) => kind)).toEqual(['out-of-time', 'out-of-time']);
  });
});

test('a step that is another one in the profile of the run is an error and leaves no record', async () => {
  const task = readingTask(() => Promise.resolve(measured('main', 'copy')));
  const step = await stepOf(task, { entry: { task: 'postgres-vacuum' } });
  await expect(step.call(task)).rejects.toThrow('step 1 of daily is not postgres-check-rows');
  expect(await keysOf(step.store, `${step.key}/steps/`)).toEqual([]);
});
