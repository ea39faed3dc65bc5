import { ACCOUNT } from './day.ts';
import { CALM_SUMMARY, reportOf, type SecurityAccount } from './security.ts';
import {
  daysAgo,
  DIGEST,
  failedControl,
  hubFinding,
  IMAGE_ARN,
  inspectorFinding,
  isoDaysAgo,
  threat,
} from './security-findings.ts';

const world = [{ CidrIp: '0.0.0.0/0' }];
const tcp = (from: number, to = from) => ({ IpProtocol: 'tcp', FromPort: from, ToPort: to });
const group = (id: string, ...IpPermissions: object[]) => ({ GroupId: id, GroupName: id.slice(3), IpPermissions });
const on = (id: string, groups: readonly string[], more: object = {}) => ({
  NetworkInterfaceId: id,
  Groups: groups.map((GroupId) => ({ GroupId })),
  InterfaceType: 'interface' as const,
  ...more,
});
const PUBLIC = { Association: { PublicIp: '198.51.100.7' } };
const patched = { BaselineId: 'pb-1', PatchGroup: '', Operation: 'Scan' as const, MissingCount: 0, FailedCount: 0 };
export const patchesOf = (InstanceId: string, days: number, more: object = {}) => {
  return { ...patched, InstanceId, OperationStartTime: daysAgo(days), OperationEndTime: daysAgo(days), ...more };
};
const image = (digest: string, tag: string, days: number) => {
  return { repositoryName: 'api', imageDigest: digest, imageTags: [tag], imagePushedAt: daysAgo(days) };
};
const used = (name: string, days?: number) => ({
  ServiceName: name,
  ServiceNamespace: name,
  ...(days !== undefined && { LastAuthenticated: daysAgo(days) }),
});
const role = (RoleName: string, Path = '/', days = 700) => {
  const Arn = `arn:aws:iam::${ACCOUNT}:role${Path}${RoleName}`;
  return { RoleName, Path, RoleId: `AROA${RoleName}`, Arn, CreateDate: daysAgo(days) };
};

