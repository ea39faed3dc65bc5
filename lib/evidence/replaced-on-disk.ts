import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { VERSIONS_FOLDER } from '../../lambdas/runtime/store-key.ts';
import type { Examination } from './examination.ts';

/**
 * Evidence is created once and never replaced, so on a disk it has no history: beside one, the file that people open
 * and the object that programs read could be two.
 */
export async function examineHistories(examination: Examination, folder: string): Promise<void> {
  for (const kept of ['runs', 'chain', 'maintenance']) {
    for await (const found of glob([`**/${VERSIONS_FOLDER}/*`, `${VERSIONS_FOLDER}/*`], { cwd: join(folder, kept) })) {
      const key = `${kept}/${found.replace(`${VERSIONS_FOLDER}/`, '')}`;
      const summary = `${key} was replaced or removed: ${kept}/${found} is its history`;
      examination.accuse({ kind: 'altered', key, summary });
    }
  }
}
