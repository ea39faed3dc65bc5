import { DescribeRepositoriesCommand } from '@aws-sdk/client-ecr';
import {
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
} from '@aws-sdk/client-ec2';
import { ListDetectorsCommand } from '@aws-sdk/client-guardduty';
import { GetAccountSummaryCommand, ListRolesCommand } from '@aws-sdk/client-iam';
import { BatchGetAccountStatusCommand } from '@aws-sdk/client-inspector2';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { GetEnabledStandardsCommand } from '@aws-sdk/client-securityhub';
import { DescribeInstanceInformationCommand } from '@aws-sdk/client-ssm';
import type { Need } from '../../../../core/need.ts';
import type { NeedsContext } from '../../../../core/task.ts';
import { eachNeed } from '../../../runtime/each-need.ts';
import { accountIn, policyGrant } from '../../../runtime/policy-grant.ts';
import { ask, part } from '../_asking.ts';
import { securityClients, type SecurityClients } from './clients.ts';
import { permissionsIn } from './permissions.ts';
import { SERVICES, type Service } from './services.ts';

interface Check {
  readonly need: string;
  readonly action: string;
  readonly service?: Service;
  call(clients: SecurityClients, abortSignal: AbortSignal): Promise<unknown>;
}

/** One cheap call of each list; what only things that exist can show is not asked for. */
const CHECKS: readonly Check[] = [
  {
    need: 'read the summary of the account',
    action: 'iam:GetAccountSummary',
    call: ({ iam }, abortSignal) => iam.send(new GetAccountSummaryCommand({}), { abortSignal }),
  },
  {
    need: 'list roles',
    action: 'iam:ListRoles',
    call: ({ iam }, abortSignal) => iam.send(new ListRolesCommand({ MaxItems: 1 }), { abortSignal }),
  },
  {
    need: 'list buckets',
    action: 's3:ListAllMyBuckets',
    call: ({ s3 }, abortSignal) => s3.send(new ListBucketsCommand({ MaxBuckets: 1 }), { abortSignal }),
  },
  {
    need: 'list security groups',
    action: 'ec2:DescribeSecurityGroups',
    call: ({ ec2 }, abortSignal) => ec2.send(new DescribeSecurityGroupsCommand({ MaxResults: 5 }), { abortSignal }),
  },
  {
    need: 'list network interfaces',
    action: 'ec2:DescribeNetworkInterfaces',
    call: ({ ec2 }, abortSignal) => ec2.send(new DescribeNetworkInterfacesCommand({ MaxResults: 5 }), { abortSignal }),
  },
  {
    need: 'list its snapshots',
    action: 'ec2:DescribeSnapshots',
    call: ({ ec2 }, abortSignal) =>
      ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'], MaxResults: 5 }), { abortSignal }),
  },
  {
    need: 'list its images',
    action: 'ec2:DescribeImages',
    call: ({ ec2 }, abortSignal) =>
      ec2.send(new DescribeImagesCommand({ Owners: ['self'], MaxResults: 5 }), { abortSignal }),
  },
  {
    need: 'list instances',
    action: 'ec2:DescribeInstances',
    service: 'ssm',
    call: ({ ec2 }, abortSignal) => ec2.send(new DescribeInstancesCommand({ MaxResults: 5 }), { abortSignal }),
  },
  {
    need: 'list machines of SSM',
    action: 'ssm:DescribeInstanceInformation',
    service: 'ssm',
    call: ({ ssm }, abortSignal) =>
      ssm.send(new DescribeInstanceInformationCommand({ MaxResults: 5 }), { abortSignal }),
  },
  {
    need: 'read Security Hub',
    action: 'securityhub:GetEnabledStandards',
    service: 'security-hub',
    call: ({ securityHub }, abortSignal) =>
      securityHub.send(new GetEnabledStandardsCommand({ MaxResults: 1 }), { abortSignal }),
  },
  {
    need: 'read GuardDuty',
    action: 'guardduty:ListDetectors',
    service: 'guardduty',
    call: ({ guardduty }, abortSignal) => guardduty.send(new ListDetectorsCommand({ MaxResults: 1 }), { abortSignal }),
  },
  {
    need: 'read Inspector',
    action: 'inspector2:BatchGetAccountStatus',
    service: 'inspector',
    call: ({ inspector }, abortSignal) => inspector.send(new BatchGetAccountStatusCommand({}), { abortSignal }),
  },
  {
    need: 'list repositories of images',
    action: 'ecr:DescribeRepositories',
    service: 'ecr',
    call: ({ ecr }, abortSignal) => ecr.send(new DescribeRepositoriesCommand({ maxResults: 1 }), { abortSignal }),
  },
];

type Context = NeedsContext<'aws', { readonly services: readonly Service[] }>;

/** The right to read each part of the account that is audited. */
export function securityNeeds({ input, targets, signal }: Context): Promise<Need[]> {
  const checks = CHECKS.filter(({ service }) => service === undefined || input.services.includes(service));
  return eachNeed(targets, async ({ region }) => {
    const clients = securityClients(region);
    const place = await clients.ec2.config.region();
    return Promise.all(
      checks.map(async ({ need, action, call }): Promise<Omit<Need, 'target'>> => {
        const read = await part(need, () => ask(action, () => call(clients, signal)));
        if ('value' in read) return { need, state: 'met', detail: `${action} answers in ${place}` };
        const { isDenied, reason } = read.unread;
        if (!isDenied) return { need, state: 'unknown', detail: reason };
        const lacking = permissionsIn([place], accountIn(new Error(reason)) ?? '*', SERVICES)
          .filter(({ actions }) => actions.includes(action))
          .map((permission) => ({ ...permission, actions: [action] }));
        return { need, state: 'missing', detail: reason, grant: policyGrant(lacking) };
      }),
    );
  });
}
