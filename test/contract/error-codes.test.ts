import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { ERROR_CODES, meaningOf } from '../../core/error-codes.ts';
import { REPOSITORY, sourceFiles } from '../harness/cruise.ts';

/** A text of a test that ends as every message does, with a code in brackets. */
const MESSAGE_END = /(?<=[^\s\\]) ?\\?\[([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)*)\\?\](?=['"`$\\\n])/g;

async function codesInTests(): Promise<ReadonlySet<string>> {
  const files = (await sourceFiles(REPOSITORY, ['test'])).filter((file) => !file.startsWith('test/contract/'));
  const texts = await Promise.all(files.map((file) => readFile(path.join(REPOSITORY, file), 'utf8')));
  return new Set(texts.flatMap((text) => [...text.matchAll(MESSAGE_END)].map(([, code = '']) => code)));
}

test('every code stands at the end of a message that a test expects', async () => {
  const expected = await codesInTests();
  expect(Object.keys(ERROR_CODES).filter((code) => !expected.has(code))).toEqual([]);
});

test('no test expects a code that is not in the catalogue', async () => {
  const unknown = [...(await codesInTests())].filter(
    (code) => /_|^(UNAVAILABLE|CORRUPT|UNEXPECTED)$/.test(code) && !meaningOf(code),
  );
  expect(unknown).toEqual([]);
});

test.each(Object.entries(ERROR_CODES))('%s says in whole sentences what it means and what to do', (code, meaning) => {
  expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
  for (const text of [meaning.means, meaning.remedy]) expect(text).toMatch(/^(?:[A-Z]|`).{10,}\.$|^Mend .+\.$/);
});
