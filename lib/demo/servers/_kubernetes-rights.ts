/** One rule of RBAC: a verb on a resource, in one namespace or, without it, everywhere. */
export interface KubernetesRight {
  readonly verb: string;
  readonly resource: string;
  readonly namespace?: string;
}

/** Whom the API server takes its caller for, and what RBAC lets it do. */
export interface KubernetesAccount {
  readonly username: string;
  readonly groups: readonly string[];
  readonly rights: 'all' | readonly KubernetesRight[];
  /** False for a server that has no such reviews, as behind some proxies. */
  readonly reviews: boolean;
}

export const ADMINISTRATOR: KubernetesAccount = {
  username: 'system:serviceaccount:fettle:fettle',
  groups: ['system:serviceaccounts', 'system:authenticated'],
  rights: 'all',
  reviews: true,
};

/** What a GET of a path of the core API is to RBAC; undefined for any other path. */
export function rightFor(pathname: string): KubernetesRight | undefined {
  if (pathname === '/api/v1/pods') return { verb: 'list', resource: 'pods' };
  if (pathname === '/api/v1/namespaces') return { verb: 'list', resource: 'namespaces' };
  const [, namespace, rest] = /^\/api\/v1\/namespaces\/([^/]+)(\/pods)?$/.exec(pathname) ?? [];
  if (namespace === undefined) return undefined;
  if (rest === undefined) return { verb: 'get', resource: 'namespaces', namespace };
  return { verb: 'list', resource: 'pods', namespace };
}

export function isAllowed({ rights }: KubernetesAccount, { verb, resource, namespace }: KubernetesRight): boolean {
  if (rights === 'all') return true;
  return rights.some(
    (right) =>
      right.verb === verb &&
      right.resource === resource &&
      (right.namespace === undefined || right.namespace === namespace),
  );
}

/** The words of the real server. */
export function forbiddenText({ username }: KubernetesAccount, { verb, resource, namespace }: KubernetesRight): string {
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const name = verb === 'get' && namespace !== undefined ? ` "${namespace}"` : '';
  return `${resource}${name} is forbidden: User "${username}" cannot ${verb} resource "${resource}" in API group "" ${where}`;
}

const REVIEW = {
  '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews': 'SelfSubjectAccessReview',
  '/apis/authentication.k8s.io/v1/selfsubjectreviews': 'SelfSubjectReview',
} as const;

/** The answer to a review of the caller itself, which creates nothing; undefined where the path is of none. */
export function reviewOf(pathname: string, account: KubernetesAccount, body: unknown): object | undefined {
  const kind = REVIEW[pathname as keyof typeof REVIEW] as string | undefined;
  if (kind === undefined || !account.reviews) return undefined;
  const object = { kind, apiVersion: pathname.split('/').slice(2, 4).join('/'), metadata: {} };
  if (kind === 'SelfSubjectReview') {
    return { ...object, status: { userInfo: { username: account.username, groups: account.groups } } };
  }
  const { spec } = body as { spec: { resourceAttributes: KubernetesRight & { namespace?: string } } };
  const { verb, resource, namespace } = spec.resourceAttributes;
  const allowed = isAllowed(account, { verb, resource, ...(namespace && { namespace }) });
  return { ...object, spec, status: { allowed, ...(allowed && { reason: 'RBAC: allowed' }) } };
}
