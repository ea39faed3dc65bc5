import {
  ADDON_VERSIONS,
  AL2,
  AL2023,
  calls,
  CERTIFICATES,
  cluster,
  coredns,
  database,
  dbArn,
  ENGINE_VERSIONS,
  image,
  insight,
  instance,
  KUBERNETES,
  MAJOR_VERSIONS,
  nodegroup,
  tags,
  versionUpdate,
  type UpgradesAccount,
} from './upgrades.ts';
import { day } from './day.ts';

const STAGING = { Environment: 'staging' };
const LOW = { Criticality: 'low' };
const fn = (FunctionName: string, Runtime: 'nodejs24.x' | 'python3.9' | 'provided.al2') => {
  return { FunctionName, Runtime, FunctionArn: `arn:aws:lambda:us-east-1:123456789012:function:${FunctionName}` };
};
const template = (LaunchTemplateId: string, LaunchTemplateName: string, ImageId: string) => {
  return {
    LaunchTemplateId,
    LaunchTemplateName,
    VersionNumber: 1,
    DefaultVersion: true,
    LaunchTemplateData: { ImageId },
  };
};
const IMAGES = [
  image('ami-al2-old', 'amzn2-ami-hvm-2.0.20250101.0-x86_64-gp2', '2025-01-01'),
  image('ami-al2-new', 'amzn2-ami-hvm-2.0.20260601.0-x86_64-gp2', '2026-06-01'),
  image('ami-al2023', 'al2023-ami-2023.8.20260620.0-kernel-6.1-x86_64', '2026-06-20'),
  image('ami-deprecated', 'al2023-ami-2023.5.20250601.0-kernel-6.1-x86_64', '2025-06-01', {
    DeprecationTime: '2025-09-01T00:00:00.000Z',
  }),
  image('ami-custom', 'eventchain-base-7', '2026-06-01', { ImageOwnerAlias: undefined, OwnerId: '123456789012' }),
];

/** What is up to date in every part, and must not be accused. */
export const CURRENT: UpgradesAccount = {
  ec2: {
    instances: [instance('i-ok', 'ami-al2023')],
    images: IMAGES,
    launchTemplates: [{ LaunchTemplateId: 'lt-ok', LaunchTemplateName: 'ok' }],
    launchTemplateVersions: [template('lt-ok', 'ok', `resolve:ssm:${AL2023}`)],
  },
  ssm: { parameters: { [AL2]: 'ami-al2-new', [AL2023]: 'ami-al2023' } },
  rds: {
    instances: [database('ok')],
    engineVersions: ENGINE_VERSIONS,
    majorVersions: MAJOR_VERSIONS,
    certificates: CERTIFICATES,
  },
  eks: {
    clusters: [cluster('ok')],
    versions: KUBERNETES,
    nodegroups: [nodegroup('ok', 'web', '1.34')],
    addons: [coredns('ok', 'v1.12.1-eksbuild.2')],
    addonVersions: ADDON_VERSIONS,
    insights: { ok: [insight('Deprecated APIs', 'PASSING', { kubernetesVersion: '1.35' })] },
    updates: { ok: [versionUpdate('u-ok', '1.34', '2026-03-01')] },
  },
  elasticache: {
    clusters: [{ CacheClusterId: 'ok', Engine: 'valkey', EngineVersion: '8.1.0', ARN: 'arn:aws:elasticache:ok' }],
    engineVersions: [
      { Engine: 'valkey', EngineVersion: '7.2' },
      { Engine: 'valkey', EngineVersion: '8.1' },
      { Engine: 'redis', EngineVersion: '6.2' },
      { Engine: 'redis', EngineVersion: '7.1' },
      { Engine: 'redis', EngineVersion: '5.0.6' },
    ],
  },
  lambda: { functions: [fn('ok', 'nodejs24.x')] },
};

