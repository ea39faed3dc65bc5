import type { Addon, Cluster, ClusterVersionInformation, Insight, Nodegroup, Update } from '@aws-sdk/client-eks';
import type { DBEngineVersion, DBInstance, DBMajorEngineVersion } from '@aws-sdk/client-rds';
import type { Ec2Fixture } from '../aws/ec2.ts';
import type { EksFixture } from '../aws/eks.ts';
import type { ElastiCacheFixture } from '../aws/elasticache.ts';
import type { LambdaFixture } from '../aws/lambda.ts';
import type { RdsFixture } from '../aws/rds.ts';
import type { SsmFixture } from '../aws/ssm.ts';
import { ACCOUNT, day } from './day.ts';

/** What plans of upgrades read of an account; what is left out is empty. */
export interface UpgradesAccount {
  readonly ec2?: Ec2Fixture;
  readonly ssm?: SsmFixture;
  readonly rds?: RdsFixture;
  readonly eks?: EksFixture;
  readonly elasticache?: ElastiCacheFixture;
  readonly lambda?: LambdaFixture;
}

export const tags = (of: Readonly<Record<string, string>>) =>
  Object.entries(of).map(([Key, Value]) => ({ Key, Value }));

export const dbArn = (id: string) => `arn:aws:rds:us-east-1:${ACCOUNT}:db:${id}`;

/** A PostgreSQL with a standby that is up to date. */
export function database(id: string, more: DBInstance = {}): DBInstance {
  return {
    DBInstanceIdentifier: id,
    DBInstanceArn: dbArn(id),
    DBInstanceClass: 'db.m5.large',
    Engine: 'postgres',
    EngineVersion: '16.9',
    MultiAZ: true,
    BackupRetentionPeriod: 7,
    CACertificateIdentifier: 'rds-ca-rsa2048-g1',
    EngineLifecycleSupport: 'open-source-rds-extended-support',
    ...more,
  };
}

const AUTHORITIES = ['rds-ca-2019', 'rds-ca-rsa2048-g1', 'rds-ca-ecc384-g1'];
const engine = (Engine: string, major: string, version: string, targets: readonly string[]): DBEngineVersion => ({
  Engine,
  MajorEngineVersion: major,
  EngineVersion: version,
  SupportedCACertificateIdentifiers: AUTHORITIES,
  ValidUpgradeTarget: targets.map((EngineVersion) => {
    return { Engine, EngineVersion, IsMajorVersionUpgrade: !EngineVersion.startsWith(`${major}.`), AutoUpgrade: false };
  }),
});

export const ENGINE_VERSIONS: readonly DBEngineVersion[] = [
  engine('postgres', '13', '13.20', ['13.21', '15.13', '16.9']),
  engine('postgres', '13', '13.21', ['15.13', '16.9']),
  engine('postgres', '15', '15.9', ['15.10', '16.9']),
  engine('postgres', '15', '15.10', ['16.9']),
  engine('postgres', '16', '16.9', []),
  engine('mysql', '5.7', '5.7.44', ['8.0.39', '8.0.40']),
  engine('mysql', '8.0', '8.0.39', ['8.0.40']),
  engine('mysql', '8.0', '8.0.40', ['8.4.5']),
  engine('mysql', '8.4', '8.4.5', []),
];

const lifecycle = (Engine: string, MajorEngineVersion: string, standard: string, extended: string) => ({
  Engine,
  MajorEngineVersion,
  SupportedEngineLifecycles: [
    {
      LifecycleSupportName: 'open-source-rds-standard-support' as const,
      LifecycleSupportStartDate: day('2020-01-01'),
      LifecycleSupportEndDate: day(standard),
    },
    {
      LifecycleSupportName: 'open-source-rds-extended-support' as const,
      LifecycleSupportStartDate: day(standard),
      LifecycleSupportEndDate: day(extended),
    },
  ],
});

export const MAJOR_VERSIONS: readonly DBMajorEngineVersion[] = [
  lifecycle('postgres', '13', '2026-07-31', '2029-02-28'),
  lifecycle('postgres', '15', '2028-02-29', '2031-02-28'),
  lifecycle('postgres', '16', '2029-02-28', '2032-02-29'),
  lifecycle('mysql', '5.7', '2024-02-29', '2027-02-28'),
  lifecycle('mysql', '8.0', '2026-10-31', '2029-07-31'),
  lifecycle('mysql', '8.4', '2029-07-31', '2032-07-31'),
];

