import {
  ApiException,
  AuthenticationV1Api,
  AuthorizationV1Api,
  VersionApi,
  type Configuration,
} from '@kubernetes/client-node';
import { tryAgain, unavailable, type CallTime } from './_calls.ts';
import { plainText } from './_text.ts';
import type { WorkloadResource } from './_workload-list.ts';

/** Whom the cluster takes the caller for. */
export interface Identity {
  readonly username: string;
  readonly groups: readonly string[];
  /** The IAM principal behind it, where the cluster is one of EKS. */
  readonly principal: string | undefined;
}

export type Resource = 'pods' | 'namespaces' | WorkloadResource;

/** One rule of RBAC: a verb on resources, in one namespace or in all. */
export interface Right {
  readonly verb: 'get' | 'list';
  /** As kubectl writes them: with their API group, where that is not the core group. */
  readonly resources: readonly Resource[];
  readonly namespace: string | undefined;
}

/** What a cluster says of the caller itself. The reviews are questions: they store nothing. */
export interface Access {
  /** `v1.36.3`; undefined where it is answered and not told. Throws `Unavailable` where nothing answers. */
  version(): Promise<string | undefined>;
  /** `refused` where the credentials are not accepted; undefined where the server has no such review. */
  identity(): Promise<Identity | 'refused' | undefined>;
  /** Undefined where the server has no such review. */
  allows(verb: Right['verb'], resource: Resource, namespace: string | undefined): Promise<boolean | undefined>;
}

export function accessOn(api: Configuration, time: CallTime): Access {
  return {
    version: async () => {
      const { gitVersion } = (await answered(() => new VersionApi(api).getCode(), 'get', '/version', time)) ?? {};
      return gitVersion === undefined ? undefined : plainText(gitVersion);
    },
    identity: async () => {
      try {
        const review = await answered(
          () => new AuthenticationV1Api(api).createSelfSubjectReview({ body: {} }),
          'create',
          'selfsubjectreviews',
          time,
          [401],
        );
        const { username, groups = [], extra = {} } = review?.status?.userInfo ?? {};
        return username === undefined ? undefined : { username, groups, principal: extra['canonicalArn']?.[0] };
      } catch (thrown) {
        if (thrown instanceof ApiException && thrown.code === 401) return 'refused';
        throw thrown;
      }
    },
    allows: async (verb, of, namespace) => {
      const [resource, group = ''] = of.split('.');
      const attributes = { verb, resource: resource ?? of, group, ...(namespace && { namespace }) };
      const body = { spec: { resourceAttributes: attributes } };
      const review = await answered(
        () => new AuthorizationV1Api(api).createSelfSubjectAccessReview({ body }),
        'create',
        'selfsubjectaccessreviews',
        time,
      );
      return typeof review?.status?.allowed === 'boolean' ? review.status.allowed : undefined;
    },
  };
}

/**
 * The answer to a call; undefined where the server refuses it or does not know it. The codes of `thrown` are thrown as
 * they are; everything else, silence above all, as `Unavailable`.
 */
async function answered<Answer>(
  call: () => Promise<Answer>,
  verb: string,
  resource: string,
  time: CallTime,
  thrown: readonly number[] = [],
): Promise<Answer | undefined> {
  try {
    return await tryAgain(call, time);
  } catch (failure) {
    if (failure instanceof ApiException && thrown.includes(failure.code)) throw failure;
    if (failure instanceof ApiException && failure.code < 500 && failure.code !== 429) return undefined;
    throw unavailable(failure, verb, resource);
  }
}
