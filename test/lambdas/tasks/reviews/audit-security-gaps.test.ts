import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { task } from '../../../../lambdas/tasks/reviews/audit-security/index.ts';
import type { SecurityDocument } from '../../../../lambdas/tasks/reviews/audit-security/document.ts';
import type { TaskResult } from '../../../../core/task.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import { PLANTED_FOR as NOW } from '../../../../lib/demo/account/day.ts';
import { ALL_ON, FLAWED } from '../../../../lib/demo/account/security-planted.ts';
import { startSecurityAccount, withAccount, type SecurityServers } from './_security-account.ts';

const TWO_REGIONS = { here: {}, there: { region: 'eu-west-1' } };

function audit(input: object = {}, more: { readonly targets?: object; readonly baseline?: unknown } = {}) {
  const { targets = { account: {} }, baseline } = more;
  return resultOf({ task, targets: targets as never, input: input as never, now: NOW, timeoutSeconds: 60, baseline });
}

const documentIn = ({ document }: TaskResult<string>) => document as unknown as SecurityDocument;
const kindsOf = ({ findings }: TaskResult<string>) => findings.map(({ kind, subject = '' }) => `${kind} ${subject}`);

describe('an account without any flaw', () => {
  test('whose buckets are shut by the block of the account has no finding, zeroes for what it knows, and numbers', async () => {
    const s3 = {
      accountBlock: { IgnorePublicAcls: true, RestrictPublicBuckets: true },
      buckets: [{ name: 'site', isPolicyPublic: true, publicGrants: ['READ'] }],
    };

    const result = await withAccount({ ...ALL_ON, s3 }, () => audit());

    expect(result.findings).toEqual([]);
    expect(documentIn(result)).toMatchObject({
      ...{ security_updates_pending: 0, npm_vulnerabilities: 0, brute_force_attempts: 0, not_seen: [] },
      recommendations: ['Regular security monitoring'],
      account: { blocks_public_buckets: true, buckets: [{ bucket: 'site', is_public: false }] },
    });
    expect(result.measurements).toContainEqual({ name: 'flaws-critical', value: 0, unit: 'count', target: 'account' });
  });

  test('accuses an acceptance that matches nothing', async () => {
    const accepted = [{ flaw: 'public-bucket site', until: '2026-12-31', reason: 'a web site', owner: 'web' }];

    const result = await withAccount(ALL_ON, () => audit({ accepted }));

    expect(kindsOf(result)).toEqual(['acceptance-unmatched public-bucket site']);
  });
});

describe('a service that is not on', () => {
  const OFF = [
    'not-enabled GuardDuty of us-east-1',
    'not-enabled Inspector of us-east-1',
    'not-enabled Security Hub of us-east-1',
  ];

  test('is said with the command that turns it on, and never read as no flaws', async () => {
    const result = await withAccount({}, () => audit());

    expect(kindsOf(result).sort()).toEqual(OFF);
    expect(result.findings.map(({ command = '' }) => command.split(' ').slice(0, 3).join(' ')).sort()).toEqual([
      ...['aws guardduty create-detector', 'aws inspector2 enable', 'aws securityhub enable-security-hub'],
    ]);
    expect(documentIn(result)).toMatchObject({ brute_force_attempts: null });
  });

  test('is not missed where the profile leaves it out, and the report says so', async () => {
    const before = ['guardduty', 'inspector2', 'securityhub'];
    const servers = await startSecurityAccount({});

    const result = await audit({ services: ['ecr', 'ssm'] });
    await servers.stop();

    expect(result.findings).toEqual([]);
    expect(documentIn(result).left_out).toEqual(['security-hub', 'guardduty', 'inspector']);
    expect(servers.answers.calls.filter(({ service }) => before.includes(service))).toEqual([]);
  });

  test.each([
    [
      'GuardDuty whose detector is disabled',
      { ...ALL_ON, guardduty: { detector: 'd1', status: 'DISABLED' as const } },
      'not-enabled GuardDuty of us-east-1',
    ],
    [
      'Security Hub without a standard that is ready',
      { ...ALL_ON, securityHub: { standards: [] } },
      'not-enabled the controls of Security Hub of us-east-1',
    ],
    [
      'Inspector that does not look at the machines that run',
      { ...FLAWED, inspector: { scans: ['ecr' as const] } },
      'not-enabled Inspector of machines in us-east-1',
    ],
  ])('is found out: %s', async (_, account, kind) => {
    expect(kindsOf(await withAccount(account, () => audit()))).toContain(kind);
  });
});

