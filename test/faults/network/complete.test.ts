import { expect, test } from '@jest/globals';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { loadCatalogue } from '../../../lambdas/catalogue.ts';
import { REPOSITORY } from '../../harness/cruise.ts';

const FOLDER = path.join(REPOSITORY, 'test', 'faults', 'network');

test('the tasks of every domain were run over lines that are broken in every way', async () => {
  const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.test.ts'));
  const texts = await Promise.all(files.map((file) => readFile(path.join(FOLDER, file), 'utf8')));
  const domains = new Set([...(await loadCatalogue()).values()].map(({ domain }) => domain));
  const forgotten = [...domains].filter((domain) => !texts.some((text) => text.includes(`/lambdas/tasks/${domain}/`)));

  expect(domains.size).toBeGreaterThan(5);
  expect(forgotten).toEqual([]);
});
