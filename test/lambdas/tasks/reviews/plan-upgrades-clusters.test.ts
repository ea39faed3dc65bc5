import { describe, expect, test } from '@jest/globals';
import type { Cluster, ClusterVendor, Insight } from '../../../../lambdas/tasks/reviews/plan-upgrades/cluster.ts';
import { judgeCluster } from '../../../../lambdas/tasks/reviews/plan-upgrades/clusters.ts';
import { Input } from '../../../../lambdas/tasks/reviews/plan-upgrades/input.ts';
import { firstWeek, plan } from '../../../../lambdas/tasks/reviews/plan-upgrades/timeline.ts';
import { day, PLANTED_FOR as NOW } from '../../../../lib/demo/account/day.ts';

const GREEN: Insight = {
  name: 'Kubelet version skew',
  version: '1.34',
  status: 'PASSING',
  reason: '',
  refreshedAt: day('2026-06-30'),
  deprecations: [],
};

const PROD: Cluster = {
  name: 'prod',
  version: '1.32',
  stage: 'critical',
  isExtendedSupportOn: true,
  nodeGroups: [{ name: 'web', version: '1.32', imageType: 'AL2023_x86_64_STANDARD' }],
  addOns: [{ name: 'coredns', version: 'v1' }],
  insights: [GREEN],
  updates: [],
};

function vendor(standardEnd = day('2027-06-30')): ClusterVendor {
  return {
    versions: ['1.32', '1.33', '1.34', '1.35'].map((version) => ({
      version,
      isDefault: version === '1.34',
      standardEnd,
      extendedEnd: day('2028-06-30'),
    })),
    addOnVersions: new Map([
      ['coredns 1.33', [{ version: 'v1', isDefault: true }]],
      [
        'coredns 1.34',
        [
          { version: 'v2', isDefault: true },
          { version: 'v3', isDefault: false },
        ],
      ],
    ]),
  };
}

const judge = (more: Partial<Cluster> = {}, of = vendor()) =>
  judgeCluster({ ...PROD, ...more }, of, { now: NOW, region: 'us-east-1', input: Input.parse({}) });
const kinds = ({ notes }: ReturnType<typeof judge>) => notes.map(({ kind }) => kind);
const CURRENT = { version: '1.34', nodeGroups: [], addOns: [] };

describe('the way of a cluster', () => {
  test('goes one minor at a time: add-ons that do not fit, the control plane, a week later the nodes', () => {
    const { hops } = judge();

    expect(hops.map(({ kind, from, to, step }) => [kind, from, to, step])).toEqual([
      ['control-plane', '1.32', '1.33', 1],
      ['node-group', '1.32', '1.33', 1],
      ['add-on', 'v1', 'v2', 1],
      ['control-plane', '1.33', '1.34', 2],
      ['node-group', '1.33', '1.34', 2],
    ]);
    const weeks = plan(hops, firstWeek(NOW, 14)).map(({ week, hops: its }) => [week, its.map(({ hop }) => hop.kind)]);
    expect(weeks).toEqual([
      [2, ['control-plane']],
      [3, ['node-group', 'add-on', 'control-plane']],
      [4, ['node-group']],
    ]);
  });

  test('begins with nodes that are behind the control plane', () => {
    const nodeGroups = [{ name: 'web', version: '1.33', imageType: undefined }];

    expect(judge({ ...CURRENT, nodeGroups }).hops).toMatchObject([{ kind: 'node-group', from: '1.33', to: '1.34' }]);
  });

  test('needs a new node group where the image type ends, and then there is no command that would do', () => {
    const nodeGroups = [{ name: 'web', version: '1.32', imageType: 'AL2_x86_64' }];
    const nodes = judge({ nodeGroups }).hops.filter(({ kind }) => kind === 'node-group');

    expect(nodes[0]).toMatchObject({ to: '1.33', danger: expect.stringContaining('Amazon Linux 2') });
    expect(nodes[0]).not.toHaveProperty('command');
  });

  test('checks first what could not be read, and add-ons that have no version for it', () => {
    const [unread] = judge({ insights: undefined, addOns: undefined, nodeGroups: undefined }).hops;
    const none = { ...vendor(), addOnVersions: new Map([['coredns 1.33', []]]) };

    expect(unread?.preChecks).toHaveLength(3);
    expect(judge({}, none).hops[0]?.preChecks).toEqual([expect.stringContaining('coredns is replaced')]);
  });

  test('is none for a cluster with the version that EKS gives to new ones, and for a newer one', () => {
    expect(judge(CURRENT)).toMatchObject({ hops: [], notes: [] });
    expect(judge({ ...CURRENT, version: '1.35' })).toMatchObject({ hops: [], notes: [] });
  });

  test('is not known where EKS names no version', () => {
    expect(kinds(judge(CURRENT, { versions: [], addOnVersions: new Map() }))).toEqual(['not-known', 'not-known']);
  });

  test('says what extended support costs, and who upgrades where it is switched off', () => {
    const paid = judge(CURRENT, vendor(day('2026-06-01')));
    const forced = judge({ ...CURRENT, isExtendedSupportOn: false }, vendor(day('2026-07-20')));

    expect(paid.notes).toMatchObject([{ kind: 'extended-support-paid', summary: expect.stringContaining('365 USD') }]);
    expect(forced.notes).toMatchObject([
      { kind: 'support-ending-soon', summary: expect.stringContaining('EKS upgrades') },
    ]);
  });
});

