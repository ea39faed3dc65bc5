import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { UpgradePlan } from '../../../../lambdas/tasks/reviews/plan-upgrades/document.ts';
import { task } from '../../../../lambdas/tasks/reviews/plan-upgrades/index.ts';
import type { AnswersServer } from '../../../../lib/demo/aws/server.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import { resolvedExample } from './_platform.ts';
import { PLANTED_FOR as NOW } from '../../../../lib/demo/account/day.ts';
import { CURRENT, UPGRADE_MUST_FIND, PLANTED } from '../../../../lib/demo/account/upgrades-planted.ts';
import { startUpgradesAccount, withUpgradesAccount } from './_upgrades-account.ts';

let server: AnswersServer;
/** What a plan of the account with everything says. */
let planned: Awaited<ReturnType<typeof resultOf>>;
/** What it asked for. */
let asked: readonly string[];

beforeAll(async () => {
  server = await startUpgradesAccount(PLANTED);
  planned = await review();
  asked = server.calls.map(({ service, operation }) => `${service}:${operation}`);
});

beforeEach(() => server.faults.clear());

afterAll(async () => {
  await server.stop();
});

const review = (input: object = {}, baseline?: unknown) =>
  resultOf({ task, targets: { account: {} }, input: input as never, now: NOW, baseline });
type Result = Awaited<ReturnType<typeof review>>;
const kindsOf = ({ findings }: Result) => findings.map(({ kind, subject = '' }) => `${kind} ${subject}`).sort();
const planOf = ({ document }: Result) => document as unknown as UpgradePlan;
const summaryOf = ({ findings }: Result, kind: string, subject: string) =>
  findings.find((one) => one.kind === kind && one.subject === subject);