export const CERTIFICATES = [
  { CertificateIdentifier: 'rds-ca-2019', ValidTill: day('2026-08-22') },
  { CertificateIdentifier: 'rds-ca-rsa2048-g1', ValidTill: day('2061-05-25') },
  { CertificateIdentifier: 'rds-ca-ecc384-g1', ValidTill: day('2121-05-25') },
];

/** A cluster with the version that EKS gives to new ones. */
export function cluster(name: string, more: Cluster = {}): Cluster {
  return { name, version: '1.34', status: 'ACTIVE', upgradePolicy: { supportType: 'EXTENDED' }, ...more };
}

export function nodegroup(clusterName: string, nodegroupName: string, version: string): Nodegroup {
  return { clusterName, nodegroupName, version, amiType: 'AL2023_x86_64_STANDARD' };
}

export function coredns(clusterName: string, addonVersion: string): Addon {
  return { clusterName, addonName: 'coredns', addonVersion };
}

export const KUBERNETES: readonly ClusterVersionInformation[] = [
  ['1.31', '2025-11-26', '2026-11-26'],
  ['1.32', '2027-01-10', '2028-01-10'],
  ['1.33', '2027-05-10', '2028-05-10'],
  ['1.34', '2027-09-10', '2028-09-10'],
  ['1.35', '2028-01-10', '2029-01-10'],
].map(([clusterVersion = '', standard = '', extended = '']) => ({
  clusterVersion,
  defaultVersion: clusterVersion === '1.34',
  endOfStandardSupportDate: day(standard),
  endOfExtendedSupportDate: day(extended),
}));

const fits = (clusterVersion: string) => ({ clusterVersion, defaultVersion: true });

export const ADDON_VERSIONS = [
  {
    addonName: 'coredns',
    addonVersions: [
      { addonVersion: 'v1.11.4-eksbuild.2', compatibilities: [fits('1.32'), fits('1.33')] },
      {
        addonVersion: 'v1.12.1-eksbuild.2',
        compatibilities: [{ clusterVersion: '1.33', defaultVersion: false }, fits('1.34')],
      },
    ],
  },
];

/** An insight as EKS refreshed it yesterday. */
export function insight(id: string, status: 'PASSING' | 'WARNING' | 'ERROR' | 'UNKNOWN', more: Insight = {}): Insight {
  return {
    id,
    name: id,
    category: 'UPGRADE_READINESS',
    kubernetesVersion: '1.33',
    lastRefreshTime: day('2026-06-30'),
    insightStatus: { status, reason: status === 'PASSING' ? 'nothing stands in the way' : `it is ${status}` },
    ...more,
  };
}

/** The calls of a deprecated API, of each client the day of the last one. */
export function calls(lastCalls: Readonly<Record<string, string>>): Pick<Insight, 'categorySpecificSummary'> {
  const clientStats = Object.entries(lastCalls).map(([userAgent, last]) => {
    return { userAgent, numberOfRequestsLast30Days: 12, lastRequestTime: day(last) };
  });
  const usage = '/apis/flowcontrol.apiserver.k8s.io/v1beta3/flowschemas';
  const replacedWith = '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas';
  return {
    categorySpecificSummary: { deprecationDetails: [{ usage, replacedWith, stopServingVersion: '1.34', clientStats }] },
  };
}

export function versionUpdate(id: string, version: string, on: string): Update {
  return {
    id,
    type: 'VersionUpdate',
    status: 'Successful',
    createdAt: day(on),
    params: [{ type: 'Version', value: version }],
  };
}

/** An image of a family of Amazon. */
export function image(ImageId: string, Name: string, CreationDate: string, more: object = {}) {
  return {
    ImageId,
    Name,
    CreationDate: `${CreationDate}T00:00:00.000Z`,
    ImageOwnerAlias: 'amazon',
    OwnerId: '137112412989',
    State: 'available' as const,
    ...more,
  };
}

export function instance(InstanceId: string, ImageId: string, of: Readonly<Record<string, string>> = {}) {
  return {
    InstanceId,
    ImageId,
    InstanceType: 't3.medium' as const,
    State: { Name: 'running' as const },
    Tags: tags(of),
  };
}

export const AL2 = '/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2';
export const AL2023 = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-x86_64';
