import { canonicalJson, sha256 } from '../../core/json.ts';
import type { Template, TemplateResource } from './template.ts';

/** What a deployment would do to a stack: resources by the names that the code has for them. */
export interface TemplateComparison {
  /** Of all that is deployed by each: equal where nothing would change. */
  readonly ownSha256: string;
  readonly deployedSha256: string;
  /** Here and not deployed. */
  readonly added: readonly string[];
  /** Deployed and no longer here. */
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

/** Compares what two templates deploy. Pure. */
export function compareTemplates(own: Template, deployed: Template): TemplateComparison {
  const [here, there] = [own, deployed].map(substanceOf) as [Substance, Substance];
  const name = (id: string) => nameOf(id, own.Resources[id] ?? deployed.Resources[id]);
  const ids = [...new Set([...Object.keys(here.resources), ...Object.keys(there.resources)])];
  const named = (isMeant: (id: string) => boolean) => ids.filter(isMeant).map(name).sort();
  return {
    ownSha256: sha256(canonicalJson(here)),
    deployedSha256: sha256(canonicalJson(there)),
    added: named((id) => !(id in there.resources)),
    removed: named((id) => !(id in here.resources)),
    changed: named(
      (id) =>
        id in here.resources &&
        id in there.resources &&
        canonicalJson(here.resources[id]) !== canonicalJson(there.resources[id]),
    ),
  };
}

/** `Function-postgres-vacuum`, from the path that CDK notes; the logical id where there is none. */
export function nameOf(logicalId: string, resource: TemplateResource | undefined): string {
  const path = resource?.Metadata?.['aws:cdk:path'];
  if (typeof path !== 'string') return logicalId;
  return (
    path
      .split('/')
      .slice(1)
      .join('/')
      .replace(/(\/Resource)+$/, '') || logicalId
  );
}

interface Substance {
  readonly resources: Readonly<Record<string, unknown>>;
  readonly outputs: unknown;
}

/** What of a template is deployed: without CDK's notes on where it comes from, which differ from machine to machine. */
function substanceOf({ Resources, Outputs }: Template): Substance {
  const resources = Object.entries(Resources)
    .filter(([, { Type }]) => Type !== 'AWS::CDK::Metadata')
    .map(([id, resource]) => [id, asCloudFormationKeeps({ ...resource, Metadata: undefined })] as const);
  return { resources: Object.fromEntries(resources), outputs: asCloudFormationKeeps(Outputs) };
}

/** CloudFormation gives back a question mark for each character that is not ASCII. */
function asCloudFormationKeeps(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replace(/[\u0080-\u{10ffff}]/gu, '?'));
}
