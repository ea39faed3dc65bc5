import type { KubeConfig } from '@kubernetes/client-node';
import { Unavailable } from '../../../core/errors.ts';
import { targetsOf, type ResolvedPlatform } from '../../../core/platform.ts';
import type { Permission } from '../../../core/task.ts';

/** The way to an EKS cluster: its endpoint and CA by DescribeCluster, its token a presigned identity call. */
export function eksConfig(name: string): Promise<KubeConfig> {
  return Promise.reject(
    new Unavailable(`eks ${name}: EKS clusters are not supported yet; give the target a kubeconfig`),
  );
}

/** What the way to the platform's EKS clusters needs of IAM; nothing where it has none. */
export function eksPermissions(platform: ResolvedPlatform): Permission[] {
  const { region = '*', account = '*' } = platform;
  const clusters = [...targetsOf(platform, 'kubernetes').values()].flatMap(({ eks }) => eks ?? []);
  if (clusters.length === 0) return [];
  const resources = clusters.map((name) => `arn:${partitionOf(region)}:eks:${region}:${account}:cluster/${name}`);
  return [{ actions: ['eks:DescribeCluster'], resources }];
}

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
