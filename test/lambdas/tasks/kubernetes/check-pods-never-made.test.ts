import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { V1Deployment, V1Job, V1ObjectMeta, V1StatefulSet } from '@kubernetes/client-node';
import { task } from '../../../../lambdas/tasks/kubernetes/check-pods.ts';
import * as demo from '../../../../lib/demo/pods.ts';
import { ADMINISTRATOR } from '../../../../lib/demo/servers/_kubernetes-rights.ts';
import { startKubernetesApi, type KubernetesApi } from '../../../../lib/demo/servers/kubernetes.ts';
import { resultOf } from '../../../harness/perform-task.ts';

const now = new Date('2026-03-02T02:00:00Z');
const healthy = [demo.healthyPod({ workload: 'other', namespace: 'shop', now })];
let api: KubernetesApi;

beforeAll(async () => {
  api = await startKubernetesApi();
});
beforeEach(() => {
  api.clearFaults();
  api.setAccount(ADMINISTRATOR);
  api.setPods(healthy);
  api.setWorkloads({});
});
afterAll(() => api.close());

function minutesAgo(minutes: number): Date {
  return new Date(now.getTime() - minutes * 60_000);
}

function metadata(name: string, changedMinutesAgo = 60, changes: V1ObjectMeta = {}): V1ObjectMeta {
  return {
    name,
    namespace: 'shop',
    creationTimestamp: minutesAgo(10_000),
    managedFields: [
      { manager: 'kubectl', operation: 'Update', time: minutesAgo(changedMinutesAgo), fieldsV1: { 'f:spec': {} } },
      // A tool that writes annotations all the time.
      { manager: 'stamper', operation: 'Update', time: minutesAgo(0), fieldsV1: { 'f:metadata': {} } },
    ],
    ...changes,
  };
}

function deployment(name: string, wanted: number, made: number, changes: Partial<V1Deployment> = {}): V1Deployment {
  return {
    metadata: metadata(name),
    spec: { replicas: wanted, selector: {}, template: {} },
    status: { replicas: made },
    ...changes,
  };
}

function refused(minutes: number, reason = 'FailedCreate') {
  const message = 'pods "web-" is forbidden: exceeded quota: pods=10, used: pods=10';
  return { type: 'ReplicaFailure', status: 'True', reason, message, lastTransitionTime: minutesAgo(minutes) };
}

function job(
  name: string,
  status: V1Job['status'],
  changes: V1ObjectMeta = {},
  spec: Partial<V1Job['spec']> = {},
): V1Job {
  return {
    metadata: metadata(name, 60, changes),
    spec: { template: {}, ...spec },
    status: { startTime: minutesAgo(60), ...status },
  };
}

function failure(reason: string, minutes: number) {
  const message = 'Job was active longer than specified deadline';
  return [{ type: 'Failed', status: 'True', reason, message, lastTransitionTime: minutesAgo(minutes) }];
}

const OF_NIGHTLY = {
  ownerReferences: [{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'nightly', uid: 'n', controller: true }],
};

function check() {
  return resultOf({ task, now, targets: { cluster: { kubeconfig: api.kubeconfig } } });
}

async function found(): Promise<string[]> {
  const { findings } = await check();
  return findings.map(({ kind, subject }) => `${kind} ${subject ?? ''}`.trim());
}