describe('a plan of an account', () => {
  test('names what is due, ends, costs or is gone, and nothing that is up to date', () => {
    expect(kindsOf(planned)).toEqual(UPGRADE_MUST_FIND);
  });

  test('compares versions as numbers, and gives the command that makes the change', () => {
    const result = planned;

    expect(summaryOf(result, 'upgrade-due', 'database minor')).toMatchObject({
      summary: 'database minor: postgres 15.9 can be upgraded to 15.10',
      command:
        'aws rds modify-db-instance --db-instance-identifier minor --engine-version 15.10 --no-apply-immediately --region us-east-1',
    });
  });

  test('says what extended support costs from the next month on, and what it costs already', () => {
    const result = planned;

    expect(summaryOf(result, 'support-ending-soon', 'database ending')).toMatchObject({
      summary: expect.stringMatching(
        /ends on 2026-07-31, in 30 days; then extended support is charged: 292 USD a month, 4 vCPUs at 0.1 USD an hour/,
      ),
      value: 30,
      limit: 30,
    });
    expect(summaryOf(result, 'extended-support-paid', 'database paid')?.summary).toMatch(
      /since 2024-02-29: 292 USD.*third year/,
    );
    expect(planOf(result).cost_of_waiting).toMatchObject({
      usd_per_month_now: 292,
      entries: expect.arrayContaining([
        expect.objectContaining({ subject: 'database ending', usd_per_month: 292, from: '2026-08-01' }),
      ]),
    });
  });

  test('goes over every version between, a database by the ways of RDS and a cluster one minor at a time', () => {
    const plan = planOf(planned);

    expect(plan.rds_upgrades.filter(({ db_instance }) => db_instance === 'paid')).toMatchObject([
      { current_version: '5.7.44', recommended_version: '8.0.40', is_major_upgrade: true },
      { current_version: '8.0.40', recommended_version: '8.4.5', is_major_upgrade: true },
    ]);
    expect(plan.rds_upgrades.filter(({ db_instance }) => db_instance === 'ending')).toMatchObject([
      { recommended_version: '16.9', is_major_upgrade: true, auto_upgrade_date: '2026-07-31' },
    ]);
    expect(plan.kubernetes_upgrades.filter(({ cluster_name }) => cluster_name === 'prod')).toEqual([
      { cluster_name: 'prod', current_version: '1.32', recommended_version: '1.33', upgrade_type: 'minor' },
      { cluster_name: 'prod', current_version: '1.33', recommended_version: '1.34', upgrade_type: 'minor' },
    ]);
  });

  test('says until when EKS shows an insight that is mended, and who calls what is not', () => {
    const result = planned;

    expect(summaryOf(result, 'insight-lagging', 'cluster prod')?.summary).toContain(
      'the API was last called on 2026-06-12; EKS shows it until 2026-07-13',
    );
    expect(summaryOf(result, 'api-still-called', 'cluster test')?.summary).toContain('last on 2026-06-30 by helm');
  });

  test('has every field of the plan before it, and everything that an approver asks of a change', () => {
    const result = planned;
    const plan = planOf(result);

    expect(plan).toMatchObject({
      generated_at: '2026-07-01T03:20:00.000Z',
      quarter: 'Q3 2026',
      ami_upgrades: expect.arrayContaining([
        {
          instance_id: 'i-old-1',
          current_ami: 'ami-al2-old',
          recommended_ami: 'ami-al2-new',
          current_ami_date: '2025-01-01T00:00:00.000Z',
          recommended_ami_date: '2026-06-01T00:00:00.000Z',
          instance_type: 't3.medium',
        },
      ]),
      risk_assessment: { high_risk: expect.arrayContaining([expect.stringContaining('cluster prod')]) },
      rollback_plan: {
        database_rollback: {
          loses: expect.stringContaining('is lost'),
          estimated_time: expect.stringContaining('not known'),
        },
      },
    });
    expect(plan.ami_upgrades.map(({ instance_id }) => instance_id).sort()).toEqual([
      'i-deprecated',
      'i-old-1',
      'i-old-2',
    ]);
    for (const { pre_checks, rollback, risk, minutes } of plan.timeline.flatMap(({ hops }) => hops)) {
      expect(pre_checks.length).toBeGreaterThan(0);
      expect(rollback.method).not.toBe('');
      expect(risk.reason).not.toBe('');
      expect(minutes).toBeGreaterThan(0);
    }
    expect(task.documentKey?.(NOW)).toBe('upgrades/quarterly/2026-Q3.json');
    expect(JSON.parse(JSON.stringify(result.document))).toEqual(result.document);
  });

  test('keeps what was measured here apart from what is estimated', async () => {
    const plan = planOf(await review({ minutes: { 'control-plane': 25 }, restoreMinutes: 40 }));
    const hops = plan.timeline.flatMap(({ hops: its }) => its);

    expect(hops.find(({ kind }) => kind === 'control-plane')).toMatchObject({
      minutes: 25,
      minutes_are: 'measured here',
    });
    expect(hops.find(({ kind }) => kind === 'node-group')).toMatchObject({ minutes_are: 'an estimate' });
    expect(plan.rollback_plan.database_rollback?.estimated_time).toBe('40 minutes (measured here)');
  });

  test('asks for nothing that it did not declare, and for all that it declared', () => {
    const declared = task.permissions(resolvedExample()).flatMap(({ actions }) => actions);
    expect([...new Set(asked)].sort()).toEqual(declared.sort());
  });
});

