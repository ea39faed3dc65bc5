import { describe, expect, test } from '@jest/globals';
import {
  acceptedOf,
  Acceptance,
  applyAcceptances,
  matches,
} from '../../../../lambdas/tasks/reviews/audit-security/acceptances.ts';
import {
  compareFlaws,
  rememberFlaws,
  type Remembered,
} from '../../../../lambdas/tasks/reviews/audit-security/differences.ts';
import {
  mergeFlaws,
  resourceName,
  setAsideOf,
  type Flaw,
} from '../../../../lambdas/tasks/reviews/audit-security/flaw.ts';
import { kindOf } from '../../../../lambdas/tasks/reviews/audit-security/findings-of.ts';
import type { Look } from '../../../../lambdas/tasks/reviews/audit-security/looking.ts';
import { flawsOfHub } from '../../../../lambdas/tasks/reviews/audit-security/security-hub.ts';
import { ACCOUNT, PLANTED_FOR as NOW } from '../../../../lib/demo/account/day.ts';
import { DIGEST, failedControl, hubFinding, IMAGE_ARN } from '../../../../lib/demo/account/security-findings.ts';

const PLACE = { target: 'account', region: 'us-east-1', now: NOW, signal: new AbortController().signal };

function flaw(id: string, more: Partial<Flaw> = {}): Flaw {
  return {
    ...{ id, topic: 'public-bucket', resource: 'b', region: 'global', level: 'high', title: id },
    ...{ sources: [{ name: 's3', id: 'b', severity: 'high' }], targets: ['account'], looks: ['buckets@global/b'] },
    ...more,
  };
}

describe('a kind', () => {
  test.each([
    ['vulnerability', 'critical', 'severe-vulnerability'],
    ['vulnerability', 'untriaged', 'vulnerability'],
    ['vulnerability', 'low', undefined],
    ['threat', 'critical', 'threat-seen'],
    ['threat', 'low', 'suspicion-seen'],
    ['control', 'high', 'severe-control-failed'],
    ['control', 'medium', 'control-failed'],
    ['control', 'informational', undefined],
    ['open-to-world', 'low', 'open-but-unused'],
    ['open-to-world', 'medium', 'open-to-world'],
    ['root-without-mfa', 'critical', 'root-without-mfa'],
  ] as const)('for a %s that is %s is %s', (topic, level, kind) => {
    expect(kindOf({ topic, level })).toBe(kind);
  });
});

const read = (name: string): Look => ({ name, target: 'account', part: name, outcome: 'read' });
const unread = (name: string): Look => ({
  ...{ name, target: 'account', part: name, outcome: 'unread' },
  unread: { part: name, action: 's3:GetBucketAcl', reason: 'refused', isDenied: true },
});
const off = (name: string): Look => ({ name, target: 'account', part: name, outcome: 'not-enabled', why: 'off' });