describe('an upgrade insight', () => {
  const about = (more: Partial<Insight>, ...others: readonly Insight[]) =>
    judge({
      ...CURRENT,
      insights: [{ ...GREEN, name: 'Deprecated APIs', status: 'ERROR', reason: 'red', ...more }, ...others],
    });
  const api = (...clients: readonly (readonly [string, Date | undefined])[]) => ({
    deprecations: [
      {
        api: '/apis/policy/v1beta1',
        replacement: '/apis/policy/v1',
        servedUntil: '1.35',
        clients: clients.map(([agent, lastCalledAt]) => ({ agent, lastCalledAt })),
      },
    ],
  });

  test.each([
    ['was called yesterday', api(['helm', day('2026-06-30')]), ['api-still-called']],
    [
      'was called by one of two yesterday',
      api(['helm', day('2026-06-30')], ['argocd', day('2026-06-02')]),
      ['api-still-called'],
    ],
    ['was called 7 days ago', api(['helm', new Date('2026-06-24T03:20:00Z')]), ['api-still-called']],
    ['was last called 8 days ago', api(['helm', new Date('2026-06-24T03:19:59Z')]), ['insight-lagging']],
    ['has a client without a time', api(['helm', day('2026-06-02')], ['argocd', undefined]), ['not-known']],
    ['has no client', api(), ['not-known']],
    ['is of something else', { deprecations: [] }, ['insight-failing']],
    ['cannot be told by EKS', { status: 'UNKNOWN' }, ['not-known']],
    ['is green', { status: 'PASSING' }, []],
    ['was never refreshed', { status: 'PASSING', refreshedAt: undefined }, ['not-known']],
    ['is three days old', { status: 'PASSING', refreshedAt: day('2026-06-28') }, ['not-known']],
  ])('whose API %s is told as such', (_, more, expected) => {
    expect(kinds(about(more))).toEqual(expected);
  });

  test('that is red only by what EKS still counts says until when', () => {
    const { rows, notes } = about(api(['helm', day('2026-06-10')], ['argocd', day('2026-06-12')]));

    expect(notes[0]?.summary).toContain('last called on 2026-06-12; EKS shows it until 2026-07-13');
    expect(rows[0]?.upgrade_insights).toMatchObject([{ status: 'ERROR', green_from: '2026-07-13' }]);
  });

  test('that is missing altogether makes nothing known', () => {
    expect(kinds(judge({ ...CURRENT, insights: [] }))).toEqual(['not-known']);
  });
});

describe('the way back of a control plane', () => {
  const upgraded = (startedAt: Date | undefined, type = 'VersionUpdate', status = 'Successful') =>
    judge({ ...CURRENT, updates: [{ type, status, startedAt, version: '1.34' }] });

  test('is open for 7 days, and says until when and how', () => {
    const { notes, rows } = upgraded(new Date('2026-06-24T03:20:01Z'));

    expect(notes).toMatchObject([
      {
        kind: 'rollback-open',
        summary: expect.stringContaining('rolled back to 1.33 until 2026-07-01'),
        command: 'aws eks update-cluster-version --name prod --kubernetes-version 1.33 --region us-east-1',
      },
    ]);
    expect(rows[0]).toMatchObject({ rollback_to: '1.33', rollback_until: '2026-07-01' });
  });

  test.each([
    ['older', new Date('2026-06-24T03:20:00Z'), 'VersionUpdate', 'Successful', []],
    ['rolled back already', day('2026-06-30'), 'VersionRollback', 'Successful', []],
    ['failed', day('2026-06-30'), 'VersionUpdate', 'Failed', []],
    ['of something else', day('2026-06-30'), 'ConfigUpdate', 'Successful', []],
    ['without a date', undefined, 'VersionUpdate', 'Successful', ['not-known']],
  ])('is not claimed for an update that is %s', (_, startedAt, type, status, expected) => {
    expect(kinds(upgraded(startedAt, type, status))).toEqual(expected);
  });
});
