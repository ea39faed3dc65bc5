import type { ServiceAnswers } from '../../../lib/demo/aws/answer.ts';
import { applicationAutoScaling } from '../../../lib/demo/aws/application-auto-scaling.ts';
import { ec2 } from '../../../lib/demo/aws/ec2.ts';
import { ecr } from '../../../lib/demo/aws/ecr.ts';
import { ecs } from '../../../lib/demo/aws/ecs.ts';
import { eks } from '../../../lib/demo/aws/eks.ts';
import { elasticache } from '../../../lib/demo/aws/elasticache.ts';
import { guardduty } from '../../../lib/demo/aws/guardduty.ts';
import { iam } from '../../../lib/demo/aws/iam.ts';
import { inspector2 } from '../../../lib/demo/aws/inspector2.ts';
import { lambda } from '../../../lib/demo/aws/lambda.ts';
import { rds } from '../../../lib/demo/aws/rds.ts';
import { securityhub } from '../../../lib/demo/aws/securityhub.ts';
import { ssm } from '../../../lib/demo/aws/ssm.ts';
import { sts } from '../../../lib/demo/aws/sts.ts';
import { CALM_SUMMARY, COLUMNS, ROOT_ROW } from '../../../lib/demo/account/security.ts';
import { ACCOUNT, REGION } from '../cloud/server.ts';

