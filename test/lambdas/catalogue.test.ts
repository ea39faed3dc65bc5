import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadCatalogue, taskEntryPoints } from '../../lambdas/catalogue.ts';

const task = (name: string) => `export const task = { name: '${name}', run() {}, findings: {} };\n`;

describe('the catalogue of tasks', () => {
  let root: string;

  beforeEach(async () => {
    root = await realpath(await mkdtemp(path.join(tmpdir(), 'fettle-catalogue-')));
    await mkdir(path.join(root, 'lambdas/tasks'), { recursive: true });
  });

  afterEach(async () => {
    await rm(root, { recursive: true, force: true });
  });

  async function write(file: string, text: string): Promise<void> {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true });
    await writeFile(path.join(root, file), text);
  }

  test('is what stands in the folders: files, grown folders, and nothing private', async () => {
    await write('lambdas/tasks/redis/check-memory.ts', task('redis-check-memory'));
    await write('lambdas/tasks/postgres/vacuum/index.ts', task('postgres-vacuum'));
    await write('lambdas/tasks/postgres/vacuum/_plan.ts', 'export const plan = 1;\n');
    await write('lambdas/tasks/postgres/_connection.ts', 'export const connection = 1;\n');
    await write('lambdas/tasks/postgres/README.md', 'a note\n');

    const catalogue = await loadCatalogue(root);

    expect([...catalogue].map(([name, { file, domain, task: found }]) => [name, file, domain, found.name])).toEqual([
      ['postgres-vacuum', 'lambdas/tasks/postgres/vacuum/index.ts', 'postgres', 'postgres-vacuum'],
      ['redis-check-memory', 'lambdas/tasks/redis/check-memory.ts', 'redis', 'redis-check-memory'],
    ]);
  });

  test('gives entry points without running a line of them', async () => {
    await write('lambdas/tasks/redis/check-memory.ts', "throw new Error('was imported');\n");

    const entries = await taskEntryPoints(root);

    expect([...entries]).toEqual([['redis-check-memory', path.join(root, 'lambdas/tasks/redis/check-memory.ts')]]);
  });

  test.each([
    ['no task', 'lambdas/tasks/redis/check-memory.ts', 'export const other = 1;\n', 'exports no task; export one with'],
    ['a task of another shape', 'lambdas/tasks/redis/check-memory.ts', 'export const task = 1;\n', 'exports no task'],
    ['a folder without its index', 'lambdas/tasks/redis/check-memory/part.ts', '', 'check-memory/index.ts is missing'],
    ['a file in no domain', 'lambdas/tasks/vacuum.ts', task('vacuum'), 'lambdas/tasks/vacuum.ts stands in no domain'],
  ])('names the file when there is %s', async (_what, file, text, words) => {
    await write(file, text);

    await expect(loadCatalogue(root)).rejects.toThrow(words);
  });

  test('refuses two files of one name', async () => {
    await write('lambdas/tasks/redis/check-memory.ts', task('redis-check-memory'));
    await write('lambdas/tasks/redis/check-memory/index.ts', task('redis-check-memory'));

    await expect(loadCatalogue(root)).rejects.toThrow('are both called redis-check-memory');
  });

  test('says why where a file cannot be loaded', async () => {
    await write('lambdas/tasks/redis/check-memory.ts', "import './_gone.ts';\n");

    await expect(loadCatalogue(root)).rejects.toThrow('_gone.ts');
  });
});
