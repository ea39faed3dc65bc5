import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { V1Pod } from '@kubernetes/client-node';
import { podOf } from '../../../lambdas/tasks/kubernetes/_pod.ts';
import { deploymentOf, jobOf } from '../../../lambdas/tasks/kubernetes/_workload-object.ts';
import * as demo from '../../../lib/demo/pods.ts';
import { startKubernetesApi, type KubernetesApi } from '../../../lib/demo/servers/kubernetes.ts';
import { lateJob, refusedDeployment } from '../../../lib/demo/workloads.ts';
import { createAccount, grant, type Account } from './accounts.ts';
import { call, type Access } from './client.ts';
import type { Cluster } from './cluster.ts';
import { describeWithControlPlane, startTestCluster } from './control-plane.ts';
import { plantHealthy, plantProblems } from './planted.ts';
import { missingIn, shapeRead } from './reading.ts';
import { freshNamespace, podsOf } from './workloads.ts';

const now = new Date();
const NAMESPACE = 'shop';
const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`;

/** Workload of the real cluster, and the pod with which the demo shows the same. */
const TWINS: readonly [workload: string, pod: V1Pod][] = [
  ['store', demo.healthyPod({ workload: 'store', kind: 'StatefulSet', namespace: NAMESPACE, now })],
  ['agent', demo.healthyPod({ workload: 'agent', kind: 'DaemonSet', namespace: NAMESPACE, now })],
  ['console', demo.healthyPod({ workload: 'console', kind: 'Pod', namespace: NAMESPACE, now })],
  ['import', demo.completedPod({ workload: 'import', namespace: NAMESPACE, now })],
  ['loops', demo.crashLoopingPod({ workload: 'loops', namespace: NAMESPACE, now })],
  ['pulls', demo.imagePullPod({ workload: 'pulls', namespace: NAMESPACE, now })],
  ['unconfigured', demo.configErrorPod({ workload: 'unconfigured', namespace: NAMESPACE, now })],
  ['homeless', demo.unschedulablePod({ workload: 'homeless', namespace: NAMESPACE, now })],
  ['waits', demo.initWaitingPod({ workload: 'waits', namespace: NAMESPACE, now })],
  ['unready', demo.notReadyPod({ workload: 'unready', kind: 'StatefulSet', namespace: NAMESPACE, now })],
  ['restless', demo.restartingPod({ workload: 'restless', namespace: NAMESPACE, now })],
  ['hungry', demo.oomKilledPod({ workload: 'hungry', kind: 'DaemonSet', namespace: NAMESPACE, now })],
  ['fails', demo.failedPod({ workload: 'fails', namespace: NAMESPACE, now })],
  ['held', demo.stuckTerminatingPod({ workload: 'held', kind: 'Pod', namespace: NAMESPACE, now })],
];

describeWithControlPlane('the small server of the demo and a real API server', () => {
  let cluster: Cluster;
  let api: KubernetesApi;
  let reader: Account;

  beforeAll(async () => {
    cluster = await startTestCluster();
    api = await startKubernetesApi({ pods: TWINS.map(([, pod]) => pod) });
    await freshNamespace(cluster.client, NAMESPACE);
    reader = await createAccount(cluster, NAMESPACE, 'fettle');
    await grant(cluster.client, reader.username, { verb: 'list', resource: 'pods', namespace: NAMESPACE });
    api.setAccount({
      username: reader.username,
      rights: [{ verb: 'list', resource: 'pods', namespace: NAMESPACE }],
    });
    await Promise.all([plantHealthy(cluster.client, NAMESPACE), plantProblems(cluster.client, NAMESPACE)]);
  });

  afterAll(async () => {
    await cluster.stop();
    await api.close();
  });

  test.each(TWINS)('have of %s what the task reads in the same fields and types', async (workload, twin) => {
    const real = await podsOf(cluster.client, NAMESPACE, workload);
    const { small } = await both('GET', PODS);
    const shown = (small.body as PodList).items.filter(({ metadata }) => metadata?.name === twin.metadata?.name);
    const [shape, realShape] = [shapeRead(podOf, shown), shapeRead(podOf, real)];

    expect(shape.get('status.phase')).toEqual(new Set(['string']));
    expect(missingIn(realShape, shape)).toEqual([]);
  });

  test('have of what makes pods what the task reads in the same fields and types', async () => {
    const place = { namespace: NAMESPACE, now };
    const [deployments, jobs] = ['apps/v1', 'batch/v1'].map((group) => `/apis/${group}/namespaces/${NAMESPACE}`);
    const real = {
      deployment: await cluster.client.get(`${deployments}/deployments/refused`),
      job: await cluster.client.get(`${jobs}/jobs/late`),
    };
    const twins = {
      deployment: overTheWire(refusedDeployment({ ...place, workload: 'refused' })),
      job: overTheWire(lateJob({ ...place, workload: 'late' })),
    };
    const shape = shapeRead(deploymentOf, [twins.deployment]);

    expect(shape.get('status.conditions[].message')).toEqual(new Set(['string']));
    expect(missingIn(shapeRead(deploymentOf, [real.deployment]), shape)).toEqual([]);
    expect(missingIn(shapeRead(jobOf, [real.job]), shapeRead(jobOf, [twins.job]))).toEqual([]);
  });

  test('give a list in pages in the same way', async () => {
    const { real, small } = await both('GET', `${PODS}?limit=5`);
    const envelope = ({ kind, apiVersion, items, metadata }: PodList) => ({
      kind,
      apiVersion,
      items: items.length,
      fields: Object.keys(metadata).sort(),
      types: Object.values(metadata)
        .map((value) => typeof value)
        .sort(),
    });

    expect([real.code, small.code]).toEqual([200, 200]);
    expect(envelope(small.body as PodList)).toEqual(envelope(real.body as PodList));
    expect(envelope(real.body as PodList)).toMatchObject({
      items: 5,
      fields: ['continue', 'remainingItemCount', 'resourceVersion'],
    });
  });

  test.each([
    ['pods of all namespaces', '/api/v1/pods', {}, 403],
    ['pods of another namespace', '/api/v1/namespaces/kube-system/pods', {}, 403],
    ['a namespace', `/api/v1/namespaces/${NAMESPACE}`, {}, 403],
    ['the namespaces', '/api/v1/namespaces', {}, 403],
    ['anything with a token of nobody', PODS, { token: 'a-token-of-nobody' }, 401],
  ])('refuse %s in the same words', async (_what, path, question, code) => {
    const { real, small } = await both('GET', path, question);

    expect([real.code, small.code]).toEqual([code, code]);
    expect(statusOf(small.body)).toEqual(statusOf(real.body));
    expect(statusOf(real.body).message).toEqual(expect.any(String));
  });

  test('say of the caller the same', async () => {
    const { real, small } = await both('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { body: {} });
    const userOf = (body: unknown) =>
      (body as { status: { userInfo: { username: string; groups: string[] } } }).status.userInfo;

    expect([real.code, small.code]).toEqual([201, 201]);
    expect(userOf(real.body).username).toBe(reader.username);
    expect(userOf(small.body).username).toBe(reader.username);
    expect(userOf(real.body).groups).toEqual(expect.arrayContaining(userOf(small.body).groups));
  });

  test.each([
    ['shop', true],
    ['kube-system', false],
  ])('say the same of whether the pods of %s may be listed', async (namespace, allowed) => {
    const spec = { resourceAttributes: { verb: 'list', resource: 'pods', group: '', namespace } };
    const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    const { real, small } = await both('POST', path, { body: { spec } });
    const allowedIn = (body: unknown) => (body as { status: { allowed: boolean } }).status.allowed;

    expect([real.code, small.code]).toEqual([201, 201]);
    expect([allowedIn(real.body), allowedIn(small.body)]).toEqual([allowed, allowed]);
  });

  test('tell their version and readiness to anybody', async () => {
    const version = await both('GET', '/version', { token: '' });
    const ready = await both('GET', '/readyz', { token: '' });

    expect(version.small).toMatchObject({ code: 200, body: { gitVersion: 'v1.36.3' } });
    expect(version.real).toMatchObject({ code: 200, body: { gitVersion: 'v1.36.3' } });
    expect(ready).toEqual({ real: { code: 200, body: 'ok' }, small: { code: 200, body: 'ok' } });
  });

  /** The same question to both; each knows the caller by its own token. */
  async function both(
    method: string,
    path: string,
    question: { readonly token?: string; readonly body?: object } = {},
  ) {
    const ask = async (access: Access) => {
      const body = question.body && JSON.stringify(question.body);
      const { code, text } = await call(access, { method, path, body });
      return { code, body: text.startsWith('{') ? (JSON.parse(text) as unknown) : text };
    };
    const { token: realToken = reader.token, token: smallToken = api.token } = question;
    return {
      real: await ask({ server: cluster.url, authority: cluster.authority.certificate, token: realToken }),
      small: await ask({ server: api.url, authority: api.authority, token: smallToken }),
    };
  }
});

interface PodList {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: object;
  readonly items: readonly V1Pod[];
}

/** The fields of an error of Kubernetes that are read. */
function statusOf(body: unknown) {
  const { kind, apiVersion, status, reason, code, message } = body as Record<string, unknown>;
  return { kind, apiVersion, status, reason, code, message };
}

/** As JSON, moments to the second as the API server writes them. */
function overTheWire(object: object): unknown {
  return JSON.parse(JSON.stringify(object).replaceAll(/\.\d{3}Z"/g, 'Z"'));
}
