import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../../core/errors.ts';
import type { Authority } from '../../../lib/demo/servers/tls.ts';
import { clientCertificate, writeCertificates } from './certificates.ts';
import { call, clientOf, isThere, type Client } from './client.ts';
import { hasCode } from '../error-code.ts';
import { flagsOf, KUBELET_LABEL } from './flags.ts';
import { kubeconfigOf, type Credentials } from './kubeconfig.ts';
import { lastWords, startProgram, type Program, type ProgramName } from './program.ts';
import { until } from './until.ts';

export interface ClusterOptions {
  /** The binary of `builtControlPlane()`. */
  readonly binary: string;
  /** After so many seconds without a report a node is lost; 120 by default, for the machine may be busy. */
  readonly nodeGraceSeconds?: number;
}

/** A Kubernetes cluster without containers: every program of the control plane is real, the kubelets are kwok's. */
export interface Cluster {
  readonly url: string;
  readonly etcdUrl: string;
  readonly authority: Authority;
  /** Gone after `stop()`. */
  readonly folder: string;
  /** The administrator's. */
  readonly kubeconfig: string;
  /** Calls as the administrator. */
  readonly client: Client;
  /** A kubeconfig for somebody else; by another way to the API server where `url` is given. */
  kubeconfigFor(credentials: Credentials, url?: string): string;
  certificateFor(user: string, groups?: readonly string[]): Promise<Credentials>;
  /** Stops a program where it stands, with its connections open, until `resume`. */
  pause(name: ProgramName): void;
  resume(name: ProgramName): void;
  killApiServer(): Promise<void>;
  /** Starts the API server again at its place, and waits until it answers. */
  restartApiServer(): Promise<void>;
  /** Ends every program at once and removes the folder. */
  stop(): Promise<void>;
}

const ATTEMPTS = 3;
const READY_SECONDS = 120;
const NODES = ['node-1', 'node-2', 'node-3'];

/** Starts a cluster with three nodes on free ports of the loopback; ready means that a pod was scheduled and runs. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  for (let attempt = 1; ; attempt += 1) {
    const folder = await mkdtemp(join(tmpdir(), 'fettle-kubernetes-'));
    const programs = new Map<ProgramName, Program>();
    try {
      return await startIn(folder, programs, options);
    } catch (thrown) {
      await endAll(folder, programs);
      // Between asking for a port and listening on it another process may have taken it.
      if (attempt === ATTEMPTS || !messageOf(thrown).includes('address already in use')) throw thrown;
    }
  }
}

async function startIn(
  folder: string,
  programs: Map<ProgramName, Program>,
  { binary, nodeGraceSeconds = 120 }: ClusterOptions,
): Promise<Cluster> {
  const [etcdPort, apiPort] = await freePorts();
  const url = `https://127.0.0.1:${apiPort}`;
  const authority = await writeCertificates(folder);
  const token = randomBytes(24).toString('base64url');
  const kubeconfig = kubeconfigOf(url, authority.certificate, { token });
  await writeSettings(folder, token, kubeconfig);
  const flags = flagsOf({ folder, etcdPort, apiPort, nodeGraceSeconds });
  const start = (name: ProgramName) => programs.set(name, startProgram({ binary, folder, name, flags: flags[name] }));
  const access = { server: url, authority: authority.certificate, token };
  const client = clientOf(access);
  const answers = () => untilAlive(programs, 'the API server', () => isReady(access));

  start('etcd');
  start('kube-apiserver');
  await answers();
  start('kube-controller-manager');
  start('kube-scheduler');
  start('kwok');
  await untilAlive(programs, 'a first pod', () => runsPods(client));

  return {
    url,
    etcdUrl: `http://127.0.0.1:${etcdPort}`,
    authority,
    folder,
    kubeconfig,
    client,
    kubeconfigFor: (credentials, other = url) => kubeconfigOf(other, authority.certificate, credentials),
    certificateFor: (user, groups) => clientCertificate(authority, user, groups),
    pause: (name) => programs.get(name)?.signal('SIGSTOP'),
    resume: (name) => programs.get(name)?.signal('SIGCONT'),
    killApiServer: async () => programs.get('kube-apiserver')?.kill(),
    restartApiServer: async () => {
      await programs.get('kube-apiserver')?.kill();
      start('kube-apiserver');
      await answers();
    },
    stop: () => endAll(folder, programs),
  };
}

async function writeSettings(folder: string, token: string, kubeconfig: string): Promise<void> {
  const kubeconfigPath = join(folder, 'administrator.kubeconfig');
  const scheduler = {
    apiVersion: 'kubescheduler.config.k8s.io/v1',
    kind: 'KubeSchedulerConfiguration',
    leaderElection: { leaderElect: false },
    clientConnection: { kubeconfig: kubeconfigPath, qps: 500, burst: 1_000 },
  };
  const files = {
    'tokens.csv': `${token},administrator,administrator,system:masters\n`,
    'administrator.kubeconfig': kubeconfig,
    'scheduler.yaml': JSON.stringify(scheduler),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 });
}

/** Asks until it is so; throws at once, with its last words, where a program has ended. */
function untilAlive(
  programs: ReadonlyMap<ProgramName, Program>,
  what: string,
  ask: () => Promise<boolean>,
): Promise<true> {
  return until(
    what,
    async () => {
      for (const program of programs.values()) {
        const ending = program.ending();
        if (ending) throw new Error(`${program.name} ended (${ending}): ${await lastWords(program)}`);
      }
      return ask();
    },
    { withinSeconds: READY_SECONDS },
  );
}

