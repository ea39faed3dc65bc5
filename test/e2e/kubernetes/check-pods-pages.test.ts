import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { V1Pod, V1PodList } from '@kubernetes/client-node';
import { listAll } from '../../../lambdas/tasks/kubernetes/_list.ts';
import { task } from '../../../lambdas/tasks/kubernetes/check-pods.ts';
import { needCalled, needsOf } from '../../harness/needs-of.ts';
import { resultOf } from '../../harness/perform-task.ts';
import { standBetween, type Between, type Passed } from './between.ts';
import { ApiError } from './client.ts';
import type { Cluster } from './cluster.ts';
import { describeWithControlPlane, startTestCluster } from './control-plane.ts';
import { forgetHistory } from './etcd.ts';
import { until } from './until.ts';
import { begun, createWorkload, freshNamespace, podsOf } from './workloads.ts';

const PODS = 1_100;

describeWithControlPlane('many pods on a real control plane', () => {
  let cluster: Cluster;
  let namespace: string;
  let betweens: Between[] = [];

  beforeAll(async () => {
    cluster = await startTestCluster();
    const { client } = cluster;
    namespace = await freshNamespace(client);
    // The last in the order of the list, so that it is on the last page.
    await createWorkload(client, namespace, 'deployment', { name: 'zebra', plays: 'crash-loop' });
    await createWorkload(client, namespace, 'deployment', { name: 'many', replicas: PODS - 1 });
    await begun(client, namespace, 'zebra');
    await begun(client, namespace, 'many', PODS - 1, 'Running');
  });

  afterAll(async () => {
    await Promise.all(betweens.map((between) => between.close()));
    betweens = [];
    await cluster.stop();
  });

  async function stand(
    redirect?: (url: URL) => URL | Promise<URL>,
  ): Promise<Between & { readonly kubeconfig: string }> {
    const between = await standBetween(cluster, redirect);
    betweens.push(between);
    return { ...between, kubeconfig: cluster.kubeconfig.replace(cluster.url, between.url) };
  }

  function check(kubeconfig: string, timeoutSeconds = 120) {
    const now = new Date();
    return resultOf({ task, targets: { cluster: { kubeconfig, namespace } }, now, timeoutSeconds });
  }

  test('all are read, page by page out of one snapshot, and the one that is broken is on the last page', async () => {
    const { kubeconfig, passed } = await stand();
    const { findings, measurements } = await check(kubeconfig);
    const pages = ofPods(passed).map(pageOf);

    expect(measurements[0]).toMatchObject({ name: 'pods', value: PODS });
    expect(measurements[1]).toMatchObject({ name: 'pods-ready', value: PODS - 1 });
    expect(findings.map(({ kind, subject }) => `${kind} ${subject}`)).toEqual([
      `crash-looping ${namespace}/deployment/zebra`,
    ]);
    expect(pages.map(({ limit, items }) => ({ limit, items }))).toEqual([
      { limit: '500', items: 500 },
      { limit: '500', items: 500 },
      { limit: '500', items: 100 },
    ]);
    expect(new Set(pages.map(({ version }) => version)).size).toBe(1);
    expect(new Set(pages.flatMap(({ names }) => names)).size).toBe(PODS);
    expect(passed.every(({ method }) => method === 'GET')).toBe(true);
  });

  test('pods that come and go between the pages neither hide one nor show one twice', async () => {
    const [broken] = await podsOf(cluster.client, namespace, 'zebra');
    const changed = { come: false, gone: false };
    const { kubeconfig, passed } = await stand(async (url) => {
      if (!url.searchParams.has('continue') || changed.come) return url;
      changed.come = true;
      await createWorkload(cluster.client, namespace, 'deployment', { name: 'aardvark' });
      await begun(cluster.client, namespace, 'aardvark', 1, 'Running');
      await cluster.client.remove(podPath(broken), { gracePeriodSeconds: 0 });
      changed.gone = true;
      return url;
    });
    const { findings, measurements } = await check(kubeconfig);
    const read = ofPods(passed).map(pageOf);

    expect(changed).toEqual({ come: true, gone: true });
    expect(findings.map(({ subject }) => subject)).toEqual([`${namespace}/deployment/zebra`]);
    expect(read.at(-1)?.names).toContain(broken?.metadata?.name);
    expect(measurements[0]).toMatchObject({ value: PODS });
    expect(new Set(read.map(({ version }) => version)).size).toBe(1);
    await cluster.client.remove(`/apis/apps/v1/namespaces/${namespace}/deployments/aardvark`);
    await until('the pods of before', async () => {
      const { items } = await cluster.client.get<V1PodList>(`/api/v1/namespaces/${namespace}/pods`);
      return items.length === PODS && items.every(({ status }) => status?.phase === 'Running');
    });
  });

  test('the server counts what it does not send, but not where labels choose; the end is found without it', async () => {
    const path = `/api/v1/namespaces/${namespace}/pods`;
    const plain = await cluster.client.get<V1PodList>(`${path}?limit=500`);
    const rests: (number | undefined)[] = [];
    const chosen = await listAll(
      async (token) => {
        const next = token === undefined ? '' : `&continue=${encodeURIComponent(token)}`;
        const page = await cluster.client.get<RawPage>(`${path}?limit=500&labelSelector=app%3Dmany${next}`);
        rests.push(page.metadata.remainingItemCount);
        return { ...page, metadata: { ...page.metadata, _continue: page.metadata.continue ?? '' } };
      },
      ({ metadata }) => metadata.name,
    );

    expect(plain.metadata?.remainingItemCount).toBe(PODS - 500);
    expect(new Set(chosen).size).toBe(PODS - 1);
    expect(chosen).toHaveLength(PODS - 1);
    expect(rests.every((rest) => rest === undefined)).toBe(true);
  });

  test('the doctor counts them without reading them', async () => {
    const { kubeconfig, passed } = await stand();
    const needs = await needsOf({ task, targets: { cluster: { kubeconfig, namespace } }, now: new Date() });

    expect(needCalled(needs, 'list pods').detail).toBe(`${PODS} pods in namespace ${namespace}`);
    expect(ofPods(passed).map(({ url }) => url.search)).toEqual(['?limit=1']);
  });

  describe('when the snapshot of a list has expired', () => {
    let expired: string;

    beforeAll(async () => {
      const path = `/api/v1/namespaces/${namespace}/pods`;
      const { metadata } = await cluster.client.get<RawPage>(`${path}?limit=500`);
      expired = metadata.continue ?? '';
      await forgetHistory(cluster);
      await until('the snapshot to expire', async () => {
        try {
          await cluster.client.get(`${path}?limit=500&continue=${encodeURIComponent(expired)}`);
          return false;
        } catch (thrown) {
          if (thrown instanceof ApiError && thrown.code === 410) return true;
          throw thrown;
        }
      });
    });

    test('the list begins again and is whole', async () => {
      let first = true;
      const { kubeconfig, passed } = await stand((url) => {
        if (!first || !url.searchParams.has('continue')) return url;
        first = false;
        return withToken(url, expired);
      });
      const { measurements } = await check(kubeconfig);

      expect(ofPods(passed).map(({ code }) => code)).toEqual([200, 410, 200, 200, 200]);
      expect(passed[1]?.body).toContain('"reason":"Expired"');
      expect(measurements[0]).toMatchObject({ name: 'pods', value: PODS });
    });

    test('a list that always expires is unknown, and says why', async () => {
      const { kubeconfig } = await stand((url) => (url.searchParams.has('continue') ? withToken(url, expired) : url));
      const { findings, measurements } = await check(kubeconfig);

      expect(findings.map(({ kind }) => kind)).toEqual(['not-readable']);
      expect(findings[0]?.summary).toContain('expired before its end, 3 times over (410)');
      expect(measurements).toEqual([]);
    });
  });
});

interface RawPage {
  readonly metadata: {
    readonly continue?: string;
    readonly resourceVersion: string;
    readonly remainingItemCount?: number;
  };
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
}

function ofPods(passed: readonly Passed[]): readonly Passed[] {
  return passed.filter(({ url }) => url.pathname.endsWith('/pods'));
}

function pageOf({ url, body }: Passed) {
  const { items, metadata } = JSON.parse(body) as RawPage;
  return {
    limit: url.searchParams.get('limit'),
    items: items.length,
    version: metadata.resourceVersion,
    names: items.map((item) => item.metadata.name),
  };
}

function podPath(pod: V1Pod | undefined): string {
  return `/api/v1/namespaces/${pod?.metadata?.namespace}/pods/${pod?.metadata?.name}`;
}

function withToken(url: URL, token: string): URL {
  const changed = new URL(url);
  changed.searchParams.set('continue', token);
  return changed;
}
