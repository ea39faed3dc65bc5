import { expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { loadCatalogue } from '../../lambdas/catalogue.ts';
import { generatedPages } from '../../lib/docs/pages.ts';
import { REPOSITORY } from '../harness/cruise.ts';

const PAGES = [...(await generatedPages(await loadCatalogue(), REPOSITORY))];

test.each(PAGES)('%s is what npm run docs would write; run it and commit the page', async (file, text) => {
  expect(await readFile(path.join(REPOSITORY, file), 'utf8')).toBe(text);
});

test('the pages come out the same a second time', async () => {
  expect([...(await generatedPages(await loadCatalogue(), REPOSITORY))]).toEqual(PAGES);
});
