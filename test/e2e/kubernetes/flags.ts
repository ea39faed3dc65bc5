import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ProgramName } from './program.ts';

export interface FlagOptions {
  readonly folder: string;
  readonly etcdPort: number;
  readonly apiPort: number;
  /** After so many seconds without a report a node is lost. */
  readonly nodeGraceSeconds: number;
}

type Flags = Readonly<Record<string, string | number | boolean>>;

const STAGES = fileURLToPath(new URL('./manifests/kubelets.yaml', import.meta.url));
/** The nodes that a fake kubelet reports for. */
export const KUBELET_LABEL = { key: 'fettle.test/kubelet', value: 'kwok' } as const;

/** How each program is started: on the loopback only, as quick as tests need, without what only matters over days. */
export function flagsOf({ folder, etcdPort, apiPort, nodeGraceSeconds }: FlagOptions): Record<ProgramName, Flags> {
  const file = (name: string) => join(folder, name);
  const etcd = `http://127.0.0.1:${etcdPort}`;
  // Far more calls a second than a program of a real cluster may make.
  const hurry = { 'kube-api-qps': 500, 'kube-api-burst': 1_000 };
  const alone = { 'leader-elect': false, 'secure-port': 0, kubeconfig: file('administrator.kubeconfig') };
  return {
    // It lets in whoever reaches its port, as a database of a test may that holds nothing else.
    etcd: {
      'data-dir': file('etcd'),
      'listen-client-urls': etcd,
      'advertise-client-urls': etcd,
      'listen-peer-urls': 'http://127.0.0.1:0',
      'unsafe-no-fsync': true,
      'log-level': 'warn',
    },
    'kube-apiserver': {
      'etcd-servers': etcd,
      'bind-address': '127.0.0.1',
      'secure-port': apiPort,
      // No loopback address may stand in an Endpoints object, and nobody calls this one.
      'advertise-address': '192.0.2.1',
      'endpoint-reconciler-type': 'none',
      'service-cluster-ip-range': '10.96.0.0/16',
      'authorization-mode': 'RBAC',
      'tls-cert-file': file('serving.crt'),
      'tls-private-key-file': file('serving.key'),
      'client-ca-file': file('authority.crt'),
      'token-auth-file': file('tokens.csv'),
      'service-account-issuer': 'https://kubernetes.default.svc',
      'service-account-key-file': file('accounts.pub'),
      'service-account-signing-key-file': file('accounts.key'),
      'cert-dir': file('unused'),
    },
    'kube-controller-manager': {
      ...alone,
      ...hurry,
      'service-account-private-key-file': file('accounts.key'),
      'root-ca-file': file('authority.crt'),
      'node-monitor-period': '1s',
      'node-monitor-grace-period': `${nodeGraceSeconds}s`,
    },
    'kube-scheduler': { config: file('scheduler.yaml'), 'secure-port': 0 },
    kwok: {
      kubeconfig: file('administrator.kubeconfig'),
      config: STAGES,
      'manage-nodes-with-label-selector': `${KUBELET_LABEL.key}=${KUBELET_LABEL.value}`,
      'node-lease-duration-seconds': 4,
      cidr: '10.0.0.0/16',
      'node-ip': '192.0.2.2',
    },
  };
}
