import { describe, expect, test } from '@jest/globals';
import {
  judgeRoot,
  judgeUser,
  readCredentialReport,
  type User,
} from '../../../../lambdas/tasks/reviews/audit-security/credential-report.ts';
import { judgeBucket, type Bucket } from '../../../../lambdas/tasks/reviews/audit-security/buckets.ts';
import { judgeHost, type PatchState } from '../../../../lambdas/tasks/reviews/audit-security/hosts.ts';
import { levelOfNumber, levelOfWord, gravestOf } from '../../../../lambdas/tasks/reviews/audit-security/levels.ts';
import { judgeScan } from '../../../../lambdas/tasks/reviews/audit-security/read-images.ts';
import { judgeAccess } from '../../../../lambdas/tasks/reviews/audit-security/read-access.ts';
import {
  doorText,
  isWorld,
  judgeGroup,
  type InboundRule,
  type SecurityGroup,
} from '../../../../lambdas/tasks/reviews/audit-security/security-groups.ts';
import { PLANTED_FOR as NOW } from '../../../../lib/demo/account/day.ts';
import { COLUMNS, reportOf, ROOT_ROW } from '../../../../lib/demo/account/security.ts';

const LIMITS = {
  ...{ unusedDays: 90, keyAgeDays: 90, publicPorts: [80, 443], patchScanDays: 14, imageScanDays: 30 },
  ...{ imagesPerRepository: 3, principals: 200, reportWaitSeconds: 60 },
};
const daysAgo = (days: number) => new Date(NOW.getTime() - days * 86_400_000);

describe('a security group', () => {
  const door = (
    protocol: string,
    from: number | undefined,
    to: number | undefined,
    ...ranges: string[]
  ): InboundRule => {
    return { protocol, fromPort: from, toPort: to, ranges };
  };
  const onPublic = [{ id: 'eni-1', hasPublicV4: true, hasPublicV6: false, description: '' }];
  const group = (rule: InboundRule, attachments: SecurityGroup['attachments'] = onPublic): SecurityGroup => {
    return { id: 'sg-1', name: 'one', rules: [rule], attachments };
  };
  const V4 = '0.0.0.0/0';

  test.each([
    ['ssh from the world', door('tcp', 22, 22, V4, '::/0'), 'critical', 'tcp port 22 from 0.0.0.0/0 and ::/0'],
    ['ssh from both halves of the world', door('tcp', 22, 22, '0.0.0.0/1', '128.0.0.0/1'), 'critical', 'tcp port 22'],
    ['a range that holds ssh', door('tcp', 20, 25, V4), 'critical', 'tcp ports 20-25'],
    ['all protocols', door('-1', undefined, undefined, V4), 'critical', 'everything from 0.0.0.0/0'],
    ['all ports of TCP, by its number', door('6', 0, 65_535, V4), 'critical', 'tcp all ports'],
    ['TCP without ports', door('tcp', undefined, undefined, V4), 'critical', 'tcp all ports'],
    ['ports between two that are meant', door('tcp', 80, 443, V4), 'critical', 'tcp ports 80-443'],
    ['a port of its own', door('tcp', 8_080, 8_080, V4), 'high', 'tcp port 8080'],
    ['a port of UDP', door('udp', 161, 161, V4), 'high', 'udp port 161'],
    ['another protocol', door('50', undefined, undefined, V4), 'high', 'protocol 50 from 0.0.0.0/0'],
  ])('that lets in %s is accused', (_, rule, level, words) => {
    const judged = judgeGroup(group(rule), LIMITS.publicPorts);

    expect(judged?.level).toBe(level);
    expect(judged?.openings.map(doorText).join()).toContain(words);
  });

  test.each([
    ['HTTPS from the world', door('tcp', 443, 443, V4, '::/0')],
    ['HTTP/3 from the world', door('udp', 443, 443, V4)],
    ['ssh from an office', door('tcp', 22, 22, '203.0.113.0/24')],
    ['ssh from a private network', door('tcp', 22, 22, '10.0.0.0/8', 'fd00::/16')],
    ['an echo from the world', door('icmp', -1, -1, V4)],
    ['nobody', door('tcp', 22, 22)],
  ])('that lets in %s is not accused', (_, rule) => {
    expect(judgeGroup(group(rule), LIMITS.publicPorts)).toBeUndefined();
  });

  test('is graver where something with a public address of that family has it, and gravest where that is not known', () => {
    const ssh = door('tcp', 22, 22, '::/0');
    const levelOn = (attachments: SecurityGroup['attachments']) => {
      const { rules } = group(ssh);
      return judgeGroup({ id: 'sg-1', name: 'one', rules, attachments }, LIMITS.publicPorts)?.level;
    };

    expect(levelOn(onPublic)).toBe('high');
    expect(levelOn([{ id: 'eni-2', hasPublicV4: false, hasPublicV6: true, description: '' }])).toBe('critical');
    expect(levelOn([])).toBe('low');
    expect(levelOn(undefined)).toBe('critical');
  });

  test('takes a range for the world by its size, in both families', () => {
    expect(['0.0.0.0/0', '128.0.0.0/1', '::/0', '2000::/3'].filter(isWorld)).toHaveLength(4);
    expect(['10.0.0.0/8', '203.0.113.0/24', '2001:db8::/32', '203.0.113.9'].filter(isWorld)).toEqual([]);
  });
});

