import { describe, expect, test } from '@jest/globals';
import type { V1Pod } from '@kubernetes/client-node';
import { podOf } from '../../../../lambdas/tasks/kubernetes/_pod.ts';
import type { Limits } from '../../../../lambdas/tasks/kubernetes/_trouble.ts';
import { judgePods, measurePods, task } from '../../../../lambdas/tasks/kubernetes/check-pods.ts';
import * as demo from '../../../../lib/demo/pods.ts';

const now = new Date('2026-03-02T02:00:00Z');
const limits: Limits = { now, withinSeconds: 86_400, notReadyForSeconds: 900, restartsAbove: 5 };
const place: demo.PodPlace = { workload: 'web', namespace: 'shop', now };

function judge(pods: readonly V1Pod[], changed: Partial<Limits> = {}) {
  return judgePods('cluster', pods.map(podOf), { ...limits, ...changed });
}

function kindsOf(pods: readonly V1Pod[], changed: Partial<Limits> = {}): string[] {
  return judge(pods, changed).map(({ kind }) => kind);
}

describe('a pod that is broken and looks healthy', () => {
  test('crash-loops while its phase is Running', () => {
    const pod = demo.crashLoopingPod(place);

    const [finding, ...others] = judge([pod]);

    expect(pod.status?.phase).toBe('Running');
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ kind: 'crash-looping', subject: 'shop/deployment/web', value: 1, limit: 0 });
    expect(finding?.summary).toContain('container app exits with 1 (Error), 17 restarts');
  });

  test('runs right now and was restarted twelve times in a day', () => {
    expect(kindsOf([demo.restartingPod({ ...place, ageSeconds: 80_000 })])).toEqual(['restarting']);
  });

  test('runs and fails its readiness probe', () => {
    expect(kindsOf([demo.notReadyPod({ ...place, ageSeconds: 901 })])).toEqual(['not-ready']);
  });

  test('was killed for its memory an hour ago and runs again', () => {
    expect(kindsOf([demo.oomKilledPod({ ...place, ageSeconds: 80_000 })])).toEqual(['oom-killed']);
  });

  test('reports readiness from the future because its clock is wrong', () => {
    const pod = demo.notReadyPod({ ...place, ageSeconds: 7_200 });
    const future = new Date('2027-01-01T00:00:00Z');
    const conditions = pod.status?.conditions?.map((one) => ({ ...one, lastTransitionTime: future }));

    expect(kindsOf([{ ...pod, status: { ...pod.status, conditions: conditions ?? [] } }])).toEqual(['not-ready']);
  });

  test('runs without saying anything of its readiness', () => {
    const pod = demo.healthyPod(place);

    expect(kindsOf([{ ...pod, status: { phase: 'Running' } }])).toEqual(['not-ready']);
  });

  test('has a sidecar that crashes among its init containers', () => {
    const waiting = { waiting: { reason: 'CrashLoopBackOff' } };
    const pod = demo.withInit(demo.healthyPod(place), demo.container(waiting, { name: 'proxy' }), 'Always');

    expect(judge([pod])[0]?.summary).toContain('sidecar proxy');
    expect(kindsOf([pod])).toEqual(['crash-looping']);
  });
});

describe('a pod that cannot start', () => {
  test.each(['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName'])('has no image: %s', (reason) => {
    expect(kindsOf([demo.imagePullPod({ ...place, ageSeconds: 60 }, reason)])).toEqual(['image-not-pulled']);
  });

  test('lacks its Secret, and the finding says which', () => {
    const [finding] = judge([demo.configErrorPod(place)]);

    expect(finding?.kind).toBe('container-not-created');
    expect(finding?.summary).toContain('secret "web-credentials" not found');
  });

  test('finds no node, and the finding says why', () => {
    const [finding] = judge([demo.unschedulablePod(place)]);

    expect(finding?.kind).toBe('unschedulable');
    expect(finding?.summary).toContain('3 Insufficient memory');
  });

  test('waits for an init container that does not end', () => {
    const [finding] = judge([demo.initWaitingPod(place)]);

    expect(finding?.kind).toBe('not-started');
    expect(finding?.summary).toContain('init container wait-for-database still runs');
  });

  test('was never looked at by a scheduler', () => {
    const pod = demo.healthyPod(place);

    expect(kindsOf([{ ...pod, status: { phase: 'Pending' } }])).toEqual(['not-started']);
  });
});

