import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ResolvedPlatform } from '../../core/platform.ts';

/** The profile as resolved, which travels beside the code of Begin and Tick and of nothing else. */
export async function bundledPlatform(assetFolder: string): Promise<ResolvedPlatform> {
  return ResolvedPlatform.parse(JSON.parse(await readFile(join(assetFolder, 'profile.json'), 'utf8')));
}
