import { access, constants, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { InvalidInput } from '../../core/errors.ts';
import type { ResolvedPlatform } from '../../core/platform.ts';
import { type Catalogue, loadCatalogue } from '../../lambdas/catalogue.ts';
import { visible } from '../../lambdas/report/markup.ts';
import { openStore } from '../../lambdas/runtime/open-store.ts';
import type { Store } from '../../lambdas/runtime/store.ts';
import { InvalidProfile } from '../profiles/invalid-profile.ts';
import { type Profile, readProfile } from '../profiles/read.ts';
import { environmentNames, resolvePlatform } from '../profiles/resolve.ts';
import { systemReason } from '../system-reason.ts';

/** A platform as one environment has it, for a command that needs no store. */
export interface OpenedPlatform {
  readonly catalogue: Catalogue;
  readonly profile: Profile;
  readonly platform: ResolvedPlatform;
  /** The folder of the profile, where its `file:` references start. */
  readonly folder: string;
}

/** A platform on this machine: its profile for one environment, and where its state is. */
export interface Workspace extends OpenedPlatform {
  readonly store: Store;
  readonly storeLocation: string;
  /** Where the logs of handlers go. */
  readonly logFolder: string;
}

export interface PlatformOptions {
  readonly platform: string | undefined;
  readonly environment?: string | undefined;
  readonly now: Date;
}

export interface WorkspaceOptions extends PlatformOptions {
  /** A folder or a location; `.fettle/<platform>/<environment>` in the current folder by default. */
  readonly store?: string | undefined;
  /** For a command that only reads: the store must be there, or its answer would be empty and look right. */
  readonly onlyReads?: boolean;
}

/** Opens a platform. Throws `InvalidInput` with every problem of the profile. */
export async function openPlatform({ platform: named, environment, now }: PlatformOptions): Promise<OpenedPlatform> {
  if (named === undefined) throw new InvalidInput('CLI_MISSING', 'name a platform: --platform <name or file>');
  const catalogue = await loadCatalogue();
  const read = await readProfile(named, { catalogue, now });
  if ('problems' in read) throw new InvalidProfile(read.problems);
  const { profile } = read;
  const platform = resolvePlatform(profile, chosenEnvironment(profile, environment), catalogue);
  return { catalogue, profile, platform, folder: profile.folder };
}

/** Opens a platform with its store, and makes nothing. Throws `InvalidInput` where either cannot be opened. */
export async function openWorkspace({ store, onlyReads = false, ...options }: WorkspaceOptions): Promise<Workspace> {
  const opened = await openPlatform(options);
  const { platform, environment } = opened.platform;
  const storeLocation = locationOf(store ?? join('.fettle', platform, environment));
  const workspace = {
    ...opened,
    store: storeAt(storeLocation, onlyReads),
    storeLocation,
    logFolder: join(resolve('.fettle'), 'logs', platform, environment),
  };
  if (onlyReads && isFolder(storeLocation)) await requireStore(fileURLToPath(storeLocation));
  return workspace;
}

/** Makes the folders that a run writes to. Throws `InvalidInput` where it could not write. */
export async function prepareFolders({ storeLocation, logFolder }: Workspace): Promise<void> {
  const stores = isFolder(storeLocation) ? [fileURLToPath(storeLocation)] : [];
  for (const folder of [...stores, logFolder]) {
    try {
      await mkdir(folder, { recursive: true });
      await access(folder, constants.W_OK | constants.X_OK);
    } catch (thrown) {
      throw storeFailure(folder, thrown, 'cannot be written');
    }
  }
}

async function requireStore(folder: string): Promise<void> {
  try {
    await access(folder, constants.R_OK | constants.X_OK);
  } catch (thrown) {
    throw storeFailure(folder, thrown, 'cannot be read');
  }
}

/** What looks like an address is one, however wrong; everything else is a folder. */
function locationOf(store: string): string {
  return /^[a-z][a-z0-9+.-]+:/i.test(store) ? store : pathToFileURL(resolve(store)).href;
}

function storeAt(location: string, onlyReads: boolean): Store {
  try {
    return openStore(location, { onlyReads });
  } catch (thrown) {
    throw storeFailure(location, thrown, 'cannot be opened');
  }
}

function isFolder(location: string): boolean {
  return location.startsWith('file:');
}

function storeFailure(place: string, thrown: unknown, what: string): unknown {
  const reason = systemReason(thrown);
  if (reason === undefined) return thrown;
  const isAbsent = thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
  const code = isAbsent ? 'STORE_NOT_FOUND' : 'STORE_DENIED';
  return new InvalidInput(code, `the store ${visible(place)} ${what}: ${reason}`, { cause: thrown });
}

function chosenEnvironment(profile: Profile, wanted: string | undefined): string {
  const names = environmentNames(profile);
  if (wanted !== undefined) return wanted;
  const [only, ...others] = names;
  if (only !== undefined && others.length === 0) return only;
  throw new InvalidInput(
    'CLI_UNKNOWN_ENVIRONMENT',
    `${profile.file} has several environments; name one: --environment ${names.join(' or ')}`,
  );
}
