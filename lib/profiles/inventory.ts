import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvalidInput, messageOf } from '../../core/errors.ts';
import { systemReason } from '../system-reason.ts';

/** The profiles that come with the repository. */
export const PLATFORMS_FOLDER = fileURLToPath(new URL('../../platforms/', import.meta.url));

/** The procedures of profiles that have none; not a platform. */
export const DEFAULT_FILE = 'default.yaml';

export interface ListedPlatform {
  /** The name of the file without its ending, by which commands take it. */
  readonly name: string;
  readonly file: string;
}

/**
 * The profiles of a folder in the order of their names.
 *
 * Throws `InvalidInput` where there is no such folder, or where a profile would be passed over for its ending.
 */
export async function listPlatforms(folder = PLATFORMS_FOLDER): Promise<readonly ListedPlatform[]> {
  const files = (await filesIn(folder)).filter((file) => file !== DEFAULT_FILE).sort();
  const passedOver = files.find((file) => file.endsWith('.yml'));
  if (passedOver !== undefined) {
    const { name } = path.parse(passedOver);
    throw new InvalidInput(
      'CFG_FILE_ENDING',
      `${path.join(folder, passedOver)} would not be found; call it ${name}.yaml`,
    );
  }
  return files
    .filter((file) => file.endsWith('.yaml') && !file.startsWith('.'))
    .map((file) => ({ name: path.parse(file).name, file: path.join(folder, file) }));
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  } catch (cause) {
    const reason = systemReason(cause) ?? messageOf(cause);
    throw new InvalidInput('CFG_UNREADABLE', `${folder} cannot be read: ${reason}`, { cause });
  }
}