describe('one flaw', () => {
  test.each([
    [IMAGE_ARN, DIGEST],
    [`api@${DIGEST}`, DIGEST],
    [`arn:aws:ec2:us-east-1:${ACCOUNT}:instance/i-1`, 'i-1'],
    [`arn:aws:ec2:us-east-1:${ACCOUNT}:security-group/sg-1`, 'sg-1'],
    ['arn:aws:s3:::data', 'data'],
    [`arn:aws:iam::${ACCOUNT}:user/ops/ben`, 'ben'],
    [`AWS::::Account:${ACCOUNT}`, `account ${ACCOUNT}`],
    [`arn:aws:lambda:us-east-1:${ACCOUNT}:function:f:$LATEST`, `arn:aws:lambda:us-east-1:${ACCOUNT}:function:f`],
  ])('is on %s, whichever way a source writes it', (written, name) => {
    expect(resourceName(written)).toBe(name);
  });

  test('is open while one source has it open, and put aside where all have', () => {
    const aside = { name: 'security-hub', id: 'h', severity: 'HIGH', setAside: 'suppressed' } as const;
    const there = flaw('public-bucket b', { level: 'critical', sources: [aside] });

    expect(setAsideOf(there)).toBe('suppressed in security-hub');
    const [both] = mergeFlaws([there, flaw('public-bucket b', { level: 'medium' })]);
    expect(both && setAsideOf(both)).toBeUndefined();
    expect(both).toMatchObject({ level: 'medium', sources: { length: 2 } });
  });

  test('of a control about the account stays where nothing of its topic was found', () => {
    const whole = flawsOfHub(failedControl('EC2.1', `AWS::::Account:${ACCOUNT}`, 'CRITICAL'), PLACE);

    expect(mergeFlaws(whole).map(({ id }) => id)).toEqual([`public-snapshot account ${ACCOUNT}`]);
  });

  test('of one control is one, also where each standard has a finding of its own for it', () => {
    const finding = failedControl('S3.5', 'arn:aws:s3:::data', 'MEDIUM');
    const old = { Status: 'FAILED' as const };
    const twice = [
      { ...finding, Compliance: old, ProductFields: { ControlId: 'S3.5' } },
      {
        ...finding,
        Id: 'other',
        Compliance: old,
        GeneratorId: 'aws-foundational-security-best-practices/v/1.0.0/S3.5',
      },
    ].flatMap((one) => flawsOfHub(one, PLACE));

    expect(mergeFlaws(twice)).toMatchObject([{ id: 'control S3.5 data', sources: { length: 2 } }]);
  });

  test('of another product keeps its own name, and what passes is none', () => {
    const macie = hubFinding('m1', {
      ProductName: 'Macie',
      Resources: [{ Type: 'AwsS3Bucket', Id: 'arn:aws:s3:::d' }],
    });
    const passed = failedControl('S3.5', 'arn:aws:s3:::data', 'MEDIUM', { Compliance: { Status: 'PASSED' } });

    expect(flawsOfHub(macie, PLACE)).toMatchObject([{ id: 'control Macie m1', level: 'untriaged' }]);
    expect(flawsOfHub(passed, PLACE)).toEqual([]);
  });
});

describe('a flaw of the last audit that is gone from sight', () => {
  const earlier = (looks: string[]): Remembered => ({
    at: '2026-06-01T00:00:00Z',
    flaws: {
      'public-bucket b': {
        ...{ topic: 'public-bucket', title: 'b', level: 'high', looks, targets: ['account'], isOpen: true },
        ...{ firstSeenAt: '2026-05-01T00:00:00Z', lastSeenAt: '2026-06-01T00:00:00Z' },
      },
    },
  });

  test.each([
    ['where it was looked at again', ['buckets@global/b'], [read('buckets@global')]],
    ['where all that had shown it was', ['inspector@r', 'ecr@r/api'], [read('inspector@r'), read('ecr@r')]],
  ])('is fixed %s', (_, looks, taken) => {
    expect(compareFlaws([], earlier(looks), taken)).toMatchObject({ fixed: [{ id: 'public-bucket b' }], notSeen: [] });
  });

  test.each([
    ['that thing could not be read', ['buckets@global/b'], [read('buckets@global'), unread('buckets@global/b')]],
    ['what holds it could not be read', ['ecr@r/team/api/d'], [read('ecr@r'), unread('ecr@r/team/api')]],
    ['the list could not be read', ['buckets@global/b'], [unread('buckets@global')]],
    ['nobody looked', ['buckets@global/b'], []],
    ['one of two sources is off now', ['inspector@r', 'ecr@r/api'], [read('ecr@r'), off('inspector@r')]],
  ])('is not fixed where %s, and is remembered as it was', (_, looks, taken) => {
    const differences = compareFlaws([], earlier(looks), taken);

    expect(differences).toMatchObject({ fixed: [], notSeen: [{ id: 'public-bucket b' }] });
    const kept = rememberFlaws([], { earlier: earlier(looks), differences, acceptedUntil: new Map(), now: NOW });
    expect(kept.flaws['public-bucket b']).toEqual(earlier(looks).flaws['public-bucket b']);
  });

  test('is forgotten and not fixed where it is a threat, which no look can show to be over', () => {
    const before = earlier(['guardduty@r']);
    const threat = { ...before.flaws['public-bucket b'], topic: 'threat' };
    const remembered = { ...before, flaws: { 'threat t1': threat } } as Remembered;

    const differences = compareFlaws([], remembered, [read('guardduty@r')]);

    expect(differences).toMatchObject({ fixed: [], forgotten: [{ id: 'threat t1' }], notSeen: [] });
  });

  test('that comes back from being put aside is new, graver or more of it is worse, and less is better', () => {
    const before = earlier(['buckets@global/b']);
    const known = before.flaws['public-bucket b'];
    const changeOf = (now: Partial<Flaw>, was: object) => {
      const remembered = { ...before, flaws: { 'public-bucket b': { ...known, ...was } } } as Remembered;
      return compareFlaws([flaw('public-bucket b', now)], remembered, []).changes.get('public-bucket b');
    };

    expect(changeOf({}, {})).toBe('unchanged');
    expect(changeOf({}, { isOpen: false })).toBe('new');
    expect(changeOf({ level: 'critical' }, {})).toBe('worse');
    expect(changeOf({ extent: 2 }, { extent: 1 })).toBe('worse');
    expect(changeOf({ extent: 1 }, { extent: 2 })).toBe('better');
    expect(changeOf({ level: 'low', extent: 9 }, { extent: 1 })).toBe('better');
  });
});

