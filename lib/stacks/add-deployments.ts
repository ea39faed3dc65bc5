import { Validations, type App } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import type { ResolvedPlatform } from '../../core/platform.ts';
import { bundleHandlers, withProfile } from '../bundle.ts';
import type { TasksByName } from '../profiles/entry-schema.ts';
import { PlatformStack } from './platform-stack.ts';

/** Adds a stack for each platform and environment, and the rules that every one of them is held to at synth. */
export async function addDeployments(
  app: App,
  { deployments, catalogue }: { readonly deployments: readonly ResolvedPlatform[]; readonly catalogue: TasksByName },
): Promise<readonly PlatformStack[]> {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  const bundles = await bundleHandlers();
  const stacks: PlatformStack[] = [];
  for (const platform of deployments) {
    stacks.push(new PlatformStack(app, { platform, catalogue, bundles: await withProfile(bundles, platform) }));
  }
  return stacks;
}
