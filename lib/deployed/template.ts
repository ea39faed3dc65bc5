import { GetTemplateCommand } from '@aws-sdk/client-cloudformation';
import { App } from 'aws-cdk-lib';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { Unavailable } from '../../core/errors.ts';
import type { ResolvedPlatform } from '../../core/platform.ts';
import type { Catalogue } from '../../lambdas/catalogue.ts';
import { bundleHandlers, withProfile } from '../bundle.ts';
import { PlatformStack } from '../stacks/platform-stack.ts';
import { awsCall } from './aws-call.ts';
import type { Deployment } from './deployment.ts';
import { needOf } from './stack.ts';

const Resource = z.looseObject({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  Metadata: z.record(z.string(), z.unknown()).optional(),
});
export type TemplateResource = z.infer<typeof Resource>;

/** A template of CloudFormation, as far as it is read here. */
const Template = z.object({
  Resources: z.record(z.string(), Resource),
  Outputs: z.record(z.string(), z.unknown()).default({}),
});
export type Template = z.infer<typeof Template>;

/** The template that this checkout would deploy, synthesized in this process. */
export async function ownTemplate(platform: ResolvedPlatform, catalogue: Catalogue): Promise<Template> {
  const outdir = await mkdtemp(join(tmpdir(), 'fettle-synth-'));
  const validation = process.env['CDK_VALIDATION'];
  // The rules were kept when it was deployed; what is compared here is the template alone.
  process.env['CDK_VALIDATION'] = 'false';
  try {
    const context = { 'aws:cdk:enable-path-metadata': true, 'aws:cdk:disable-asset-staging': true };
    const app = new App({ analyticsReporting: false, outdir, context });
    const bundles = await withProfile(await bundleHandlers(), platform);
    const stack = new PlatformStack(app, { platform, catalogue, bundles });
    return Template.parse(app.synth().getStackByName(stack.stackName).template);
  } finally {
    if (validation === undefined) delete process.env['CDK_VALIDATION'];
    else process.env['CDK_VALIDATION'] = validation;
    await rm(outdir, { recursive: true });
  }
}

/** The template that is deployed, as it was given to CloudFormation. */
export async function deployedTemplate({ clients, stack, home }: Deployment): Promise<Template> {
  const need = { ...needOf(stack.name, 'cloudformation:GetTemplate', home), what: `the template of ${stack.name}` };
  const { TemplateBody } = await awsCall(need, () =>
    clients.cloudFormation.send(new GetTemplateCommand({ StackName: stack.name, TemplateStage: 'Original' })),
  );
  const { data, error } = Template.safeParse(parse(TemplateBody ?? ''));
  if (data) return data;
  throw new Unavailable(`the template of ${stack.name} is none that Fettle deploys: ${z.prettifyError(error)}`);
}
