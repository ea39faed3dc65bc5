import { describe, expect, test } from '@jest/globals';
import type { Json } from '../../../core/json.ts';
import type { DocumentPages, DocumentPlatform, Task } from '../../../core/task.ts';
import { documentFolder } from '../../../lambdas/runtime/documents.ts';
import { keysOf, textOf } from '../../harness/run-records.ts';
import { measured, readingTask, stepOf, type StepOptions } from './_step.ts';

const documentKey = (now: Date) => `sizes/monthly/${now.toISOString().slice(0, 10).replaceAll('-', '')}.json`;
const documentPages = (document: Json, { platform, environment }: DocumentPlatform): DocumentPages => ({
  html: `<p>${platform} ${environment}: ${JSON.stringify(document)}</p>`,
  markdown: `# ${platform}`,
});
const EVIDENCE = 'evidence/01-postgres-check-rows';

async function writing(document: Json | undefined, parts: Partial<Task> = {}, options: StepOptions = {}) {
  const task: Task = {
    ...readingTask(() => Promise.resolve({ ...measured('main', 'copy'), ...(document !== undefined && { document }) })),
    documentKey,
    documentPages,
    ...parts,
  };
  const step = await stepOf(task, options);
  await step.call(task);
  return { step, record: await step.record(), keys: await keysOf(step.store) };
}

describe('a document', () => {
  test('is among the evidence of its run and where people look for it, with its pages', async () => {
    const { step, record } = await writing({ rows: 9 });
    expect(record.evidence).toEqual(['json', 'html', 'md'].map((form) => `${step.key}/${EVIDENCE}/document.${form}`));
    expect(JSON.parse(await textOf(step.store, 'sizes/monthly/20261121.json'))).toEqual({ rows: 9 });
    expect(await textOf(step.store, 'sizes/monthly/20261121.html')).toMatch(/^<p>\S+ \S+: \{"rows":9\}<\/p>$/);
    expect(await textOf(step.store, 'sizes/monthly/20261121.md')).toMatch(/^# /);
    expect(await textOf(step.store, `${step.key}/${EVIDENCE}/document.json`)).toBe(
      await textOf(step.store, 'sizes/monthly/20261121.json'),
    );
  });

  test('of a later run of the same day takes the place of the earlier one, which stays evidence', async () => {
    const { step: first } = await writing({ rows: 9 });
    const { step: second } = await writing({ rows: 4 }, {}, { store: first.store, runId: 'daily-20261121T040000Z' });
    const rowsAt = async (key: string) => JSON.parse(await textOf(first.store, key)) as unknown;
    expect(await rowsAt('sizes/monthly/20261121.json')).toEqual({ rows: 4 });
    expect(await rowsAt(`${first.key}/${EVIDENCE}/document.json`)).toEqual({ rows: 9 });
    expect(await rowsAt(`${second.key}/${EVIDENCE}/document.json`)).toEqual({ rows: 4 });
  });

  test('of a plan is among the evidence of its run and nowhere else', async () => {
    const { record, keys } = await writing({ rows: 9 }, {}, { mode: 'plan' });
    expect(record.evidence).toHaveLength(3);
    expect(keys.filter((key) => key.startsWith('sizes/'))).toEqual([]);
  });

  test('without pages is written alone', async () => {
    const { record, keys } = await writing({ rows: 9 }, { documentPages: undefined });
    expect(record.evidence).toEqual([expect.stringContaining('document.json')]);
    expect(keys.filter((key) => key.startsWith('sizes/'))).toEqual(['sizes/monthly/20261121.json']);
  });

  test('that is not there leaves what an earlier run wrote', async () => {
    const { step } = await writing({ rows: 9 });
    const task: Task = { ...readingTask(() => Promise.resolve(measured('main', 'copy'))), documentKey };
    const next = await stepOf(task, { store: step.store, runId: 'daily-20261121T040000Z' });
    await next.call(task);
    expect(JSON.parse(await textOf(step.store, 'sizes/monthly/20261121.json'))).toEqual({ rows: 9 });
  });

  test('whose page cannot be made is written all the same, and the step says so', async () => {
    const { step, record } = await writing(
      { rows: 9 },
      {
        documentPages: () => {
          throw new Error('no such column');
        },
      },
    );
    expect(record.verdict).toBe('unknown');
    expect(record.findings[0]).toMatchObject({
      kind: 'task-failed',
      summary: 'its page cannot be written: no such column',
    });
    expect(JSON.parse(await textOf(step.store, 'sizes/monthly/20261121.json'))).toEqual({ rows: 9 });
  });
});

test('the folder of documents is the part of their key that no date is in', () => {
  expect(documentFolder(documentKey)).toBe('sizes/monthly/');
  expect(documentFolder(() => 'state/one.json')).toBe('state/one.json');
  expect(() => documentFolder((now) => `${now.getUTCFullYear()}.json`)).toThrow('no folder of its own');
});