describe('an acceptance', () => {
  const acceptance = { flaw: 'public-bucket b', until: '2026-07-01', reason: 'a web site', owner: 'web' };

  test.each([
    ['2026-07-01T23:59:59Z', 'holds'],
    ['2026-07-02T00:00:00Z', 'expired'],
  ])('at %s %s', (at, state) => {
    const applied = applyAcceptances([flaw('public-bucket b')], [acceptance], { now: new Date(at), isAllSeen: true });

    expect(applied).toMatchObject([{ state, flaws: ['public-bucket b'] }]);
    expect(acceptedOf(applied).size).toBe(state === 'holds' ? 1 : 0);
  });

  test('of nothing matches nothing where all was seen, and is not known where something was not', () => {
    const stateOf = (isAllSeen: boolean) => applyAcceptances([], [acceptance], { now: NOW, isAllSeen })[0]?.state;

    expect(stateOf(true)).toBe('matches-nothing');
    expect(stateOf(false)).toBe('not-known');
  });

  test.each([
    ['public-bucket b', 'public-bucket b', true],
    ['public-bucket b', 'public-bucket bc', false],
    ['public-bucket b*', 'public-bucket bc', true],
    ['vulnerability CVE-2026-1 *', 'vulnerability CVE-2026-1 sha256:ab', true],
    ['vulnerability CVE-2026-1 *', 'vulnerability CVE-2026-11 sha256:ab', false],
    ['control * arn:*:db:main', 'control RDS.3 arn:aws:rds:us-east-1:1:db:main', true],
    ['control *a*a', 'control a', false],
  ])('of %s is about %s: %s', (pattern, id, isMeant) => {
    expect(matches(pattern, id)).toBe(isMeant);
  });

  test('cannot be of everything, nor of something that this audit never says', () => {
    const isAllowed = (id: string) => Acceptance.safeParse({ ...acceptance, flaw: id }).success;

    expect(['public-bucket b', 'vulnerability CVE-2026-1 *'].every(isAllowed)).toBe(true);
    expect(['*', 'public-bucket', 'bucket b', ''].some(isAllowed)).toBe(false);
    expect(Acceptance.safeParse({ ...acceptance, reason: 'ok' }).success).toBe(false);
  });
});
