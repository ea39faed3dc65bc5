import {
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand,
} from '@aws-sdk/client-ec2';
import { DescribeClusterVersionsCommand, ListClustersCommand } from '@aws-sdk/client-eks';
import {
  DescribeCacheClustersCommand,
  DescribeCacheEngineVersionsCommand,
  DescribeReplicationGroupsCommand,
  DescribeUpdateActionsCommand,
} from '@aws-sdk/client-elasticache';
import { ListFunctionsCommand } from '@aws-sdk/client-lambda';
import {
  DescribeCertificatesCommand,
  DescribeDBClustersCommand,
  DescribeDBEngineVersionsCommand,
  DescribeDBInstancesCommand,
  DescribeDBMajorEngineVersionsCommand,
  DescribePendingMaintenanceActionsCommand,
} from '@aws-sdk/client-rds';
import { GetParametersCommand } from '@aws-sdk/client-ssm';
import type { Need } from '../../../../core/need.ts';
import type { NeedsContext } from '../../../../core/task.ts';
import { eachNeed } from '../../../runtime/each-need.ts';
import { inParallel } from '../../../runtime/in-parallel.ts';
import { accountIn, policyGrant } from '../../../runtime/policy-grant.ts';
import { ask, part } from '../_asking.ts';
import { clientsOf, type Clients } from './clients.ts';
import { permissionsIn } from './permissions.ts';

const CONCURRENT_CALLS = 4;
/** Any public parameter: its right is the same for all of them. */
const PARAMETER = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64';

interface Look {
  readonly need: string;
  readonly action: string;
  call(clients: Clients, options: { readonly abortSignal: AbortSignal }): Promise<unknown>;
}

/** One cheap call of each list; what only things that exist can show is not asked for. */
const LOOKS: readonly Look[] = [
  {
    need: 'list EC2 instances',
    action: 'ec2:DescribeInstances',
    call: ({ ec2 }, options) => ec2.send(new DescribeInstancesCommand({ MaxResults: 5 }), options),
  },
  {
    need: 'read images',
    action: 'ec2:DescribeImages',
    call: ({ ec2 }, options) => ec2.send(new DescribeImagesCommand({ Owners: ['self'], MaxResults: 5 }), options),
  },
  {
    need: 'list launch templates',
    action: 'ec2:DescribeLaunchTemplates',
    call: ({ ec2 }, options) => ec2.send(new DescribeLaunchTemplatesCommand({ MaxResults: 5 }), options),
  },
  {
    need: 'read launch templates',
    action: 'ec2:DescribeLaunchTemplateVersions',
    call: ({ ec2 }, options) =>
      ec2.send(new DescribeLaunchTemplateVersionsCommand({ Versions: ['$Default'], MaxResults: 5 }), options),
  },
  {
    need: 'read the public parameters of images',
    action: 'ssm:GetParameters',
    call: ({ ssm }, options) => ssm.send(new GetParametersCommand({ Names: [PARAMETER] }), options),
  },
  {
    need: 'list RDS instances',
    action: 'rds:DescribeDBInstances',
    call: ({ rds }, options) => rds.send(new DescribeDBInstancesCommand({ MaxRecords: 20 }), options),
  },
  {
    need: 'list Aurora clusters',
    action: 'rds:DescribeDBClusters',
    call: ({ rds }, options) => rds.send(new DescribeDBClustersCommand({ MaxRecords: 20 }), options),
  },
  {
    need: 'read the versions of engines',
    action: 'rds:DescribeDBEngineVersions',
    call: ({ rds }, options) => rds.send(new DescribeDBEngineVersionsCommand({ MaxRecords: 20 }), options),
  },
  {
    need: 'read the support dates of engines',
    action: 'rds:DescribeDBMajorEngineVersions',
    call: ({ rds }, options) => rds.send(new DescribeDBMajorEngineVersionsCommand({ MaxRecords: 20 }), options),
  },
  {
    need: 'read pending maintenance',
    action: 'rds:DescribePendingMaintenanceActions',
    call: ({ rds }, options) => rds.send(new DescribePendingMaintenanceActionsCommand({ MaxRecords: 20 }), options),
  },
  {
    need: 'read certificate authorities',
    action: 'rds:DescribeCertificates',
    call: ({ rds }, options) => rds.send(new DescribeCertificatesCommand({ MaxRecords: 20 }), options),
  },
  {
    need: 'list EKS clusters',
    action: 'eks:ListClusters',
    call: ({ eks }, options) => eks.send(new ListClustersCommand({ maxResults: 1 }), options),
  },
  {
    need: 'read the versions of EKS',
    action: 'eks:DescribeClusterVersions',
    call: ({ eks }, options) => eks.send(new DescribeClusterVersionsCommand({ maxResults: 1 }), options),
  },
  {
    need: 'list caches',
    action: 'elasticache:DescribeCacheClusters',
    call: ({ elasticache }, options) => elasticache.send(new DescribeCacheClustersCommand({ MaxRecords: 20 }), options),
  },
  {
    need: 'list replication groups',
    action: 'elasticache:DescribeReplicationGroups',
    call: ({ elasticache }, options) =>
      elasticache.send(new DescribeReplicationGroupsCommand({ MaxRecords: 20 }), options),
  },
  {
    need: 'read the versions of caches',
    action: 'elasticache:DescribeCacheEngineVersions',
    call: ({ elasticache }, options) =>
      elasticache.send(new DescribeCacheEngineVersionsCommand({ MaxRecords: 20 }), options),
  },
  {
    need: 'read service updates of caches',
    action: 'elasticache:DescribeUpdateActions',
    call: ({ elasticache }, options) => elasticache.send(new DescribeUpdateActionsCommand({ MaxRecords: 20 }), options),
  },
  {
    need: 'list Lambda functions',
    action: 'lambda:ListFunctions',
    call: ({ lambda }, options) => lambda.send(new ListFunctionsCommand({ MaxItems: 1 }), options),
  },
];

/** The right to read each part of the account that the plan is made of. */
export function upgradeNeeds({ targets, signal }: NeedsContext<'aws', unknown>): Promise<Need[]> {
  return eachNeed(targets, async ({ region }) => {
    const clients = clientsOf(region);
    const place = await clients.ec2.config.region();
    return inParallel(LOOKS, CONCURRENT_CALLS, async ({ need, action, call }): Promise<Omit<Need, 'target'>> => {
      const read = await part(need, () => ask(action, () => call(clients, { abortSignal: signal })));
      if ('value' in read) return { need, state: 'met', detail: `${action} answers in ${place}` };
      const { isDenied, reason } = read.unread;
      if (!isDenied) return { need, state: 'unknown', detail: reason };
      const lacking = permissionsIn([place], accountIn(new Error(reason)) ?? '*', [])
        .filter(({ actions }) => actions.includes(action))
        .map((permission) => ({ ...permission, actions: [action] }));
      return { need, state: 'missing', detail: reason, grant: policyGrant(lacking) };
    });
  });
}
