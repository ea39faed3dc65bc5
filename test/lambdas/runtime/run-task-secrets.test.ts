import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pause } from '../../../core/task.ts';
import { keysOf, textOf } from '../../harness/run-records.ts';
import { measured, readingTask, stepOf } from './_step.ts';

const PASSWORD = 'correct horse/battery';
const URL_TEXT = `postgres://app:${encodeURIComponent(PASSWORD)}@db.example/main`;
const VARIABLE = 'FETTLE_TEST_MAIN_URL';
const targets = { main: { url: `env:${VARIABLE}` }, copy: { url: 'postgres://db.example/copy' } };

beforeAll(() => {
  process.env[VARIABLE] = URL_TEXT;
});
afterAll(() => {
  Reflect.deleteProperty(process.env, VARIABLE);
});

async function everythingWritten(step: Awaited<ReturnType<typeof stepOf>>): Promise<string> {
  const texts = await Promise.all((await keysOf(step.store)).map((key) => textOf(step.store, key)));
  return [...texts, ...step.lines].join('\n');
}

test('a secret that a task says is in no record, no attachment and no log line', async () => {
  const task = readingTask(({ targets: [main] }) => {
    const url = main?.url.reveal() ?? '';
    return Promise.resolve({
      findings: [{ kind: 'too-many', target: 'main', subject: PASSWORD, summary: `${url} has 9 rows` }],
      measurements: measured('copy').measurements,
      attachments: { 'session.log': `connected to ${url} with ${PASSWORD}` },
    });
  });
  const step = await stepOf(task, { targets });
  await step.call(task);
  const written = await everythingWritten(step);
  expect(written).not.toContain('horse');
  expect((await step.record()).findings).toMatchObject([{ subject: '[redacted]', summary: '[redacted] has 9 rows' }]);
});

test('a secret in an error is neither recorded nor logged', async () => {
  const task = readingTask(() => Promise.reject(new Error(`cannot connect to ${URL_TEXT} as app/${PASSWORD}`)));
  const step = await stepOf(task, { targets });
  await step.call(task);
  expect(step.lines).toHaveLength(1);
  expect(await everythingWritten(step)).not.toContain('horse');
  expect((await step.record()).findings[0]?.summary).toBe('cannot connect to [redacted] as app/[redacted]');
});

test('a secret in a cursor is not stored', async () => {
  const task = readingTask(() => Promise.resolve(pause({ seconds: 5, cursor: { from: URL_TEXT } })));
  const step = await stepOf(task, { targets });
  expect((await step.call(task)).status).toBe('paused');
  expect(await everythingWritten(step)).not.toContain('horse');
});

test('a target whose reference is not set is unknown and the other one is judged', async () => {
  let names: string[] = [];
  const task = readingTask((context) => {
    names = context.targets.map(({ name }) => name);
    return Promise.resolve(measured('copy'));
  });
  const step = await stepOf(task, { targets: { ...targets, main: { url: 'env:FETTLE_TEST_ABSENT' } } });
  await step.call(task);
  expect(names).toEqual(['copy']);
  const record = await step.record();
  expect(record.targets).toEqual([
    { target: 'main', verdict: 'unknown' },
    { target: 'copy', verdict: 'pass' },
  ]);
  expect(record.findings).toMatchObject([
    { kind: 'not-readable', target: 'main', summary: 'the environment variable FETTLE_TEST_ABSENT is not set' },
  ]);
});

test('a task none of whose references can be resolved is not called', async () => {
  const task = readingTask(() => Promise.reject(new Error('must not run')));
  const absent = { url: 'file:/nowhere/at/all' };
  const step = await stepOf(task, { targets: { main: absent, copy: absent } });
  await step.call(task);
  expect((await step.record()).findings).toMatchObject([
    { kind: 'not-readable', target: 'main', summary: expect.stringContaining('/nowhere/at/all') },
    { kind: 'not-readable', target: 'copy' },
  ]);
});

test('a reference to a file is read without the blanks around it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fettle-reference-'));
  await writeFile(join(folder, 'url'), `${URL_TEXT}\n`);
  let seen = '';
  const task = readingTask(({ targets: [main] }) => {
    seen = main?.url.reveal() ?? '';
    return Promise.resolve(measured('main', 'copy'));
  });
  const step = await stepOf(task, { targets: { ...targets, main: { url: `file:${join(folder, 'url')}` } } });
  await step.call(task);
  await rm(folder, { recursive: true });
  expect(seen).toBe(URL_TEXT);
});