/** An account in which each flaw has a healthy twin beside it. */
export const FLAWED: SecurityAccount = {
  iam: {
    pollsOfReport: 1,
    summary: { ...CALM_SUMMARY, AccountAccessKeysPresent: 1 },
    report: reportOf([
      { user: 'anna', password: { used: isoDaysAgo(2), mfa: true } },
      { user: 'ben', password: { used: isoDaysAgo(2) } },
      { user: 'deploy', key: { made: isoDaysAgo(300), used: isoDaysAgo(150) } },
      { user: 'backup', key: { made: isoDaysAgo(200) } },
      { user: 'fresh', key: { made: isoDaysAgo(11) } },
      { user: 'ci', key: { made: isoDaysAgo(30), used: isoDaysAgo(1) } },
      { user: 'legacy', key: { made: isoDaysAgo(800), used: isoDaysAgo(1) } },
    ]),
    roles: [role('app'), role('ghost'), role('young', '/', 20), role('AWSServiceRole', '/aws-service-role/x/')],
    accessed: {
      [`arn:aws:iam::${ACCOUNT}:role/app`]: [used('s3', 3), used('sqs')],
      [`arn:aws:iam::${ACCOUNT}:role/ghost`]: [used('s3', 390), used('sqs')],
      [`arn:aws:iam::${ACCOUNT}:role/young`]: [used('s3')],
    },
  },
  s3: {
    buckets: [
      { name: 'data', isPolicyPublic: false },
      { name: 'site', isPolicyPublic: true },
      { name: 'dropbox', publicGrants: ['WRITE'] },
      { name: 'walled', isPolicyPublic: true, block: { RestrictPublicBuckets: true } },
      { name: 'ignored', publicGrants: ['READ'], block: { IgnorePublicAcls: true } },
    ],
  },
  ec2: {
    securityGroups: [
      group('sg-ssh', { ...tcp(22), IpRanges: world, Ipv6Ranges: [{ CidrIpv6: '::/0' }] }),
      group('sg-web', { ...tcp(443), IpRanges: world }, { ...tcp(22), IpRanges: [{ CidrIp: '203.0.113.0/24' }] }),
      group('sg-all', { IpProtocol: '-1', IpRanges: world }),
      group('sg-range', { ...tcp(20, 25), Ipv6Ranges: [{ CidrIpv6: '::/0' }] }),
      group('sg-list', { ...tcp(3389), PrefixListIds: [{ PrefixListId: 'pl-world' }] }),
      group('sg-spare', { ...tcp(22), IpRanges: world }),
      group('sg-ping', { IpProtocol: 'icmp', FromPort: -1, ToPort: -1, IpRanges: world }),
    ],
    networkInterfaces: [
      on('eni-1', ['sg-ssh', 'sg-ping', 'sg-list'], PUBLIC),
      on('eni-2', ['sg-web'], { ...PUBLIC, InterfaceType: 'network_load_balancer', Description: 'ELB app/web/1' }),
      on('eni-3', ['sg-all']),
      on('eni-4', ['sg-range'], { Ipv6Addresses: [{ Ipv6Address: '2001:db8::1' }] }),
    ],
    prefixLists: { 'pl-world': [{ Cidr: '203.0.113.0/24' }, { Cidr: '0.0.0.0/0' }] },
    snapshots: [
      { SnapshotId: 'snap-public', VolumeId: 'vol-1' },
      { SnapshotId: 'snap-own', VolumeId: 'vol-1' },
    ],
    publicSnapshots: ['snap-public'],
    images: [
      { ImageId: 'ami-public', Name: 'base', ImageOwnerAlias: 'self', Public: true },
      { ImageId: 'ami-own', Name: 'base', ImageOwnerAlias: 'self', Public: false },
    ],
    instances: ['i-web', 'i-old', 'i-lost', 'i-stale'].map((InstanceId) => {
      return { InstanceId, State: { Name: 'running' } };
    }),
  },
  ssm: {
    machines: ['i-web', 'i-old', 'i-stale', 'i-stopped'].map((InstanceId) => ({ InstanceId, PingStatus: 'Online' })),
    patches: [
      patchesOf('i-web', 1, { SecurityNonCompliantCount: 0 }),
      patchesOf('i-old', 1, { MissingCount: 5, SecurityNonCompliantCount: 3 }),
      patchesOf('i-stale', 40),
    ],
  },
  ecr: {
    images: {
      api: [image(DIGEST, '1.4', 3), image('sha256:cc', 'next', 1)],
      charts: [{ ...image('sha256:dd', '1', 1), artifactMediaType: 'application/vnd.cncf.helm.config.v1+json' }],
    },
    scans: {
      [DIGEST]: {
        status: { status: 'COMPLETE' },
        findings: {
          imageScanCompletedAt: daysAgo(3),
          findings: [
            {
              name: 'CVE-2026-0001',
              severity: 'HIGH',
              attributes: [
                { key: 'package_name', value: 'openssl' },
                { key: 'package_version', value: '3.0.1' },
              ],
            },
            { name: 'CVE-2026-0004', severity: 'LOW' },
          ],
        },
      },
    },
  },
  inspector: {
    scans: ['ec2', 'ecr'],
    findings: [
      inspectorFinding('CVE-2026-0001'),
      inspectorFinding('CVE-2026-0002', {
        severity: 'MEDIUM',
        packageVulnerabilityDetails: {
          vulnerabilityId: 'CVE-2026-0002',
          source: 'NVD',
          vulnerablePackages: [{ name: 'left-pad', version: '1.0.0', packageManager: 'NPM' }],
        },
      }),
      inspectorFinding('CVE-2026-0003', { status: 'SUPPRESSED' }),
    ],
  },
  guardduty: {
    detector: 'd1',
    findings: [threat('t1'), threat('t2', { Severity: 5, Service: { Archived: true, Count: 9 } })],
  },
  securityHub: {
    standards: [
      {
        StandardsSubscriptionArn: 'arn:s',
        StandardsArn: 'arn:fsbp',
        StandardsInput: {},
        StandardsStatus: 'READY',
      },
    ],
    findings: [
      hubFinding('inspector-0001', {
        ProductName: 'Inspector',
        Severity: { Label: 'CRITICAL' },
        Resources: [{ Type: 'AwsEcrContainerImage', Id: IMAGE_ARN }],
        Vulnerabilities: [{ Id: 'CVE-2026-0001', VulnerablePackages: [{ Name: 'openssl', Version: '3.0.1' }] }],
      }),
      hubFinding(threat('t1').Arn ?? '', {
        ProductName: 'GuardDuty',
        Types: ['TTPs/Initial Access'],
        Severity: { Label: 'HIGH' },
        Resources: [{ Type: 'AwsEc2Instance', Id: `arn:aws:ec2:us-east-1:${ACCOUNT}:instance/i-web` }],
      }),
      failedControl('EC2.13', `arn:aws:ec2:us-east-1:${ACCOUNT}:security-group/sg-ssh`, 'HIGH'),
      failedControl('EC2.19', `arn:aws:ec2:us-east-1:${ACCOUNT}:security-group/sg-ssh`, 'CRITICAL'),
      failedControl('EC2.1', `AWS::::Account:${ACCOUNT}`, 'CRITICAL'),
      failedControl('IAM.4', `AWS::::Account:${ACCOUNT}`, 'CRITICAL'),
      failedControl('IAM.5', `arn:aws:iam::${ACCOUNT}:user/ben`, 'MEDIUM'),
      failedControl('S3.5', 'arn:aws:s3:::data', 'MEDIUM'),
      failedControl('RDS.3', `arn:aws:rds:us-east-1:${ACCOUNT}:db:main`, 'HIGH', { Workflow: { Status: 'RESOLVED' } }),
      failedControl('KMS.4', `arn:aws:kms:us-east-1:${ACCOUNT}:key/k`, 'HIGH', { Workflow: { Status: 'SUPPRESSED' } }),
      failedControl('S3.9', 'arn:aws:s3:::data', 'HIGH', {
        Compliance: { Status: 'PASSED', SecurityControlId: 'S3.9' },
      }),
    ],
  },
};

