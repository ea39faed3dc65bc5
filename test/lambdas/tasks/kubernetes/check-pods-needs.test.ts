import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Json } from '../../../../core/json.ts';
import { task } from '../../../../lambdas/tasks/kubernetes/check-pods.ts';
import * as demo from '../../../../lib/demo/pods.ts';
import { ADMINISTRATOR } from '../../../../lib/demo/servers/_kubernetes-rights.ts';
import { startKubernetesApi, type KubernetesApi } from '../../../../lib/demo/servers/kubernetes.ts';
import { startSilentPort } from '../../../../lib/demo/servers/tls.ts';
import { inWords, needCalled, needsOf } from '../../../harness/needs-of.ts';
import { carryOut } from './_kubectl.ts';

const now = new Date('2026-03-02T02:00:00Z');
const pods = demo.podsOf(7, { workload: 'web', namespace: 'shop', now });
const ALL_MET = ['met be reached', 'met log in', 'met list pods', 'met list workloads'];
const REVIEWS = [
  'POST /apis/authentication.k8s.io/v1/selfsubjectreviews',
  'POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
];
let api: KubernetesApi;

beforeAll(async () => {
  api = await startKubernetesApi();
});
beforeEach(() => {
  api.clearFaults();
  api.setAccount(ADMINISTRATOR);
  api.setPods(pods);
});
afterAll(() => api.close());

function ask(settings: Readonly<Record<string, Json>> = {}, timeoutSeconds = 20) {
  return needsOf({ task, now, timeoutSeconds, targets: { cluster: { kubeconfig: api.kubeconfig, ...settings } } });
}

test('a namespace that is misspelt lists no pods like a quiet one, and is missing', async () => {
  const needs = await ask({ namespace: 'shopp' });

  expect(inWords(needs)).toEqual([...ALL_MET, 'missing have its namespace']);
  expect(needs[4]?.detail).toBe('the cluster has no namespace shopp; it has shop');
  expect(needs[4]?.grant).toBeUndefined();
});

test('everything met is told with version, whom and number, and by questions alone', async () => {
  const before = api.requests.length;
  const needs = await ask({ namespace: 'shop' });

  expect(needs).toEqual([
    met('be reached', `${new URL(api.url).host} over TLS, Kubernetes v1.36.3`),
    met('log in', 'as system:serviceaccount:fettle:fettle'),
    met('list pods', '7 pods in namespace shop'),
    met('list workloads', 'deployments.apps, statefulsets.apps, daemonsets.apps, jobs.batch in namespace shop'),
    met('have its namespace', 'shop, with pods in it'),
  ]);
  const requests = api.requests.slice(before);
  expect(requests.slice(0, 4)).toEqual(['GET /version', ...REVIEWS, 'GET /api/v1/namespaces/shop/pods?limit=1']);
  expect(requests.slice(4).toSorted()).toEqual([
    'GET /apis/apps/v1/namespaces/shop/daemonsets?limit=1',
    'GET /apis/apps/v1/namespaces/shop/deployments?limit=1',
    'GET /apis/apps/v1/namespaces/shop/statefulsets?limit=1',
    'GET /apis/batch/v1/namespaces/shop/jobs?limit=1',
    ...Array.from({ length: 4 }, () => REVIEWS[1]),
  ]);
});

function met(need: string, detail: string) {
  return { target: 'cluster', need, state: 'met', detail };
}

test('a namespace without pods that exists is met, and without a namespace none is needed', async () => {
  api.setNamespaces(['default', 'quiet', 'shop']);

  expect(needCalled(await ask({ namespace: 'quiet' }), 'have its namespace').state).toBe('met');
  expect(inWords(await ask())).toEqual(ALL_MET);
});

