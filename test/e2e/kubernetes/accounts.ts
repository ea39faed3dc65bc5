import type { KubernetesRight } from '../../../lib/demo/servers/_kubernetes-rights.ts';
import { WORKLOAD_RESOURCES } from '../../../lambdas/tasks/kubernetes/_workload-list.ts';
import type { Client } from './client.ts';
import type { Cluster } from './cluster.ts';
import { until } from './until.ts';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';

export interface Account {
  readonly namespace: string;
  readonly name: string;
  /** The user that RBAC knows it as. */
  readonly username: string;
  readonly token: string;
  readonly kubeconfig: string;
}

/** A service account without any right, with a token that the API server made. */
export async function createAccount(cluster: Cluster, namespace: string, name: string): Promise<Account> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  await cluster.client.create(path, { metadata: { name } });
  const { status } = await cluster.client.create<{ status: { token: string } }>(`${path}/${name}/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 3_600 },
  });
  const { token } = status;
  const username = `system:serviceaccount:${namespace}:${name}`;
  return { namespace, name, username, token, kubeconfig: cluster.kubeconfigFor({ token }) };
}

/** Gives a user by RBAC what kubernetes-check-pods reads, in a namespace or everywhere. */
export async function grantReading(client: Client, username: string, namespace?: string): Promise<void> {
  for (const resource of ['pods', ...WORKLOAD_RESOURCES]) {
    await grant(client, username, { verb: 'list', resource, ...(namespace !== undefined && { namespace }) });
  }
}

/** Gives a user one right by RBAC, in its namespace or everywhere, and waits until the API server knows of it. */
export async function grant(client: Client, username: string, { verb, resource, namespace }: KubernetesRight) {
  const scope = namespace === undefined ? RBAC : `${RBAC}/namespaces/${namespace}`;
  const kind = namespace === undefined ? 'ClusterRole' : 'Role';
  const name = `${username.replaceAll(':', '-')}-${verb}-${resource}`;
  const [plural, group = ''] = resource.split('.');
  await client.create(`${scope}/${kind.toLowerCase()}s`, {
    metadata: { name },
    rules: [{ apiGroups: [group], resources: [plural], verbs: [verb] }],
  });
  await client.create(`${scope}/${kind.toLowerCase()}bindings`, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: username }],
  });
  await until(`the right of ${username} to ${verb} ${resource}`, () =>
    isAllowed(client, username, { verb, resource, ...(namespace !== undefined && { namespace }) }),
  );
}

async function isAllowed(client: Client, user: string, { resource: of, ...right }: KubernetesRight): Promise<boolean> {
  const [resource, group = ''] = of.split('.');
  const { status } = await client.create<{ status: { allowed: boolean } }>(
    '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user, resourceAttributes: { ...right, group, resource } },
    },
  );
  return status.allowed;
}
