import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { task } from '../../../../lambdas/tasks/kubernetes/check-pods.ts';
import * as demo from '../../../../lib/demo/pods.ts';
import { startKubernetesApi, type KubernetesApi } from '../../../../lib/demo/servers/kubernetes.ts';
import { resultOf } from '../../../harness/perform-task.ts';

const now = new Date('2026-03-02T02:00:00Z');
const web = { workload: 'web', namespace: 'shop', now };

let api: KubernetesApi;

beforeAll(async () => {
  api = await startKubernetesApi();
});

afterEach(() => {
  api.clearFaults();
});

afterAll(async () => {
  await api.close();
});

function check(settings: Record<string, string> = {}, more: { baseline?: unknown; timeoutSeconds?: number } = {}) {
  return resultOf({ task, targets: { cluster: { kubeconfig: api.kubeconfig, ...settings } }, now, ...more });
}

test('finds what is broken among what is healthy and measures both', async () => {
  api.setPods([...demo.podsOf(3, web), ...demo.podsOf(2, { ...web, workload: 'api' }, demo.crashLoopingPod)]);

  const { findings, measurements } = await check();

  expect(findings).toMatchObject([
    { kind: 'crash-looping', target: 'cluster', subject: 'shop/deployment/api', value: 2 },
  ]);
  expect(measurements.map(({ name, value }) => [name, value])).toEqual([
    ['pods', 5],
    ['pods-ready', 3],
    ['restarts', 34],
  ]);
});

test('passes a healthy cluster', async () => {
  api.setPods(demo.podsOf(3, web));

  const { findings, measurements } = await check();

  expect(findings).toEqual([]);
  expect(measurements).toHaveLength(3);
});

test('looks at the namespace of the target alone', async () => {
  api.setPods([demo.healthyPod(web), demo.crashLoopingPod({ ...web, namespace: 'test' })]);

  expect((await check({ namespace: 'shop' })).findings).toEqual([]);
  expect((await check({ namespace: 'test' })).findings).toMatchObject([{ kind: 'crash-looping' }]);
});

test('reads 1,234 pods over pages, each of them once', async () => {
  api.setPods([...demo.podsOf(1_233, web), demo.notReadyPod({ ...web, index: 1_233 })]);
  const before = api.requests.length;

  const { findings, measurements } = await check();

  expect(measurements[0]).toMatchObject({ name: 'pods', value: 1_234 });
  expect(findings).toMatchObject([{ kind: 'not-ready', value: 1 }]);
  const requests = api.requests.slice(before);
  expect(requests.filter((request) => request.includes('/pods'))).toHaveLength(3);
  expect(requests.every((request) => request.includes('limit=500'))).toBe(true);
});

describe('a list that expires in the middle', () => {
  const isLaterPage = (url: URL) => url.searchParams.has('continue');

  test('is read again from its start, and no page of the first is kept', async () => {
    api.setPods(demo.podsOf(1_234, web));
    api.addFault({ fault: { kind: 'status', code: 410 }, times: 1, when: isLaterPage });

    const { measurements } = await check();

    expect(measurements[0]).toMatchObject({ name: 'pods', value: 1_234 });
  });

  test('sees the pods of the second snapshot only', async () => {
    api.setPods(demo.podsOf(900, web));
    const replaceOnce = (url: URL) => {
      if (isLaterPage(url)) api.setPods(demo.podsOf(400, { ...web, workload: 'api' }));
      return false;
    };
    api.addFault({ fault: { kind: 'silence' }, when: replaceOnce });

    const { measurements } = await check();

    expect(measurements[0]).toMatchObject({ name: 'pods', value: 400 });
  });

  test('makes the target unknown when it expires each time', async () => {
    api.setPods(demo.podsOf(900, web));
    api.addFault({ fault: { kind: 'status', code: 410 }, when: isLaterPage });

    const { findings, measurements } = await check();

    expect(findings).toMatchObject([{ kind: 'not-readable', summary: expect.stringContaining('3 times over') }]);
    expect(measurements).toEqual([]);
  });
});

describe('no pods', () => {
  test('in the cluster is unknown', async () => {
    api.setPods([]);

    const { findings, measurements } = await check();

    expect(findings).toMatchObject([{ kind: 'no-pods' }]);
    expect(task.findings['no-pods']?.severity).toBe('unknown');
    expect(measurements).toEqual([]);
  });

  test('in a namespace that exists is unknown', async () => {
    api.setPods([demo.healthyPod(web)]);

    expect((await check({ namespace: 'default' })).findings).toMatchObject([{ kind: 'no-pods', subject: 'default' }]);
  });

  test('in a namespace that is misspelt is unknown, with the name that is near', async () => {
    api.setPods([demo.healthyPod({ ...web, namespace: 'production' })]);

    const { findings } = await check({ namespace: 'prodution' });

    expect(findings).toMatchObject([
      { kind: 'namespace-not-found', summary: expect.stringContaining('it has production') },
    ]);
    expect(task.findings['namespace-not-found']?.severity).toBe('unknown');
  });

  test('and no right to look for the namespace is unknown, with the permission', async () => {
    api.setPods([demo.healthyPod(web)]);
    const isNamespace = (url: URL) => url.pathname === '/api/v1/namespaces/default';
    api.addFault({ fault: { kind: 'status', code: 403 }, when: isNamespace });

    expect((await check({ namespace: 'default' })).findings).toMatchObject([
      { kind: 'no-pods', summary: expect.stringContaining('`get namespaces` is missing') },
    ]);
  });
});

test('remembers restart counts, so that a second run knows which are new', async () => {
  const monthAgo = { ...web, ageSeconds: 30 * 86_400 };
  const yesterday = new Date(now.getTime() - 86_400_000);
  api.setPods([demo.restartingPod({ ...monthAgo, now: yesterday }, 39)]);
  const first = await resultOf({ task, targets: { cluster: { kubeconfig: api.kubeconfig } }, now: yesterday });

  api.setPods([demo.restartingPod(monthAgo, 40)]);
  const second = await check({}, { baseline: first.baseline });

  expect(first.findings).toMatchObject([{ kind: 'restarting' }]);
  expect(second.findings).toEqual([]);
  expect(second.measurements[2]).toMatchObject({ name: 'restarts', value: 1 });
  expect(task.baseline?.schema.safeParse(second.baseline).success).toBe(true);
});

test('keeps what it remembers of a cluster that cannot be read', async () => {
  const baseline = { targets: { cluster: [{ at: now.toISOString(), restarts: { 'a/app': 3 } }] } };
  api.addFault({ fault: { kind: 'status', code: 403 } });

  expect((await check({}, { baseline })).baseline).toEqual(baseline);
});
