import { describe, expect, test } from '@jest/globals';
import { familyParameter } from '../../../../lambdas/tasks/reviews/plan-upgrades/image-families.ts';
import {
  judgeImages,
  type Image,
  type ImageUse,
  type Newest,
} from '../../../../lambdas/tasks/reviews/plan-upgrades/images.ts';
import { Input } from '../../../../lambdas/tasks/reviews/plan-upgrades/input.ts';
import { judgeCache } from '../../../../lambdas/tasks/reviews/plan-upgrades/caches.ts';
import { judgeFunction } from '../../../../lambdas/tasks/reviews/plan-upgrades/functions.ts';
import { day, PLANTED_FOR as NOW } from '../../../../lib/demo/account/day.ts';

const GROUND = { now: NOW, region: 'us-east-1', input: Input.parse({}) };
const LATEST = '/aws/service/ami-amazon-linux-latest';

describe('the family of an image', () => {
  test.each([
    ['amzn2-ami-hvm-2.0.20250101.0-x86_64-gp2', `${LATEST}/amzn2-ami-hvm-x86_64-gp2`],
    ['amzn2-ami-kernel-5.10-hvm-2.0.20250101.0-arm64-gp2', `${LATEST}/amzn2-ami-kernel-5.10-hvm-arm64-gp2`],
    ['al2023-ami-2023.6.20250107.0-kernel-6.1-x86_64', `${LATEST}/al2023-ami-kernel-6.1-x86_64`],
    ['al2023-ami-minimal-2023.6.20250107.0-kernel-6.1-arm64', `${LATEST}/al2023-ami-minimal-kernel-6.1-arm64`],
    [
      'al2023-ami-ecs-hvm-2023.0.20250108-kernel-6.1-arm64',
      '/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id',
    ],
    ['amzn2-ami-ecs-hvm-2.0.20250108-x86_64-ebs', '/aws/service/ecs/optimized-ami/amazon-linux-2/recommended/image_id'],
    ['amazon-eks-node-1.31-v20250103', '/aws/service/eks/optimized-ami/1.31/amazon-linux-2/recommended/image_id'],
    [
      'amazon-eks-arm64-node-1.31-v20250103',
      '/aws/service/eks/optimized-ami/1.31/amazon-linux-2-arm64/recommended/image_id',
    ],
    [
      'amazon-eks-node-al2023-x86_64-standard-1.32-v20250103',
      '/aws/service/eks/optimized-ami/1.32/amazon-linux-2023/x86_64/standard/recommended/image_id',
    ],
    [
      'bottlerocket-aws-k8s-1.31-x86_64-v1.30.0-fcf71a47',
      '/aws/service/bottlerocket/aws-k8s-1.31/x86_64/latest/image_id',
    ],
    [
      'bottlerocket-aws-k8s-1.31-nvidia-aarch64-v1.30.0-fcf71a47',
      '/aws/service/bottlerocket/aws-k8s-1.31-nvidia/arm64/latest/image_id',
    ],
    [
      'Windows_Server-2022-English-Full-Base-2025.01.15',
      '/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base',
    ],
  ])('%s of Amazon is %s', (name, expected) => {
    expect(familyParameter({ name, owner: 'amazon', parameter: undefined }, {})).toBe(expected);
    expect(familyParameter({ name, owner: '999999999999', parameter: undefined }, {})).toBeUndefined();
  });

  test.each([
    [
      'ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-20250112',
      '/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id',
    ],
    [
      'ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-arm64-server-20250115.1',
      '/aws/service/canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id',
    ],
  ])('%s of Canonical is %s', (name, expected) => {
    expect(familyParameter({ name, owner: '099720109477', parameter: undefined }, {})).toBe(expected);
    expect(familyParameter({ name, owner: 'amazon', parameter: undefined }, {})).toBeUndefined();
  });

  test('is what EC2 names, and for images of your own what you name', () => {
    const known = { name: 'new-kind-1', owner: 'amazon', parameter: '/aws/service/new-kind/latest' };
    const pinned = { ...known, parameter: '/aws/service/new-kind/1.2.3' };
    const own = { name: 'eventchain-base-7', owner: '123456789012', parameter: undefined };

    expect(familyParameter(known, {})).toBe('/aws/service/new-kind/latest');
    expect(familyParameter(pinned, {})).toBeUndefined();
    expect(familyParameter(own, { 'eventchain-base-': '/eventchain/images/base' })).toBe('/eventchain/images/base');
  });
});

