import { InvalidInput } from '../../core/errors.ts';
import type { ResolvedPlatform } from '../../core/platform.ts';
import { S3Store } from '../../lambdas/runtime/s3-store.ts';
import type { Store } from '../../lambdas/runtime/store.ts';
import { deployProblems } from '../profiles/deploy.ts';
import { connect, type Clients } from './clients.ts';
import { requireOwnAccount } from './identity.ts';
import type { Home } from './own-region.ts';
import { type DeployedStack, readStack, requireOutput } from './stack.ts';

/** A platform where it is deployed, reached with the person's own credentials. */
export interface Deployment {
  readonly home: Home;
  readonly clients: Clients;
  readonly stack: DeployedStack;
  readonly store: Store;
  /** `s3://<bucket>` */
  readonly storeLocation: string;
}

/**
 * Opens a deployed environment: whose credentials these are first, then its stack and the bucket of that.
 *
 * Throws `InvalidInput` where it has no account or no stack, `Refused` where the credentials are of another account.
 */
export async function openDeployment(platform: ResolvedPlatform): Promise<Deployment> {
  const home = homeOf(platform);
  const clients = connect(home.region);
  await requireOwnAccount(clients, home);
  const stack = await readStack(clients, home);
  const bucket = requireOutput(stack, 'BucketName');
  return { home, clients, stack, store: new S3Store(bucket, clients.s3), storeLocation: `s3://${bucket}` };
}

/** Where a platform is deployed. Throws `InvalidInput` where it cannot be deployed as its profile stands. */
export function homeOf(resolved: ResolvedPlatform): Home {
  const { platform, environment, account, region } = resolved;
  if (account === undefined)
    throw new InvalidInput(
      'CLI_NOTHING_TO_DEPLOY',
      `${platform} ${environment} has no account, so it is deployed nowhere; on this machine there is fettle run`,
    );
  const [problem] = deployProblems(resolved).filter(({ path }) => /\.(account|region)$/.test(path));
  if (problem !== undefined || region === undefined)
    throw new InvalidInput(problem?.code ?? 'CFG_MISSING', `${platform}: ${problem?.path}: ${problem?.message}`);
  return { platform, environment, account, region };
}