describe('a bucket', () => {
  const open = { ignoresAcls: false, restrictsPolicies: false };
  const shut = { ignoresAcls: true, restrictsPolicies: true };
  const bucket = (more: Partial<Bucket>): Bucket => {
    return { name: 'b', region: 'us-east-1', block: open, hasPublicPolicy: false, publicGrants: [], ...more };
  };

  test.each([
    ['public by policy with a private list', bucket({ hasPublicPolicy: true }), 'high'],
    ['public by list', bucket({ publicGrants: ['READ'] }), 'high'],
    ['writable by list', bucket({ publicGrants: ['READ', 'WRITE'] }), 'critical'],
    [
      'public by policy where only lists are ignored',
      bucket({ hasPublicPolicy: true, block: { ...open, ignoresAcls: true } }),
      'high',
    ],
  ])('%s is public', (_, one, level) => {
    expect(judgeBucket(one, open)).toMatchObject({ isPublic: true, level });
  });

  test('that its own block or that of its account shuts is not public', () => {
    const both = { hasPublicPolicy: true, publicGrants: ['READ'] };

    expect(judgeBucket(bucket({ ...both, block: shut }), open)).toMatchObject({ isPublic: false });
    expect(judgeBucket(bucket(both), shut)).toMatchObject({ isPublic: false });
    expect(judgeBucket(bucket({}), undefined)).toMatchObject({ isPublic: false });
  });

  test('that only the block of the account could shut is not known without it', () => {
    expect(judgeBucket(bucket({ hasPublicPolicy: true }), undefined)).toBe('unknown');
  });
});

describe('the credential report', () => {
  const user = (more: Partial<User>): User => ({
    ...{ name: 'ann', arn: 'arn', createdAt: daysAgo(900), hasPassword: false, hasMfa: false, keys: [] },
    ...{ passwordChangedAt: undefined, passwordUsedAt: undefined },
    ...more,
  });
  const key = (made: number, used?: number) => {
    return {
      slot: 1 as const,
      isActive: true,
      rotatedAt: daysAgo(made),
      usedAt: used === undefined ? undefined : daysAgo(used),
    };
  };

  test.each([
    ['a password without MFA', user({ hasPassword: true, passwordUsedAt: daysAgo(1) }), ['console-without-mfa']],
    ['a key that was not used for 91 days', user({ keys: [key(300, 91)] }), ['unused-credentials']],
    ['a key of 91 days that was never used', user({ keys: [key(91)] }), ['unused-credentials']],
    ['a key of 91 days in use', user({ keys: [key(91, 1)] }), ['old-key']],
    [
      'a password that was never used since it was set 91 days ago',
      user({ hasPassword: true, hasMfa: true, passwordChangedAt: daysAgo(91) }),
      ['unused-credentials'],
    ],
    ['a key that is used each day', user({ keys: [key(90, 1)] }), []],
    ['a key of 90 days that was never used', user({ keys: [key(90)] }), []],
    ['an old key that is not active', user({ keys: [{ ...key(900), isActive: false }] }), []],
    ['a password with MFA', user({ hasPassword: true, hasMfa: true, passwordUsedAt: daysAgo(90) }), []],
  ])('accuses %s of what is wrong with it and of nothing else', (_, one, topics) => {
    expect(judgeUser(one, LIMITS, NOW).map(({ topic }) => topic)).toEqual(topics);
  });

  test('is read also where a name has a comma in it', () => {
    const read = readCredentialReport(reportOf([{ user: 'ann,ops', key: { made: daysAgo(1).toISOString() } }]));

    expect(read).toMatchObject({
      root: { name: '<root_account>', hasPassword: false },
      users: [{ name: 'ann,ops', arn: 'arn:aws:iam::123456789012:user/ann,ops', keys: [{ isActive: true }, {}] }],
    });
  });

  test.each([
    ['without a column', reportOf([]).replaceAll('mfa_active', 'mfa'), 'no column mfa_active'],
    ['without the row of the account', COLUMNS, 'no row of the account itself'],
    ['that is empty', '', 'no column user'],
    ['with a row that is cut off', `${COLUMNS}\n${ROOT_ROW}\nann,arn:aws:iam::1:user/ann,2024`, 'row 2'],
    ['with a date that is none', reportOf([{ user: 'ann', key: { made: 'soon' } }]), 'row 2'],
  ])('%s is not read as an account without users', (_, csv, words) => {
    const read = readCredentialReport(csv);

    expect('unreadable' in read ? read.unreadable : read).toContain(words);
  });

  test('says nothing of a root user that it does not know, and of one without password nothing about MFA', () => {
    const known = (keys?: number, mfa?: number, password?: number) => {
      const { flaws, unknown } = judgeRoot({ keys, mfa, password });
      return [...flaws.map(({ topic }) => topic), ...unknown];
    };

    expect(known(1, 0, 1)).toEqual(['root-access-key', 'root-without-mfa']);
    expect(known(0, 1, 1)).toEqual([]);
    expect(known(0, 0, 0)).toEqual([]);
    expect(known()).toEqual(['whether the root user has an access key', 'whether the root user has MFA']);
  });
});

