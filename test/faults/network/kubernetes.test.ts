import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { task } from '../../../lambdas/tasks/kubernetes/check-pods.ts';
import * as demo from '../../../lib/demo/pods.ts';
import { WORKLOAD_RESOURCES } from '../../../lambdas/tasks/kubernetes/_workload-list.ts';
import { startKubernetesApi, type KubernetesApi } from '../../../lib/demo/servers/kubernetes.ts';
import { startEksCluster, type Account } from '../../lambdas/tasks/kubernetes/_eks-cluster.ts';
import { startEks, type EksServer } from '../../servers/eks.ts';
import { startFaultProxy } from '../../servers/fault-proxy.ts';
import { BAD_LINES, see, seeOver, type Row, type Seen } from './_matrix.ts';

const now = new Date('2026-03-02T02:00:00Z');
const PODS = demo.podsOf(60, { workload: 'web', namespace: 'shop', now });
const LIMIT_SECONDS = 10;
const IN_HANDSHAKE = 300;
const IN_ANSWER = 30_000;
const BROKEN = /^not-readable: cannot list pods in all namespaces: .*(aborted|socket hang up|disconnected|ECONNRESET)/;
const SILENT = /^not-readable: cannot list pods in all namespaces: the API server gave no answer in time$/;

const ROWS: readonly Row[] = [
  { title: 'refuses the connection', refuses: true, words: /^not-readable: cannot list pods .*ECONNREFUSED/ },
  { title: 'lets no connection through', isDeaf: true, words: SILENT },
  { title: 'is reset at once', fault: { kind: 'reset' }, words: BROKEN },
  { title: 'is closed at once', fault: { kind: 'end' }, words: BROKEN },
  {
    title: 'is reset in the middle of the handshake',
    fault: { kind: 'reset', afterBytes: IN_HANDSHAKE },
    words: BROKEN,
  },
  {
    title: 'is closed in the middle of the handshake',
    fault: { kind: 'end', afterBytes: IN_HANDSHAKE },
    words: BROKEN,
  },
  { title: 'is reset in the middle of a page', fault: { kind: 'reset', afterBytes: IN_ANSWER }, words: BROKEN },
  { title: 'is closed in the middle of a page', fault: { kind: 'end', afterBytes: IN_ANSWER }, words: BROKEN },
  { title: 'swallows everything', fault: { kind: 'stall' }, words: SILENT },
  { title: 'swallows the end of a page', fault: { kind: 'stall', afterBytes: IN_ANSWER }, words: SILENT },
  { title: 'loses its other end in a page', fault: { kind: 'half-open', afterBytes: IN_ANSWER }, words: SILENT },
  { title: 'lets a few bytes through at a time', pace: { sliceBytes: 100, gapMs: 50 }, words: SILENT },
];

let api: KubernetesApi;
let seen: ReadonlyMap<string, Seen>;

beforeAll(async () => {
  api = await startKubernetesApi({ pods: PODS });
  seen = await seeOver([...ROWS, ...BAD_LINES], Number(new URL(api.url).port), check);
});
afterEach(() => api.clearFaults());
afterAll(() => api.close());

function check(port: number): Promise<Seen> {
  const lost = { kubeconfig: api.kubeconfig.replace(api.url, `https://127.0.0.1:${port}`) };
  return see({ task, targets: { lost, well: { kubeconfig: api.kubeconfig } }, now, timeoutSeconds: LIMIT_SECONDS });
}

describe('nothing is known of a cluster, and the one beside it is judged, where the line', () => {
  test.each(ROWS)('$title', ({ title, words }) => {
    const { verdicts, said, measured } = seen.get(title) ?? {};

    expect(verdicts).toEqual({ lost: 'unknown', well: 'pass' });
    expect(said?.['lost']).toMatch(words);
    expect(said?.['lost']).not.toContain(api.token);
    expect(measured).toEqual(['well']);
  });
});

test.each(BAD_LINES)('a cluster is judged as ever where the line $title', ({ title }) => {
  expect(seen.get(title)?.verdicts).toEqual({ lost: 'pass', well: 'pass' });
});

test('a cluster is judged by a whole list although the connection breaks in the middle of a page', async () => {
  const line = await startFaultProxy(Number(new URL(api.url).port));
  line.fault = { kind: 'reset', afterBytes: IN_ANSWER, times: 2 };
  const before = api.requests.length;

  const { verdicts } = await check(line.port);
  line.close();

  expect(line.counts.faults).toBe(2);
  expect(verdicts).toEqual({ lost: 'pass', well: 'pass' });
  // One page of each cluster, and one of them twice again.
  expect(api.requests.slice(before).filter((request) => request.includes('/pods'))).toHaveLength(4);
});

describe('a server that asks to wait', () => {
  test.each(['-5', 'Wed, 21 Oct 2015 07:28:00 GMT', 'soon', '0', ''])('«%s» is asked again soon', async (text) => {
    api.addFault({ fault: { kind: 'status', code: 429, retryAfterSeconds: text as never }, times: 1 });

    expect((await alone()).verdicts).toEqual({ cluster: 'pass' });
  });

  test.each(['315360000', '1e12', '9'.repeat(40)])(
    '%s seconds is not waited for, and the cluster unknown',
    async (text) => {
      api.addFault({ fault: { kind: 'status', code: 429, retryAfterSeconds: text as never } });
      const before = api.requests.length;

      const { verdicts, said } = await alone();

      expect(verdicts).toEqual({ cluster: 'unknown' });
      expect(said['cluster']).toMatch(/^not-readable: cannot list pods in all namespaces: the API server answers 429/);
      expect(api.requests.length - before).toBe(1);
    },
  );

  function alone(): Promise<Seen> {
    return see({ task, targets: { cluster: { kubeconfig: api.kubeconfig } }, now });
  }
});

describe('an EKS cluster whose token has ended in the middle of a run', () => {
  const account: Account = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret/of+the=account' };
  const before = { ...process.env };
  let cluster: Awaited<ReturnType<typeof startEksCluster>>;
  let eks: EksServer;

  beforeAll(async () => {
    cluster = await startEksCluster('shop', account, PODS.slice(0, 3));
    const endpoint = { endpoint: cluster.url, certificateAuthority: { data: cluster.authorityData } };
    eks = await startEks({ cluster: { name: 'shop', status: 'ACTIVE', ...endpoint } });
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: account.accessKeyId,
      AWS_SECRET_ACCESS_KEY: account.secretAccessKey,
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL_EKS: eks.endpoint,
    });
  });
  afterAll(async () => {
    process.env = before;
    await eks.close();
    await cluster.close();
  });

  test('is asked with a new one, once, and judged', async () => {
    cluster.refuseNext(1);
    const earlier = cluster.tokens.length;

    const { verdicts } = await see({ task, targets: { cluster: { eks: 'shop' } }, now });

    expect(verdicts).toEqual({ cluster: 'pass' });
    // The pods once in vain and once again, then what makes pods: one list of each kind.
    expect(cluster.tokens.length - earlier).toBe(2 + WORKLOAD_RESOURCES.length);
  });

  test('and that takes no other is unknown after the second refusal', async () => {
    cluster.refuseNext(9);
    const earlier = cluster.tokens.length;

    const { verdicts, said } = await see({ task, targets: { cluster: { eks: 'shop' } }, now });

    expect(verdicts).toEqual({ cluster: 'unknown' });
    expect(said['cluster']).toMatch(
      /does not accept the credentials \(401\); give the role of this task an access entry/,
    );
    expect(cluster.tokens.length - earlier).toBe(2);
  });
});
