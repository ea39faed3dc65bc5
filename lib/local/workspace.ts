import { mkdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { InvalidInput, messageOf } from '../../core/errors.ts';
import type { ResolvedPlatform } from '../../core/platform.ts';
import { type Catalogue, loadCatalogue } from '../../lambdas/catalogue.ts';
import { openStore } from '../../lambdas/runtime/open-store.ts';
import type { Store } from '../../lambdas/runtime/store.ts';
import { problemText } from '../profiles/problem.ts';
import { type Profile, readProfile } from '../profiles/read.ts';
import { environmentNames, resolvePlatform } from '../profiles/resolve.ts';

/** A platform on this machine: its profile for one environment, and where its state is. */
export interface Workspace {
  readonly catalogue: Catalogue;
  readonly profile: Profile;
  readonly platform: ResolvedPlatform;
  readonly store: Store;
  readonly storeLocation: string;
  /** The folder of the profile, where its `file:` references start. */
  readonly folder: string;
  /** Where the logs of handlers go. */
  readonly logFolder: string;
}

export interface WorkspaceOptions {
  readonly platform: string | undefined;
  readonly environment?: string | undefined;
  /** A folder or a location; `.fettle/<platform>/<environment>` in the current folder by default. */
  readonly store?: string | undefined;
  /** For a command that only reads: a store that was named must be there, or its answer would be empty and look right. */
  readonly onlyReads?: boolean;
  readonly now: Date;
}

/** Opens a platform for a command. Throws `InvalidInput` with every problem of the profile. */
export async function openWorkspace({
  platform: named,
  environment,
  store,
  onlyReads = false,
  now,
}: WorkspaceOptions): Promise<Workspace> {
  if (named === undefined) throw new InvalidInput('name a platform: --platform <name or file>');
  const catalogue = await loadCatalogue();
  const read = await readProfile(named, { catalogue, now });
  if ('problems' in read) throw new InvalidInput(read.problems.map(problemText).join('\n'));
  const { profile } = read;
  const platform = resolvePlatform(profile, chosenEnvironment(profile, environment), catalogue);
  const home = resolve('.fettle', platform.platform, platform.environment);
  const storeLocation = store?.includes('://') ? store : pathToFileURL(resolve(store ?? home)).href;
  if (storeLocation.startsWith('file:')) {
    if (onlyReads && store !== undefined) await requireFolder(storeLocation);
    else await mkdir(new URL(storeLocation), { recursive: true });
  }
  return {
    catalogue,
    profile,
    platform,
    store: openStore(storeLocation),
    storeLocation,
    folder: dirname(resolve(profile.file)),
    logFolder: join(resolve('.fettle'), 'logs', platform.platform, platform.environment),
  };
}

async function requireFolder(location: string): Promise<void> {
  const folder = fileURLToPath(location);
  try {
    if ((await stat(folder)).isDirectory()) return;
  } catch (thrown) {
    throw new InvalidInput(`the store ${folder} cannot be opened: ${messageOf(thrown)}`);
  }
  throw new InvalidInput(`the store ${folder} is no folder`);
}

function chosenEnvironment(profile: Profile, wanted: string | undefined): string {
  const names = environmentNames(profile);
  if (wanted !== undefined) return wanted;
  const [only, ...others] = names;
  if (only !== undefined && others.length === 0) return only;
  throw new InvalidInput(`${profile.file} has several environments; name one: --environment ${names.join(' or ')}`);
}
