import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { task } from '../../../../lambdas/tasks/reviews/audit-security/index.ts';
import type { SecurityDocument } from '../../../../lambdas/tasks/reviews/audit-security/document.ts';
import type { TaskResult } from '../../../../core/task.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import { resolvedExample } from './_platform.ts';
import { ACCOUNT, PLANTED_FOR as NOW } from '../../../../lib/demo/account/day.ts';
import { DIGEST } from '../../../../lib/demo/account/security-findings.ts';
import { FLAWED, SECURITY_MUST_FIND } from '../../../../lib/demo/account/security-planted.ts';
import { startSecurityAccount, type SecurityServers } from './_security-account.ts';

const IN_A_MONTH = new Date('2026-07-31T03:20:00Z');
const CVE = `vulnerability CVE-2026-0001 ${DIGEST}`;
let servers: SecurityServers;
let first: TaskResult<string>;
let asked: readonly string[];

beforeAll(async () => {
  servers = await startSecurityAccount(FLAWED);
  first = await audit();
  asked = servers.answers.calls.map(({ service, operation }) => `${service}:${operation}`);
}, 60_000);

afterAll(async () => {
  await servers.stop();
});

function audit(input: object = {}, more: { readonly baseline?: unknown; readonly now?: Date } = {}) {
  return resultOf({ task, targets: { account: {} }, input: input as never, now: NOW, timeoutSeconds: 60, ...more });
}

const documentIn = ({ document }: TaskResult<string>) => document as unknown as SecurityDocument;
const flawOf = (id: string, result = first) => documentIn(result).flaws.find((flaw) => flaw.id === id);
const kindsOf = ({ findings }: TaskResult<string>) => findings.map(({ kind, subject = '' }) => `${kind} ${subject}`);

describe('an audit of an account', () => {
  test('accuses each flaw once, and none of their healthy twins', () => {
    expect(kindsOf(first).sort()).toEqual(SECURITY_MUST_FIND);
  });

  test('counts one flaw on one image once, with its three sources and the gravest of their severities', () => {
    const flaw = flawOf(CVE);

    expect(flaw?.sources.map(({ name, severity }) => `${name} ${severity}`).sort()).toEqual([
      'ecr HIGH',
      'inspector CRITICAL',
      'security-hub CRITICAL',
    ]);
    expect(flaw).toMatchObject({
      severity: 'critical',
      packages: [{ name: 'openssl', version: '3.0.1', fixed_in: '3.0.9', manager: 'OS' }],
    });
  });

  test('names an image as people call it, also where only Inspector knows of its flaw', () => {
    expect(flawOf(`vulnerability CVE-2026-0002 ${DIGEST}`)?.title).toBe('CVE-2026-0002 in api:1.4');
  });

  test('joins what controls say with what it read itself, also where a control is about the account as a whole', () => {
    const sourcesOf = (id: string) =>
      flawOf(id)?.sources.map(({ name, id: known }) => `${name} ${known.split(' ')[0]}`);

    expect(sourcesOf('open-to-world sg-ssh')?.sort()).toEqual([
      'ec2 sg-ssh',
      'security-hub EC2.13',
      'security-hub EC2.19',
    ]);
    expect(sourcesOf('public-snapshot snap-public')).toEqual(['ec2 snap-public', 'security-hub EC2.1']);
    expect(sourcesOf('root-access-key root')).toEqual(['iam root', 'security-hub IAM.4']);
    expect(sourcesOf('console-without-mfa ben')).toEqual(['iam ben', 'security-hub IAM.5']);
    expect(sourcesOf(`threat arn:aws:guardduty:us-east-1:${ACCOUNT}:detector/d1/finding/t1`)).toHaveLength(2);
  });

  test('shows what its sources have put aside, and acts on none of it', () => {
    expect(
      documentIn(first)
        .set_aside.map(({ id }) => id)
        .sort(),
    ).toEqual([
      `control KMS.4 arn:aws:kms:us-east-1:${ACCOUNT}:key/k`,
      `threat arn:aws:guardduty:us-east-1:${ACCOUNT}:detector/d1/finding/t2`,
      `vulnerability CVE-2026-0003 ${DIGEST}`,
    ]);
  });

  test('gives the very command that closes a door, both ranges of it', () => {
    const { command } = first.findings.find(({ subject }) => subject === 'open-to-world sg-ssh') ?? {};

    expect(command).toBe(
      `aws ec2 revoke-security-group-ingress --group-id sg-ssh --ip-permissions '[{"IpProtocol":"tcp","FromPort":22,` +
        `"ToPort":22,"IpRanges":[{"CidrIp":"0.0.0.0/0"}],"Ipv6Ranges":[{"CidrIpv6":"::/0"}]}]' --region us-east-1`,
    );
  });

  test('writes the report under the day, with the fields that people know as numbers, or null where it does not know', () => {
    expect(task.documentKey?.(NOW)).toBe('security/monthly/20260701.json');
    expect(documentIn(first)).toMatchObject({
      audit_date: '2026-07-01',
      security_updates_pending: null,
      npm_vulnerabilities: null,
      brute_force_attempts: 240,
      suspicious_api_calls: null,
      world_writable_files: null,
      suid_files: null,
      ssl_grade: null,
      counts: { critical: expect.any(Number) },
      account: { id: ACCOUNT, root: { access_keys: 1, has_mfa: true }, users: { length: 7 } },
    });
    expect(documentIn(first).recommendations.at(0)).toBe('Install pending security updates');
    expect(documentIn(first).recommendations.at(-1)).toBe('Regular security monitoring');
    expect(JSON.parse(JSON.stringify(first.document))).toEqual(first.document);
  });

  test('asks for the block of the account in the name of that account', () => {
    expect(servers.askedOfS3).toContain(`/v20180820/configuration/publicAccessBlock of ${ACCOUNT}`);
  });

  test('asks for nothing that it did not declare, and for all that it declared', () => {
    const inIam: Readonly<Record<string, string>> = {
      's3:ListBuckets': 's3:ListAllMyBuckets',
      's3:GetPublicAccessBlock': 's3:GetBucketPublicAccessBlock',
      's3:GET /v20180820/configuration/publicAccessBlock': 's3:GetAccountPublicAccessBlock',
    };
    const declared = task.permissions(resolvedExample()).flatMap(({ actions }) => actions);

    // Who one is, everybody may ask.
    const needed = asked.filter((call) => call !== 'sts:GetCallerIdentity').map((call) => inIam[call] ?? call);
    expect([...new Set(needed)].sort()).toEqual(declared.sort());
  });
});

