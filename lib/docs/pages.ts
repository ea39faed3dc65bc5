import type { Catalogue } from '../../lambdas/catalogue.ts';
import { platformJsonSchema } from '../profiles/schema.ts';
import { tasksPage } from './tasks-page.ts';

/** Every generated page: its path relative to the root of the repository, and its text. */
export function generatedPages(catalogue: Catalogue): ReadonlyMap<string, string> {
  return new Map([
    ['docs/tasks.md', tasksPage(catalogue)],
    ['docs/platform.schema.json', `${JSON.stringify(platformJsonSchema(catalogue), undefined, 2)}\n`],
  ]);
}