describe('a credential report', () => {
  test('that IAM is still making is waited for, and then unknown, while the rest stands', async () => {
    const waiting = { ...FLAWED, iam: { ...FLAWED.iam, pollsOfReport: Number.POSITIVE_INFINITY } };

    const result = await withAccount(waiting, () => audit({ reportWaitSeconds: 1 }));

    const gap = result.findings.find(({ subject }) => subject === 'the credential report');
    expect(gap).toMatchObject({
      kind: 'not-known',
      summary: expect.stringMatching(/after 1 s; its state is INPROGRESS/),
    });
    expect(kindsOf(result)).toContain('root-access-key root-access-key root');
    expect(kindsOf(result).join()).not.toMatch(/unused-credentials|old-key/);
    expect(documentIn(result).account).toMatchObject({ users: null, credential_report_at: null });
  });

  test.each([
    ['of the day before', { reportAt: new Date(NOW.getTime() - 86_400_000) }, /limit 1 day/],
    ['that is cut short', { report: 'user,arn\n' }, /no column/],
  ])('%s is not gone by', async (_, iam, words) => {
    const result = await withAccount({ ...ALL_ON, iam }, () => audit());

    expect(result.findings).toMatchObject([{ kind: 'not-known', subject: 'the credential report' }]);
    expect(result.findings[0]?.summary).toMatch(words);
  });
});

