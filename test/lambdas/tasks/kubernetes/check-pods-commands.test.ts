import { expect, test } from '@jest/globals';
import type { V1Pod } from '@kubernetes/client-node';
import { podOf } from '../../../../lambdas/tasks/kubernetes/_pod.ts';
import type { Limits } from '../../../../lambdas/tasks/kubernetes/_trouble.ts';
import { judgePods } from '../../../../lambdas/tasks/kubernetes/check-pods.ts';
import * as demo from '../../../../lib/demo/pods.ts';
import { commandProblems } from '../../../harness/finding-commands.ts';

const now = new Date('2026-03-02T02:00:00Z');
const limits: Limits = { now, withinSeconds: 86_400, notReadyForSeconds: 900, restartsAbove: 5 };
const place: demo.PodPlace = { workload: 'web', namespace: 'shop', now, ageSeconds: 80_000 };

function findingOf(pod: V1Pod) {
  const [finding] = judgePods('cluster', [podOf(pod)], limits);
  return finding;
}

test.each([
  ['crash-looping', demo.crashLoopingPod(place), 'logs', '--container app --previous --tail=100'],
  ['restarting', demo.restartingPod(place), 'logs', '--container app --previous --tail=100'],
  ['oom-killed', demo.oomKilledPod(place), 'logs', '--container app --previous --tail=100'],
  ['job-failed', demo.failedPod({ ...place, kind: 'Job' }), 'logs', '--all-containers --tail=100'],
  ['not-ready', demo.notReadyPod(place), 'describe pod', ''],
  ['image-not-pulled', demo.imagePullPod(place), 'describe pod', ''],
  ['evicted', demo.evictedPod(place), 'describe pod', ''],
])('%s says what to look at', (kind, pod, verb, rest) => {
  const finding = findingOf(pod);

  expect(finding?.kind).toBe(kind);
  expect(finding?.command).toBe(`kubectl --namespace shop ${verb} ${pod.metadata?.name}${rest && ` ${rest}`}`);
  expect(commandProblems(finding ? [finding] : [])).toEqual([]);
});

test('a lost node is looked at itself', () => {
  const pod = demo.nodeLostPod(place);
  expect(findingOf(pod)?.command).toBe(`kubectl describe node ${pod.spec?.nodeName}`);
});

test.each(['web; rm -rf /', '$(id)', '-oyaml', "web'", 'web\nid', ''])(
  'a pod that a false cluster calls %j is found, and its name gets into nobody’s shell',
  (name) => {
    const pod = demo.notReadyPod(place);
    const finding = findingOf({ ...pod, metadata: { ...pod.metadata, name } });

    expect(finding?.kind).toBe('not-ready');
    expect(finding?.command).toBeUndefined();
  },
);
