import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { App, type Stack } from 'aws-cdk-lib';
import type { ResolvedPlatform } from '../../../core/platform.ts';
import { loadCatalogue, type Catalogue } from '../../../lambdas/catalogue.ts';
import { addDeployments } from '../../../lib/stacks/add-deployments.ts';
import { findDeployments } from '../../../lib/stacks/deployments.ts';

export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
}

export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown }>>;
}

export interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

export interface Synthesized {
  readonly app: App;
  readonly stack: Stack;
  readonly platform: ResolvedPlatform;
  readonly catalogue: Catalogue;
  readonly template: Template;
  readonly folder: string;
}

export const NOW = new Date('2026-11-21T12:00:00Z');

/** Of the form that AWS gives; those in the example profile are shorter. */
const NETWORK = {
  vpc: 'vpc-0abc1234def567890',
  subnets: ['subnet-0a1234567890abcde', 'subnet-0b1234567890abcde'],
  securityGroups: ['sg-0a1234567890abcde'],
};

/** Each with the bundles of all functions. */
const assemblies: string[] = [];
afterAll(() => Promise.all(assemblies.map((folder) => rm(folder, { recursive: true, force: true }))));

type Vary = (platform: ResolvedPlatform) => ResolvedPlatform;

/** EventChain with its day alone. */
export function itsDay(platform: ResolvedPlatform): ResolvedPlatform {
  const { daily } = platform.procedures;
  if (!daily) throw new Error('eventchain has no daily procedure');
  return { ...platform, procedures: { daily } };
}

/** EventChain as it is deployed, or a variation of it, synthesized in this process with every check of CDK. */
export async function synthesize(vary: Vary = (platform) => platform): Promise<Synthesized> {
  const catalogue = await loadCatalogue();
  const found = await findDeployments({ catalogue, now: NOW, platform: 'eventchain' });
  if ('problems' in found) throw new Error(found.problems.join('\n'));
  const [resolved] = found.deployments;
  if (!resolved) throw new Error('eventchain has no environment to deploy');
  const platform = vary({ ...resolved, network: NETWORK });
  const outdir = await mkdtemp(join(tmpdir(), 'fettle-synth-'));
  assemblies.push(outdir);
  const app = new App({ analyticsReporting: false, outdir, context: { 'aws:cdk:enable-asset-metadata': true } });
  const [stack] = await addDeployments(app, { deployments: [platform], catalogue });
  if (!stack) throw new Error('no stack was added');
  const assembly = app.synth();
  const template = assembly.getStackByName(stack.stackName).template as Template;
  return { app, stack, platform, catalogue, template, folder: assembly.directory };
}

/** The same without CDK's validation of the template, which takes most of the time. */
export async function synthesizeUnchecked(vary: Vary): Promise<Synthesized> {
  process.env['CDK_VALIDATION'] = 'false';
  try {
    return await synthesize(vary);
  } finally {
    delete process.env['CDK_VALIDATION'];
  }
}

export function resourcesOf({ template }: Pick<Synthesized, 'template'>, type: string): readonly Resource[] {
  return Object.values(template.Resources).filter(({ Type }) => Type === type);
}

/** The statements of the role of a function. */
export function statementsOf({ template }: Pick<Synthesized, 'template'>, functionName: string): readonly Statement[] {
  const fn = resourcesOf({ template }, 'AWS::Lambda::Function').find(
    ({ Properties }) => Properties['FunctionName'] === functionName,
  );
  const roleId = (fn?.Properties['Role'] as { readonly 'Fn::GetAtt': readonly [string] })['Fn::GetAtt'][0];
  const policies = template.Resources[roleId]?.Properties['Policies'] as readonly {
    readonly PolicyDocument: { readonly Statement: readonly Statement[] };
  }[];
  return policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}

export function actionsOf(statements: readonly Statement[]): readonly string[] {
  const allowed = statements.filter(({ Effect }) => Effect === 'Allow');
  return [...new Set(allowed.flatMap(({ Action }) => Action))].sort();
}