describe('a part that is refused', () => {
  let servers: SecurityServers;
  let whole: TaskResult<string>;

  beforeAll(async () => {
    servers = await startSecurityAccount(FLAWED);
    whole = await audit();
  }, 60_000);
  beforeEach(() => {
    servers.answers.faults.clear();
    servers.show();
  });
  afterAll(async () => {
    await servers.stop();
  });

  const inAnswers = (action: string) => {
    if (action === 's3:ListAllMyBuckets') return ['s3', 'ListBuckets'] as const;
    if (action === 's3:GetBucketPublicAccessBlock') return ['s3', 'GetPublicAccessBlock'] as const;
    if (action === 's3:GetAccountPublicAccessBlock') {
      return ['s3', 'GET /v20180820/configuration/publicAccessBlock'] as const;
    }
    const [service = '', operation = ''] = action.split(':');
    return [service, operation] as const;
  };
  const refuse = (action: string) => {
    const [service, operation] = inAnswers(action);
    // Each service has its own word for it.
    const code =
      service === 'ec2' ? 'UnauthorizedOperation' : service === 's3' ? 'AccessDenied' : 'AccessDeniedException';
    const message = `not authorized to perform: ${action}`;
    servers.answers.faults.refuse(service, operation, { code, message, status: 403 });
  };

  test.each([
    ['iam:GetAccountSummary', 'the summary of the account', /^root-/],
    ['iam:GenerateCredentialReport', 'the credential report', /^(console|unused-cred|old-key)/],
    ['iam:GetCredentialReport', 'the credential report', /^(console|unused-cred|old-key)/],
    ['iam:ListRoles', 'the roles of the account', /^unused-access/],
    ['iam:GenerateServiceLastAccessedDetails', 'what role ghost used', /^unused-access/],
    ['iam:GetServiceLastAccessedDetails', 'what role ghost used', /^unused-access/],
    ['s3:ListAllMyBuckets', 'the list of buckets', /^public-bucket/],
    ['s3:GetAccountPublicAccessBlock', 'the public access block of the account', /^public-bucket/],
    ['s3:GetBucketPublicAccessBlock', 'public access to site', /^public-bucket/],
    ['s3:GetBucketPolicyStatus', 'public access to site', /^public-bucket/],
    ['s3:GetBucketAcl', 'public access to dropbox', /^public-bucket/],
    ['sts:GetCallerIdentity', 'which account this is', /^public-bucket/],
    ['ec2:DescribeSecurityGroups', 'security groups of us-east-1', /^open-to-world sg-(?!ssh)/],
    ['ec2:GetManagedPrefixListEntries', 'prefix list pl-world', /^open-to-world sg-list/],
    ['ec2:DescribeSnapshots', 'public snapshots of us-east-1', /^public-snapshot snap/],
    ['ec2:DescribeImages', 'public images of us-east-1', /^public-image/],
    ['ec2:DescribeInstances', 'instances of us-east-1', /^nothing/],
    ['ssm:DescribeInstanceInformation', 'machines and patches of us-east-1 in SSM', /^missing-patches/],
    ['ssm:DescribeInstancePatchStates', 'machines and patches of us-east-1 in SSM', /^missing-patches/],
    ['securityhub:DescribeHub', 'Security Hub of us-east-1', /^control/],
    ['securityhub:GetFindings', 'Security Hub of us-east-1', /^control/],
    ['guardduty:ListDetectors', 'GuardDuty of us-east-1', /^threat .*t2/],
    ['guardduty:GetFindings', 'GuardDuty of us-east-1', /^threat .*t2/],
    ['inspector2:ListFindings', 'Inspector of us-east-1', /^vulnerability CVE-2026-0002/],
    ['ecr:DescribeRepositories', 'ECR of us-east-1', /^vulnerability CVE-2026-0004/],
    ['ecr:DescribeImages', 'images of api', /^vulnerability CVE-2026-0004/],
    ['ecr:DescribeImageScanFindings', 'the scan of api:1.4', /^vulnerability CVE-2026-0004/],
  ])(
    '%s is unknown with that action, what it showed is not fixed, and the rest stands',
    async (action, part, hidden) => {
      refuse(action);

      const result = await audit({}, { baseline: whole.baseline });

      expect(result.findings).toContainEqual(
        expect.objectContaining({
          kind: 'part-not-readable',
          subject: part,
          summary: expect.stringContaining(`it lacks ${action}`),
        }),
      );
      const { flaws, differences } = documentIn(result);
      expect(differences.fixed).toEqual([]);
      const gone = documentIn(whole)
        .flaws.map(({ id }) => id)
        .filter((id) => !flaws.some((flaw) => flaw.id === id));
      expect(gone.filter((id) => !hidden.test(id))).toEqual([]);
      expect(differences.not_seen.map(({ id }) => id)).toEqual(expect.arrayContaining(gone));
    },
  );

  test('a group of which it is not known what has it is held to be on something public', async () => {
    refuse('ec2:DescribeNetworkInterfaces');

    const { flaws } = documentIn(await audit());

    expect(flaws.find(({ id }) => id === 'open-to-world sg-spare')).toMatchObject({
      severity: 'critical',
      title: expect.stringContaining('what it is on is not known'),
    });
  });

  test('is tried again where a service throttles now and then', async () => {
    for (const service of ['iam', 'ec2', 'securityhub', 'guardduty', 'inspector2', 'ecr', 'ssm']) {
      servers.answers.faults.throttle(service, '*', 2);
    }

    expect(kindsOf(await audit()).sort()).toEqual(kindsOf(whole).sort());
  });

  test('of two regions leaves the other whole; the account is read once, through the first', async () => {
    const before = servers.answers.calls.length;

    const result = await audit({}, { targets: TWO_REGIONS });

    const calls = servers.answers.calls.slice(before).map(({ operation }) => operation);
    expect(calls.filter((operation) => operation === 'GetCredentialReport')).toHaveLength(1);
    expect(calls.filter((operation) => operation === 'DescribeSecurityGroups')).toHaveLength(2);
    expect(documentIn(result).regions.map(({ target, region }) => `${target} ${region}`)).toEqual([
      ...['here us-east-1', 'there eu-west-1'],
    ]);
    const both = result.findings.filter(({ subject }) => subject === 'open-to-world sg-ssh');
    expect(both.map(({ target }) => target)).toEqual(['here', 'there']);
    expect(documentIn(result).flaws.filter(({ id }) => id === 'open-to-world sg-ssh')).toHaveLength(1);
  });
});
