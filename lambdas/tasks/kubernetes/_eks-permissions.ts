import { partitionOf } from '../../../core/aws-partition.ts';
import { targetsOf, type ResolvedPlatform } from '../../../core/platform.ts';
import type { Permission } from '../../../core/task.ts';

/** What the way to the platform's EKS clusters needs of IAM; nothing where it has none. */
export function eksPermissions(platform: ResolvedPlatform): Permission[] {
  return describePermissions(
    [...targetsOf(platform, 'kubernetes').values()].flatMap(({ eks }) => eks ?? []),
    platform,
  );
}

export function describePermissions(
  clusters: readonly string[],
  { region = '*', account = '*' }: { readonly region?: string | undefined; readonly account?: string | undefined },
): Permission[] {
  if (clusters.length === 0) return [];
  const resources = clusters.map((name) => `arn:${partitionOf(region)}:eks:${region}:${account}:cluster/${name}`);
  return [{ actions: ['eks:DescribeCluster'], resources }];
}
