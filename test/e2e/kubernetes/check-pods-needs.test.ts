import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Json } from '../../../core/json.ts';
import { task } from '../../../lambdas/tasks/kubernetes/check-pods.ts';
import { inWords, needCalled, needsOf } from '../../harness/needs-of.ts';
import { resultOf } from '../../harness/perform-task.ts';
import { carryOut } from '../../lambdas/tasks/kubernetes/_kubectl.ts';
import { createAccount, grant, grantReading, type Account } from './accounts.ts';
import type { Cluster } from './cluster.ts';
import { describeWithControlPlane, startTestCluster } from './control-plane.ts';
import { begun, createWorkload, freshNamespace } from './workloads.ts';

describeWithControlPlane('what kubernetes-check-pods needs of a real control plane', () => {
  let cluster: Cluster;
  let namespace: string;

  beforeAll(async () => {
    cluster = await startTestCluster();
    namespace = await freshNamespace(cluster.client);
    await createWorkload(cluster.client, namespace, 'deployment', { name: 'web', replicas: 2 });
    await begun(cluster.client, namespace, 'web', 2, 'Running');
  });

  afterAll(async () => {
    await cluster.stop();
  });

  function ask(kubeconfig: string, settings: Readonly<Record<string, Json>> = { namespace }) {
    return needsOf({ task, targets: { cluster: { kubeconfig, ...settings } } });
  }

  test('everything met is told with version, whom and number', async () => {
    const { kubeconfig, username } = await allowed('fettle', namespace);
    const needs = await ask(kubeconfig);

    expect(needs.map(({ state, detail }) => `${state} ${detail}`)).toEqual([
      `met ${new URL(cluster.url).host} over TLS, Kubernetes v1.36.3`,
      `met as ${username}`,
      `met 2 pods in namespace ${namespace}`,
      `met deployments.apps, statefulsets.apps, daemonsets.apps, jobs.batch in namespace ${namespace}`,
      `met ${namespace}, with pods in it`,
    ]);
  });

  test.each([
    ['in one namespace', true],
    ['everywhere', false],
  ])('the right that is missing %s is given by exactly the commands that are shown', async (where, isNarrow) => {
    const account = await createAccount(cluster, namespace, `granted-${where.replaceAll(' ', '-')}`);
    const settings = isNarrow ? { namespace } : {};
    for (const need of ['list pods', 'list workloads']) {
      const listed = needCalled(await ask(account.kubeconfig, settings), need);
      expect(listed.state).toBe('missing');

      const { rights, subjects } = carryOut(listed.grant ?? '');
      expect(subjects).toEqual([`serviceaccount=${namespace}:${account.name}`]);
      for (const right of rights) await grant(cluster.client, account.username, right);

      expect(needCalled(await ask(account.kubeconfig, settings), need).state).toBe('met');
    }
    const targets = { cluster: { kubeconfig: account.kubeconfig, ...settings } };
    expect((await resultOf({ task, targets })).findings).toEqual([]);
  });

  test('whether an empty namespace exists is unknown until the commands that are shown are carried out', async () => {
    const quiet = await freshNamespace(cluster.client);
    const { kubeconfig, username } = await allowed('curious', quiet);
    const before = needCalled(await ask(kubeconfig, { namespace: quiet }), 'have its namespace');
    expect(before.state).toBe('unknown');

    for (const right of carryOut(before.grant ?? '').rights) await grant(cluster.client, username, right);

    expect(needCalled(await ask(kubeconfig, { namespace: quiet }), 'have its namespace').state).toBe('met');
  });

  test('a certificate is logged in as its user, and a wrong token as nobody', async () => {
    const kim = cluster.kubeconfigFor(await cluster.certificateFor('kim', ['operators']));
    expect(needCalled(await ask(kim), 'log in').detail).toBe('as kim');

    const nobody = await ask(cluster.kubeconfigFor({ token: 'a-token-of-nobody' }));
    expect(inWords(nobody)).toEqual(['met be reached', 'missing log in']);
  });

  async function allowed(name: string, where: string): Promise<Account> {
    const account = await createAccount(cluster, namespace, name);
    await grantReading(cluster.client, account.username, where);
    return account;
  }
});
