import { partitionOf } from '../../../../core/aws-partition.ts';
import { entriesOf, targetsOf, type ResolvedPlatform } from '../../../../core/platform.ts';
import type { Permission } from '../../../../core/task.ts';
import { SERVICES, type Service } from './services.ts';

/** What the audit asks AWS for, by the action; nothing of it changes anything but the two lists that IAM writes anew. */
export function securityPermissions(platform: ResolvedPlatform, task: string): readonly Permission[] {
  const regions = new Set(
    [...targetsOf(platform, 'aws').values()].map(({ region }) => region ?? platform.region ?? '*'),
  );
  return regions.size === 0 ? [] : permissionsIn([...regions], platform.account ?? '*', servicesOf(platform, task));
}

/** The services that any entry of the task wants; all where one does not say. */
function servicesOf(platform: ResolvedPlatform, task: string): readonly Service[] {
  const entries = Object.values(platform.procedures)
    .flatMap(entriesOf)
    .filter((entry) => entry.task === task)
    .map(({ input }) => (Array.isArray(input['services']) ? input['services'] : SERVICES));
  return entries.length === 0 ? SERVICES : SERVICES.filter((service) => entries.some((its) => its.includes(service)));
}

/** The same for regions and services as they are known. */
export function permissionsIn(
  regions: readonly string[],
  account: string,
  services: readonly Service[],
): readonly Permission[] {
  const partition = partitionOf(regions[0]);
  const arns = (service: string, resource: string) =>
    regions.map((region) => `arn:${partitionOf(region)}:${service}:${region}:${account}:${resource}`);
  const of = (service: Service, permissions: readonly Permission[]) => (services.includes(service) ? permissions : []);
  return [
    {
      actions: [
        'iam:GetAccountSummary',
        'iam:GenerateCredentialReport',
        'iam:GetCredentialReport',
        'iam:ListRoles',
        'iam:GetServiceLastAccessedDetails',
      ],
      resources: ['*'],
      because: 'these are lists and reports of the account as a whole, for which IAM knows no narrower resource',
    },
    {
      actions: ['iam:GenerateServiceLastAccessedDetails'],
      resources: [`arn:${partition}:iam::${account}:user/*`, `arn:${partition}:iam::${account}:role/*`],
      because: 'the access advisor is asked for every user and role, and they come and go',
    },
    {
      actions: ['s3:ListAllMyBuckets', 's3:GetAccountPublicAccessBlock'],
      resources: ['*'],
      because: 'the list of buckets and the block of the whole account are of no single bucket',
    },
    {
      actions: ['s3:GetBucketPublicAccessBlock', 's3:GetBucketPolicyStatus', 's3:GetBucketAcl'],
      resources: [`arn:${partition}:s3:::*`],
      because: 'every bucket of the account is looked at from outside; nothing in it is read',
    },
    {
      actions: [
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSnapshots',
        'ec2:DescribeImages',
        ...(services.includes('ssm') ? ['ec2:DescribeInstances'] : []),
      ],
      resources: ['*'],
      because: 'the lists of EC2 are of no single resource: IAM takes no ARN for them',
    },
    {
      actions: ['ec2:GetManagedPrefixListEntries'],
      resources: ['*'],
      because: 'a rule may name any list of ranges, also one that is shared by another account or by AWS',
    },
    ...of('security-hub', [
      {
        actions: ['securityhub:DescribeHub', 'securityhub:GetEnabledStandards', 'securityhub:GetFindings'],
        resources: ['*'],
        because: 'findings of Security Hub are read as one list, and before it is on there is no hub to name',
      },
    ]),
    ...of('guardduty', [
      {
        actions: ['guardduty:ListDetectors'],
        resources: ['*'],
        because: 'which detector a region has is not known before they are listed',
      },
      {
        actions: ['guardduty:GetDetector', 'guardduty:ListFindings', 'guardduty:GetFindings'],
        resources: arns('guardduty', 'detector/*'),
        because: 'the number of the detector is given by AWS when it is turned on',
      },
    ]),
    ...of('inspector', [
      {
        actions: ['inspector2:BatchGetAccountStatus', 'inspector2:ListFindings'],
        resources: ['*'],
        because: 'Inspector knows no resource for its lists',
      },
    ]),
    ...of('ecr', [
      {
        actions: ['ecr:DescribeRepositories', 'ecr:DescribeImages', 'ecr:DescribeImageScanFindings'],
        resources: arns('ecr', 'repository/*'),
        because: 'every repository of the account is audited, and repositories come and go',
      },
    ]),
    ...of('ssm', [
      {
        actions: ['ssm:DescribeInstanceInformation', 'ssm:DescribeInstancePatchStates'],
        resources: ['*'],
        because: 'the lists of machines and of their patches are of no single machine',
      },
    ]),
  ];
}
