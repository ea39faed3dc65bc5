import { access, constants, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { InputCode } from '../../core/error-codes.ts';
import { InvalidInput, Refused } from '../../core/errors.ts';
import type { ResolvedPlatform } from '../../core/platform.ts';
import type { Mode } from '../../core/run.ts';
import { type Catalogue, loadCatalogue } from '../../lambdas/catalogue.ts';
import { visible } from '../../lambdas/report/markup.ts';
import { openStore, type StoreOptions } from '../../lambdas/runtime/open-store.ts';
import type { Store } from '../../lambdas/runtime/store.ts';
import type { Deployment } from '../deployed/deployment.ts';
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

/** Where the state of a platform is. */
interface StatePlace {
  readonly store: Store;
  readonly storeLocation: string;
  /** Where it is the bucket of the environment's own stack, with its leases. */
  readonly deployment?: Deployment;
  /** What a person should know of it. */
  readonly note?: string;
}

/** A platform as a command of this machine works on it: its profile for one environment, and where its state is. */
export interface Workspace extends OpenedPlatform, StatePlace {
  /** Where the logs of handlers go. */
  readonly logFolder: string;
}

export interface PlatformOptions {
  readonly platform: string | undefined;
  readonly environment?: string | undefined;
  readonly now: Date;
}

export interface WorkspaceOptions extends PlatformOptions {
  /**
   * A folder or a location. By default the bucket of an environment with an account, and for any other
   * `.fettle/<platform>/<environment>` in the current folder.
   */
  readonly store?: string | undefined;
  /** What the command would do; where it is not deployed an environment can be planned all the same. */
  readonly mode?: Mode;
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
export async function openWorkspace(options: WorkspaceOptions): Promise<Workspace> {
  const opened = await openPlatform(options);
  const { platform, environment } = opened.platform;
  const place = await placeOf(opened.platform, options);
  if (options.onlyReads && isFolder(place.storeLocation)) await requireStore(fileURLToPath(place.storeLocation));
  return { ...opened, ...place, logFolder: join(resolve('.fettle'), 'logs', platform, environment) };
}

/** Where the state of an environment is: what was named, the bucket of its stack, or a folder of this machine. */
async function placeOf(
  resolved: ResolvedPlatform,
  { store, mode, onlyReads = false }: WorkspaceOptions,
): Promise<StatePlace> {
  const { region } = resolved;
  const folder = () =>
    namedPlace(store ?? join('.fettle', resolved.platform, resolved.environment), { onlyReads, region });
  if (store !== undefined || resolved.account === undefined) return folder();
  try {
    // Only now: the clients of AWS take longer to load than a command on this machine to answer.
    const { openDeployment } = await import('../deployed/deployment.ts');
    const deployment = await openDeployment(resolved);
    return { store: deployment.store, storeLocation: deployment.storeLocation, deployment };
  } catch (thrown) {
    if (!(thrown instanceof InvalidInput) || mode === undefined || !NOT_REACHED.includes(thrown.code)) throw thrown;
    if (mode === 'plan') return { ...folder(), note: `${thrown.message}; the plan is kept on this machine` };
    const only = `${thrown.message}; without its stack it can only be planned: fettle plan`;
    throw new Refused('RUN_ELSEWHERE', only);
  }
}

/** Why the stack of an environment could not be looked at, so that it can only be planned. */
const NOT_REACHED: readonly string[] = ['STACK_NOT_FOUND', 'AWS_CREDENTIALS'] satisfies readonly InputCode[];

function namedPlace(store: string, options: StoreOptions): StatePlace {
  const storeLocation = locationOf(store);
  return { store: storeAt(storeLocation, options), storeLocation };
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

function storeAt(location: string, options: StoreOptions): Store {
  try {
    return openStore(location, options);
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
