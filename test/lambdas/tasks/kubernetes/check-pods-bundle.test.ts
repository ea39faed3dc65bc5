import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { BUNDLE_OPTIONS, bundleHandlers } from '../../../../lib/bundle.ts';
import * as demo from '../../../../lib/demo/pods.ts';
import { startKubernetesApi, type KubernetesApi } from '../../../../lib/demo/servers/kubernetes.ts';

const run = promisify(execFile);
const { version: clientVersion } = createRequire(import.meta.url)('@kubernetes/client-node/package.json') as {
  readonly version: string;
};

// What a bundle does in a process of its own: nothing but connect, list, and say how many. It never calls exit.
const PROGRAM = `
  const { connect } = require(process.argv[1]);
  const target = { name: 'cluster', kubeconfig: { reveal: () => process.env.KUBECONFIG_TEXT } };
  const time = { clock: () => new Date(), deadline: new Date(Date.now() + 30_000), signal: AbortSignal.timeout(30_000) };
  connect(target, time)
    .then((cluster) => cluster.listPods())
    .then((pods) => console.log(JSON.stringify({ count: pods.length, created: pods[0].creationTimestamp })));
`;

let folder: string;
let api: KubernetesApi;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fettle-kubernetes-'));
  api = await startKubernetesApi({ pods: demo.podsOf(3, { workload: 'web', now: new Date('2026-03-02T02:00:00Z') }) });
});

afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

test(`the official client ${clientVersion} bundles to CommonJS, loads, lists, and lets its process end`, async () => {
  const outfile = join(folder, 'client.cjs');
  await build({
    entryPoints: [resolve(import.meta.dirname, '../../../../lambdas/tasks/kubernetes/_client.ts')],
    outfile,
    ...BUNDLE_OPTIONS,
  });

  const { stdout } = await run(process.execPath, ['-e', PROGRAM, outfile], {
    env: { KUBECONFIG_TEXT: api.kubeconfig },
    cwd: folder,
    timeout: 20_000,
  });

  expect(JSON.parse(stdout)).toEqual({ count: 3, created: '2026-03-02T01:00:00.000Z' });
});

test('the bundle of the task, both ways to a cluster included, is at most 2.3 MB', async () => {
  const file = resolve(import.meta.dirname, '../../../../lambdas/tasks/kubernetes/check-pods.ts');
  const bundles = await bundleHandlers(new Map([['kubernetes-check-pods', file]]));

  const { size } = await stat(join(bundles.get('kubernetes-check-pods') ?? '', 'index.js'));

  expect(size).toBeLessThanOrEqual(2_300_000);
});

test('a call that would go over the library that is left out of the bundle says so', async () => {
  const outfile = join(folder, 'left-out.cjs');
  const contents = "import { Watch, KubeConfig } from '@kubernetes/client-node'; export { Watch, KubeConfig };";
  await build({ ...BUNDLE_OPTIONS, stdin: { contents, resolveDir: import.meta.dirname }, outfile });
  const program = `
    const { Watch, KubeConfig } = require(process.argv[1]);
    const config = new KubeConfig();
    config.loadFromString(process.env.KUBECONFIG_TEXT);
    new Watch(config).watch('/api/v1/pods', {}, () => {}, () => {}).catch(({ message }) => console.log(message));
  `;

  const { stdout } = await run(process.execPath, ['-e', program, outfile], {
    env: { KUBECONFIG_TEXT: api.kubeconfig },
    timeout: 20_000,
  });

  expect(stdout).toContain('send through httpsTransport');
});
