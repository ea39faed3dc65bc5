import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { task } from '../../../lambdas/tasks/kubernetes/check-pods.ts';
import { resultOf } from '../../harness/perform-task.ts';
import { createAccount, grantReading, type Account } from './accounts.ts';
import type { Cluster } from './cluster.ts';
import { describeWithControlPlane, startTestCluster } from './control-plane.ts';
import type { ProgramName } from './program.ts';
import { begun, createWorkload, freshNamespace } from './workloads.ts';

const LIMIT_SECONDS = 5;
/** Of a machine that is busy with other things. */
const SLACK_SECONDS = 5;

describeWithControlPlane('a real control plane that cannot answer', () => {
  let cluster: Cluster;
  let namespace: string;
  let reader: Account;

  beforeAll(async () => {
    cluster = await startTestCluster();
    namespace = await freshNamespace(cluster.client);
    reader = await createAccount(cluster, namespace, 'fettle');
    await grantReading(cluster.client, reader.username, namespace);
    await createWorkload(cluster.client, namespace, 'deployment', { name: 'web', replicas: 2 });
    await begun(cluster.client, namespace, 'web', 2, 'Running');
  });

  afterAll(async () => {
    await cluster.stop();
  });

  function check(kubeconfig = reader.kubeconfig, settings: { readonly namespace?: string } = { namespace }) {
    const targets = { cluster: { kubeconfig, ...settings } };
    return resultOf({ task, targets, now: new Date(), timeoutSeconds: LIMIT_SECONDS });
  }

  /** What the one finding says, which makes the target unknown; nothing was measured. */
  async function reasonOf(...question: Parameters<typeof check>): Promise<string> {
    const { findings, measurements } = await check(...question);
    expect(findings.map(({ kind, target }) => ({ kind, target }))).toEqual([
      { kind: 'not-readable', target: 'cluster' },
    ]);
    expect(measurements).toEqual([]);
    return findings[0]?.summary ?? '';
  }

  async function expectHealthy(): Promise<void> {
    const { findings, measurements } = await check();
    expect(findings).toEqual([]);
    expect(measurements[0]).toMatchObject({ name: 'pods', value: 2 });
  }

  test('its healthy twin answers the same question', async () => {
    await expectHealthy();
  });

  describe('whom it does not let in', () => {
    test('an account without the right is unknown, and the right is named as RBAC knows it', async () => {
      const { kubeconfig, username } = await createAccount(cluster, namespace, 'nobody');
      const reason = await reasonOf(kubeconfig);

      expect(reason).toContain(`the permission \`list pods in namespace ${namespace}\` is missing (403)`);
      expect(reason).toContain(`User "${username}" cannot list resource "pods" in API group ""`);
    });

    test('the right in one namespace is none for all of them', async () => {
      expect(await reasonOf(reader.kubeconfig, {})).toContain(
        'the permission `list pods in all namespaces` is missing (403)',
      );
    });

    test('the right in one namespace is none for another, be it there or not', async () => {
      const other = await freshNamespace(cluster.client);

      expect(await reasonOf(reader.kubeconfig, { namespace: other })).toContain('is missing (403)');
      expect(await reasonOf(reader.kubeconfig, { namespace: 'nowhere' })).toContain('is missing (403)');
    });

    test('a token that nobody has is not accepted, and not repeated', async () => {
      const reason = await reasonOf(cluster.kubeconfigFor({ token: 'a-token-of-nobody' }));

      expect(reason).toContain('does not accept the credentials (401)');
      expect(reason).not.toContain('a-token-of-nobody');
    });

    test('a token whose account was deleted is not accepted any more', async () => {
      const gone = await createAccount(cluster, namespace, 'gone');
      await cluster.client.remove(`/api/v1/namespaces/${namespace}/serviceaccounts/gone`);

      expect(await reasonOf(gone.kubeconfig)).toMatch(/\((401|403)\)/);
    });

    test('a server with a certificate of somebody else is not spoken to', async () => {
      const stranger = await startTestCluster();
      try {
        const kubeconfig = stranger.kubeconfigFor({ token: reader.token }, cluster.url);

        expect(await reasonOf(kubeconfig)).toMatch(/certificate|self-signed/);
      } finally {
        await stranger.stop();
      }
    });
  });

  describe('what is empty', () => {
    test('a namespace without pods is unknown, and one that is misspelt is told from it', async () => {
      const quiet = await freshNamespace(cluster.client);
      const [there] = (await check(cluster.kubeconfig, { namespace: quiet })).findings;
      const [absent] = (await check(cluster.kubeconfig, { namespace: `${namespace}x` })).findings;

      expect(there).toMatchObject({ kind: 'no-pods', subject: quiet });
      expect(absent).toMatchObject({ kind: 'namespace-not-found', subject: `${namespace}x` });
      expect(absent?.summary).toContain(`it has ${namespace}`);
    });
  });

  test.each<[ProgramName]>([['kube-apiserver'], ['etcd']])(
    'one whose %s hangs is unknown within the time limit, and fine again afterwards',
    async (name) => {
      cluster.pause(name);
      const started = performance.now();
      try {
        expect(await reasonOf()).toMatch(/gave no answer in time|answers 5\d\d/);
        expect(performance.now() - started).toBeLessThan((LIMIT_SECONDS + SLACK_SECONDS) * 1_000);
      } finally {
        cluster.resume(name);
      }
      await expectHealthy();
    },
  );

  test('one whose API server was killed is unknown, and is read again once it is back', async () => {
    await cluster.killApiServer();
    expect(await reasonOf()).toContain('ECONNREFUSED');

    await cluster.restartApiServer();
    await expectHealthy();
  });
});