const arn = (service: string, resource: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;
const CLUSTER = arn('ecs', 'cluster/shop');
const DEFINITION = arn('ecs', 'task-definition/web:7');
const SERVICE = 'service/shop/web';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/shop`;
const LONG_AGO = new Date('2025-01-01T00:00:00Z');
const IMAGE = {
  ImageId: 'ami-0a1b',
  Name: 'al2023-ami-2023.8.20260620.0-kernel-6.1-x86_64',
  CreationDate: '2026-06-20T00:00:00.000Z',
  ImageOwnerAlias: 'amazon',
  State: 'available',
} as const;
/** One of a family that the profile names the parameter of. */
const OWN_IMAGE = { ...IMAGE, ImageId: 'ami-0c1d', Name: 'shop-base-7', ImageOwnerAlias: undefined, OwnerId: ACCOUNT };
const DIGEST = `sha256:${'ab'.repeat(32)}`;

/** An account with one of each thing, and all that belongs to it: every call that reads one has a reason. */
export function accountAnswers(now: Date): readonly ServiceAnswers[] {
  return [...scaled(), ...upgraded(), ...audited(now)];
}

/** What has a size: a service, a database with its parameters, caches. */
function scaled(): ServiceAnswers[] {
  return [
    ecs({
      services: [
        {
          clusterArn: CLUSTER,
          serviceArn: arn('ecs', SERVICE),
          serviceName: 'web',
          status: 'ACTIVE',
          launchType: 'FARGATE',
          desiredCount: 2,
          taskDefinition: DEFINITION,
        },
      ],
      taskDefinitions: [{ taskDefinitionArn: DEFINITION, cpu: '1024', memory: '2048' }],
      tasks: [
        {
          clusterArn: CLUSTER,
          taskArn: arn('ecs', 'task/shop/1a2b'),
          group: 'service:web',
          desiredStatus: 'STOPPED',
        },
      ],
    }),
    applicationAutoScaling({
      targets: [
        {
          ServiceNamespace: 'ecs',
          ResourceId: SERVICE,
          ScalableDimension: 'ecs:service:DesiredCount',
          MinCapacity: 2,
          MaxCapacity: 6,
          RoleARN: `arn:aws:iam::${ACCOUNT}:role/autoscaling`,
          CreationTime: LONG_AGO,
        },
      ],
    }),
    rds({
      instances: [
        {
          DBInstanceIdentifier: 'shop',
          DBInstanceArn: arn('rds', 'db:shop'),
          DBInstanceClass: 'db.r5.large',
          Engine: 'postgres',
          EngineVersion: '16.9',
          DBParameterGroups: [{ DBParameterGroupName: 'shop' }],
        },
      ],
      parameters: { shop: [{ ParameterName: 'max_connections', ParameterValue: '400' }] },
      engineVersions: [{ Engine: 'postgres', EngineVersion: '16.9', MajorEngineVersion: '16' }],
    }),
    // One in a group and one by itself.
    elasticache({
      clusters: [
        {
          CacheClusterId: 'shop',
          ARN: arn('elasticache', 'cluster:shop'),
          CacheNodeType: 'cache.r5.large',
          Engine: 'redis',
          EngineVersion: '7.1.0',
          NumCacheNodes: 1,
        },
        {
          CacheClusterId: 'carts-1',
          ReplicationGroupId: 'carts',
          CacheNodeType: 'cache.r5.large',
          Engine: 'redis',
          EngineVersion: '7.1.0',
          NumCacheNodes: 1,
        },
      ],
      groups: [{ ReplicationGroupId: 'carts', ARN: arn('elasticache', 'replicationgroup:carts') }],
    }),
  ];
}

/** What has a version: a cluster that is behind, and a function whose runtime ends. */
function upgraded(): ServiceAnswers[] {
  const fits = (clusterVersion: string) => ({ clusterVersion, defaultVersion: true });
  return [
    eks({
      clusters: [
        {
          name: 'privileges',
          version: '1.33',
          status: 'ACTIVE',
          // Nobody listens there.
          endpoint: 'https://127.0.0.1:1',
          certificateAuthority: { data: '' },
        },
      ],
      versions: ['1.33', '1.34'].map((clusterVersion) => ({
        clusterVersion,
        defaultVersion: clusterVersion === '1.34',
        endOfStandardSupportDate: new Date('2029-01-01T00:00:00Z'),
        endOfExtendedSupportDate: new Date('2030-01-01T00:00:00Z'),
      })),
      nodegroups: [{ clusterName: 'privileges', nodegroupName: 'web', version: '1.33' }],
      addons: [{ clusterName: 'privileges', addonName: 'coredns', addonVersion: 'v1.12.1-eksbuild.2' }],
      addonVersions: [
        {
          addonName: 'coredns',
          addonVersions: [{ addonVersion: 'v1.12.1-eksbuild.2', compatibilities: [fits('1.33'), fits('1.34')] }],
        },
      ],
      // Only of one that does not pass the details are read.
      insights: {
        privileges: [
          {
            id: 'insight-1',
            name: 'Deprecated APIs',
            category: 'UPGRADE_READINESS',
            kubernetesVersion: '1.34',
            insightStatus: { status: 'WARNING', reason: 'it is called' },
          },
        ],
      },
      updates: {
        privileges: [{ id: 'update-1', type: 'VersionUpdate', status: 'Successful', createdAt: LONG_AGO }],
      },
    }),
    lambda({
      functions: [
        { FunctionName: 'thumbnails', Runtime: 'nodejs18.x', FunctionArn: arn('lambda', 'function:thumbnails') },
      ],
    }),
  ];
}

/** What can be open or weak: a role, a group with a list of ranges, an image with its scan, and every service on. */
function audited(now: Date): ServiceAnswers[] {
  const user =
    `anna,arn:aws:iam::${ACCOUNT}:user/anna,2025-01-01T00:00:00+00:00,false,N/A,N/A,N/A,false,false,N/A,N/A,N/A,N/A,` +
    'false,N/A,N/A,N/A,N/A,false,N/A,false,N/A';
  return [
    sts(ACCOUNT),
    iam({
      summary: CALM_SUMMARY,
      report: [COLUMNS, ROOT_ROW, user, ''].join('\n'),
      reportAt: now,
      roles: [{ RoleName: 'shop', Path: '/', RoleId: 'AROASHOP', Arn: ROLE, CreateDate: LONG_AGO }],
    }),
    ec2({
      instances: [IMAGE, OWN_IMAGE].map(({ ImageId }, i) => ({
        InstanceId: `i-0${i}`,
        ImageId,
        InstanceType: 't3.medium' as const,
        State: { Name: 'running' as const },
      })),
      images: [IMAGE, OWN_IMAGE],
      launchTemplates: [{ LaunchTemplateId: 'lt-0a', LaunchTemplateName: 'web' }],
      launchTemplateVersions: [
        {
          LaunchTemplateId: 'lt-0a',
          LaunchTemplateName: 'web',
          VersionNumber: 1,
          DefaultVersion: true,
          LaunchTemplateData: { ImageId: IMAGE.ImageId },
        },
      ],
      securityGroups: [
        {
          GroupId: 'sg-0a',
          GroupName: 'web',
          IpPermissions: [{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, PrefixListIds: [{ PrefixListId: 'pl-0a' }] }],
        },
      ],
      prefixLists: { 'pl-0a': [{ Cidr: '203.0.113.0/24' }] },
    }),
    ssm({
      parameters: {
        '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-x86_64': IMAGE.ImageId,
        '/shop/images/base': OWN_IMAGE.ImageId,
      },
      machines: [{ InstanceId: 'i-00', PingStatus: 'Online' }],
    }),
    guardduty({
      detector: 'd1',
      findings: [
        {
          AccountId: ACCOUNT,
          Arn: arn('guardduty', 'detector/d1/finding/f1'),
          Id: 'f1',
          Region: REGION,
          SchemaVersion: '2.0',
          CreatedAt: LONG_AGO.toISOString(),
          UpdatedAt: LONG_AGO.toISOString(),
          Resource: { ResourceType: 'Instance' },
          Severity: 2,
          Type: 'Recon:EC2/Portscan',
        },
      ],
    }),
    securityhub({}),
    inspector2({ scans: ['ec2', 'ecr'] }),
    ecr({
      images: { shop: [{ repositoryName: 'shop', imageDigest: DIGEST, imageTags: ['1.4'], imagePushedAt: now }] },
      scans: {
        [DIGEST]: { status: { status: 'COMPLETE' }, findings: { imageScanCompletedAt: now, findings: [] } },
      },
    }),
  ];
}