describe('the next audit', () => {
  test('of the same account finds nothing new, nothing worse and nothing fixed', async () => {
    const next = await audit({}, { baseline: first.baseline });

    expect(documentIn(next).differences).toMatchObject({
      compared_with: NOW.toISOString(),
      ...{ new: [], worse: [], better: [], fixed: [], not_seen: [] },
    });
    expect(kindsOf(next).sort()).toEqual(SECURITY_MUST_FIND);
  });

  test('tells what is new, worse and fixed', async () => {
    const { flaws } = first.baseline as { flaws: Record<string, object> };
    const others = Object.fromEntries(Object.entries(flaws).filter(([id]) => id !== 'public-bucket site'));
    const earlier = {
      at: '2026-06-01T00:00:00Z',
      flaws: {
        ...others,
        'public-bucket old': { ...flaws['public-bucket site'], title: 'old is open', looks: ['buckets@global/old'] },
        [CVE]: { ...flaws[CVE], level: 'medium' },
      },
    };

    const next = await audit({}, { baseline: earlier });

    expect(documentIn(next).differences).toMatchObject({
      new: ['public-bucket site'],
      worse: [CVE],
      fixed: [{ id: 'public-bucket old', title: 'old is open' }],
      not_seen: [],
    });
    expect(next.findings.find(({ subject }) => subject === 'public-bucket site')?.summary).toMatch(/; new$/);
    expect(next.findings.find(({ subject }) => subject === CVE)?.summary).toMatch(/; worse$/);
  });
});

describe('an acceptance', () => {
  const acceptance = (flaw: string, until = '2026-07-30') => {
    return { flaw, until, reason: 'a public web site', owner: 'web team' };
  };

  test('holds through its last day, with its reason and owner in the report, and then the flaw comes back', async () => {
    const accepted = [acceptance('public-bucket site', '2026-07-01')];

    const today = await audit({ accepted });
    const tomorrow = await audit({ accepted }, { now: new Date('2026-07-02T00:00:00Z') });

    expect(kindsOf(today)).not.toContain('public-bucket public-bucket site');
    expect(documentIn(today)).toMatchObject({
      differences: { accepted: ['public-bucket site'] },
      acceptances: [{ state: 'holds', reason: 'a public web site', owner: 'web team' }],
    });
    expect(kindsOf(tomorrow)).toContain('public-bucket public-bucket site');
    expect(kindsOf(tomorrow)).toContain('acceptance-expired public-bucket site');
  });

  test('does not cover what became worse since, until it is given another day', async () => {
    const accepted = [acceptance('open-to-world sg-*')];
    const before = await audit({ accepted });
    const { flaws } = before.baseline as { flaws: Record<string, { acceptedAs: object }> };
    const smaller = { acceptedAs: { level: 'critical', extent: 0, until: '2026-07-30' } };
    const baseline = {
      at: NOW.toISOString(),
      flaws: { ...flaws, 'open-to-world sg-ssh': { ...flaws['open-to-world sg-ssh'], ...smaller } },
    };

    const after = await audit({ accepted }, { baseline });
    const decided = await audit({ accepted: [acceptance('open-to-world sg-*', '2026-07-31')] }, { baseline });

    expect(kindsOf(before).filter((kind) => kind.includes('sg-'))).toEqual([]);
    expect(kindsOf(after).filter((kind) => kind.includes('sg-'))).toEqual([
      'open-to-world open-to-world sg-ssh',
      'acceptance-exceeded open-to-world sg-ssh',
    ]);
    expect(kindsOf(decided).filter((kind) => kind.includes('sg-'))).toEqual([]);
  });

  test('that matches nothing is not called wrong while something could not be read', async () => {
    const result = await audit({ accepted: [acceptance('public-bucket nowhere')] }, { now: IN_A_MONTH });

    expect(documentIn(result).acceptances).toMatchObject([{ state: 'not-known' }]);
    expect(kindsOf(result).join()).not.toContain('acceptance-unmatched');
  });
});
