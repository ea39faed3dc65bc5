import { partitionOf } from '../../core/aws-partition.ts';
import { targetsOf, type ResolvedPlatform } from '../../core/platform.ts';
import { TARGET_KINDS, type TargetKind } from '../../core/target-kinds.ts';
import type { Permission } from '../../core/task.ts';

const PREFIX = 'secret:';

/**
 * The permission to read the secrets that the targets of a kind refer to, and no others.
 *
 * Empty where no address of the kind is kept in Secrets Manager.
 */
export function secretPermissions(platform: ResolvedPlatform, kind: TargetKind): readonly Permission[] {
  const fields: readonly string[] = TARGET_KINDS[kind].addresses;
  const references = [...targetsOf(platform, kind).values()]
    .flatMap((settings) => Object.entries(settings))
    .filter(([field]) => fields.includes(field))
    .map(([, value]) => String(value))
    .filter((value) => value.startsWith(PREFIX));
  if (references.length === 0) return [];
  const resources = [...new Set(references.map((reference) => resourceOf(secretOf(reference), platform)))];
  return [{ actions: ['secretsmanager:GetSecretValue'], resources: resources.sort() }];
}

// What follows `#` is a key within the secret, and IAM knows whole secrets.
function secretOf(reference: string): string {
  return reference.slice(PREFIX.length).replace(/#.*$/, '');
}

function resourceOf(secret: string, { account = '*', region = '*' }: ResolvedPlatform): string {
  if (secret.startsWith('arn:')) return secret;
  // Secrets Manager ends the ARN of a secret with a hyphen and six characters of its own; a star would also give
  // the secrets whose names begin with this one.
  return `arn:${partitionOf(region)}:secretsmanager:${region}:${account}:secret:${secret}-??????`;
}