describe('an image', () => {
  const OLD: Image = { id: 'ami-1', name: 'old', createdAt: day('2026-01-01'), deprecatedAt: undefined };
  const NEW: Image = { id: 'ami-2', name: 'new', createdAt: day('2026-06-01'), deprecatedAt: undefined };
  const USE: ImageUse = { image: 'ami-1', stage: 'critical', instance: { id: 'i-1', type: 't3.small' } };
  const TEMPLATE: ImageUse = { image: 'ami-1', stage: 'critical', template: { id: 'lt-1', name: 'web' } };
  const judge = (image: Image | undefined, newest: Newest | undefined, uses: readonly ImageUse[] = [USE]) =>
    judgeImages(
      { uses, known: new Map(image && [[image.id, image]]), newest: new Map(newest && [['ami-1', newest]]) },
      GROUND,
    );
  const kinds = ({ notes }: ReturnType<typeof judge>) => notes.map(({ kind }) => kind);

  test.each([
    ['newer by 31 days', { ...NEW, createdAt: day('2026-02-01') }, ['upgrade-due']],
    ['newer by 29 days', { ...NEW, createdAt: day('2026-01-30') }, []],
    ['this one', OLD, []],
    ['of an unknown day', { ...NEW, createdAt: undefined }, ['not-known']],
  ])('of which the newest is %s', (_, newest, expected) => {
    expect(kinds(judge(OLD, { image: newest }))).toEqual(expected);
  });

  test('of an unknown family is never called current', () => {
    expect(judge(OLD, undefined)).toMatchObject({ rows: [{ state: 'unknown' }], notes: [{ kind: 'not-known' }] });
    expect(kinds(judge(OLD, { unknown: 'SSM has no parameter' }))).toEqual(['not-known']);
  });

  test('that is deprecated is told once, and from its day on', () => {
    const on = (deprecatedAt: Date) => kinds(judge({ ...OLD, deprecatedAt }, { image: NEW }));

    expect(on(day('2026-07-01'))).toEqual(['image-deprecated']);
    expect(on(day('2026-07-02'))).toEqual(['upgrade-due']);
    expect(judge({ ...OLD, deprecatedAt: day('2026-06-01') }, undefined).hops).toEqual([]);
  });

  test('that is gone is told to whom it concerns, and changes nothing', () => {
    expect(judge(undefined, undefined, [USE])).toMatchObject({ hops: [], notes: [{ kind: 'image-gone' }] });
    expect(kinds(judge(undefined, undefined, [USE, TEMPLATE]))).toEqual(['image-gone', 'template-without-image']);
  });

  test('of one template has the command that makes its next version', () => {
    expect(judge(OLD, { image: NEW }, [TEMPLATE]).notes[0]?.command).toBe(
      `aws ec2 create-launch-template-version --launch-template-id lt-1 --source-version '$Latest' --launch-template-data '{"ImageId":"ami-2"}' --region us-east-1`,
    );
  });
});

describe('a cache', () => {
  const cache = { id: 'c', isGroup: true, engine: 'redis', version: '7.0.7', stage: 'critical', updates: [] } as const;
  const kinds = (more: object, versions: readonly string[]) =>
    judgeCache({ ...cache, ...more }, versions, GROUND).notes.map(({ kind }) => kind);

  test.each([
    [{}, ['6.2', '7.0', '7.1'], ['upgrade-due']],
    [{ version: '7.1.0' }, ['6.2', '7.1'], []],
    [{ engine: 'valkey', version: '9.0.0' }, ['8.2', '9.0'], []],
    [{ engine: 'valkey', version: '8.1.0' }, [], ['not-known']],
    [{ version: '3.2.6' }, ['6.2'], ['not-known']],
    [{ version: '5.0.6' }, ['5.0.6', '7.1'], ['extended-support-paid']],
    [{ version: '6.2.6' }, ['6.2', '7.1'], []],
  ])('%j, where %j are offered, is %j', (more, versions, expected) => {
    expect(kinds(more, versions)).toEqual(expected);
  });

  test.each([
    [day('2026-07-31'), ['service-update-due']],
    [day('2026-08-01'), []],
    [undefined, []],
  ])('with an update recommended by %s is %j', (applyBy, expected) => {
    const updates = [{ name: 'u', severity: 'important', type: 'security-update', applyBy, estimate: undefined }];

    expect(kinds({ version: '7.1.0', updates }, ['7.1'])).toEqual(expected);
  });

  test('moves to the next major where its support ends within the year', () => {
    expect(judgeCache({ ...cache, version: '6.2.6' }, ['6.2', '7.1'], GROUND).hops).toMatchObject([
      { kind: 'cache-major', to: '7.1', dueBy: { date: '2027-01-31' } },
    ]);
  });
});

describe('a function', () => {
  const judge = (runtime: string, input: object = {}) =>
    judgeFunction({ name: 'f', runtime, stage: undefined }, { ...GROUND, input: Input.parse(input) });

  test.each([
    ['nodejs24.x', {}, []],
    ['nodejs20.x', {}, ['support-ending-soon']],
    ['nodejs22.x', { runtimes: { 'nodejs22.x': '2026-09-30' } }, ['support-ending']],
    ['cobol85', {}, ['not-known']],
    ['cobol85', { runtimes: { cobol85: '2030-01-01' } }, []],
  ])('of %s, told %j, is %j', (runtime, input, expected) => {
    expect(judge(runtime, input).notes.map(({ kind }) => kind)).toEqual(expected);
  });

  test.each([
    ['python3.9', 'python3.14'],
    ['nodejs18.x', 'nodejs24.x'],
    ['dotnetcore3.1', 'dotnet10'],
    ['go1.x', 'provided.al2023'],
  ])('of %s moves to %s', (runtime, to) => {
    expect(judge(runtime).hops[0]?.to).toBe(to);
  });
});
