import { describe, expect, test } from '@jest/globals';
import type { V1Pod } from '@kubernetes/client-node';
import { podOf } from '../../../../lambdas/tasks/kubernetes/_pod.ts';
import type { Limits } from '../../../../lambdas/tasks/kubernetes/_trouble.ts';
import { judgePods, task } from '../../../../lambdas/tasks/kubernetes/check-pods.ts';
import * as demo from '../../../../lib/demo/pods.ts';

const now = new Date('2026-03-02T02:00:00Z');
const limits: Limits = { now, withinSeconds: 86_400, notReadyForSeconds: 900, restartsAbove: 5 };
const place: demo.PodPlace = { workload: 'web', namespace: 'shop', now };
const job: demo.PodPlace = { ...place, kind: 'Job', workload: 'migrate' };
const cron: demo.PodPlace = { ...place, kind: 'CronJob', workload: 'backup' };

function judge(pods: readonly V1Pod[]) {
  return judgePods('cluster', pods.map(podOf), limits);
}

function kindsOf(pods: readonly V1Pod[]): string[] {
  return judge(pods).map(({ kind }) => kind);
}

describe('grouping', () => {
  test('200 pods of one broken Deployment are one finding with a count and three names', () => {
    const pods = [...demo.podsOf(200, place, demo.crashLoopingPod), demo.healthyPod({ ...place, index: 200 })];

    const findings = judge(pods);

    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ subject: 'shop/deployment/web', value: 200 });
    expect(findings[0]?.summary).toContain('200 of 201 pods');
    expect(findings[0]?.summary).toContain('and 197 more');
    expect(findings[0]?.summary.length).toBeLessThan(800);
  });

  test.each([
    ['StatefulSet', 'shop/statefulset/web'],
    ['DaemonSet', 'shop/daemonset/web'],
    ['Job', 'shop/job/web'],
    ['CronJob', 'shop/cronjob/web'],
    ['Pod', 'shop/pod/web'],
  ] as const)('names the %s of a pod', (kind, subject) => {
    expect(judge([demo.crashLoopingPod({ ...place, kind })])[0]?.subject).toBe(subject);
  });

  test('a ReplicaSet without a Deployment keeps its own name', () => {
    const pod = demo.crashLoopingPod(place);

    const [finding] = judge([{ ...pod, metadata: { ...pod.metadata, labels: {} } }]);

    expect(finding?.subject).toBe('shop/replicaset/web-6d4cf56db6');
  });

  test('workloads of the same name in two namespaces are two findings', () => {
    const pods = [demo.crashLoopingPod(place), demo.crashLoopingPod({ ...place, namespace: 'test' })];

    expect(judge(pods).map(({ subject }) => subject)).toEqual(['shop/deployment/web', 'test/deployment/web']);
  });
});

describe('failed pods of Jobs', () => {
  test('a Job that failed and did not succeed since has failed', () => {
    expect(kindsOf([demo.failedPod(job)])).toEqual(['job-failed']);
  });

  test('a Job that succeeded after its failure is fine', () => {
    const pods = [demo.failedPod({ ...job, ageSeconds: 7_200 }), demo.completedPod({ ...job, index: 1 })];

    expect(kindsOf(pods)).toEqual(['job-retried']);
    expect(task.findings['job-retried']?.severity).toBe('info');
  });

  test('a Job that is tried again now has not failed yet', () => {
    expect(kindsOf([demo.failedPod(job), demo.healthyPod({ ...job, index: 1, ageSeconds: 30 })])).toEqual([
      'job-retried',
    ]);
  });

  test('a success of before does not excuse a failure', () => {
    const pods = [demo.completedPod({ ...job, ageSeconds: 7_200 }), demo.failedPod({ ...job, index: 1 })];

    expect(kindsOf(pods)).toEqual(['job-failed']);
  });

  test('a Job that failed before the period is litter', () => {
    expect(kindsOf([demo.failedPod({ ...job, ageSeconds: 3 * 86_400 })])).toEqual(['failed-pods-left']);
  });

  test('a CronJob whose latest run failed has failed, however long ago', () => {
    const pods = [
      demo.completedPod({ ...cron, ageSeconds: 9 * 86_400 }),
      demo.failedPod({ ...cron, index: 1, ageSeconds: 2 * 86_400 }),
    ];

    expect(kindsOf(pods)).toEqual(['job-failed']);
  });

  test('a later run of the CronJob that succeeded settles the failure', () => {
    const pods = [demo.failedPod({ ...cron, ageSeconds: 86_400 }), demo.completedPod({ ...cron, index: 1 })];

    expect(kindsOf(pods)).toEqual(['job-retried']);
  });

  test('a later run of the CronJob that is still at work settles nothing', () => {
    const pods = [
      demo.failedPod({ ...cron, ageSeconds: 86_400 }),
      demo.healthyPod({ ...cron, index: 1, ageSeconds: 30 }),
    ];

    expect(kindsOf(pods)).toEqual(['job-failed']);
  });
});

describe('failed pods of everything else', () => {
  test('evicted pods are one finding and old ones are litter', () => {
    const pods = [
      ...demo.podsOf(40, place, demo.evictedPod),
      demo.evictedPod({ ...place, index: 41, ageSeconds: 9 * 86_400 }),
      demo.healthyPod({ ...place, index: 42 }),
    ];

    const findings = judge(pods);

    expect(findings.map(({ kind, value }) => [kind, value])).toEqual([
      ['evicted', 40],
      ['failed-pods-left', 1],
    ]);
    expect(findings[0]?.summary).toContain('low on resource: ephemeral-storage');
  });

  test('a pod that should run for ever and failed is reported', () => {
    expect(kindsOf([demo.failedPod({ ...place, kind: 'Pod' })])).toEqual(['pod-failed']);
  });

  test('a failed pod that shows no time is taken as recent', () => {
    const { metadata: { creationTimestamp: _created, ...metadata } = {} } = demo.evictedPod(place);

    expect(kindsOf([{ metadata, status: { phase: 'Failed', reason: 'Evicted' } }])).toEqual(['evicted']);
    expect(_created).toBeDefined();
  });
});

describe('texts of the cluster', () => {
  function saying(message: string): string {
    const waiting = { reason: 'ImagePullBackOff', message };
    return judge([demo.withContainer(demo.healthyPod(place), demo.container({ waiting }))])[0]?.summary ?? '';
  }

  test('are bounded and on one line', () => {
    const summary = saying(`first\nsecond\u001b[31m ${'x'.repeat(10_000)}`);

    expect(summary).toContain('first second');
    expect(summary).not.toMatch(/\p{Cc}/u);
    expect(summary.length).toBeLessThan(600);
  });

  test('lose what would turn a line around', () => {
    expect(saying('a\u202Eb\u2066c')).toContain('a b c');
  });

  test.each([
    ['an address', 'pull https://ci:hunter2-pw@registry.example/web failed'],
    ['an assignment', 'cannot start: DB_PASSWORD=hunter2-pw not accepted'],
    ['JSON', 'answer {"token": "hunter2-pw"}'],
    ['a header', 'got Authorization: Bearer hunter2-pw'],
  ])('lose the secret in %s', (_where, message) => {
    const summary = saying(message);

    expect(summary).toContain('[redacted]');
    expect(summary).not.toContain('hunter2');
  });
});
