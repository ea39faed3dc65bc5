/** One rule of RBAC: a verb on a resource, in one namespace or, without it, everywhere. */
export interface KubernetesRight {
  readonly verb: string;
  /** With its API group, where that is not the core group: `deployments.apps`. */
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

const LIST =
  /^\/(?:api|apis\/(apps|batch))\/v1\/(?:namespaces\/([^/]+)\/)?(namespaces|pods|deployments|statefulsets|daemonsets|jobs)$/;

/** What a GET of a path of the API is to RBAC; undefined for any other path. */
export function rightFor(pathname: string): KubernetesRight | undefined {
  const [, group, namespace, plural] = LIST.exec(pathname) ?? [];
  if (plural !== undefined) {
    return {
      verb: 'list',
      resource: group === undefined ? plural : `${plural}.${group}`,
      ...(namespace && { namespace }),
    };
  }
  const [, name] = /^\/api\/v1\/namespaces\/([^/]+)$/.exec(pathname) ?? [];
  return name === undefined ? undefined : { verb: 'get', resource: 'namespaces', namespace: name };
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
  const [plural, group = ''] = resource.split('.');
  return `${resource}${name} is forbidden: User "${username}" cannot ${verb} resource "${plural}" in API group "${group}" ${where}`;
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
  const { spec } = body as { spec: { resourceAttributes: KubernetesRight & { group?: string } } };
  const { verb, resource: plural, group, namespace } = spec.resourceAttributes;
  const resource = group ? `${plural}.${group}` : plural;
  const allowed = isAllowed(account, { verb, resource, ...(namespace && { namespace }) });
  return { ...object, spec, status: { allowed, ...(allowed && { reason: 'RBAC: allowed' }) } };
}