async function isReady(access: Parameters<typeof call>[0]): Promise<boolean> {
  try {
    return (await call(access, { method: 'GET', path: '/readyz' })).code === 200;
  } catch (thrown) {
    if (hasCode(thrown, 'ECONNREFUSED', 'ECONNRESET')) return false;
    throw thrown;
  }
}

/** Lets a pod go the whole way: its account, its node and its kubelet. */
async function runsPods(client: Client): Promise<boolean> {
  const path = '/api/v1/namespaces/default/pods';
  if (!(await isThere(client, '/api/v1/namespaces/default/serviceaccounts/default'))) return false;
  if (!(await isThere(client, `/api/v1/nodes/${NODES[0]}`))) {
    for (const name of NODES) {
      const labels = { [KUBELET_LABEL.key]: KUBELET_LABEL.value, 'kubernetes.io/hostname': name };
      await client.create('/api/v1/nodes', { metadata: { name, labels } });
    }
    await client.create(path, {
      metadata: { name: 'first' },
      spec: { containers: [{ name: 'app', image: 'registry.example/first:1' }] },
    });
    return false;
  }
  const { items } = await client.get<NodeList>('/api/v1/nodes');
  const { status } = await client.get<{ status: { phase: string } }>(`${path}/first`);
  if (status.phase !== 'Running' || !items.every(isReadyNode)) return false;
  await client.remove(`${path}/first`, { gracePeriodSeconds: 0 });
  return true;
}

interface NodeList {
  readonly items: readonly {
    readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
  }[];
}

function isReadyNode({ status }: NodeList['items'][number]): boolean {
  return status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
}

async function endAll(folder: string, programs: ReadonlyMap<ProgramName, Program>): Promise<void> {
  await Promise.all([...programs.values()].map((program) => program.kill()));
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Two ports that are free now. */
async function freePorts(): Promise<[number, number]> {
  const listeners = [createServer().listen(0, '127.0.0.1'), createServer().listen(0, '127.0.0.1')];
  const ports: number[] = [];
  for (const listener of listeners) {
    if (!listener.listening) await once(listener, 'listening');
    ports.push((listener.address() as AddressInfo).port);
  }
  for (const listener of listeners) {
    listener.close();
    await once(listener, 'close');
  }
  const [one = 0, other = 0] = ports;
  return [one, other];
}