describe('a part that is refused', () => {
  test.each([
    ['ec2:DescribeInstances', 'EC2 instances'],
    ['ec2:DescribeImages', 'images'],
    ['ec2:DescribeLaunchTemplates', 'launch templates'],
    ['ec2:DescribeLaunchTemplateVersions', 'launch templates'],
    ['ssm:GetParameters', 'the newest images'],
    ['rds:DescribeDBInstances', 'RDS instances'],
    ['rds:DescribeDBClusters', 'Aurora clusters'],
    ['rds:DescribeDBEngineVersions', 'the versions of engines'],
    ['rds:DescribeDBMajorEngineVersions', 'the support dates of engines'],
    ['rds:DescribePendingMaintenanceActions', 'pending maintenance'],
    ['rds:DescribeCertificates', 'certificate authorities'],
    ['eks:ListClusters', 'EKS clusters'],
    ['eks:DescribeCluster', 'cluster prod'],
    ['eks:DescribeClusterVersions', 'the versions of EKS'],
    ['eks:ListNodegroups', 'node groups of prod'],
    ['eks:DescribeNodegroup', 'node groups of prod'],
    ['eks:ListAddons', 'add-ons of prod'],
    ['eks:DescribeAddon', 'add-ons of prod'],
    ['eks:DescribeAddonVersions', 'the versions of add-ons'],
    ['eks:ListInsights', 'upgrade insights of prod'],
    ['eks:DescribeInsight', 'upgrade insights of prod'],
    ['eks:ListUpdates', 'updates of prod'],
    ['eks:DescribeUpdate', 'updates of prod'],
    ['elasticache:DescribeCacheClusters', 'ElastiCache'],
    ['elasticache:DescribeReplicationGroups', 'replication groups'],
    ['elasticache:DescribeCacheEngineVersions', 'the versions of caches'],
    ['elasticache:DescribeUpdateActions', 'service updates of caches'],
    ['elasticache:ListTagsForResource', 'the tags of caches'],
    ['lambda:ListFunctions', 'Lambda functions'],
    ['lambda:ListTags', 'the tags of functions'],
  ])('%s is unknown with the action that it lacks, and what is of other services stands', async (action, subject) => {
    server.faults.deny(action);

    const result = await review();

    expect(result.findings).toContainEqual(
      expect.objectContaining({
        kind: 'part-not-readable',
        subject,
        summary: expect.stringContaining(`it lacks ${action}`),
      }),
    );
    const service = action.split(':')[0] ?? '';
    const others = UPGRADE_MUST_FIND.filter((one) => !OF[service]?.test(one));
    expect(kindsOf(result)).toEqual(expect.arrayContaining(others));
    expect(kindsOf(result).filter((one) => !OF[service]?.test(one) && !one.startsWith('part-'))).toEqual(others);
    // What is not seen makes nothing pass.
    expect(result.findings.some(({ kind }) => kind === 'nothing-found')).toBe(false);
  });

  test('and throttling now and then changes nothing', async () => {
    server.faults.throttle('ec2', 'DescribeInstances', 2);
    server.faults.throttle('rds', 'DescribeDBEngineVersions', 2);
    server.faults.reset('eks', 'ListClusters', 1);
    server.faults.truncate('elasticache', 'DescribeUpdateActions', 1);

    expect(kindsOf(await review())).toEqual(UPGRADE_MUST_FIND);
  });
});

/** The findings of a service. */
const OF: Readonly<Record<string, RegExp>> = {
  ec2: / image /,
  ssm: / image /,
  rds: / (database|maintenance|certificate) /,
  eks: / cluster /,
  elasticache: / (cache|update) /,
  lambda: / function /,
};

test('an account in which everything is up to date passes, and has an empty plan', () =>
  withUpgradesAccount(CURRENT, async () => {
    const result = await resultOf({ task, targets: { account: { region: 'eu-west-1' } }, now: NOW });

    expect(result.findings).toEqual([]);
    expect(result.measurements).toContainEqual({ name: 'hops', value: 0, unit: 'count', target: 'account' });
    expect(planOf(result)).toMatchObject({ ami_upgrades: [], rds_upgrades: [], kubernetes_upgrades: [] });
    expect(planOf(result).timeline).toEqual([]);
  }));

test('an empty account is unknown and no pass', () =>
  withUpgradesAccount({}, async () => {
    const result = await resultOf({ task, targets: { account: { region: 'eu-central-1' } }, now: NOW });

    expect(result.findings).toMatchObject([
      { kind: 'nothing-found', summary: expect.stringContaining('eu-central-1') },
    ]);
    expect(result.measurements).toEqual([]);
    expect(planOf(result)).toMatchObject({ timeline: [], rollback_plan: { database_rollback: null } });
  }));