describe('a pod that is on its way', () => {
  test.each([
    ['unready', demo.notReadyPod],
    ['without a node', demo.unschedulablePod],
    ['in its init container', demo.initWaitingPod],
  ])('has the grace of a fresh one while it is %s', (_what, build) => {
    expect(kindsOf([build({ ...place, ageSeconds: 900 })])).toEqual([]);
    expect(kindsOf([build({ ...place, ageSeconds: 901 })])).toHaveLength(1);
  });

  test('may terminate within its grace and is reported when it does not go', () => {
    expect(kindsOf([demo.stuckTerminatingPod(place, 600)])).toEqual([]);
    expect(kindsOf([demo.stuckTerminatingPod(place, 901)])).toEqual(['stuck-terminating']);
  });
});

test('a pod on a lost node is unknown', () => {
  expect(kindsOf([demo.nodeLostPod(place)])).toEqual(['node-lost']);
  expect(task.findings['node-lost']?.severity).toBe('unknown');
});

/** Ready=False beside containers that are ready, as long ago as the place says. */
function readyBut(reason?: string): V1Pod {
  const pod = demo.healthyPod(place);
  const lastTransitionTime = new Date(now.getTime() - 3_600_000);
  const conditions = [
    { type: 'PodScheduled', status: 'True' },
    { type: 'Ready', status: 'False', lastTransitionTime, ...(reason && { reason }) },
    { type: 'ContainersReady', status: 'True' },
  ];
  return { ...pod, status: { ...pod.status, conditions } };
}

test('a pod whose node stopped to report while its containers were ready is unknown, and no probe is blamed', () => {
  const [finding, ...more] = judge([readyBut()]);
  expect(more).toEqual([]);
  expect(finding).toMatchObject({ kind: 'node-lost' });
  expect(finding?.summary).toMatch(/node \S+ has not reported for 1h; its containers were ready then/);
});

test('a pod that waits for a readiness gate is not ready, with that for a reason', () => {
  const [finding] = judge([readyBut('ReadinessGatesNotReady')]);
  expect(finding).toMatchObject({ kind: 'not-ready' });
  expect(finding?.summary).toContain('ReadinessGatesNotReady');
});

test('a pod without any status is unknown', () => {
  const { status: _absent, ...pod } = demo.healthyPod(place);

  expect(kindsOf([pod])).toEqual(['node-lost']);
  expect(_absent).toBeDefined();
});

test('healthy, completed and quiet pods give no finding', () => {
  const weekAgo = { ...place, ageSeconds: 7 * 86_400 };
  const pods = [
    ...demo.podsOf(3, place),
    demo.completedPod({ ...place, workload: 'report' }),
    demo.restartingPod({ ...weekAgo, workload: 'old' }, 40, 2 * 86_400),
    demo.oomKilledPod({ ...weekAgo, workload: 'once' }, 2 * 86_400),
  ];

  expect(judge(pods)).toEqual([]);
});

test('a Job whose sidecar outlives its work is not unready', () => {
  const pod = demo.notReadyPod({ ...place, kind: 'Job', ageSeconds: 7_200 });
  const done = { terminated: demo.ended('Completed', 0, now) };

  expect(kindsOf([demo.withContainer(pod, demo.container(done))])).toEqual([]);
});

test('ephemeral containers for debugging are ignored', () => {
  const pod = demo.healthyPod(place);
  const debug = demo.container({ waiting: { reason: 'CrashLoopBackOff' } }, { name: 'debugger' });

  expect(kindsOf([{ ...pod, status: { ...pod.status, ephemeralContainerStatuses: [debug] } }])).toEqual([]);
});

test('measures pods, ready pods and the restarts of the period', () => {
  const pods = [demo.healthyPod(place), demo.restartingPod({ ...place, index: 1 }, 12), demo.crashLoopingPod(place)];

  expect(measurePods('cluster', pods.map(podOf), limits).map(({ name, value }) => [name, value])).toEqual([
    ['pods', 3],
    ['pods-ready', 2],
    ['restarts', 29],
  ]);
});
