import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { TARGETS } from './targets.ts';

const ROOT = new URL('../../', import.meta.url);
const FEWEST = 200;

test('every target of the table exists, and a property calls it', async () => {
  const files = (await readdir(new URL('test/fuzz/', ROOT))).filter((file) => /\.test\.ts$|-child\.ts$/.test(file));
  const texts = await Promise.all(files.map((file) => readFile(new URL(`test/fuzz/${file}`, ROOT), 'utf8')));
  const missing: string[] = [];
  let count = 0;
  for (const [module, names] of Object.entries(TARGETS)) {
    const exported = (await import(new URL(module, ROOT).href)) as Record<string, unknown>;
    const users = texts.filter((text) => text.includes(`'../../${module}'`));
    for (const name of names) {
      count += 1;
      // Once where it is imported, once where it is called.
      const isUsed = users.some((text) => [...text.matchAll(new RegExp(`\\b${name}\\b`, 'g'))].length > 1);
      if (exported[name] === undefined || !isUsed) missing.push(`${module} ${name}`);
    }
  }

  expect(missing).toEqual([]);
  expect(count).toBeGreaterThanOrEqual(FEWEST);
  process.stdout.write(`${count} fuzz targets in ${Object.keys(TARGETS).length} modules\n`);
});
