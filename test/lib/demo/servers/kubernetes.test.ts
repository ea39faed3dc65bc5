import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { ApiException, CoreV1Api, KubeConfig, VersionApi, type V1Pod } from '@kubernetes/client-node';
import * as demo from '../../../../lib/demo/pods.ts';
import { startKubernetesApi, type KubernetesApi } from '../../../../lib/demo/servers/kubernetes.ts';

const now = new Date('2026-03-02T02:00:00Z');
const web = { workload: 'web', namespace: 'shop', now };

let api: KubernetesApi;
let config: KubeConfig;
let core: CoreV1Api;

beforeAll(async () => {
  api = await startKubernetesApi();
  config = new KubeConfig();
  config.loadFromString(api.kubeconfig);
  // The official client as it comes, with its own transport.
  core = config.makeApiClient(CoreV1Api);
});

afterEach(() => {
  api.clearFaults();
});

afterAll(async () => {
  await api.close();
});

async function codeOf(call: Promise<unknown>): Promise<number | undefined> {
  try {
    await call;
  } catch (thrown) {
    if (thrown instanceof ApiException) return thrown.code;
    throw thrown;
  }
  return undefined;
}

test.each<[string, (place: demo.PodPlace) => V1Pod]>([
  ['healthy', demo.healthyPod],
  ['crash-looping', demo.crashLoopingPod],
  ['without image', demo.imagePullPod],
  ['without secret', demo.configErrorPod],
  ['without node', demo.unschedulablePod],
  ['not ready', demo.notReadyPod],
  ['initialising', demo.initWaitingPod],
  ['killed for its memory', demo.oomKilledPod],
  ['restarting', demo.restartingPod],
  ['completed', demo.completedPod],
  ['failed', demo.failedPod],
  ['evicted', demo.evictedPod],
  ['terminating', demo.stuckTerminatingPod],
  ['lost', demo.nodeLostPod],
])('a pod that is %s comes out of the official client as it went in', async (_what, build) => {
  const pod = build(web);
  api.setPods([pod]);

  const { items } = await core.listPodForAllNamespaces();

  expect(JSON.parse(JSON.stringify(items))).toEqual(JSON.parse(JSON.stringify([pod])));
  expect(items[0]?.metadata?.creationTimestamp).toEqual(pod.metadata?.creationTimestamp);
});

test('lists in pages until there is no token', async () => {
  api.setPods(demo.podsOf(7, web));

  const first = await core.listNamespacedPod({ namespace: 'shop', limit: 5 });
  const _continue = first.metadata?._continue ?? '';
  const second = await core.listNamespacedPod({ namespace: 'shop', limit: 5, _continue });

  expect(first.items).toHaveLength(5);
  expect(first.metadata?.remainingItemCount).toBe(2);
  expect(second.items).toHaveLength(2);
  expect(second.metadata?._continue).toBeUndefined();
  expect(second.metadata?.resourceVersion).toBe(first.metadata?.resourceVersion);
});

test('says 410 to a token of before a change', async () => {
  api.setPods(demo.podsOf(7, web));
  const { metadata } = await core.listPodForAllNamespaces({ limit: 5 });
  api.setPods(demo.podsOf(7, web));

  expect(await codeOf(core.listPodForAllNamespaces({ limit: 5, _continue: metadata?._continue ?? '' }))).toBe(410);
});

test('has the namespaces of its pods, and no others', async () => {
  api.setPods([demo.healthyPod(web)]);

  const { items } = await core.listNamespace();

  expect(items.map(({ metadata }) => metadata?.name)).toEqual(['default', 'shop']);
  expect(await codeOf(core.readNamespace({ name: 'shop' }))).toBeUndefined();
  expect(await codeOf(core.readNamespace({ name: 'shopp' }))).toBe(404);
  expect((await core.listNamespacedPod({ namespace: 'shopp' })).items).toEqual([]);
});

test('tells its version', async () => {
  expect((await config.makeApiClient(VersionApi).getCode()).gitVersion).toBe('v1.36.3');
});

describe('refuses', () => {
  test('a request without the token', async () => {
    const stranger = new KubeConfig();
    stranger.loadFromString(api.kubeconfig.replace(api.token, 'wrong'));

    expect(await codeOf(stranger.makeApiClient(CoreV1Api).listNamespace())).toBe(401);
  });

  test('a write', async () => {
    expect(await codeOf(core.deleteNamespace({ name: 'shop' }))).toBe(405);
  });
});

test('goes wrong as often as planned', async () => {
  api.addFault({ fault: { kind: 'status', code: 429, retryAfterSeconds: 7 }, times: 2 });

  expect(await codeOf(core.listNamespace())).toBe(429);
  expect(await codeOf(core.listNamespace())).toBe(429);
  expect(await codeOf(core.listNamespace())).toBeUndefined();
});