/** The same with everything that a plan must name beside it. */
export const PLANTED: UpgradesAccount = {
  ...CURRENT,
  ec2: {
    ...CURRENT.ec2,
    instances: [
      instance('i-ok', 'ami-al2023'),
      instance('i-old-1', 'ami-al2-old', STAGING),
      instance('i-old-2', 'ami-al2-old'),
      instance('i-gone', 'ami-gone'),
      instance('i-custom', 'ami-custom'),
      instance('i-deprecated', 'ami-deprecated', LOW),
      // Its node group replaces it.
      instance('i-node', 'ami-al2-old', { 'eks:nodegroup-name': 'web' }),
    ],
    launchTemplates: [
      { LaunchTemplateId: 'lt-ok', LaunchTemplateName: 'ok' },
      { LaunchTemplateId: 'lt-gone', LaunchTemplateName: 'gone' },
    ],
    launchTemplateVersions: [
      template('lt-ok', 'ok', `resolve:ssm:${AL2023}`),
      template('lt-gone', 'gone', 'ami-gone-too'),
    ],
  },
  rds: {
    ...CURRENT.rds,
    instances: [
      database('ok'),
      database('minor', { EngineVersion: '15.9', TagList: tags(STAGING) }),
      database('newest-of-15', { EngineVersion: '15.10' }),
      database('ending', { EngineVersion: '13.20' }),
      database('paid', { Engine: 'mysql', EngineVersion: '5.7.44', MultiAZ: false, TagList: tags(LOW) }),
      database('authority', { CACertificateIdentifier: 'rds-ca-2019' }),
      database('forced'),
    ],
    pending: [
      {
        ResourceIdentifier: dbArn('forced'),
        PendingMaintenanceActionDetails: [
          { Action: 'system-update', ForcedApplyDate: day('2026-07-25'), AutoAppliedAfterDate: day('2026-07-28') },
        ],
      },
      {
        ResourceIdentifier: dbArn('ok'),
        PendingMaintenanceActionDetails: [{ Action: 'os-upgrade', Description: 'whenever you like' }],
      },
    ],
  },
  eks: {
    ...CURRENT.eks,
    clusters: [
      cluster('ok'),
      cluster('prod', { version: '1.32' }),
      cluster('test', { version: '1.33', tags: STAGING }),
    ],
    nodegroups: [nodegroup('ok', 'web', '1.34'), nodegroup('prod', 'web', '1.32'), nodegroup('test', 'web', '1.33')],
    addons: [
      coredns('ok', 'v1.12.1-eksbuild.2'),
      coredns('prod', 'v1.11.4-eksbuild.2'),
      coredns('test', 'v1.12.1-eksbuild.2'),
    ],
    insights: {
      ...CURRENT.eks?.insights,
      prod: [
        insight('Kubelet version skew', 'PASSING'),
        insight(
          'Deprecated APIs removed in 1.34',
          'ERROR',
          calls({ 'argocd/2.9': '2026-06-12', kubectl: '2026-06-10' }),
        ),
      ],
      test: [insight('Deprecated APIs', 'ERROR', { kubernetesVersion: '1.34', ...calls({ helm: '2026-06-30' }) })],
    },
    updates: {
      ...CURRENT.eks?.updates,
      prod: [versionUpdate('u-1', '1.32', '2026-01-10')],
      test: [versionUpdate('u-2', '1.33', '2026-06-28')],
    },
  },
  elasticache: {
    ...CURRENT.elasticache,
    clusters: [
      ...(CURRENT.elasticache?.clusters ?? []),
      { CacheClusterId: 'sessions-1', ReplicationGroupId: 'sessions', Engine: 'redis', EngineVersion: '7.1.0' },
      { CacheClusterId: 'sessions-2', ReplicationGroupId: 'sessions', Engine: 'redis', EngineVersion: '7.1.0' },
      { CacheClusterId: 'old', Engine: 'redis', EngineVersion: '5.0.6' },
    ],
    groups: [{ ReplicationGroupId: 'sessions', ARN: 'arn:aws:elasticache:sessions' }],
    updates: [
      {
        ReplicationGroupId: 'sessions',
        ServiceUpdateName: 'elasticache-20260601-redis',
        ServiceUpdateSeverity: 'critical',
        ServiceUpdateRecommendedApplyByDate: day('2026-06-15'),
        UpdateActionStatus: 'not-applied',
      },
    ],
  },
  lambda: { functions: [fn('ok', 'nodejs24.x'), fn('old', 'python3.9'), fn('ending', 'provided.al2')] },
};

/** What is to be found there, and nothing else: `<kind> <subject>`. */
export const UPGRADE_MUST_FIND: readonly string[] = [
  'api-still-called cluster test',
  'certificate-authority-expiring certificate of authority',
  'extended-support-paid cache old',
  'extended-support-paid database paid',
  'forced-maintenance maintenance system-update of forced',
  'image-deprecated image ami-deprecated',
  'image-gone image ami-gone',
  'insight-lagging cluster prod',
  'not-known image ami-custom',
  'rollback-open cluster test',
  'service-update-due update elasticache-20260601-redis of sessions',
  'support-ending-soon database ending',
  'support-ending-soon function ending',
  'support-ending-soon function old',
  'template-without-image image ami-gone-too',
  'upgrade-due cluster prod',
  'upgrade-due cluster test',
  'upgrade-due database minor',
  'upgrade-due image ami-al2-old',
];
