import { partitionOf } from '../../../core/aws-partition.ts';
import { entriesOf, targetsOf, type ResolvedPlatform } from '../../../core/platform.ts';
import type { Permission } from '../../../core/task.ts';

/** What the review asks AWS for, by the action; nothing of it changes anything. */
export function scalingPermissions(platform: ResolvedPlatform, task: string): readonly Permission[] {
  const regions = new Set(
    [...targetsOf(platform, 'aws').values()].map(({ region }) => region ?? platform.region ?? '*'),
  );
  return regions.size === 0 ? [] : permissionsIn([...regions], platform.account ?? '*', clustersOf(platform, task));
}

/** The clusters that every entry of the task names; all where one names none. */
function clustersOf(platform: ResolvedPlatform, task: string): readonly string[] {
  const entries = Object.values(platform.procedures).flatMap(entriesOf);
  const named = entries
    .filter((entry) => entry.task === task)
    .map(({ input: { clusters } }) => (Array.isArray(clusters) ? clusters.map(String) : []));
  return named.length === 0 || named.some((clusters) => clusters.length === 0) ? ['*'] : [...new Set(named.flat())];
}

/** The same for regions and clusters as they are known. */
export function permissionsIn(
  regions: readonly string[],
  account: string,
  clusters: readonly string[],
): readonly Permission[] {
  const arns = (service: string, resources: readonly string[]) =>
    regions.flatMap((region) =>
      resources.map((resource) => `arn:${partitionOf(region)}:${service}:${region}:${account}:${resource}`),
    );
  return [
    {
      actions: ['ecs:DescribeServices'],
      resources: arns(
        'ecs',
        clusters.map((cluster) => `service/${cluster}/*`),
      ),
      because: 'every service of these clusters is reviewed, and services come and go',
    },
    {
      actions: ['ecs:DescribeTasks'],
      resources: arns(
        'ecs',
        clusters.map((cluster) => `task/${cluster}/*`),
      ),
      because: 'stopped tasks say whether they were killed for lack of memory, and tasks come and go',
    },
    {
      actions: ['ecs:ListClusters', 'ecs:ListServices', 'ecs:ListTasks', 'ecs:DescribeTaskDefinition'],
      resources: ['*'],
      because: 'IAM knows no resource for the lists of ECS and for reading task definitions',
    },
    {
      actions: ['application-autoscaling:DescribeScalableTargets', 'application-autoscaling:DescribeScalingPolicies'],
      resources: ['*'],
      because: 'the lists of Application Auto Scaling are of no single target',
    },
    ...[
      ['rds:DescribeDBInstances', 'db:*'] as const,
      ['rds:DescribeDBClusters', 'cluster:*'] as const,
      ['rds:DescribeDBParameters', 'pg:*'] as const,
    ].map(([action, resource]) => ({
      actions: [action],
      resources: arns('rds', [resource]),
      because: 'every database of the account is reviewed, with the parameter group that it has',
    })),
    {
      actions: ['elasticache:DescribeCacheClusters'],
      resources: arns('elasticache', ['cluster:*']),
      because: 'every cache of the account is reviewed, and caches come and go',
    },
    {
      actions: ['cloudwatch:GetMetricData'],
      resources: ['*'],
      because: 'CloudWatch has no resources for reading metrics: IAM takes no ARN for this action',
    },
  ];
}