describe('the access advisor', () => {
  const services = [
    { ServiceName: 'S3', ServiceNamespace: 's3', LastAuthenticated: daysAgo(91) },
    { ServiceName: 'SQS', ServiceNamespace: 'sqs' },
  ] as never;
  const role = (days: number) => ({ name: 'role app', arn: 'arn', createdAt: daysAgo(days) });

  test('calls a role unused where it used none of its services within the limit, and not a young one', () => {
    expect(judgeAccess(role(400), services, LIMITS, NOW)).toMatchObject({ isUnused: true, unused: ['s3', 'sqs'] });
    expect(judgeAccess(role(400), services, { ...LIMITS, unusedDays: 91 }, NOW)).toMatchObject({
      isUnused: false,
      unused: ['sqs'],
    });
    expect(judgeAccess(role(20), services, LIMITS, NOW)).toMatchObject({ isUnused: false });
    expect(judgeAccess(role(400), [], LIMITS, NOW)).toMatchObject({ isUnused: false });
  });
});

describe('the patches of a machine', () => {
  const fresh: PatchState = {
    ...{ scannedAt: daysAgo(1), missing: 0, failed: 0, pendingReboot: 0, security: 0, critical: 0 },
  };
  const judge = (patches: PatchState | undefined, isManaged = true) =>
    judgeHost({ id: 'i-1', name: 'web', isManaged, patches }, 14, NOW);

  test.each([
    ['are missing', { ...fresh, missing: 5, security: 3 }, 3, 5],
    ['failed', { ...fresh, failed: 1, security: 1 }, 1, 1],
    ['wait for a reboot', { ...fresh, pendingReboot: 2 }, 0, 2],
    ['are missing, of no known kind', { ...fresh, missing: 4, security: undefined }, 4, 4],
  ])('that %s are a flaw', (_, patches, securityUpdates, count) => {
    expect(judge(patches)).toMatchObject({ securityUpdates, flaw: { count }, unknown: undefined });
  });

  test('are no flaw where none is missing and the look is fresh', () => {
    expect(judge(fresh)).toMatchObject({ securityUpdates: 0, flaw: undefined, unknown: undefined });
  });

  test.each([
    ['of a machine that SSM does not know', judge(undefined, false), /SSM does not know it/],
    ['that were never looked at', judge(undefined), /never looked at/],
    ['that were looked at long ago', judge({ ...fresh, scannedAt: daysAgo(15) }), /15 days ago; limit 14/],
    ['of which the count is not said', judge({ ...fresh, missing: undefined }), /does not say/],
  ])('%s are not known, and not in order', (_, judged, words) => {
    expect(judged).toMatchObject({ securityUpdates: undefined, flaw: undefined });
    expect(judged.unknown).toMatch(words);
  });
});

describe('the scan of an image', () => {
  const scan = (status: string, completedAt?: Date) => ({
    isNone: false,
    pages: [
      {
        imageScanStatus: { status: status as 'COMPLETE' },
        imageScanFindings: completedAt && { imageScanCompletedAt: completedAt },
      },
    ],
  });

  test.each([
    ['that was never made', { isNone: true, pages: [] }, 'it was never scanned'],
    ['that failed', scan('FAILED'), 'its scan is FAILED'],
    ['that goes on', scan('IN_PROGRESS'), 'its scan is IN_PROGRESS'],
    ['that is old', scan('COMPLETE', daysAgo(31)), 'its scan is 31 days old; limit 30 days'],
    ['without a date', scan('COMPLETE'), 'when it was scanned is not said'],
  ])('%s leaves the image unknown', (_, one, words) => {
    expect(judgeScan(one, 30, NOW).notScanned).toBe(words);
  });

  test('that is fresh, or goes on all the time, is one to go by', () => {
    expect(judgeScan(scan('COMPLETE', daysAgo(30)), 30, NOW).notScanned).toBeUndefined();
    expect(judgeScan(scan('ACTIVE', daysAgo(300)), 30, NOW).notScanned).toBeUndefined();
  });
});

test('a severity that no table knows is one that nobody has rated, and never harmless', () => {
  expect(['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'INFORMATIONAL'].map(levelOfWord)).toEqual([
    ...['critical', 'high', 'medium', 'low', 'informational'],
  ]);
  expect(['UNTRIAGED', 'UNDEFINED', 'Severe', undefined].map(levelOfWord)).toEqual(Array(4).fill('untriaged'));
  expect([9.5, 9, 8.9, 7, 4, 3.9, 1, 0.5, undefined].map(levelOfNumber)).toEqual([
    ...['critical', 'critical', 'high', 'high', 'medium', 'low', 'low', 'informational', 'untriaged'],
  ]);
  expect(gravestOf(['untriaged', 'low'])).toBe('low');
  expect(gravestOf(['untriaged'])).toBe('untriaged');
});
