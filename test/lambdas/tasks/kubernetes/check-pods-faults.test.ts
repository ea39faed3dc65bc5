import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { task } from '../../../../lambdas/tasks/kubernetes/check-pods.ts';
import * as demo from '../../../../lib/demo/pods.ts';
import {
  startKubernetesApi,
  type KubernetesApi,
  type KubernetesFault,
} from '../../../../lib/demo/servers/kubernetes.ts';
import { startSilentPort } from '../../../../lib/demo/servers/tls.ts';
import { resultOf } from '../../../harness/perform-task.ts';

const now = new Date('2026-03-02T02:00:00Z');
const web = { workload: 'web', namespace: 'shop', now };

let api: KubernetesApi;

beforeAll(async () => {
  api = await startKubernetesApi({ pods: demo.podsOf(3, web) });
});

afterEach(() => {
  api.clearFaults();
});

afterAll(async () => {
  await api.close();
});

async function check(kubeconfig = api.kubeconfig, timeoutSeconds = 120) {
  return resultOf({ task, targets: { cluster: { kubeconfig } }, now, timeoutSeconds });
}

async function reasonOf(kubeconfig?: string, timeoutSeconds?: number): Promise<string> {
  const { findings, measurements } = await check(kubeconfig, timeoutSeconds);
  expect(findings).toHaveLength(1);
  expect(findings[0]?.kind).toBe('not-readable');
  expect(measurements).toEqual([]);
  return findings[0]?.summary ?? '';
}

describe('what passes after another attempt', () => {
  test.each<[string, KubernetesFault]>([
    ['too many requests', { kind: 'status', code: 429, retryAfterSeconds: 1 }],
    ['an internal error', { kind: 'status', code: 500 }],
    ['an answer that is cut', { kind: 'cut' }],
  ])('%s', async (_what, fault) => {
    api.addFault({ fault, times: 2 });

    const { findings, measurements } = await check();

    expect(findings).toEqual([]);
    expect(measurements[0]).toMatchObject({ name: 'pods', value: 3 });
  });
});

describe('what makes the target unknown', () => {
  test.each<[string, KubernetesFault, string]>([
    ['a permission that is missing', { kind: 'status', code: 403 }, '`list pods in all namespaces` is missing (403)'],
    ['credentials that are refused', { kind: 'status', code: 401 }, 'does not accept the credentials (401)'],
    ['errors without end', { kind: 'status', code: 503, message: 'etcd is down' }, 'answers 503: etcd is down'],
    ['answers cut without end', { kind: 'cut' }, 'aborted'],
    ['a page of a proxy', { kind: 'body', contentType: 'text/html', body: '<h1>Sign in</h1>' }, 'no `items`'],
    [
      'a list without items',
      { kind: 'body', contentType: 'application/json', body: '{"kind":"PodList"}' },
      'no `items`',
    ],
    ['a list with null', { kind: 'body', contentType: 'application/json', body: '{"items":null}' }, 'no `items`'],
    ['half of a JSON', { kind: 'body', contentType: 'application/json', body: '{"items":[' }, 'cannot list pods'],
    ['text for a list', { kind: 'body', contentType: 'text/plain', body: 'ok' }, 'no `items`'],
    ['a redirect', { kind: 'status', code: 302 }, 'answers 302'],
  ])('%s', async (_what, fault, reason) => {
    api.addFault({ fault });

    expect(await reasonOf()).toContain(reason);
  });

  test.each([
    ['longer than the run has time', 10, 3],
    ['for an hour', 3_600, 120],
  ])('a request to wait %s, which is not waited for', async (_what, retryAfterSeconds, timeoutSeconds) => {
    api.addFault({ fault: { kind: 'status', code: 429, retryAfterSeconds } });
    const before = api.requests.length;

    expect(await reasonOf(undefined, timeoutSeconds)).toContain('answers 429');
    expect(api.requests.slice(before)).toHaveLength(1);
  });

  test('a server that accepts and says nothing', async () => {
    api.addFault({ fault: { kind: 'silence' } });

    expect(await reasonOf(undefined, 2)).toContain('no answer in time');
  });

  test('a port that accepts and does not speak TLS', async () => {
    const silent = await startSilentPort();
    try {
      const kubeconfig = api.kubeconfig.replace(api.url, `https://127.0.0.1:${silent.port}`);

      expect(await reasonOf(kubeconfig, 2)).toContain('no answer in time');
    } finally {
      await silent.close();
    }
  });

  test('a port on which nobody listens', async () => {
    const gone = await startSilentPort();
    await gone.close();

    expect(await reasonOf(api.kubeconfig.replace(api.url, `https://127.0.0.1:${gone.port}`))).toContain('ECONNREFUSED');
  });

  test('a continue token that comes twice', async () => {
    const body = JSON.stringify({ kind: 'PodList', metadata: { continue: 'again', resourceVersion: '1' }, items: [] });
    api.addFault({ fault: { kind: 'body', contentType: 'application/json', body } });

    expect(await reasonOf()).toContain('never ends');
  });

  test('a wrong token, which is not repeated in the report', async () => {
    const reason = await reasonOf(api.kubeconfig.replace(api.token, 'a-wrong-token'));

    expect(reason).toContain('(401)');
    expect(reason).not.toContain('a-wrong-token');
  });
});

test('leaves no connection open, so that the process can end', async () => {
  await check();
  await reasonOf(api.kubeconfig.replace(api.token, 'wrong'));
  for (let turn = 0; turn < 50 && api.connections() > 0; turn += 1) await new Promise((next) => setTimeout(next, 20));

  expect(api.connections()).toBe(0);
});

test('a silent cluster does not hide the result of another', async () => {
  const silent = await startSilentPort();
  try {
    const { findings, measurements } = await resultOf({
      task,
      targets: {
        silent: { kubeconfig: api.kubeconfig.replace(api.url, `https://127.0.0.1:${silent.port}`) },
        cluster: { kubeconfig: api.kubeconfig },
      },
      now,
      timeoutSeconds: 2,
    });

    expect(findings).toMatchObject([{ kind: 'not-readable', target: 'silent' }]);
    expect(measurements).toMatchObject([{ target: 'cluster', value: 3 }, {}, {}]);
  } finally {
    await silent.close();
  }
});

test('an EKS cluster is not passed without being read', async () => {
  const { findings, measurements } = await resultOf({ task, targets: { cluster: { eks: 'prod' } }, now });

  expect(findings).toMatchObject([{ kind: 'not-readable', target: 'cluster' }]);
  expect(measurements).toEqual([]);
});
