import { partitionOf } from '../../../../core/aws-partition.ts';
import { entriesOf, targetsOf, type ResolvedPlatform } from '../../../../core/platform.ts';
import type { Permission } from '../../../../core/task.ts';

const PUBLIC_PARAMETERS = '/aws/service/*';

/** What the plan asks AWS for, by the action; nothing of it changes anything. */
export function upgradePermissions(platform: ResolvedPlatform, task: string): readonly Permission[] {
  const regions = new Set(
    [...targetsOf(platform, 'aws').values()].map(({ region }) => region ?? platform.region ?? '*'),
  );
  if (regions.size === 0) return [];
  return permissionsIn([...regions], platform.account ?? '*', ownParametersOf(platform, task));
}

/** The parameters that entries of the task name for images of one's own. */
function ownParametersOf(platform: ResolvedPlatform, task: string): string[] {
  const families = Object.values(platform.procedures)
    .flatMap(entriesOf)
    .filter((entry) => entry.task === task)
    .flatMap(({ input: { imageFamilies } }) =>
      typeof imageFamilies === 'object' && imageFamilies !== null ? Object.values(imageFamilies) : [],
    );
  return [...new Set(families.map(String))];
}

/** The same for regions as they are known. */
export function permissionsIn(
  regions: readonly string[],
  account: string,
  ownParameters: readonly string[],
): readonly Permission[] {
  const arns = (service: string, resources: readonly string[], owner = account) =>
    regions.flatMap((region) =>
      resources.map((resource) => `arn:${partitionOf(region)}:${service}:${region}:${owner}:${resource}`),
    );
  return [
    {
      actions: [
        'ec2:DescribeInstances',
        'ec2:DescribeImages',
        'ec2:DescribeLaunchTemplates',
        'ec2:DescribeLaunchTemplateVersions',
      ],
      resources: ['*'],
      because: 'IAM knows no resource for the lists of EC2: it takes no ARN for these actions',
    },
    {
      actions: ['ssm:GetParameters'],
      resources: [
        // The public parameters belong to no account.
        ...arns('ssm', [`parameter${PUBLIC_PARAMETERS}`], ''),
        ...arns(
          'ssm',
          ownParameters.map((name) => `parameter${name}`),
        ),
      ],
      because: 'the public parameters of AWS name the newest image of each family; they hold nothing of yours',
    },
    ...[
      [['rds:DescribeDBInstances'], ['db:*']] as const,
      [['rds:DescribeDBClusters'], ['cluster:*']] as const,
      [['rds:DescribePendingMaintenanceActions'], ['db:*', 'cluster:*']] as const,
    ].map(([actions, resources]) => ({
      actions,
      resources: arns('rds', resources),
      because: 'every database of the account is planned for, and databases come and go',
    })),
    {
      actions: ['rds:DescribeDBEngineVersions', 'rds:DescribeDBMajorEngineVersions', 'rds:DescribeCertificates'],
      resources: ['*'],
      because: 'the versions, the support dates and the certificate authorities of RDS are of no single database',
    },
    {
      actions: ['eks:ListClusters', 'eks:DescribeClusterVersions', 'eks:DescribeAddonVersions'],
      resources: ['*'],
      because: 'the list of clusters and the versions that EKS offers are of no single cluster',
    },
    {
      actions: [
        'eks:DescribeCluster',
        'eks:ListNodegroups',
        'eks:ListAddons',
        'eks:ListInsights',
        'eks:DescribeInsight',
        'eks:ListUpdates',
        'eks:DescribeUpdate',
      ],
      resources: arns('eks', ['cluster/*']),
      because: 'every cluster of the account is planned for, and clusters come and go',
    },
    {
      actions: ['eks:DescribeNodegroup'],
      resources: arns('eks', ['nodegroup/*']),
      because: 'every node group is planned for, and node groups come and go with their clusters',
    },
    {
      actions: ['eks:DescribeAddon'],
      resources: arns('eks', ['addon/*']),
      because: 'every add-on is planned for, and add-ons come and go with their clusters',
    },
    {
      actions: ['elasticache:DescribeCacheClusters'],
      resources: arns('elasticache', ['cluster:*']),
      because: 'every cache of the account is planned for, and caches come and go',
    },
    {
      actions: ['elasticache:DescribeReplicationGroups'],
      resources: arns('elasticache', ['replicationgroup:*']),
      because: 'every replication group of the account is planned for, and groups come and go',
    },
    {
      actions: ['elasticache:ListTagsForResource'],
      resources: arns('elasticache', ['cluster:*', 'replicationgroup:*']),
      because: 'the tags of each cache say to which environment it belongs, and caches come and go',
    },
    {
      actions: ['elasticache:DescribeCacheEngineVersions', 'elasticache:DescribeUpdateActions'],
      resources: ['*'],
      because: 'IAM knows no resource for the versions and the service updates of ElastiCache',
    },
    {
      actions: ['lambda:ListFunctions'],
      resources: ['*'],
      because: 'IAM knows no resource for the list of functions: it takes no ARN for this action',
    },
    {
      actions: ['lambda:ListTags'],
      resources: arns('lambda', ['function:*']),
      because: 'the tags of a function say to which environment it belongs, and functions come and go',
    },
  ];
}
