import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { task } from '../../../lambdas/tasks/kubernetes/check-pods.ts';
import { resultOf } from '../../harness/perform-task.ts';
import type { Cluster } from './cluster.ts';
import { describeWithControlPlane, startTestCluster } from './control-plane.ts';
import { KUBELET_LABEL } from './flags.ts';
import { until } from './until.ts';
import { begun, createWorkload, freshNamespace, podsOf } from './workloads.ts';

const HOUR_MILLISECONDS = 3_600_000;
const LOST = 'node-3';

/** A pod that stays on one node, and so many seconds after that node was lost. */
function on(node: string, seconds: number) {
  const keys = ['node.kubernetes.io/unreachable', 'node.kubernetes.io/not-ready'];
  return {
    nodeSelector: { 'kubernetes.io/hostname': node },
    tolerations: keys.map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: seconds })),
  };
}

describeWithControlPlane('a node of a real control plane that does not report any more', () => {
  let cluster: Cluster;
  let namespace: string;

  beforeAll(async () => {
    cluster = await startTestCluster({ nodeGraceSeconds: 10 });
    const { client } = cluster;
    namespace = await freshNamespace(client);
    await createWorkload(client, namespace, 'deployment', { name: 'elsewhere', spec: on('node-1', 300) });
    await createWorkload(client, namespace, 'deployment', { name: 'stays', spec: on(LOST, 300) });
    await createWorkload(client, namespace, 'deployment', { name: 'leaves', spec: on(LOST, 1) });
    for (const app of ['elsewhere', 'stays', 'leaves']) await begun(client, namespace, app, 1, 'Running');
  });

  afterAll(async () => {
    await cluster.stop();
  });

  async function check() {
    const now = new Date(Date.now() + HOUR_MILLISECONDS);
    const { findings } = await resultOf({
      task,
      targets: { cluster: { kubeconfig: cluster.kubeconfig, namespace } },
      now,
    });
    return findings.map(({ kind, subject }) => `${kind} ${subject?.slice(namespace.length + 1)}`).sort();
  }

  test('its pods are accused, those that the cluster gives up and those that it waits for, and no others', async () => {
    const { client } = cluster;
    expect(await check()).toEqual([]);

    await client.patch(`/api/v1/nodes/${LOST}`, { metadata: { labels: { [KUBELET_LABEL.key]: null } } });
    await until('the pods of the lost node to be given up', async () => {
      const [stays] = await podsOf(client, namespace, 'stays');
      const leaves = await podsOf(client, namespace, 'leaves');
      const ready = stays?.status?.conditions?.find(({ type }) => type === 'Ready');
      return ready?.status === 'False' && leaves.length === 2;
    });
    await begun(client, namespace, 'leaves', 2);

    expect(await check()).toEqual([
      'node-lost deployment/stays',
      'stuck-terminating deployment/leaves',
      'unschedulable deployment/leaves',
    ]);
  });
});