/** Standards of Security Hub that are ready. */
export const READY = [
  {
    StandardsSubscriptionArn: 'arn:s',
    StandardsArn: 'arn:fsbp',
    StandardsInput: {},
    StandardsStatus: 'READY' as const,
  },
];
/** An account without flaws in which every service is on. */
export const ALL_ON: SecurityAccount = {
  guardduty: { detector: 'd1' },
  inspector: { scans: ['ec2', 'ecr'] },
  securityHub: { standards: READY },
};

/** What is to be found in the account with flaws, and nothing else: `<kind> <subject>`. */
export const SECURITY_MUST_FIND: readonly string[] = [
  'console-without-mfa console-without-mfa ben',
  'control-failed control S3.5 data',
  'missing-patches missing-patches i-old',
  'not-known patches of i-lost',
  'not-known patches of i-stale',
  'not-known the scan of api:next',
  'old-key old-key legacy',
  'open-but-unused open-to-world sg-spare',
  'open-to-world open-to-world sg-all',
  'open-to-world open-to-world sg-list',
  'open-to-world open-to-world sg-range',
  'open-to-world open-to-world sg-ssh',
  'public-bucket public-bucket dropbox',
  'public-bucket public-bucket site',
  'public-share public-image ami-public',
  'public-share public-snapshot snap-public',
  'root-access-key root-access-key root',
  `severe-control-failed control RDS.3 arn:aws:rds:us-east-1:${ACCOUNT}:db:main`,
  `severe-vulnerability vulnerability CVE-2026-0001 ${DIGEST}`,
  `threat-seen threat arn:aws:guardduty:us-east-1:${ACCOUNT}:detector/d1/finding/t1`,
  'unused-access unused-access role ghost',
  'unused-credentials unused-credentials backup',
  'unused-credentials unused-credentials deploy',
  `vulnerability vulnerability CVE-2026-0002 ${DIGEST}`,
];