describe('without a right', () => {
  test.each([
    ['in all namespaces', undefined, 'clusterrole'],
    ['in namespace shop', 'shop', 'role'],
  ])('the pods %s are missing, and exactly the commands that it shows give it', async (where, namespace, kind) => {
    const target = namespace === undefined ? {} : { namespace };
    api.setAccount({ rights: [] });
    const listed = needCalled(await ask(target), 'list pods');

    expect(listed).toMatchObject({
      state: 'missing',
      detail: `the cluster says that this account may not list pods ${where}`,
    });
    expect(listed.grant).toMatch(new RegExp(`^kubectl create ${kind} fettle-list-pods --verb=list --resource=pods`));
    const { rights, subjects } = carryOut(listed.grant ?? '');
    expect(rights).toEqual([{ verb: 'list', resource: 'pods', ...target }]);
    expect(subjects).toEqual(['serviceaccount=fettle:fettle']);
    api.setAccount({ rights });
    expect(needCalled(await ask(target), 'list pods').state).toBe('met');
  });

  test('what of the workloads is missing is named, and exactly the commands that it shows give it', async () => {
    const some = ['pods', 'deployments.apps', 'jobs.batch'].map((resource) => ({ verb: 'list', resource }));
    api.setAccount({ rights: some });
    const listed = needCalled(await ask(), 'list workloads');

    expect(listed).toMatchObject({
      state: 'missing',
      detail: 'this account may not list statefulsets.apps, daemonsets.apps in all namespaces',
    });
    const { rights } = carryOut(listed.grant ?? '');
    expect(rights.map(({ resource }) => resource)).toEqual(['statefulsets.apps', 'daemonsets.apps']);
    api.setAccount({ rights: [...some, ...rights] });
    expect(inWords(await ask())).toEqual(ALL_MET);
  });

  test('workloads that nobody answers for are unknown, and the pods are met all the same', async () => {
    api.addFault({ fault: { kind: 'status', code: 404 }, when: ({ pathname }) => pathname.endsWith('/jobs') });
    const needs = await ask();

    expect(needCalled(needs, 'list workloads')).toMatchObject({
      state: 'unknown',
      detail: expect.stringContaining('cannot list jobs.batch in all namespaces: the API server answers 404'),
    });
    expect(needCalled(needs, 'list pods').state).toBe('met');
  });

  test('whether an empty namespace exists is unknown, until it may be read', async () => {
    api.setAccount({ rights: [{ verb: 'list', resource: 'pods', namespace: 'shopp' }] });
    const namespace = needCalled(await ask({ namespace: 'shopp' }), 'have its namespace');

    expect(namespace).toMatchObject({
      state: 'unknown',
      detail: expect.stringContaining('whether it exists is not known'),
    });
    const { rights } = carryOut(namespace.grant ?? '');
    api.setAccount({ rights: [...rights, { verb: 'list', resource: 'pods', namespace: 'shopp' }] });
    expect(needCalled(await ask({ namespace: 'shopp' }), 'have its namespace').state).toBe('missing');
  });

  test('a server without reviews is asked for the list itself', async () => {
    api.setAccount({ reviews: false });
    expect(inWords(await ask())).toEqual(ALL_MET);
    api.setAccount({ rights: [] });
    const needs = await ask();

    expect(needCalled(needs, 'log in').detail).toBe('as whom, the cluster does not say');
    expect(needCalled(needs, 'list pods')).toMatchObject({
      state: 'missing',
      detail: expect.stringContaining('cannot list resource "pods" in API group "" at the cluster scope'),
    });
    expect(needCalled(needs, 'list pods').grant).toBeUndefined();
  });

  test('a user of a certificate gets the role by its name, quoted, and one that steers a terminal gets none', async () => {
    api.setAccount({ rights: [], username: "kim o'neil; reboot" });
    expect(needCalled(await ask(), 'list pods').grant).toContain(String.raw`--user='kim o'\''neil; reboot'`);

    api.setAccount({ username: 'kim\u001b[2J' });
    expect(needCalled(await ask(), 'list pods').grant).toBeUndefined();
  });
});

test('whom the cluster takes for nobody is not logged in, whatever it may', async () => {
  api.setAccount({ username: 'system:anonymous', groups: ['system:unauthenticated'] });

  expect(inWords(await ask())).toEqual(['met be reached', 'missing log in']);
});

test('a token that is not accepted is a missing login, and is not repeated', async () => {
  const needs = await ask({ kubeconfig: api.kubeconfig.replace(api.token, 'a-wrong-token') });

  expect(inWords(needs)).toEqual(['met be reached', 'missing log in']);
  expect(JSON.stringify(needs)).not.toContain('a-wrong-token');
});

test('what only says that it is a cluster is not taken for one', async () => {
  api.addFault({ fault: { kind: 'body', contentType: 'text/html', body: '<h1>Sign in</h1>' } });
  const needs = await ask();

  expect(needCalled(needs, 'list pods')).toMatchObject({
    state: 'unknown',
    detail: expect.stringContaining('no `items`'),
  });
});

test('a cluster that is silent or gone is unknown with the reason, as is a kubeconfig that cannot be used', async () => {
  const gone = await startSilentPort();
  await gone.close();
  api.addFault({ fault: { kind: 'silence' } });
  const needs = await Promise.all([
    ask({}, 2),
    ask({ kubeconfig: api.kubeconfig.replace(api.url, `https://127.0.0.1:${gone.port}`) }),
    ask({ kubeconfig: 'no kubeconfig' }),
  ]);

  expect(needs.map(inWords)).toEqual([['unknown be reached'], ['unknown be reached'], ['unknown be reached']]);
  expect(needs.flat().map(({ detail }) => detail)).toEqual([
    expect.stringContaining('gave no answer in time'),
    expect.stringContaining('ECONNREFUSED'),
    expect.stringContaining('the kubeconfig cannot be used'),
  ]);
});

test('nothing but questions was ever asked', () => {
  const writes = api.requests.filter((request) => !request.startsWith('GET ') && !REVIEWS.includes(request));

  expect(api.requests.length).toBeGreaterThan(20);
  expect(writes).toEqual([]);
});
