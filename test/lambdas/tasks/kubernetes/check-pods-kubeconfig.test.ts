import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { Unavailable } from '../../../../core/errors.ts';
import { readKubeconfig } from '../../../../lambdas/tasks/kubernetes/_kubeconfig.ts';
import { task } from '../../../../lambdas/tasks/kubernetes/check-pods.ts';
import * as demo from '../../../../lib/demo/pods.ts';
import { startKubernetesApi, type KubernetesApi } from '../../../../lib/demo/servers/kubernetes.ts';
import { resultOf } from '../../../harness/perform-task.ts';

const now = new Date('2026-03-02T02:00:00Z');
const TOKEN = 'token-that-nobody-may-read';

interface Parts {
  readonly cluster?: Record<string, unknown>;
  readonly user?: Record<string, unknown>;
  readonly current?: string;
}

function kubeconfig({ cluster = {}, user = {}, current = 'prod' }: Parts = {}): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': current,
    contexts: [
      { name: 'prod', context: { cluster: 'main', user: 'fettle', namespace: 'shop' } },
      { name: 'lost', context: { cluster: 'gone', user: 'fettle' } },
    ],
    clusters: [{ name: 'main', cluster: { server: 'https://127.0.0.1:6443', ...cluster } }],
    users: [
      { name: 'fettle', user: { token: TOKEN, ...user } },
      { name: 'other', user: { 'token-file': '/does/not/exist', exec: { command: 'false' } } },
    ],
  });
}

function refusal(text: string, context?: string): string {
  try {
    readKubeconfig(text, context);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(Unavailable);
    return (thrown as Unavailable).message;
  }
  throw new Error('the kubeconfig was accepted');
}

test('reads the current context and touches no other user', () => {
  const config = readKubeconfig(kubeconfig());

  expect(config.getCurrentCluster()?.server).toBe('https://127.0.0.1:6443');
  expect(config.getCurrentUser()?.token).toBe(TOKEN);
  expect(config.getUsers()).toHaveLength(1);
});

describe('refuses', () => {
  test.each<[string, Parts, string]>([
    ['an authority in a file', { cluster: { 'certificate-authority': 'ca.crt' } }, 'names a file; embed it'],
    ['verification switched off', { cluster: { 'insecure-skip-tls-verify': true } }, 'insecure-skip-tls-verify'],
    ['a proxy', { cluster: { 'proxy-url': 'http://proxy' } }, 'proxy-url of cluster main is not supported'],
    ['plain HTTP', { cluster: { server: 'http://127.0.0.1' } }, 'not an https:// address'],
    ['a server that is no address', { cluster: { server: 'cluster' } }, 'not an https:// address'],
    ['a certificate in a file', { user: { 'client-certificate': '/a' } }, 'client-certificate of user fettle'],
    ['a key in a file', { user: { 'client-key': '/a' } }, 'client-key of user fettle'],
    ['a token in a file', { user: { tokenFile: '/a' } }, 'tokenFile of user fettle'],
    ['a program', { user: { exec: { command: 'aws' } } }, 'exec of user fettle runs a program'],
    ['an auth provider', { user: { 'auth-provider': { name: 'gcp' } } }, 'auth-provider of user fettle'],
    ['groups to act as', { user: { 'as-groups': ['system:masters'] } }, 'as-groups of user fettle'],
    ['a context that does not exist', { current: 'staging' }, 'no context staging; its contexts: prod, lost'],
    ['no context', { current: '' }, 'has no current context'],
  ])('%s, and says what to do', (_what, parts, reason) => {
    const text = refusal(kubeconfig(parts));

    expect(text).toContain(reason);
    expect(text).not.toContain(TOKEN);
  });

  test('a context whose cluster is missing', () => {
    expect(refusal(kubeconfig(), 'lost')).toContain('no cluster gone');
  });

  test.each([
    ['nothing', ''],
    ['a list', '[]'],
    ['broken YAML', `users:\n  - token: "${TOKEN}\n  : :`],
    ['a number', '1'],
    ['no users', 'clusters: []\ncontexts: []'],
  ])('%s without quoting it', (_what, text) => {
    const reason = refusal(text);

    expect(reason).toContain('kubeconfig');
    expect(reason).not.toContain(TOKEN);
  });

  test('aliases that would fill the memory', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...Array.from('bcdefghi', (letter, i) => {
        const above = 'abcdefgh'[i];
        return `${letter}: &${letter} [*${above},*${above},*${above},*${above},*${above},*${above},*${above},*${above}]`;
      }),
    ].join('\n');

    expect(refusal(bomb)).toContain('kubeconfig');
  });
});

describe('the server must prove who it is', () => {
  let api: KubernetesApi;
  let other: KubernetesApi;

  beforeAll(async () => {
    api = await startKubernetesApi({ pods: [demo.healthyPod({ workload: 'web', now })] });
    other = await startKubernetesApi({ certificate: { names: ['other.example'] } });
  });

  afterAll(async () => {
    await Promise.all([api.close(), other.close()]);
  });

  async function summaryOf(text: string): Promise<string> {
    const { findings } = await resultOf({ task, targets: { cluster: { kubeconfig: text } }, now });
    return findings.map(({ kind, summary }) => `${kind}: ${summary}`).join();
  }

  test('by the authority of the kubeconfig, even when the environment waives it', async () => {
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      const strange = api.kubeconfig.replace(api.url, other.url);

      expect(await summaryOf(strange)).toMatch(/not-readable: .*certificate/);
      expect(other.requests).toEqual([]);
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    }
  });

  test('by its name', async () => {
    expect(await summaryOf(other.kubeconfig)).toMatch(/not-readable: .*does not match certificate/);
    expect(other.requests).toEqual([]);
  });

  test('and tls-server-name may give that name', async () => {
    const named = JSON.parse(other.kubeconfig) as { clusters: { cluster: Record<string, string> }[] };
    const [first] = named.clusters;
    if (first) first.cluster['tls-server-name'] = 'other.example';

    expect(await summaryOf(JSON.stringify(named))).toContain('no-pods');
  });
});

test.each(['Shop', '../secrets', 'a/b', '', 'x'.repeat(64), 'shop%2f'])(
  'the namespace %p never becomes part of a path',
  async (namespace) => {
    const targets = { cluster: { kubeconfig: kubeconfig(), namespace } };

    const { findings } = await resultOf({ task, targets, now });

    expect(findings).toMatchObject([
      { kind: 'not-readable', summary: expect.stringContaining('no name of a namespace') },
    ]);
  },
);
