import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadCatalogue } from '../lambdas/catalogue.ts';
import { generatedPages } from '../lib/docs/pages.ts';

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));

for (const [file, text] of await generatedPages(await loadCatalogue(), REPOSITORY)) {
  await mkdir(path.dirname(path.join(REPOSITORY, file)), { recursive: true });
  await writeFile(path.join(REPOSITORY, file), text);
  console.log(`wrote ${file}`);
}
