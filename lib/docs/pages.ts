import type { Catalogue } from '../../lambdas/catalogue.ts';
import { bundledPackages } from '../bundled-packages.ts';
import { platformJsonSchema } from '../profiles/schema.ts';
import { errorsPage } from './errors-page.ts';
import { licencesPage } from './licences-page.ts';
import { permissionsPage } from './permissions-page.ts';
import { proofsPage } from './proofs-page.ts';
import { readProofs } from './read-proofs.ts';
import { safetyPage } from './safety-page.ts';
import { tasksPage } from './tasks-page.ts';

/** Every generated page: its path relative to the root of the repository, and its text. */
export async function generatedPages(catalogue: Catalogue, root: string): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['docs/tasks.md', tasksPage(catalogue)],
    ['docs/errors.md', errorsPage()],
    ['docs/permissions.md', permissionsPage(catalogue)],
    ['docs/proofs.md', proofsPage(catalogue, await readProofs(root))],
    ['docs/safety.md', safetyPage(root)],
    ['docs/licences.md', licencesPage(await bundledPackages(root))],
    ['docs/platform.schema.json', `${JSON.stringify(platformJsonSchema(catalogue), undefined, 2)}\n`],
  ]);
}
