import { coded } from '../../core/error-codes.ts';
import { InvalidInput } from '../../core/errors.ts';
import type { ResolvedPlatform } from '../../core/platform.ts';
import { deployProblems } from '../profiles/deploy.ts';
import type { TasksByName } from '../profiles/entry-schema.ts';
import { listPlatforms, PLATFORMS_FOLDER } from '../profiles/inventory.ts';
import { problemText } from '../profiles/problem.ts';
import { notesOn, readProfile } from '../profiles/read.ts';
import { environmentNames, resolvePlatform } from '../profiles/resolve.ts';

export interface DeploymentChoice {
  readonly catalogue: TasksByName;
  readonly now: Date;
  /** The name or path of one profile; every one of the folder by default. */
  readonly platform?: string | undefined;
  /** One environment; every one with an account by default. */
  readonly environment?: string | undefined;
  readonly platformsFolder?: string;
}

/** What is to be deployed, with what a person should know of it; or every reason why it cannot be. */
export type Deployments =
  | { readonly deployments: readonly ResolvedPlatform[]; readonly notes: readonly string[] }
  | { readonly problems: readonly string[] };

/** Reads the profiles that are meant and resolves their deployable environments; nothing is deployed by half. */
export async function findDeployments(choice: DeploymentChoice): Promise<Deployments> {
  const { platform, environment, platformsFolder = PLATFORMS_FOLDER } = choice;
  const named = platform === undefined ? (await listPlatforms(platformsFolder)).map(({ file }) => file) : [platform];
  const found = await Promise.all(named.map((file) => deploymentsOf(file, { ...choice, platformsFolder })));
  const problems = found.flatMap((one) => ('problems' in one ? one.problems : []));
  if (problems.length > 0) return { problems };
  const deployments = found.flatMap((one) => ('deployments' in one ? one.deployments : []));
  const notes = found.flatMap((one) => ('notes' in one ? one.notes : []));
  if (deployments.length > 0) return { deployments, notes };
  const which = environment === undefined ? 'no environment' : `no environment ${environment}`;
  const problem = `${platform ?? platformsFolder}: ${which} with an account, so there is nothing to deploy`;
  return { problems: [coded(problem, 'CLI_NOTHING_TO_DEPLOY')] };
}

async function deploymentsOf(
  pathOrName: string,
  { catalogue, now, platform, environment, platformsFolder }: DeploymentChoice & { readonly platformsFolder: string },
): Promise<Deployments> {
  const read = await readProfile(pathOrName, { catalogue, now, platformsFolder });
  if ('problems' in read) return { problems: read.problems.map(problemText) };
  const names = environmentNames(read.profile);
  const wanted = environment === undefined ? names : names.filter((name) => name === environment);
  // Among all platforms some have no such environment; of the one that was named it is a mistake.
  if (platform !== undefined && wanted.length === 0 && environment !== undefined) {
    return { problems: [unknownEnvironment(() => resolvePlatform(read.profile, environment, catalogue))] };
  }
  const deployments = wanted
    .map((name) => resolvePlatform(read.profile, name, catalogue))
    .filter(({ account }) => account !== undefined);
  const problems = deployments.flatMap(deployProblems).map(({ text }) => text);
  if (problems.length > 0) return { problems };
  return { deployments, notes: deployments.length > 0 ? notesOn(read.profile) : [] };
}

function unknownEnvironment(resolve: () => unknown): string {
  try {
    resolve();
  } catch (thrown) {
    if (thrown instanceof InvalidInput) return coded(thrown.message, thrown.code);
    throw thrown;
  }
  throw new Error('an environment that is not listed was resolved');
}