describe('pods that were never made', () => {
  test('are found where every pod that exists is healthy, with the words of the controller', async () => {
    api.setWorkloads({
      deployments: [deployment('web', 3, 0, { status: { replicas: 0, conditions: [refused(60)] } })],
    });
    const { findings } = await check();

    expect(findings).toEqual([
      {
        kind: 'pods-not-created',
        target: 'cluster',
        subject: 'shop/deployment/web',
        summary:
          'shop/deployment/web: 0 of 3 pods exist for 1h; pods "web-" is forbidden: exceeded quota: pods=10, used: pods=10',
        value: 3,
        limit: 0,
        unit: 'count',
        command: 'kubectl --namespace shop describe deployment web',
      },
    ]);
  });

  test('are found without a word of the controller too, once nothing has changed for the grace', async () => {
    const statefulsets: V1StatefulSet[] = [
      { metadata: metadata('store'), spec: { replicas: 2, selector: {}, template: {} }, status: { replicas: 0 } },
    ];
    const daemonsets = [
      {
        metadata: metadata('agent'),
        status: { desiredNumberScheduled: 3, currentNumberScheduled: 1, numberMisscheduled: 0, numberReady: 1 },
      },
    ];
    api.setWorkloads({ deployments: [deployment('web', 2, 1)], statefulsets, daemonsets, jobs: [job('import', {})] });

    expect((await found()).toSorted()).toEqual([
      'pods-not-created shop/daemonset/agent',
      'pods-not-created shop/deployment/web',
      'pods-not-created shop/job/import',
      'pods-not-created shop/statefulset/store',
    ]);
  });

  test('explain a list without pods better than its emptiness', async () => {
    api.setPods([]);
    api.setWorkloads({ deployments: [deployment('web', 2, 0)] });

    expect(await found()).toEqual(['pods-not-created shop/deployment/web']);
  });

  test('count from the beginning where no object tells when it changed', async () => {
    api.setWorkloads({ deployments: [deployment('web', 2, 1, { metadata: { name: 'web', namespace: 'shop' } })] });

    expect(await found()).toEqual(['pods-not-created shop/deployment/web']);
  });

  test.each<[string, V1Deployment]>([
    ['has all its pods', deployment('web', 3, 3)],
    ['was scaled a moment ago', deployment('web', 3, 1, { metadata: metadata('web', 5) })],
    ['is refused for a moment only', deployment('web', 3, 1, { status: { replicas: 1, conditions: [refused(5)] } })],
    [
      'is paused by a person',
      deployment('web', 3, 0, { spec: { replicas: 3, paused: true, selector: {}, template: {} } }),
    ],
    ['is scaled to none', deployment('web', 0, 0)],
    [
      'is being deleted',
      deployment('web', 3, 1, { metadata: metadata('web', 60, { deletionTimestamp: minutesAgo(1) }) }),
    ],
    [
      'cannot delete a pod, which is another matter',
      deployment('web', 1, 1, { status: { replicas: 1, conditions: [refused(60, 'FailedDelete')] } }),
    ],
  ])('are not missed of a Deployment that %s', async (_, object) => {
    api.setWorkloads({ deployments: [object] });

    expect(await found()).toEqual([]);
  });

  test('are not missed of a StatefulSet that waits for the pod before', async () => {
    const spec = { replicas: 3, selector: {}, template: {} };
    const status = { replicas: 1, readyReplicas: 0 };
    api.setWorkloads({ statefulsets: [{ metadata: metadata('store'), spec, status }] });
    expect(await found()).toEqual([]);

    api.setWorkloads({
      statefulsets: [{ metadata: metadata('store'), spec: { ...spec, podManagementPolicy: 'Parallel' }, status }],
    });
    expect(await found()).toEqual(['pods-not-created shop/statefulset/store']);
  });

  test.each<[string, V1Job]>([
    ['is suspended', job('import', {}, {}, { suspend: true })],
    ['began a moment ago', job('import', { startTime: minutesAgo(5) })],
    ['has a pod', job('import', { active: 1 })],
    ['waits before it tries again', job('import', { failed: 2 })],
    ['is done by another controller', job('import', {}, {}, { managedBy: 'kueue.x-k8s.io/multikueue' })],
  ])('are not missed of a Job that %s', async (_, object) => {
    api.setWorkloads({ jobs: [object] });

    expect(await found()).toEqual([]);
  });
});

describe('a Job that failed', () => {
  test('is found where its pods are gone', async () => {
    api.setWorkloads({ jobs: [job('import', { failed: 1, conditions: failure('DeadlineExceeded', 30) })] });
    const { findings } = await check();

    expect(findings).toMatchObject([
      {
        kind: 'job-failed',
        subject: 'shop/job/import',
        summary: 'shop/job/import: job import failed, DeadlineExceeded: Job was active longer than specified deadline',
        command: 'kubectl --namespace shop describe job import',
      },
    ]);
  });

  test('is one finding with its failed pod, whose log says more', async () => {
    api.setPods([...healthy, demo.failedPod({ kind: 'Job', workload: 'import', namespace: 'shop', now })]);
    api.setWorkloads({ jobs: [job('import', { failed: 1, conditions: failure('BackoffLimitExceeded', 30) })] });
    const { findings } = await check();

    expect(findings).toMatchObject([{ kind: 'job-failed', subject: 'shop/job/import' }]);
    expect(findings[0]?.command).toContain(' logs ');
  });

  test('of a CronJob stays until a later one completes, however long ago it was', async () => {
    const failed = job('nightly-1', { failed: 1, conditions: failure('DeadlineExceeded', 3_000) }, OF_NIGHTLY);
    const completion = (minutes: number) => ({
      completionTime: minutesAgo(minutes),
      conditions: [{ type: 'Complete', status: 'True', lastTransitionTime: minutesAgo(minutes) }],
    });
    api.setWorkloads({ jobs: [failed, job('nightly-0', completion(4_000), OF_NIGHTLY)] });
    expect(await found()).toEqual(['job-failed shop/cronjob/nightly']);

    api.setWorkloads({ jobs: [failed, job('nightly-2', completion(1_500), OF_NIGHTLY)] });
    expect(await found()).toEqual([]);
  });

  test('that stands alone counts within the period', async () => {
    api.setWorkloads({ jobs: [job('import', { failed: 1, conditions: failure('DeadlineExceeded', 3_000) })] });

    expect(await found()).toEqual([]);
  });
});

describe('workloads that cannot be listed', () => {
  test('are unknown with the right that is missing, and the pods are judged all the same', async () => {
    const rights = ['pods', 'deployments.apps', 'daemonsets.apps'].map((resource) => ({ verb: 'list', resource }));
    api.setAccount({ rights });
    api.setPods([demo.crashLoopingPod({ workload: 'web', namespace: 'shop', now })]);
    api.setWorkloads({ deployments: [deployment('api', 3, 0)] });
    const { findings } = await check();

    expect(findings.map(({ kind }) => kind)).toEqual(['crash-looping', 'pods-not-created', 'workloads-not-seen']);
    expect(findings[2]?.summary).toMatch(
      /the permission `list statefulsets\.apps in all namespaces` is missing \(403\).*`list jobs\.batch in all/,
    );
  });

  test('are no pass where the server cuts the answer', async () => {
    api.addFault({ fault: { kind: 'cut' }, when: ({ pathname }) => pathname.endsWith('/deployments') });

    expect(await found()).toEqual(['workloads-not-seen']);
  });
});
